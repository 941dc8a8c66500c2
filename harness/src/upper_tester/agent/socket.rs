//! One socket of the application: the system calls, and what they say.

use super::options::set_option;
use crate::upper_tester::monotonic;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::{IpBindAddressNoPort, Ipv6V6Only, ReuseAddr, SocketError};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, SockaddrStorage, bind, connect, getsockopt, listen,
    recv, send, setsockopt, socket,
};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use tcpspec_core::app::{AppOutcome, SocketOption};

/// CLOCK_MONOTONIC before and after a system call, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamps {
    pub(super) began: u64,
    pub(super) ended: u64,
}

/// What came of a command, and when.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: AppOutcome,
    pub(super) stamps: Stamps,
}

/// What came of one try of a command that may wait.
#[derive(Debug)]
pub(super) enum Attempt {
    Answer(Answer),
    NotYet(Stamps),
}

impl Answer {
    pub(super) fn now(outcome: AppOutcome) -> Self {
        let now = monotonic();
        Self { outcome, stamps: Stamps { began: now, ended: now } }
    }

    fn of(result: Result<(), Errno>, stamps: Stamps) -> Self {
        Self { outcome: result.map_or_else(outcome_of, |()| AppOutcome::Done), stamps }
    }
}

pub(super) fn timed<T>(call: impl FnOnce() -> T) -> (T, Stamps) {
    let began = monotonic();
    let result = call();
    (result, Stamps { began, ended: monotonic() })
}

/// What an error of the stack means to the application. What only says that this machine is short
/// of something is no observation of the target.
pub(super) fn outcome_of(errno: Errno) -> AppOutcome {
    match errno {
        Errno::ECONNRESET | Errno::EPIPE => AppOutcome::Reset,
        Errno::ECONNREFUSED => AppOutcome::Refused,
        Errno::ETIMEDOUT => AppOutcome::TimedOut,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM => {
            AppOutcome::Broken(format!("{errno}"))
        }
        _ => AppOutcome::Error(format!("{errno:?}")),
    }
}

pub(super) fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

/// A socket that listens, or what came of the attempt to make one.
pub(super) fn start_listening(
    local: SocketAddr,
    backlog: u32,
    options: &[SocketOption],
) -> Result<(TcpListener, Answer), Answer> {
    // The kernel cuts a longer one to its own limit; so does the wrapper's idea of SOMAXCONN here.
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX).min(Backlog::MAXCONN.into());
    let prepare = || {
        let fd = open(local, options)?;
        setsockopt(&fd, ReuseAddr, &true).map_err(outcome_of)?;
        bind(fd.as_raw_fd(), &SockaddrStorage::from(local)).map_err(outcome_of)?;
        Ok((fd, Backlog::new(backlog).map_err(outcome_of)?))
    };
    let (fd, backlog) = prepare().map_err(Answer::now)?;
    let (result, stamps) = timed(|| listen(&fd, backlog));
    let answer = Answer::of(result, stamps);
    match result {
        Ok(()) => Ok((TcpListener::from(fd), answer)),
        Err(_) => Err(answer),
    }
}

/// A connection, seen from the application.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// The peer, while `connect` is under way.
    connecting: Option<SocketAddr>,
    /// How the connection died. The kernel says it once; we remember.
    failure: Option<Errno>,
    /// The application has been told of the end of the stream.
    end_reported: bool,
    /// The application has shut its own direction.
    shut: bool,
}

impl Connection {
    pub(super) fn accepted(stream: TcpStream) -> Self {
        Self { stream, connecting: None, failure: None, end_reported: false, shut: false }
    }

