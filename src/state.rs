//! The eleven states of RFC 9293 section 3.3.2.

use std::fmt;
use std::str::FromStr;

/// A state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// No connection.
    Closed,
    /// Waiting for a connection request.
    Listen,
    /// A connection request was sent.
    SynSent,
    /// A connection request was received and sent.
    SynReceived,
    /// Open.
    Established,
    /// Our FIN was sent, its acknowledgment is awaited.
    FinWait1,
    /// Our FIN was acknowledged, the peer's is awaited.
    FinWait2,
    /// The peer's FIN was received, the application's close is awaited.
    CloseWait,
    /// Both sent a FIN; the acknowledgment of ours is awaited.
    Closing,
    /// The acknowledgment of our FIN, sent after the peer's, is awaited.
    LastAck,
    /// Both closed; old segments are given time to die.
    TimeWait,
}

impl State {
    /// All eleven, in the RFC's order.
    pub const ALL: [Self; 11] = [
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
        Self::Closed,
    ];

    /// The RFC's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether both initial sequence numbers are known and acknowledged (RFC 9293 section 3.4).
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, Self::Closed | Self::Listen | Self::SynSent | Self::SynReceived)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Not one of the eleven names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of RFC 9293")]
pub struct NotAState(pub String);

impl FromStr for State {
    type Err = NotAState;
    fn from_str(text: &str) -> Result<Self, NotAState> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| NotAState(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_name_reads_back() {
        assert_eq!(State::ALL.map(|state| state.name().parse()), State::ALL.map(Ok));
        assert_eq!("SYN_RECV".parse::<State>(), Err(NotAState("SYN_RECV".into())));
    }
}
