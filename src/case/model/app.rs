//! What the application does and must observe.

use super::send::{Data, Nobody};
use crate::app::SocketOption;
use crate::case::expr::Expr;

/// The application acts, or must observe.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// What.
    pub action: AppAction,
    /// Longest wait for observations and completions (a duration); 1 s plus delayed-ACK time otherwise.
    pub within: Option<Expr>,
    /// Label: `name.time` is when the call was made.
    pub label: Option<String>,
}

/// `app:` actions.
#[derive(Clone, Debug, PartialEq)]
pub enum AppAction {
    /// `listen`
    Listen,
    /// `accept`: a connection is taken off the listener.
    Accept,
    /// `connect`: begin; the outcome is observed by `expect connected` or `expect refused`.
    Connect,
    /// `connect to multicast`: to an address that can be no peer's; the call must fail.
    ConnectToNobody(Nobody),
    /// `send 100` or `send "text"`.
    Send(Data),
    /// `send urgent 3`: these octets, the last of them urgent.
    SendUrgent(Data),
    /// `receive 100`: exactly these octets of our stream arrive, unaltered.
    Receive(Data),
    /// `shutdown`: no more to send.
    Shutdown,
    /// `close`
    Close,
    /// `close listener`
    CloseListener,
    /// `abort`
    Abort,
    /// `kill`: the process dies.
    Kill,
    /// `set nodelay on`
    Set(SocketOption),
    /// `expect connected`
    ExpectConnected,
    /// `expect eof`: the stream ends in order.
    ExpectEof,
    /// `expect reset`
    ExpectReset,
    /// `expect refused`
    ExpectRefused,
    /// `expect timeout`
    ExpectTimeout,
    /// `expect error`: the connection reports an error that is none of these, and lives on.
    ExpectError,
    /// `expect urgent`: urgent data is there to be read.
    ExpectUrgent,
    /// `expect no-urgent`: none is, within the wait.
    ExpectNoUrgent,
    /// `expect nothing`: neither data nor an end within the wait.
    ExpectNothing,
    /// `expect no-connection`: nothing can be accepted within the wait.
    ExpectNoConnection,
}
