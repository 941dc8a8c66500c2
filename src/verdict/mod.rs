//! Verdicts, findings, and the record that every report reads.

mod finding;
mod record;

pub use finding::{FieldDifference, Finding, FindingCode};
pub use record::{Event, EventKind, KeptPacket, Origin, Record, Sender};

use std::fmt;

/// What a trial says (ISO 9646, refined: DESIGN of the project, section on verdicts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Every step seen, the referee content.
    Pass,
    /// A MAY: which way the target goes is in the record.
    Info,
    /// An observed violation of a SHOULD.
    Deviation,
    /// Profile or upper tester lacks what the case needs.
    Skip,
    /// The state that the case starts from was not reached.
    Inconclusive,
    /// The bench's own fault: nothing is said about the target.
    Error,
    /// An observed violation of a MUST.
    Fail,
}

impl Verdict {
    /// The word that reports print.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Deviation => "deviation",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The end of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What it says.
    pub verdict: Verdict,
    /// Why, the deciding one first. Empty on a plain pass.
    pub findings: Vec<Finding>,
    /// Everything that happened.
    pub record: Record,
}
