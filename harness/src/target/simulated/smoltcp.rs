//! smoltcp as a target.
//!
//! smoltcp knows states, not reasons, and one connection a socket. What a BSD socket tells beyond that
//! is told here: a listener is a pool of listening sockets, as smoltcp's own documentation has it, and
//! why a connection ended is read off the state in which it did.

mod device;

use super::stack::{Condition, Failure, Received, SocketId, Stack};
use ::smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet};
use ::smoltcp::socket::tcp;
use ::smoltcp::time::Instant;
use ::smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint, IpListenEndpoint};
use device::Device;
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tcpspec_core::app::SocketOption;
use tcpspec_core::case::Family;
use tcpspec_core::engine::TableEntry;
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// One host that runs smoltcp.
pub struct SmoltcpStack {
    interface: Interface,
    device: Device,
    set: SocketSet<'static>,
    /// By their ids. None is ever taken out: smoltcp asks its sockets in their order, and a listening
    /// one in front of a connection would take the connection's segments.
    sockets: Vec<Socket>,
    /// The moment that was granted last.
    now: Instant,
}

enum Socket {
    Listener(Listener),
    Connection(Connection),
}

struct Listener {
    local: SocketAddr,
    backlog: u32,
    options: Vec<SocketOption>,
    closed: bool,
}

struct Connection {
    handle: SocketHandle,
    patience: Patience,
    /// The listener in whose pool it waits, until it is accepted.
    pool: Option<SocketId>,
    /// Its state when it was last looked at.
    seen: tcp::State,
    /// How it died.
    failure: Option<Failure>,
}

/// When a silent peer is asked, and when it is given up: what the application asked for.
#[derive(Clone, Copy)]
struct Patience {
    keep_alive: bool,
    /// smoltcp waits as long before the first probe as between two of them.
    idle: Duration,
    /// Unanswered probes that end a connection.
    probes: Option<u32>,
    user_timeout: Option<Duration>,
}

/// What brought a change of state about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Segment,
    Timer,
}

impl SmoltcpStack {
    /// The version of smoltcp that is tested; smoltcp itself does not tell.
    pub const VERSION: &str = "0.14.0";