    /// Begins a connection. One that fails at once is kept, so that its failure can be asked for.
    pub(super) fn start(
        local: SocketAddr,
        remote: SocketAddr,
        options: &[SocketOption],
    ) -> Result<(Self, Answer), Answer> {
        let prepare = || {
            let fd = open(remote, options)?;
            match (local.port(), local.ip().is_unspecified()) {
                (0, true) => return Ok(fd),
                // The port is chosen when the peer is known: else at most 28,000 in all, not per peer.
                (0, false) => setsockopt(&fd, IpBindAddressNoPort, &true),
                (_, _) => setsockopt(&fd, ReuseAddr, &true),
            }
            .and_then(|()| bind(fd.as_raw_fd(), &SockaddrStorage::from(local)))
            .map_err(outcome_of)?;
            Ok(fd)
        };
        let fd = prepare().map_err(Answer::now)?;
        let (result, stamps) = timed(|| connect(fd.as_raw_fd(), &SockaddrStorage::from(remote)));
        let mut connection = Self::accepted(TcpStream::from(fd));
        let outcome = match result {
            Ok(()) | Err(Errno::EINPROGRESS) => {
                connection.connecting = Some(remote);
                match connection.stream.local_addr() {
                    Ok(local) => AppOutcome::Connecting(local),
                    Err(error) => outcome_of(errno_of(&error)),
                }
            }
            Err(errno) => connection.fail(errno),
        };
        Ok((connection, Answer { outcome, stamps }))
    }

    /// Whether `connect` has ended. The kernel answers that to a second `connect`; only so is
    /// SYN-RECEIVED of a simultaneous open told from ESTABLISHED.
    pub(super) fn try_connected(&mut self) -> Attempt {
        if let Some(failure) = self.failure {
            return Attempt::Answer(Answer::now(outcome_of(failure)));
        }
        let Some(remote) = self.connecting else {
            return Attempt::Answer(Answer::now(AppOutcome::Done));
        };
        let (result, stamps) = timed(|| connect(self.stream.as_raw_fd(), &SockaddrStorage::from(remote)));
        let outcome = match result {
            Ok(()) | Err(Errno::EISCONN) => {
                self.connecting = None;
                AppOutcome::Done
            }
            Err(Errno::EALREADY | Errno::EINPROGRESS) => return Attempt::NotYet(stamps),
            Err(errno) => self.fail(errno),
        };
        Attempt::Answer(Answer { outcome, stamps })
    }

    /// Writes what is left of `data`, from `sent` on.
    pub(super) fn try_send(&mut self, data: &[u8], sent: &mut usize, urgent: bool) -> Attempt {
        let urgent = if urgent { MsgFlags::MSG_OOB } else { MsgFlags::empty() };
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL | urgent;
        loop {
            let (result, stamps) = timed(|| send(self.stream.as_raw_fd(), &data[*sent..], flags));
            let outcome = match result {
                Ok(count) => {
                    *sent += count;
                    if *sent < data.len() {
                        continue;
                    }
                    AppOutcome::Done
                }
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Attempt::NotYet(stamps),
                Err(Errno::EPIPE) => match self.failure {
                    Some(failure) => outcome_of(failure),
                    // The application's own mistake, not the peer's doing.
                    None if self.shut => AppOutcome::Error("EPIPE".to_owned()),
                    None => self.fail(Errno::EPIPE),
                },
                Err(errno) => self.fail(errno),
            };
            return Attempt::Answer(Answer { outcome, stamps });
        }
    }

    /// Reads until `data` holds `length` octets. `scratch` is any buffer.
    pub(super) fn try_receive(&mut self, length: usize, data: &mut Vec<u8>, scratch: &mut [u8]) -> Attempt {
        // Of a read of nothing the kernel would say that nothing is there.
        if length == 0 {
            return Attempt::Answer(Answer::now(AppOutcome::Data(Vec::new())));
        }
        loop {
            let wanted = (length - data.len()).min(scratch.len());
            let (result, stamps) =
                timed(|| recv(self.stream.as_raw_fd(), &mut scratch[..wanted], MsgFlags::MSG_DONTWAIT));
            let outcome = match result {
                Ok(count @ 1..) => {
                    data.extend_from_slice(&scratch[..count]);
                    if data.len() < length {
                        continue;
                    }
                    AppOutcome::Data(std::mem::take(data))
                }
                Ok(0) => match self.failure {
                    // The kernel told the error before: it says "end" from then on.
                    Some(failure) => cut_short(data, outcome_of(failure)),
                    None => {
                        self.end_reported = true;
                        AppOutcome::EndOfStream(std::mem::take(data))
                    }
                },
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Attempt::NotYet(stamps),
                Err(errno) => cut_short(data, self.fail(errno)),
            };
            return Attempt::Answer(Answer { outcome, stamps });
        }
    }

