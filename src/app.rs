//! What the application on the target is asked to do, and what it observed: the vocabulary
//! between the engine and whoever plays that application (the upper tester).
//!
//! A trial's sockets are named by the case (`main` unless `on:` says otherwise). Every command is
//! answered by exactly one [`AppReport`]; commands that wait (accept, connect, receive, an
//! observation) are answered when they end, others at once. Several may be under way at a time.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// A number that a report carries back; unique within a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandId(pub u32);

/// One wish to the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppCommand {
    /// Make a listening socket named `socket` at `local`.
    Listen {
        /// Name of the listener.
        socket: String,
        /// Address and port.
        local: SocketAddr,
        /// Length of the queue of connections not yet accepted.
        backlog: u32,
        /// Options set before `listen`.
        options: Vec<SocketOption>,
    },
    /// Take the next connection off `listener` and call it `socket`; waits up to `within`.
    Accept {
        /// The listener.
        listener: String,
        /// Name of the connection.
        socket: String,
        /// Longest wait.
        within: Duration,
    },
    /// Begin a connection from `local` to `remote`. Answered [`AppOutcome::Connecting`] as soon as the
    /// call has started, or with its error; how it went is asked for with
    /// [`AppCommand::AwaitConnected`].
    Connect {
        /// Name of the connection.
        socket: String,
        /// Local address and port (port 0: any; an unspecified address and port 0: both any).
        local: SocketAddr,
        /// The peer.
        remote: SocketAddr,
        /// Options set before `connect`.
        options: Vec<SocketOption>,
    },
    /// Wait until `connect` has ended: `Done`, `Refused`, `Reset`, `TimedOut`…, or
    /// `NothingYet` after `within`.
    AwaitConnected {
        /// The connection.
        socket: String,
        /// Longest wait.
        within: Duration,
    },
    /// Write `data`; `Done` once the socket has taken all of it, however long that takes.
    Send {
        /// The connection.
        socket: String,
        /// The octets.
        #[serde(with = "hex")]
        data: Vec<u8>,
    },
    /// Write `data` as urgent: the urgent pointer points behind its last octet.
    SendUrgent {
        /// The connection.
        socket: String,
        /// The octets.
        #[serde(with = "hex")]
        data: Vec<u8>,
    },
    /// Wait until urgent data is there to be read: `Done`, or `NothingYet` after `within`.
    AwaitUrgent {
        /// The connection.
        socket: String,
        /// Longest wait.
        within: Duration,
    },
    /// Read exactly `length` octets, or what came before the stream ended or `within` passed
    /// (`NothingYet` if nothing came).
    Receive {
        /// The connection.
        socket: String,
        /// How many octets.
        length: usize,
        /// Longest wait.
        within: Duration,
    },
    /// Observe how the connection ends, without consuming data first: `EndOfStream`, `Reset`,
    /// `Refused`, `TimedOut`, `Data` if octets are there (the first of them), `NothingYet` after
    /// `within`. An error is seen before waiting data; an end of stream is reported once, so that a
    /// reset after it can be awaited.
    AwaitEnd {
        /// The connection.
        socket: String,
        /// Longest wait.
        within: Duration,
    },
    /// `shutdown(SHUT_WR)`: no more to send; the socket stays.
    Shutdown {
        /// The connection.
        socket: String,
    },
    /// `close()`: the application lets go of the socket (a listener or a connection).
    Close {
        /// The socket.
        socket: String,
    },
    /// ABORT of RFC 9293 section 3.9.1: close with linger 0.
    Abort {
        /// The connection.
        socket: String,
    },
    /// Set an option.
    Set {
        /// The socket.
        socket: String,
        /// Which, and to what.
        option: SocketOption,
    },
    /// The application's process is killed (SIGKILL) with all that it holds.
    Kill,
}

/// Options of a socket that a case can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SocketOption {
    /// TCP_NODELAY.
    NoDelay(bool),
    /// SO_KEEPALIVE.
    KeepAlive(bool),
    /// TCP_KEEPIDLE, whole seconds.
    KeepAliveIdle(Duration),
    /// TCP_KEEPINTVL, whole seconds.
    KeepAliveInterval(Duration),
    /// TCP_KEEPCNT.
    KeepAliveCount(u32),
    /// TCP_USER_TIMEOUT.
    UserTimeout(Duration),
    /// SO_RCVBUF.
    ReceiveBuffer(u32),
    /// SO_SNDBUF.
    SendBuffer(u32),
    /// TCP_MAXSEG.
    MaximumSegment(u32),
    /// SO_OOBINLINE.
    UrgentInline(bool),
    /// IP_TTL, IPV6_UNICAST_HOPS.
    TimeToLive(u8),
    /// IP_TOS, IPV6_TCLASS.
    TypeOfService(u8),
    /// IP_RECVERR, IPV6_RECVERR: ICMP errors are told to the application.
    ErrorReports(bool),
}

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppReport {
    /// Which command it answers.
    pub id: CommandId,
    /// What came of it.
    pub outcome: AppOutcome,
    /// CLOCK_MONOTONIC in nanoseconds just before the system call that decided the outcome.
    pub began: u64,
    /// The same, just after it.
    pub ended: u64,
}

/// What the application observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppOutcome {
    /// It worked.
    Done,
    /// A connection was accepted from this peer.
    Accepted(SocketAddr),
    /// A connection attempt is under way from this local address.
    Connecting(SocketAddr),
    /// Octets were read. Fewer than asked for: the wait ended, or the connection failed after them
    /// and the next command says how.
    Data(#[serde(with = "hex")] Vec<u8>),
    /// The stream ended in order (read returned 0), after these octets.
    EndOfStream(#[serde(with = "hex")] Vec<u8>),
    /// "connection reset" (ECONNRESET, or EPIPE on a write).
    Reset,
    /// "connection refused" (ECONNREFUSED).
    Refused,
    /// The stack gave up (ETIMEDOUT).
    TimedOut,
    /// Another error of the stack, by its errno name: `EHOSTUNREACH`.
    Error(String),
    /// Nothing of the kind happened within the wait.
    NothingYet,
    /// The upper tester could not do what was asked (no such socket, too many files): the
    /// bench's fault, never the target's.
    Broken(String),
}

mod hex {
    //! Octets as one hexadecimal string.
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], s: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(octets.len() * 2);
        for octet in octets {
            text.push(DIGITS[usize::from(octet >> 4)] as char);
            text.push(DIGITS[usize::from(octet & 15)] as char);
        }
        s.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        let digit = |c: u8| (c as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if text.len() % 2 != 0 {
            return Err(D::Error::custom("an odd number of hexadecimal digits"));
        }
        text.as_bytes()
            .chunks(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("not a hexadecimal digit"))
    }
}