    /// A host whose initial sequence numbers follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut device = Device::default();
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut device, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            for (address, prefix) in [(IpAddr::V4(ADDRESS_V4), 24), (IpAddr::V6(ADDRESS_V6), 64)] {
                addresses.push(IpCidr::new(address.into(), prefix)).expect("room for one of each family");
            }
        });
        Self { interface, device, set: SocketSet::new(Vec::new()), sockets: Vec::new(), now: Instant::ZERO }
    }

    /// A socket of smoltcp with what the application asked for.
    fn open(options: &[SocketOption]) -> Result<(tcp::Socket<'static>, Patience), Failure> {
        let receive_buffer = options.iter().rev().find_map(|option| match option {
            SocketOption::ReceiveBuffer(octets) => Some(*octets as usize),
            _ => None,
        });
        let send_buffer = options.iter().rev().find_map(|option| match option {
            SocketOption::SendBuffer(octets) => Some(*octets as usize),
            _ => None,
        });
        let buffer = |octets: Option<usize>| tcp::SocketBuffer::new(vec![0; octets.unwrap_or(BUFFER)]);
        let mut socket = tcp::Socket::new(buffer(receive_buffer), buffer(send_buffer));
        socket.set_tsval_generator(Some(milliseconds));
        let mut patience = Patience::default();
        for option in options {
            match option {
                SocketOption::ReceiveBuffer(_) | SocketOption::SendBuffer(_) => {}
                option => set(&mut socket, &mut patience, *option)?,
            }
        }
        Ok((socket, patience))
    }

    fn add(
        &mut self,
        (socket, patience): (tcp::Socket<'static>, Patience),
        pool: Option<SocketId>,
    ) -> SocketId {
        let seen = socket.state();
        let handle = self.set.add(socket);
        self.sockets.push(Socket::Connection(Connection { handle, patience, pool, seen, failure: None }));
        SocketId(self.sockets.len() - 1)
    }

    fn connection(&mut self, id: SocketId) -> Option<(&mut Connection, &mut tcp::Socket<'static>)> {
        match self.sockets.get_mut(id.0)? {
            Socket::Connection(connection) => {
                let socket = self.set.get_mut(connection.handle);
                Some((connection, socket))
            }
            Socket::Listener(_) => None,
        }
    }

    /// Connections that wait in a listener's pool, and its sockets that listen.
    fn pool(&self, listener: SocketId) -> impl Iterator<Item = (SocketId, &tcp::Socket<'static>)> {
        let number_and_socket = move |(number, socket): (usize, &Socket)| match socket {
            Socket::Connection(connection) if connection.pool == Some(listener) => {
                Some((SocketId(number), connection.handle))
            }
            _ => None,
        };
        let members = self.sockets.iter().enumerate().filter_map(number_and_socket);
        members.map(|(id, handle)| (id, self.set.get(handle)))
    }

    /// Sees to it that a listener whose backlog is not full has a socket that listens.
    fn fill_pool(&mut self, listener: SocketId) -> Result<(), Failure> {
        let Some(Socket::Listener(Listener { local, backlog, options, closed: false })) =
            self.sockets.get(listener.0)
        else {
            return Ok(());
        };
        let (mut listening, mut waiting) = (false, 0);
        for (_, socket) in self.pool(listener) {
            match socket.state() {
                tcp::State::Listen => listening = true,
                tcp::State::Closed => {}
                _ => waiting += 1,
            }
        }
        if listening || waiting >= *backlog {
            return Ok(());
        }
        let (mut socket, patience) = Self::open(options)?;
        let local = IpListenEndpoint { addr: Some(local.ip().into()), port: local.port() };
        socket.listen(local).map_err(|error| Failure::Other(format!("EINVAL ({error})")))?;
        self.add((socket, patience), Some(listener));
        Ok(())
    }

    fn fill_pools(&mut self) {
        for number in 0..self.sockets.len() {
            // It was possible when the listener was made.
            let _ = self.fill_pool(SocketId(number));
        }
    }

    /// Reads off the states what became of the connections, and of which cause.
    fn look(&mut self, cause: Cause) {
        for socket in &mut self.sockets {
            let Socket::Connection(connection) = socket else { continue };
            let now = self.set.get::<tcp::Socket<'_>>(connection.handle).state();
            let before = std::mem::replace(&mut connection.seen, now);
            if now == tcp::State::Closed && before != now && connection.failure.is_none() {
                connection.failure = why_closed(before, cause);
            }
        }
    }

    fn read(&mut self, id: SocketId, most: usize, keep: bool) -> Result<Received, Failure> {
        let Some((connection, socket)) = self.connection(id) else { return Err(not_connected()) };
        let mut octets = vec![0; most.min(socket.recv_queue())];
        let read = match keep {
            true => socket.peek_slice(&mut octets),
            false => socket.recv_slice(&mut octets),
        };
        match (read, &connection.failure) {
            (Ok(count @ 1..), _) => {
                octets.truncate(count);
                Ok(Received::Octets(octets))
            }
            (_, Some(failure)) => Err(failure.clone()),
            _ if socket.may_recv() => Ok(Received::Nothing),
            _ if matches!(socket.state(), tcp::State::SynSent | tcp::State::SynReceived) => {
                Ok(Received::Nothing)
            }
            _ => Ok(Received::End),
        }
    }
}

impl Stack for SmoltcpStack {
    fn address(&self, family: Family) -> Option<IpAddr> {
        Some(match family {
            Family::V4 => ADDRESS_V4.into(),
            Family::V6 => ADDRESS_V6.into(),
        })
    }

    fn run(&mut self, now: Time, arrived: Option<&[u8]>, out: &mut Vec<Vec<u8>>) {
        MILLISECONDS.set((now.0 / 1_000_000) as u32);
        let now = instant(now);
        self.now = now;
        self.interface.poll_maintenance(now);
        if let Some(packet) = arrived {
            self.device.arrived = Some(packet.to_vec());
            let Self { interface, device, set, .. } = self;
            while interface.poll_ingress_single(now, device, set) != PollIngressSingleResult::None {}
            self.look(Cause::Segment);
        }
        for _ in 0..MOST_TURNS {
            if self.interface.poll_egress(now, &mut self.device, &mut self.set) == PollResult::None {
                break;
            }
        }
        self.look(Cause::Timer);
        self.fill_pools();
        out.append(&mut self.device.sent);
    }

    fn next_wake(&mut self) -> Option<Time> {
        let wake = self.interface.poll_at(self.now, &self.set)?;
        Some(Time(u64::try_from(wake.total_micros()).unwrap_or_default().saturating_mul(1000)))
    }

    fn listen(
        &mut self,
        local: SocketAddr,
        backlog: u32,
        options: &[SocketOption],
    ) -> Result<SocketId, Failure> {
        let is_taken = |socket: &Socket| match socket {
            Socket::Listener(listener) => !listener.closed && listener.local == local,
            Socket::Connection(_) => false,
        };
        if self.sockets.iter().any(is_taken) {
            return Err(Failure::Other("EADDRINUSE".into()));
        }
        let listener = Listener { local, backlog: backlog.max(1), options: options.to_vec(), closed: false };
        self.sockets.push(Socket::Listener(listener));
        let id = SocketId(self.sockets.len() - 1);
        self.fill_pool(id)?;
        Ok(id)
    }

