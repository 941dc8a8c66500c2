//! How long a server leaves connections half-closed: many of them, side by side.

use super::AuditError;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::sockopt::{Linger, SocketError};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, getsockopt, setsockopt, socket,
};
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

/// What to ask of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseWaitAudit {
    /// `HOST:PORT`; HOST is a name, an IPv4 address, or an IPv6 address in brackets.
    pub target: String,
    /// How many connections, all at once: 1 to [`Self::MOST_CONNECTIONS`].
    pub connections: usize,
    /// How long the server may take to close after we did.
    pub within: Duration,
}

impl CloseWaitAudit {
    /// As many as one client address has ports for one server, and fewer.
    pub const MOST_CONNECTIONS: usize = 20_000;
}

/// What became of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Our end; None if it was never opened.
    pub local: Option<SocketAddr>,
    /// From the call to the connection.
    pub connected_after: Option<Duration>,
    /// How the server ended it.
    pub end: End,
    /// Octets that the server sent.
    pub received: u64,
}

/// How the server ended a connection after we had closed our direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With a FIN, so long after ours.
    Closed(Duration),
    /// With a RST, so long after our FIN.
    Reset(Duration),
    /// Not at all, within this time.
    StillOpen(Duration),
    /// It was never opened, or it failed in a third way: what the system said.
    Failed(String),
}

/// Where the server is, and what became of each connection. Sockets that the server did not close
/// are still open here, so that the tables of this machine can be read; dropping resets them.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) address: SocketAddr,
    pub(super) connections: Vec<Connection>,
    _open: Vec<Attempt>,
}

impl CloseWaitAudit {
    /// Opens the connections, closes our direction of each, and waits for the server to do the same.
    ///
    /// # Errors
    /// [`AuditError::Target`], [`AuditError::Usage`], and [`AuditError::Unreachable`] if not one
    /// connection could be opened to any address of the target.
    pub(super) fn run(&self) -> Result<Measured, AuditError> {
        if !(1..=Self::MOST_CONNECTIONS).contains(&self.connections) {
            return Err(AuditError::Usage("the number of connections must be from 1 to 20000"));
        }
        raise_file_limit();
        let mut why = None;
        for address in resolve(&self.target)? {
            let measured = self.run_at(address)?;
            match measured.connections.iter().find(|connection| connection.local.is_some()) {
                Some(_) => return Ok(measured),
                None => why = why.or(measured.connections.into_iter().next().map(|first| first.end)),
            }
        }
        Err(AuditError::Unreachable {
            target: self.target.clone(),
            why: match why {
                Some(End::Failed(why)) => why,
                _ => "the name has no address".to_owned(),
            },
        })
    }

    fn run_at(&self, address: SocketAddr) -> Result<Measured, AuditError> {
        let mut attempts: Vec<_> = (0..self.connections).map(|_| Attempt::start(address)).collect();
        let mut scratch = vec![0; 64 << 10];
        loop {
            let now = Instant::now();
            let Some(next) = attempts.iter().filter_map(|attempt| attempt.deadline(self.within)).min() else {
                break;
            };
            let (waiting, mut fds): (Vec<usize>, Vec<PollFd<'_>>) = attempts
                .iter()
                .enumerate()
                .filter_map(|(index, attempt)| Some((index, attempt.poll_fd()?)))
                .unzip();
            wait(&mut fds, next.saturating_duration_since(now))?;
            let ready: Vec<usize> = waiting
                .into_iter()
                .zip(&fds)
                .filter(|(_, fd)| fd.any() != Some(false))
                .map(|(index, _)| index)
                .collect();
            for index in ready {
                attempts[index].progress(&mut scratch);
            }
            // As of before the look, so that being late ourselves is not held against the server.
            for attempt in &mut attempts {
                attempt.give_up(now, self.within);
            }
        }
        let connections = attempts.iter().map(Attempt::connection).collect();
        Ok(Measured { address, connections, _open: attempts })
    }
}

/// One connection on its way.
#[derive(Debug)]
struct Attempt {
    stream: Option<TcpStream>,
    called: Instant,
    connected: Option<(Instant, SocketAddr)>,
    received: u64,
    end: Option<End>,
}

impl Attempt {
    fn start(address: SocketAddr) -> Self {
        let called = Instant::now();
        let (stream, end) = match begin_connect(address) {
            Ok(stream) => (Some(stream), None),
            Err(errno) => (None, Some(End::Failed(errno.desc().to_owned()))),
        };
        Self { stream, called, connected: None, received: 0, end }
    }

