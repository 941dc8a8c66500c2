use super::*;
use pretty_assertions::assert_eq;
use std::collections::VecDeque;
use std::time::Duration;
use tcpspec_core::app::SocketOption;

/// A stack that does what a test says, and notes what it is asked for.
struct Scripted {
    asked: Vec<String>,
    accepts: VecDeque<SocketAddr>,
    incoming: VecDeque<u8>,
    /// What is told behind the last octet.
    then: Result<Received, Failure>,
    room: usize,
    condition: Condition,
    next: usize,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            asked: Vec::new(),
            accepts: VecDeque::new(),
            incoming: VecDeque::new(),
            then: Ok(Received::Nothing),
            room: 0,
            condition: Condition::Established,
            next: 0,
        }
    }
}

impl Scripted {
    fn id(&mut self) -> SocketId {
        self.next += 1;
        SocketId(self.next)
    }
}

impl Stack for Scripted {
    fn address(&self, family: Family) -> Option<IpAddr> {
        (family == Family::V4).then(|| "192.0.2.1".parse().expect("an address"))
    }

    fn run(&mut self, _now: Time, _arrived: Option<&[u8]>, _out: &mut Vec<Vec<u8>>) {}

    fn next_wake(&mut self) -> Option<Time> {
        None
    }

    fn listen(&mut self, local: SocketAddr, backlog: u32, _: &[SocketOption]) -> Result<SocketId, Failure> {
        self.asked.push(format!("listen {local} {backlog}"));
        Ok(self.id())
    }

    fn accept(&mut self, _: SocketId) -> Option<(SocketId, SocketAddr)> {
        let peer = self.accepts.pop_front()?;
        Some((self.id(), peer))
    }

    fn connect(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        _: &[SocketOption],
    ) -> Result<SocketId, Failure> {
        self.asked.push(format!("connect {local} {remote}"));
        Ok(self.id())
    }

    fn condition(&mut self, _: SocketId) -> Condition {
        self.condition.clone()
    }

    fn send(&mut self, _: SocketId, octets: &[u8]) -> Result<usize, Failure> {
        let count = octets.len().min(self.room);
        self.room -= count;
        Ok(count)
    }

    fn receive(&mut self, id: SocketId, most: usize) -> Result<Received, Failure> {
        let read = self.peek(id, most)?;
        if let Received::Octets(octets) = &read {
            self.incoming.drain(..octets.len());
        }
        Ok(read)
    }

    fn peek(&mut self, _: SocketId, most: usize) -> Result<Received, Failure> {
        let octets: Vec<u8> = self.incoming.iter().copied().take(most).collect();
        if octets.is_empty() { self.then.clone() } else { Ok(Received::Octets(octets)) }
    }

    fn shutdown(&mut self, id: SocketId) -> Result<(), Failure> {
        self.asked.push(format!("shutdown {}", id.0));
        Ok(())
    }

    fn close(&mut self, id: SocketId) {
        self.asked.push(format!("close {}", id.0));
    }

    fn abort(&mut self, id: SocketId) {
        self.asked.push(format!("abort {}", id.0));
    }
}

/// The application of a trial, with the moment in milliseconds.
#[derive(Default)]
struct Trial {
    application: SimulatedApplication,
    stack: Scripted,
    now: u64,
    commands: u32,
}

impl Trial {
    /// With a listener, and on it one connection.
    fn connected() -> Self {
        let mut trial = Self::default();
        trial.stack.accepts.push_back(address("198.18.0.1:4000"));
        let listen = listen("listener");
        assert_eq!(trial.does(listen), [(1, AppOutcome::Done)]);
        let accept = accept("listener", "main", 1);
        assert_eq!(trial.does(accept), [(2, AppOutcome::Accepted(address("198.18.0.1:4000")))]);
        trial.stack.asked.clear();
        trial
    }

    fn does(&mut self, command: AppCommand) -> Vec<(u32, AppOutcome)> {
        self.commands += 1;
        self.application.execute(self.time(), CommandId(self.commands), command, &mut self.stack);
        self.told()
    }

