//! A stack of one's own under the suite: `cargo run --example own_stack -- [FILTER] [--list] …`, with
//! the arguments of `tcpspec run`.
//!
//! What there is to write is `impl Stack for OwnStack`, under 100 lines; and a profile that says what
//! the stack claims. The stack here is smoltcp, as a small device has it: every listener is a pool of
//! four sockets. (`--target smoltcp` knows more of it: options, its socket table, why it gave up.)

use clap::Parser;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{self, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use tcpspec::cli::{Cli, RunArguments};
use tcpspec::run::{SimulatedTarget, Stop, run_simulated};
use tcpspec::target::simulated::{Condition, Failure, Received, SocketId, Stack};
use tcpspec_core::app::SocketOption;
use tcpspec_core::case::Family;
use tcpspec_core::ledger::Ledger;
use tcpspec_core::profile::Profile;
use tcpspec_core::time::Time;

const PROFILE: &str = "
name: own-stack
about: smoltcp, wired by hand
kind: simulated
claims: [delayed-ack, nagle]
timers: {msl: 5s, delayed-ack: 10ms}
tolerance: {absolute: 1ms, relative: 1%}
";

struct OwnStack {
    interface: Interface,
    set: SocketSet<'static>,
    wire: wire::Wire,
    now: Instant,
    /// By their ids.
    sockets: Vec<Socket>,
}

struct Socket {
    /// The pool of a listener, or the one socket of a connection.
    handles: Vec<SocketHandle>,
    before: State,
    failure: Option<Failure>,
}

impl OwnStack {
    fn new(seed: u64) -> Self {
        let mut wire = wire::Wire::default();
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
        interface.update_ip_addrs(|addresses| addresses.push(address).expect("room for one"));
        Self { interface, set: SocketSet::new(Vec::new()), wire, now: Instant::ZERO, sockets: Vec::new() }
    }

    fn socket(&mut self, id: SocketId) -> &mut tcp::Socket<'static> {
        self.set.get_mut(self.sockets[id.0].handles[0])
    }

    fn make(&mut self) -> SocketHandle {
        let buffer = || tcp::SocketBuffer::new(vec![0; 32_768]);
        self.set.add(tcp::Socket::new(buffer(), buffer()))
    }

    fn add(&mut self, handles: Vec<SocketHandle>) -> SocketId {
        let before = self.set.get::<tcp::Socket<'_>>(handles[0]).state();
        self.sockets.push(Socket { handles, before, failure: None });
        SocketId(self.sockets.len() - 1)
    }

    fn read(&mut self, id: SocketId, most: usize, keep: bool) -> Result<Received, Failure> {
        let failure = self.sockets[id.0].failure.clone();
        let socket = self.socket(id);
        let mut octets = vec![0; most.min(socket.recv_queue())];
        let read = if keep { socket.peek_slice(&mut octets) } else { socket.recv_slice(&mut octets) };
        match (read, failure) {
            (Ok(1..), _) => Ok(Received::Octets(octets)),
            (_, Some(failure)) => Err(failure),
            _ if socket.may_recv() || socket.state() == State::SynSent => Ok(Received::Nothing),
            _ => Ok(Received::End),
        }
    }
}

impl Stack for OwnStack {
    fn address(&self, family: Family) -> Option<IpAddr> {
        (family == Family::V4).then(|| IpAddr::from([192, 0, 2, 1]))
    }

    fn run(&mut self, now: Time, arrived: Option<&[u8]>, out: &mut Vec<Vec<u8>>) {
        self.now = Instant::from_micros((now.0 / 1000) as i64);
        self.wire.arrived = arrived.map(<[u8]>::to_vec);
        self.interface.poll(self.now, &mut self.wire, &mut self.set);
        out.append(&mut self.wire.left);
        for socket in &mut self.sockets {
            let Some(handle) = socket.handles.first() else { continue };
            let state = self.set.get::<tcp::Socket<'_>>(*handle).state();
            match std::mem::replace(&mut socket.before, state) {
                before if before == state || state != State::Closed => {}
                State::SynSent | State::SynReceived => socket.failure = Some(Failure::Refused),
                State::Closing | State::LastAck | State::TimeWait => {}
                _ => socket.failure = Some(Failure::Reset),
            }
        }
    }

    fn next_wake(&mut self) -> Option<Time> {
        let wake = self.interface.poll_at(self.now, &self.set)?;
        Some(Time(wake.total_micros() as u64 * 1000))
    }

    fn listen(&mut self, local: SocketAddr, _: u32, _: &[SocketOption]) -> Result<SocketId, Failure> {
        let handles: Vec<_> = (0..4).map(|_| self.make()).collect();
        for handle in &handles {
            let socket = self.set.get_mut::<tcp::Socket<'_>>(*handle);
            socket.listen(local.port()).map_err(|error| Failure::Other(error.to_string()))?;
        }
        Ok(self.add(handles))
    }