    /// What to wait for; None when it has ended.
    fn poll_fd(&self) -> Option<PollFd<'_>> {
        let stream = self.stream.as_ref().filter(|_| self.end.is_none())?;
        let flags = if self.connected.is_some() { PollFlags::POLLIN } else { PollFlags::POLLOUT };
        Some(PollFd::new(stream.as_fd(), flags))
    }

    fn deadline(&self, within: Duration) -> Option<Instant> {
        if self.end.is_some() {
            return None;
        }
        Some(match self.connected {
            Some((half_closed, _)) => half_closed + within,
            None => self.called + CONNECT_WITHIN,
        })
    }

    fn give_up(&mut self, now: Instant, within: Duration) {
        if self.deadline(within).is_some_and(|deadline| deadline <= now) {
            self.end = Some(match self.connected {
                Some((half_closed, _)) => End::StillOpen(now - half_closed),
                None => End::Failed("no answer".to_owned()),
            });
        }
    }

    /// Something happened on the socket.
    fn progress(&mut self, scratch: &mut [u8]) {
        let Some(stream) = &mut self.stream else { return };
        let result = match self.connected {
            None => half_close(stream).map(|()| None),
            Some((half_closed, _)) => read_to_end(stream, scratch, &mut self.received)
                .map(|ended| ended.then(|| End::Closed(half_closed.elapsed()))),
        };
        let was_reset = result.as_ref().is_err_and(is_reset);
        if self.connected.is_none() && (result.is_ok() || was_reset) {
            self.connected = stream.local_addr().ok().map(|local| (Instant::now(), local));
        }
        match (result, self.connected) {
            (Ok(end), _) => self.end = end,
            (Err(_), Some((half_closed, _))) if was_reset => {
                self.end = Some(End::Reset(half_closed.elapsed()));
            }
            (Err(error), _) => self.end = Some(End::Failed(describe(&error))),
        }
    }

    fn connection(&self) -> Connection {
        Connection {
            local: self.connected.map(|(_, local)| local),
            connected_after: self.connected.map(|(connected, _)| connected - self.called),
            end: self.end.clone().expect("the loop goes on until each has ended"),
            received: self.received,
        }
    }
}

impl Drop for Attempt {
    /// A plain close would leave the server's connection in CLOSE-WAIT; a reset ends it.
    fn drop(&mut self) {
        if let (Some(stream), Some(End::StillOpen(_))) = (&self.stream, &self.end) {
            let _ = setsockopt(stream, Linger, &libc::linger { l_onoff: 1, l_linger: 0 });
        }
    }
}

/// The addresses of `HOST:PORT`, at least one.
fn resolve(target: &str) -> Result<Vec<SocketAddr>, AuditError> {
    let (host, port) = target.rsplit_once(':').ok_or_else(|| AuditError::Target(target.to_owned()))?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || port.parse::<u16>().is_err() || (host.contains(':') && !bracketed) {
        return Err(AuditError::Target(target.to_owned()));
    }
    match target.to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(AuditError::Unreachable { target: target.to_owned(), why: error.to_string() }),
    }
}

fn begin_connect(address: SocketAddr) -> Result<TcpStream, Errno> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?;
    match connect(fd.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(TcpStream::from(fd)),
        Err(errno) => Err(errno),
    }
}

/// The connection is there or has failed: in the first case sends our FIN.
fn half_close(stream: &TcpStream) -> io::Result<()> {
    match getsockopt(stream, SocketError)? {
        0 => stream.shutdown(Shutdown::Write),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// A connection that was there and is reset; one that never was is refused instead. If the reset
/// comes before our FIN, it is the shutdown that finds no connection.
fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::NotConnected)
}

/// Reads and counts what there is; true at the end of the stream.
fn read_to_end(stream: &mut TcpStream, scratch: &mut [u8], received: &mut u64) -> io::Result<bool> {
    // Not more than this at once, so that a server that sends without end does not hold up the others.
    for _ in 0..16 {
        match stream.read(scratch) {
            Ok(0) => return Ok(true),
            Ok(count) => *received += count as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn wait(fds: &mut [PollFd<'_>], most: Duration) -> Result<(), AuditError> {
    // Whole milliseconds, rounded up: a deadline must have passed when we wake for it.
    let millis = most.as_micros().div_ceil(1000);
    let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
    match poll(fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(AuditError::Machine { what: "poll".to_owned(), error: errno.into() }),
    }
}

/// Where that is refused, the connection that finds no descriptor says so.
fn raise_file_limit() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

/// The system's words without its number.
fn describe(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |code| Errno::from_raw(code).desc().to_owned())
}

/// A SYN lost twice is still answered in this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
