//! The bench's side, as short as a test needs it.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt::Linger};
use pretty_assertions::assert_eq;
use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tcpspec::upper_tester::{Flushed, ProcessUpperTester, UpperTester, UpperTesterError};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tcpspec");
pub(crate) const LONG: Duration = Duration::from_secs(10);
pub(crate) const SHORT: Duration = Duration::from_millis(30);

pub(crate) struct Bench {
    pub(crate) tester: ProcessUpperTester,
    pub(crate) last_id: u32,
    pub(crate) reports: HashMap<(u64, CommandId), AppReport>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(ProcessUpperTester::spawn(Path::new(PROGRAM)).expect("the agent starts"))
    }

    pub(crate) fn with(tester: ProcessUpperTester) -> Self {
        Self { tester, last_id: 0, reports: HashMap::new() }
    }

    pub(crate) fn ask(&mut self, trial: u64, command: &AppCommand) -> CommandId {
        self.last_id += 1;
        let id = CommandId(self.last_id);
        self.tester.submit(trial, id, command).expect("the agent is there");
        id
    }

    /// Waits up to `within` for something to happen, and reads what there is.
    pub(crate) fn pump(&mut self, within: Duration) -> Result<(), UpperTesterError> {
        let flushed = self.tester.flush()?;
        if let Some(fd) = self.tester.poll_fd() {
            let writing = if flushed == Flushed::Partly { PollFlags::POLLOUT } else { PollFlags::empty() };
            let mut fds = [PollFd::new(fd, PollFlags::POLLIN | writing)];
            poll(&mut fds, PollTimeout::try_from(within).unwrap()).expect("poll");
        }
        let reports = &mut self.reports;
        self.tester.receive(&mut |trial, report| {
            let key = (trial, report.id);
            assert_eq!(reports.insert(key, report), None, "answered twice: {key:?}");
        })
    }

    pub(crate) fn report(&mut self, trial: u64, id: CommandId) -> AppReport {
        let started = Instant::now();
        loop {
            if let Some(report) = self.reports.remove(&(trial, id)) {
                return report;
            }
            assert!(started.elapsed() < 2 * LONG, "no answer to {id:?} of trial {trial}");
            self.pump(LONG).expect("the agent is there");
        }
    }

    pub(crate) fn outcome(&mut self, trial: u64, id: CommandId) -> AppOutcome {
        self.report(trial, id).outcome
    }

    pub(crate) fn does(&mut self, command: &AppCommand) -> AppOutcome {
        let id = self.ask(1, command);
        self.outcome(1, id)
    }

    /// A connection `main` that the application accepted at `local`, and its peer.
    pub(crate) fn accepted(&mut self, local: SocketAddr) -> TcpStream {
        assert_eq!(self.does(&listen("listener", local)), AppOutcome::Done);
        let peer = TcpStream::connect(local).expect("the application listens");
        peer.set_read_timeout(Some(LONG)).unwrap();
        assert_eq!(self.does(&accept("main", LONG)), AppOutcome::Accepted(peer.local_addr().unwrap()));
        peer
    }
}

pub(crate) fn name(name: &str) -> String {
    name.to_owned()
}

pub(crate) fn listen(socket: &str, local: SocketAddr) -> AppCommand {
    AppCommand::Listen { socket: name(socket), local, backlog: 16, options: vec![] }
}

pub(crate) fn accept(socket: &str, within: Duration) -> AppCommand {
    AppCommand::Accept { listener: name("listener"), socket: name(socket), within }
}

pub(crate) fn connect(local: SocketAddr, remote: SocketAddr) -> AppCommand {
    AppCommand::Connect { socket: name("main"), local, remote, options: vec![] }
}

pub(crate) fn await_connected(within: Duration) -> AppCommand {
    AppCommand::AwaitConnected { socket: name("main"), within }
}

pub(crate) fn send(data: &[u8]) -> AppCommand {
    AppCommand::Send { socket: name("main"), data: data.to_vec() }
}

pub(crate) fn receive(length: usize, within: Duration) -> AppCommand {
    AppCommand::Receive { socket: name("main"), length, within }
}

pub(crate) fn await_end(within: Duration) -> AppCommand {
    AppCommand::AwaitEnd { socket: name("main"), within }
}

pub(crate) fn shutdown() -> AppCommand {
    AppCommand::Shutdown { socket: name("main") }
}

pub(crate) fn close(socket: &str) -> AppCommand {
    AppCommand::Close { socket: name(socket) }
}

pub(crate) fn abort() -> AppCommand {
    AppCommand::Abort { socket: name("main") }
}

pub(crate) fn broken(why: &str) -> AppOutcome {
    AppOutcome::Broken(why.to_owned())
}

/// An address that no other test uses, of this process or of another.
pub(crate) fn own_address() -> SocketAddr {
    static LAST: AtomicU16 = AtomicU16::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    SocketAddr::from((Ipv4Addr::new(127, 1 + high % 254, low, 1 + (last % 250) as u8), 9000))
}

/// A peer that resets its connection.
pub(crate) fn reset(peer: TcpStream) {
    setsockopt(&peer, Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

pub(crate) fn read_all(mut peer: TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut data = Vec::new();
    peer.read_to_end(&mut data).map(|_| data).map_err(|error| error.kind())
}