    fn accept(&mut self, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        let Self { sockets, set, .. } = self;
        let waits = |handle: &SocketHandle| set.get::<tcp::Socket<'_>>(*handle).may_send();
        let at = sockets[listener.0].handles.iter().position(waits)?;
        let handle = sockets[listener.0].handles.remove(at);
        let peer = set.get::<tcp::Socket<'_>>(handle).remote_endpoint()?;
        Some((self.add(vec![handle]), SocketAddr::new(peer.addr.into(), peer.port)))
    }

    fn connect(&mut self, from: SocketAddr, to: SocketAddr, _: &[SocketOption]) -> Result<SocketId, Failure> {
        let handle = self.make();
        let socket = self.set.get_mut::<tcp::Socket<'_>>(handle);
        let begun = socket.connect(self.interface.context(), to, from);
        begun.map_err(|error| Failure::Other(error.to_string()))?;
        Ok(self.add(vec![handle]))
    }

    fn condition(&mut self, id: SocketId) -> Condition {
        match (&self.sockets[id.0].failure, self.sockets[id.0].before) {
            (Some(failure), _) => Condition::Failed(failure.clone()),
            (None, State::SynSent | State::SynReceived) => Condition::Connecting,
            (None, _) => Condition::Established,
        }
    }

    fn send(&mut self, id: SocketId, octets: &[u8]) -> Result<usize, Failure> {
        let failure = self.sockets[id.0].failure.clone().unwrap_or(Failure::Other("EPIPE".into()));
        self.socket(id).send_slice(octets).map_err(|_| failure)
    }

    fn receive(&mut self, id: SocketId, most: usize) -> Result<Received, Failure> {
        self.read(id, most, false)
    }

    fn peek(&mut self, id: SocketId, most: usize) -> Result<Received, Failure> {
        self.read(id, most, true)
    }

    fn shutdown(&mut self, id: SocketId) -> Result<(), Failure> {
        self.socket(id).close();
        Ok(())
    }

    fn close(&mut self, id: SocketId) {
        for handle in &self.sockets[id.0].handles {
            self.set.get_mut::<tcp::Socket<'_>>(*handle).close();
        }
    }

    fn abort(&mut self, id: SocketId) {
        self.socket(id).abort();
    }
}

/// The end of the wire that smoltcp sees.
mod wire {
    use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
    use smoltcp::time::Instant;

    #[derive(Default)]
    pub(super) struct Wire {
        pub(super) arrived: Option<Vec<u8>>,
        pub(super) left: Vec<Vec<u8>>,
    }

    pub(super) struct Arrived(Vec<u8>);

    pub(super) struct Leaving<'w>(&'w mut Vec<Vec<u8>>);

    impl Device for Wire {
        type RxToken<'a> = Arrived;
        type TxToken<'a> = Leaving<'a>;

        fn receive(&mut self, _: Instant) -> Option<(Arrived, Leaving<'_>)> {
            Some((Arrived(self.arrived.take()?), Leaving(&mut self.left)))
        }

        fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
            Some(Leaving(&mut self.left))
        }

        fn capabilities(&self) -> DeviceCapabilities {
            let mut capabilities = DeviceCapabilities::default();
            capabilities.medium = Medium::Ip;
            capabilities.max_transmission_unit = 1500;
            capabilities
        }
    }

    impl RxToken for Arrived {
        fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
            f(&self.0)
        }
    }

    impl TxToken for Leaving<'_> {
        fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
            self.0.push(vec![0; length]);
            f(self.0.last_mut().expect("just pushed"))
        }
    }
}

fn run(arguments: &RunArguments) -> Result<u8, Stop> {
    let profile = Profile::read("own_stack.rs", PROFILE).expect("a right profile");
    let make = Box::new(|seed| Box::new(OwnStack::new(seed)) as Box<dyn Stack>);
    let (ledger, version) = (Ledger::default(), String::new());
    run_simulated(arguments, SimulatedTarget { profile, ledger, version, make })
}

fn main() -> ExitCode {
    match run(&Cli::parse().run) {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            eprintln!("own_stack: {}", stop.message);
            ExitCode::from(stop.code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tcpspec::cli::exit;

    fn code(words: &[&str]) -> Result<u8, String> {
        let words = ["own_stack"].iter().chain(words);
        run(&Cli::parse_from(words).run).map_err(|stop| stop.message)
    }

    #[test]
    fn suite_runs_against_it() {
        let areas = ["opening/passive", "opening/active", "data/", "closing/from-passive-open"];
        assert_eq!(code(&areas), Ok(exit::GREEN));
    }

    #[test]
    fn what_it_does_wrong_is_found() {
        assert_eq!(code(&["closed/closed-port/segment-without-ack-draws-rst-ack:v4:fin"]), Ok(exit::RED));
    }
}