    /// How the connection ended, if it has. An error is known before the data that wait; an end of
    /// stream that was reported is not reported again, so that what follows it can be awaited.
    pub(super) fn try_end(&mut self, scratch: &mut [u8]) -> Attempt {
        if let Some(failure) = self.failure {
            return Attempt::Answer(Answer::now(outcome_of(failure)));
        }
        let (error, stamps) = timed(|| getsockopt(&self.stream, SocketError));
        if let Ok(code @ 1..) = error {
            return Attempt::Answer(Answer { outcome: self.fail(Errno::from_raw(code)), stamps });
        }
        let peeked = scratch.len().min(Self::PEEKED);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK;
        let (result, stamps) = timed(|| recv(self.stream.as_raw_fd(), &mut scratch[..peeked], flags));
        let outcome = match result {
            Ok(0) if self.end_reported => return Attempt::NotYet(stamps),
            Ok(0) => {
                self.end_reported = true;
                AppOutcome::EndOfStream(Vec::new())
            }
            Ok(count) => AppOutcome::Data(scratch[..count].to_vec()),
            Err(Errno::EAGAIN | Errno::EINTR) => return Attempt::NotYet(stamps),
            Err(errno) => self.fail(errno),
        };
        Attempt::Answer(Answer { outcome, stamps })
    }

    /// Whether urgent data is there to be read.
    pub(super) fn try_urgent(&self) -> Attempt {
        let mut asked = [PollFd::new(self.as_fd(), PollFlags::POLLPRI)];
        let (result, stamps) = timed(|| poll(&mut asked, PollTimeout::ZERO));
        match result {
            Ok(_) if asked[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLPRI)) => {
                Attempt::Answer(Answer { outcome: AppOutcome::Done, stamps })
            }
            Ok(_) | Err(Errno::EINTR) => Attempt::NotYet(stamps),
            Err(errno) => Attempt::Answer(Answer { outcome: outcome_of(errno), stamps }),
        }
    }

    pub(super) fn shutdown(&mut self) -> Answer {
        let (result, stamps) = timed(|| self.stream.shutdown(Shutdown::Write));
        self.shut |= result.is_ok();
        Answer::of(result.map_err(|error| errno_of(&error)), stamps)
    }

    /// Takes note of an error that ends the connection, and says what it means.
    fn fail(&mut self, errno: Errno) -> AppOutcome {
        self.failure = Some(errno);
        outcome_of(errno)
    }

    /// How much of the data that wait is shown by [`Self::try_end`].
    const PEEKED: usize = 1024;
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Data read before an error are reported; the error with the next command.
fn cut_short(data: &mut Vec<u8>, failure: AppOutcome) -> AppOutcome {
    if data.is_empty() { failure } else { AppOutcome::Data(std::mem::take(data)) }
}

/// A new non-blocking socket of the family of `address`.
fn open(address: SocketAddr, options: &[SocketOption]) -> Result<OwnedFd, AppOutcome> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(family, SockType::Stream, flags, None).map_err(outcome_of)?;
    if address.is_ipv6() {
        setsockopt(&fd, Ipv6V6Only, &true).map_err(outcome_of)?;
    }
    options.iter().try_for_each(|option| set_option(&fd, *option))?;
    Ok(fd)
}
