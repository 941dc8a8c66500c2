//! What a stack must be able to do to be tested on virtual time.

use std::net::{IpAddr, SocketAddr};
use tcpspec_core::app::SocketOption;
use tcpspec_core::case::Family;
use tcpspec_core::engine::TableEntry;
use tcpspec_core::time::Time;

/// A TCP stack, as one host on a link without loss.
///
/// Time stands still between two calls of [`Stack::run`]: the calls of the application happen at the
/// moment that was granted last, and [`Stack::run`] is called behind them, so that they need not send
/// anything themselves. Everything that a stack does must follow from these calls alone (its randomness
/// from a seed), so that a trial can be repeated.
///
/// The host must be able to answer any peer outside its own addresses.
pub trait Stack: Send {
    /// The host's address of this family, where it has one.
    fn address(&self, family: Family) -> Option<IpAddr>;

    /// It is `now`, never earlier than the last time: takes in the IP packet that arrives, if one
    /// does, does what is due by now, and puts the IP packets that leave on `out`, in order.
    fn run(&mut self, now: Time, arrived: Option<&[u8]>, out: &mut Vec<Vec<u8>>);

    /// The moment from which on [`Stack::run`] has something to do without a packet or a call; `None`:
    /// there is none. A moment that has passed means at once.
    fn next_wake(&mut self) -> Option<Time>;

    /// Passive OPEN: connections to `local` are established, and at most `backlog` of them wait to be
    /// accepted.
    ///
    /// # Errors
    /// The stack refuses: the address is in use, an option is unknown.
    fn listen(
        &mut self,
        local: SocketAddr,
        backlog: u32,
        options: &[SocketOption],
    ) -> Result<SocketId, Failure>;

    /// The next established connection of a listener, with its peer; `None` while there is none.
    fn accept(&mut self, listener: SocketId) -> Option<(SocketId, SocketAddr)>;

    /// Active OPEN. Address and port of `local` are set.
    ///
    /// # Errors
    /// The stack refuses the call.
    fn connect(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        options: &[SocketOption],
    ) -> Result<SocketId, Failure>;

    /// What has become of a connection, for as long as it is not closed.
    fn condition(&mut self, connection: SocketId) -> Condition;

    /// Takes as many octets as fit into the send buffer, from the first on, and says how many.
    ///
    /// # Errors
    /// The connection has failed, or the application has shut its side.
    fn send(&mut self, connection: SocketId, octets: &[u8]) -> Result<usize, Failure>;

    /// Takes up to `most` octets, at least one, out of the receive buffer. Those that came before a
    /// failure are read before it is told.
    ///
    /// # Errors
    /// The connection has failed.
    fn receive(&mut self, connection: SocketId, most: usize) -> Result<Received, Failure>;

    /// As [`Stack::receive`], but leaves the octets where they are.
    ///
    /// # Errors
    /// The connection has failed.
    fn peek(&mut self, connection: SocketId, most: usize) -> Result<Received, Failure>;

    /// The application has no more to send, and goes on receiving.
    ///
    /// # Errors
    /// The connection has failed.
    fn shutdown(&mut self, connection: SocketId) -> Result<(), Failure>;

    /// CLOSE (RFC 9293 section 3.9.1): the application lets go of a connection, or of a listener with
    /// all that nobody accepted. The id is not used again.
    fn close(&mut self, socket: SocketId);

    /// ABORT (RFC 9293 section 3.9.1). The id is not used again.
    fn abort(&mut self, connection: SocketId);

    /// Sets an option of an open socket.
    ///
    /// # Errors
    /// The stack does not have it.
    fn set(&mut self, _socket: SocketId, option: SocketOption) -> Result<(), Failure> {
        Err(Failure::no_option(option))
    }

    /// What the stack itself says of the connection between these two, or of a listener at `local`
    /// without `remote`; `None` where it cannot be asked at all.
    fn table(&self, _local: SocketAddr, _remote: Option<SocketAddr>) -> Option<TableEntry> {
        None
    }
}

/// A socket's number; the stack chooses it, and does not use it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub usize);

/// What has become of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its active OPEN is under way.
    Connecting,
    /// It was established, and has not failed; it may have ended in order.
    Established,
    /// It is no more. Told until the application closes it.
    Failed(Failure),
}

/// What there is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// These octets, at least one.
    Octets(Vec<u8>),
    /// Nothing now.
    Nothing,
    /// Nothing any more: the peer has closed its side.
    End,
}

/// What the application is told when a connection or a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// "connection reset" (RFC 9293 section 3.10.7.4).
    Reset,
    /// "connection refused".
    Refused,
    /// The stack gave up.
    TimedOut,
    /// Another error, by a name such as `EADDRINUSE`.
    Other(String),
}

impl Failure {
    /// The stack does not have this option.
    #[must_use]
    pub fn no_option(option: SocketOption) -> Self {
        Self::Other(format!("ENOPROTOOPT ({option:?})"))
    }
}