    fn accept(&mut self, listener: SocketId) -> Option<(SocketId, SocketAddr)> {
        let (id, peer) = self.pool(listener).find_map(|(id, socket)| match socket.state() {
            tcp::State::Listen | tcp::State::SynReceived | tcp::State::Closed => None,
            _ => Some((id, endpoint(socket.remote_endpoint()?))),
        })?;
        let (connection, _) = self.connection(id)?;
        connection.pool = None;
        Some((id, peer))
    }

    fn connect(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        options: &[SocketOption],
    ) -> Result<SocketId, Failure> {
        let (mut socket, patience) = Self::open(options)?;
        let (from, to) = (IpListenEndpoint::from(local), IpEndpoint::from(remote));
        socket
            .connect(self.interface.context(), to, from)
            .map_err(|error| Failure::Other(format!("EINVAL ({error})")))?;
        Ok(self.add((socket, patience), None))
    }

    fn condition(&mut self, id: SocketId) -> Condition {
        let Some((connection, socket)) = self.connection(id) else {
            return Condition::Failed(not_connected());
        };
        match (&connection.failure, socket.state()) {
            (Some(failure), _) => Condition::Failed(failure.clone()),
            (None, tcp::State::SynSent | tcp::State::SynReceived) => Condition::Connecting,
            (None, _) => Condition::Established,
        }
    }

    fn send(&mut self, id: SocketId, octets: &[u8]) -> Result<usize, Failure> {
        let Some((connection, socket)) = self.connection(id) else { return Err(not_connected()) };
        match (socket.send_slice(octets), &connection.failure) {
            (Ok(count), _) => Ok(count),
            (Err(_), Some(failure)) => Err(failure.clone()),
            (Err(_), None) => match socket.state() {
                tcp::State::SynSent | tcp::State::SynReceived => Ok(0),
                _ => Err(Failure::Other("EPIPE".into())),
            },
        }
    }

    fn receive(&mut self, id: SocketId, most: usize) -> Result<Received, Failure> {
        self.read(id, most, false)
    }

    fn peek(&mut self, id: SocketId, most: usize) -> Result<Received, Failure> {
        self.read(id, most, true)
    }

    fn shutdown(&mut self, id: SocketId) -> Result<(), Failure> {
        let Some((connection, socket)) = self.connection(id) else { return Err(not_connected()) };
        match &connection.failure {
            Some(failure) => Err(failure.clone()),
            None => {
                socket.close();
                Ok(())
            }
        }
    }

    fn close(&mut self, id: SocketId) {
        if let Some((connection, socket)) = self.connection(id) {
            socket.close();
            connection.seen = socket.state();
            return;
        }
        let pool: Vec<_> = self.pool(id).map(|(id, _)| id).collect();
        if let Some(Socket::Listener(listener)) = self.sockets.get_mut(id.0) {
            listener.closed = true;
            // Nobody will ever accept them.
            pool.into_iter().for_each(|id| self.abort(id));
        }
    }

    fn abort(&mut self, id: SocketId) {
        if let Some((connection, socket)) = self.connection(id) {
            socket.abort();
            connection.seen = socket.state();
        }
    }

    fn set(&mut self, id: SocketId, option: SocketOption) -> Result<(), Failure> {
        match self.connection(id) {
            Some((connection, socket)) => set(socket, &mut connection.patience, option),
            // A pool is made with the options of its listener.
            None => Err(Failure::no_option(option)),
        }
    }

    fn table(&self, local: SocketAddr, remote: Option<SocketAddr>) -> Option<TableEntry> {
        let sockets = self.sockets.iter().filter_map(|socket| match socket {
            Socket::Connection(connection) => Some(self.set.get::<tcp::Socket<'_>>(connection.handle)),
            Socket::Listener(_) => None,
        });
        let is_it = |socket: &&tcp::Socket<'_>| match remote {
            Some(remote) => {
                socket.local_endpoint().map(endpoint) == Some(local)
                    && socket.remote_endpoint().map(endpoint) == Some(remote)
                    && socket.state() != tcp::State::Closed
            }
            None => {
                let at = socket.listen_endpoint();
                socket.is_listening() && at.addr == Some(local.ip().into()) && at.port == local.port()
            }
        };
        let found = { sockets }.find(is_it);
        Some(TableEntry { state: found.map(|socket| state(socket.state())), expires: None })
    }
}