    fn passes(&mut self, milliseconds: u64) -> Vec<(u32, AppOutcome)> {
        self.now += milliseconds;
        self.application.progress(self.time(), &mut self.stack);
        self.told()
    }

    fn told(&mut self) -> Vec<(u32, AppOutcome)> {
        let reports = self.application.take_reports();
        assert!(reports.iter().all(|report| [report.began, report.ended] == [self.time().0; 2]));
        reports.into_iter().map(|report| (report.id.0, report.outcome)).collect()
    }

    fn time(&self) -> Time {
        Time(self.now * 1_000_000)
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn listen(name: &str) -> AppCommand {
    AppCommand::Listen { socket: name.into(), local: address("192.0.2.1:80"), backlog: 5, options: vec![] }
}

fn accept(listener: &str, socket: &str, seconds: u64) -> AppCommand {
    let within = Duration::from_secs(seconds);
    AppCommand::Accept { listener: listener.into(), socket: socket.into(), within }
}

fn receive(length: usize) -> AppCommand {
    AppCommand::Receive { socket: "main".into(), length, within: Duration::from_secs(1) }
}

fn await_end() -> AppCommand {
    AppCommand::AwaitEnd { socket: "main".into(), within: Duration::from_secs(1) }
}

fn nothing() -> Vec<(u32, AppOutcome)> {
    Vec::new()
}

#[test]
fn accept_waits_for_a_connection_and_no_longer_than_it_was_told() {
    let mut trial = Trial::default();
    trial.does(listen("listener"));
    assert_eq!(trial.does(accept("listener", "a", 1)), nothing());
    assert_eq!(trial.application.next_deadline(), Some(Time(1_000_000_000)));
    assert_eq!(trial.passes(999), nothing());
    assert_eq!(trial.passes(1), [(2, AppOutcome::NothingYet)]);
    assert_eq!((trial.application.next_deadline(), trial.application.is_waiting()), (None, false));
    assert_eq!(trial.does(accept("listener", "a", 1)), nothing());
    trial.stack.accepts.push_back(address("198.18.0.1:4000"));
    assert_eq!(trial.passes(10), [(3, AppOutcome::Accepted(address("198.18.0.1:4000")))]);
}

#[test]
fn receive_collects_until_it_has_all_or_its_time_is_over() {
    let mut trial = Trial::connected();
    assert_eq!(trial.does(receive(3)), nothing());
    trial.stack.incoming.extend([1, 2]);
    assert_eq!(trial.passes(1), nothing());
    trial.stack.incoming.extend([3, 4]);
    assert_eq!(trial.passes(1), [(3, AppOutcome::Data(vec![1, 2, 3]))]);
    assert_eq!(trial.does(receive(2)), nothing());
    assert_eq!(trial.passes(1000), [(4, AppOutcome::Data(vec![4]))]);
    assert_eq!((trial.does(receive(1)), trial.passes(1000)), (nothing(), vec![(5, AppOutcome::NothingYet)]));
}

#[test]
fn receive_tells_octets_before_the_failure_behind_them_and_with_the_end() {
    let mut trial = Trial::connected();
    trial.stack.incoming.extend([1]);
    trial.stack.then = Err(Failure::Reset);
    assert_eq!(trial.does(receive(3)), [(3, AppOutcome::Data(vec![1]))]);
    assert_eq!(trial.does(receive(3)), [(4, AppOutcome::Reset)]);
    let mut trial = Trial::connected();
    trial.stack.incoming.extend([1]);
    trial.stack.then = Ok(Received::End);
    assert_eq!(trial.does(receive(3)), [(3, AppOutcome::EndOfStream(vec![1]))]);
}

#[test]
fn octets_go_to_the_first_that_asked() {
    let mut trial = Trial::connected();
    trial.does(receive(2));
    trial.does(receive(1));
    trial.stack.incoming.extend([1]);
    assert_eq!(trial.passes(1), nothing());
    trial.stack.incoming.extend([2, 3]);
    assert_eq!(trial.passes(1), [(3, AppOutcome::Data(vec![1, 2])), (4, AppOutcome::Data(vec![3]))]);
}

#[test]
fn end_is_told_once_a_failure_always_and_octets_stay() {
    let mut trial = Trial::connected();
    trial.stack.incoming.extend([7]);
    assert_eq!(trial.does(await_end()), [(3, AppOutcome::Data(vec![7]))]);
    assert_eq!(trial.does(receive(1)), [(4, AppOutcome::Data(vec![7]))]);
    trial.stack.then = Ok(Received::End);
    assert_eq!(trial.does(await_end()), [(5, AppOutcome::EndOfStream(vec![]))]);
    assert_eq!(trial.does(await_end()), nothing());
    trial.stack.incoming.extend([8]);
    trial.stack.condition = Condition::Failed(Failure::TimedOut);
    assert_eq!(trial.passes(1), [(6, AppOutcome::TimedOut)]);
    assert_eq!(trial.does(await_end()), [(7, AppOutcome::TimedOut)]);
}

#[test]
fn send_is_done_when_the_stack_has_taken_all_however_long_that_takes() {
    let mut trial = Trial::connected();
    trial.stack.room = 2;
    assert_eq!(trial.does(AppCommand::Send { socket: "main".into(), data: vec![0; 5] }), nothing());
    assert_eq!(trial.passes(3_600_000), nothing());
    trial.stack.room = 10;
    assert_eq!(trial.passes(1), [(3, AppOutcome::Done)]);
    assert_eq!(trial.stack.room, 7);
}

#[test]
fn connect_from_anywhere_goes_out_from_the_stack_s_address_and_a_port_of_its_own() {
    let mut trial = Trial::default();
    let connect = |socket: &str, local: &str| AppCommand::Connect {
        socket: socket.into(),
        local: address(local),
        remote: address("198.18.0.1:9"),
        options: vec![],
    };
    assert_eq!(
        trial.does(connect("a", "0.0.0.0:0")),
        [(1, AppOutcome::Connecting(address("192.0.2.1:49153")))]
    );
    assert_eq!(
        trial.does(connect("b", "192.0.2.9:0")),
        [(2, AppOutcome::Connecting(address("192.0.2.9:49154")))]
    );
    assert_eq!(trial.does(connect("c", "[::]:0")), [(3, AppOutcome::Error("EADDRNOTAVAIL".into()))]);
    trial.stack.condition = Condition::Connecting;
    let wait = AppCommand::AwaitConnected { socket: "a".into(), within: Duration::from_secs(1) };
    assert_eq!(trial.does(wait), nothing());
    trial.stack.condition = Condition::Failed(Failure::Refused);
    assert_eq!(trial.passes(1), [(4, AppOutcome::Refused)]);
}

#[test]
fn kill_closes_all_that_the_application_held_and_nobody_answers_what_waited() {
    let mut trial = Trial::connected();
    trial.does(receive(1));
    assert_eq!(trial.does(AppCommand::Kill), [(4, AppOutcome::Done)]);
    assert_eq!(trial.stack.asked, ["close 1", "close 2"]);
    assert_eq!(trial.passes(10_000), nothing());
    assert!(matches!(trial.does(receive(1))[..], [(5, AppOutcome::Broken(_))]));
}

#[test]
fn closed_socket_is_gone_and_ends_what_waits_on_it() {
    let mut trial = Trial::connected();
    trial.does(receive(1));
    let close = |socket: &str| AppCommand::Close { socket: socket.into() };
    assert_eq!(trial.does(close("main")), [(3, AppOutcome::NothingYet), (4, AppOutcome::Done)]);
    assert!(matches!(trial.does(close("main"))[..], [(5, AppOutcome::Broken(_))]));
    assert!(matches!(trial.does(listen("listener"))[..], [(6, AppOutcome::Broken(_))]));
    assert!(matches!(
        trial.does(AppCommand::Shutdown { socket: "listener".into() })[..],
        [(7, AppOutcome::Broken(_))]
    ));
    assert_eq!(trial.stack.asked, ["close 2"]);
}
