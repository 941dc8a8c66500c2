//! What a fault is about.

use std::fmt;
use std::str::FromStr;

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultGroup {
    /// Sequence and acknowledgment numbers.
    Numbers,
    /// Whether a segment is answered, and by which.
    Answers,
    /// The states and the ways between them.
    States,
    /// Which segments are taken, and which are dropped.
    Acceptance,
    /// Options of the header.
    Options,
    /// The octets of the stream, on the wire and at the application.
    Data,
    /// Retransmissions, delays, and who gives up when.
    Timing,
    /// Windows, both ways.
    Window,
    /// ICMP errors.
    Icmp,
    /// The IP header, and the ports.
    Ip,
}

impl FaultGroup {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::Numbers,
        Self::Answers,
        Self::States,
        Self::Acceptance,
        Self::Options,
        Self::Data,
        Self::Timing,
        Self::Window,
        Self::Icmp,
        Self::Ip,
    ];

    /// Its word in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Answers => "answers",
            Self::States => "states",
            Self::Acceptance => "acceptance",
            Self::Options => "options",
            Self::Data => "data",
            Self::Timing => "timing",
            Self::Window => "window",
            Self::Icmp => "icmp",
            Self::Ip => "ip",
        }
    }
}

/// A word that names no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no group of faults")]
pub struct NoGroup(pub String);

impl FromStr for FaultGroup {
    type Err = NoGroup;

    fn from_str(word: &str) -> Result<Self, NoGroup> {
        Self::ALL.into_iter().find(|group| group.name() == word).ok_or_else(|| NoGroup(word.to_owned()))
    }
}

impl fmt::Display for FaultGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