/// What the application of a connection that was in this state is told when it is no more.
fn why_closed(before: tcp::State, cause: Cause) -> Option<Failure> {
    match (before, cause) {
        // RFC 9293 section 3.10.7.4, second check: no signal to the user from here on, and what was
        // acknowledged or timed out here ended in order.
        (tcp::State::Closing | tcp::State::LastAck | tcp::State::TimeWait, Cause::Segment) => None,
        (tcp::State::TimeWait, Cause::Timer) => None,
        (_, Cause::Timer) => Some(Failure::TimedOut),
        (tcp::State::SynSent | tcp::State::SynReceived, Cause::Segment) => Some(Failure::Refused),
        (_, Cause::Segment) => Some(Failure::Reset),
    }
}

/// Options that smoltcp has, and settings of others that are how smoltcp always is, on an open socket.
fn set(socket: &mut tcp::Socket<'_>, patience: &mut Patience, option: SocketOption) -> Result<(), Failure> {
    match option {
        SocketOption::NoDelay(on) => socket.set_nagle_enabled(!on),
        SocketOption::KeepAlive(on) => patience.keep_alive = on,
        SocketOption::KeepAliveIdle(idle) => patience.idle = idle,
        SocketOption::KeepAliveInterval(interval) if interval == patience.idle => {}
        SocketOption::KeepAliveCount(probes) => patience.probes = Some(probes),
        SocketOption::UserTimeout(timeout) => patience.user_timeout = Some(timeout),
        SocketOption::TimeToLive(hops) => socket.set_hop_limit(Some(hops)),
        SocketOption::UrgentInline(true) | SocketOption::ErrorReports(false) => {}
        SocketOption::KeepAliveInterval(_)
        | SocketOption::ReceiveBuffer(_)
        | SocketOption::SendBuffer(_)
        | SocketOption::MaximumSegment(_)
        | SocketOption::UrgentInline(_)
        | SocketOption::TypeOfService(_)
        | SocketOption::ErrorReports(_) => return Err(Failure::no_option(option)),
    }
    patience.apply(socket);
    Ok(())
}

impl Patience {
    fn apply(&self, socket: &mut tcp::Socket<'_>) {
        let keep_alive = self.keep_alive.then_some(self.idle);
        // smoltcp counts no probes; it has one time for all that a peer may be silent.
        let until_given_up = |idle: Duration| Some(idle.saturating_mul(self.probes?.saturating_add(1)));
        let timeout = self.user_timeout.or_else(|| keep_alive.and_then(until_given_up));
        if keep_alive != socket.keep_alive().map(Duration::from) {
            socket.set_keep_alive(keep_alive.map(Into::into));
        }
        socket.set_timeout(timeout.map(Into::into));
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { keep_alive: false, idle: KEEP_ALIVE, probes: None, user_timeout: None }
    }
}

fn not_connected() -> Failure {
    Failure::Other("ENOTCONN".into())
}

fn state(state: tcp::State) -> State {
    match state {
        tcp::State::Closed => State::Closed,
        tcp::State::Listen => State::Listen,
        tcp::State::SynSent => State::SynSent,
        tcp::State::SynReceived => State::SynReceived,
        tcp::State::Established => State::Established,
        tcp::State::FinWait1 => State::FinWait1,
        tcp::State::FinWait2 => State::FinWait2,
        tcp::State::CloseWait => State::CloseWait,
        tcp::State::Closing => State::Closing,
        tcp::State::LastAck => State::LastAck,
        tcp::State::TimeWait => State::TimeWait,
    }
}

fn endpoint(endpoint: IpEndpoint) -> SocketAddr {
    let address = match endpoint.addr {
        IpAddress::Ipv4(address) => IpAddr::V4(address),
        IpAddress::Ipv6(address) => IpAddr::V6(address),
    };
    SocketAddr::new(address, endpoint.port)
}

fn instant(time: Time) -> Instant {
    Instant::from_micros(i64::try_from(time.0 / 1000).unwrap_or(i64::MAX))
}

/// The clock of the Timestamps option. smoltcp asks a function for it that knows of no stack; a trial
/// keeps to one thread while it runs.
fn milliseconds() -> u32 {
    MILLISECONDS.get()
}

thread_local! {
    static MILLISECONDS: Cell<u32> = const { Cell::new(0) };
}

const ADDRESS_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ADDRESS_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Octets of each buffer: so many that the window needs a scale.
const BUFFER: usize = 1 << 16;

/// Idle time before a keep-alive where the application names none (RFC 9293 section 3.8.4: at least).
const KEEP_ALIVE: Duration = Duration::from_secs(2 * 3600);

/// Rounds of sending in one moment. A socket sends one segment a round.
const MOST_TURNS: u32 = 10_000;

#[cfg(test)]
mod tests;
