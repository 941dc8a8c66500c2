//! The catalogue: what the RFCs require, one row for each requirement, with its level, section and
//! our own summary.

mod catalogue;
mod level;
mod read;
mod tc8;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, FILES};
pub use level::{Level, Threshold, UnknownLevel};
pub use tc8::{Tc8, Tc8Case};

use crate::yaml::Place;
use std::fmt;

/// One row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its stable name: `MUST-13`, `ev-estab-fin`, `rfc7323-paws-drop`.
    pub id: String,
    /// How strongly it is required.
    pub level: Level,
    /// The RFC that says so.
    pub rfc: u16,
    /// The section of that RFC; several are parted by `; `.
    pub section: String,
    /// One sentence in our own words; of an event row, made from its parts.
    pub summary: String,
    /// From where it can be seen.
    pub observable: Observable,
    /// One run takes more than about a minute.
    pub slow: bool,
    /// The RFC has no capitalised key word at that point: the level is a judgement.
    pub derived: bool,
    /// How a tester sees it.
    pub how: Option<String>,
    /// A peculiarity of the RFC or of the measurement.
    pub note: Option<String>,
    /// Why no case can show it, where that is so.
    pub not_testable: Option<String>,
    /// For a row of section 3.10, its parts.
    pub event: Option<Box<Event>>,
    /// Where the row stands.
    pub place: Place,
}

/// Where a requirement can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observable {
    /// By exchanging segments with an ordinary service.
    Wire,
    /// On the wire, if the application on the target can be told what to do.
    WireAndControl,
    /// At the target's programming interface only.
    Api,
    /// Not from outside.
    Internal,
}

/// What happens to a connection, and what follows (RFC 9293 section 3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The states that the row is about, as the RFC writes them.
    pub states: Vec<String>,
    /// What kind of event it is.
    pub kind: EventKind,
    /// The event in words.
    pub event: String,
    /// The event as segment or call.
    pub stimulus: String,
    /// What the target does.
    pub outcome: Outcome,
    /// What RFC 5961 changes.
    pub rfc5961: Overlay,
    /// Deviations of conformant or common stacks, to be reported and not failed.
    pub tolerance: Option<String>,
}

/// The three kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A segment arrives.
    Segment,
    /// The application calls.
    Call,
    /// A timer expires.
    Timeout,
}

/// What follows an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The segment sent, if any.
    pub reply: Option<Reply>,
    /// The state afterwards, or `unchanged`.
    pub next_state: String,
    /// What else it does.
    pub effect: String,
}

/// A segment that is expected from the target. Each field is an expression or a remark in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Control bits, `SYN,ACK`.
    pub flags: String,
    /// SEG.SEQ.
    pub seq: String,
    /// SEG.ACK.
    pub ack: Option<String>,
    /// SEG.WND.
    pub wnd: Option<String>,
    /// Octets of text.
    pub len: Option<String>,
    /// SEG.UP.
    pub up: Option<String>,
}

/// What a stack with the mitigations of RFC 5961 does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The same.
    NoChange,
    /// The same, with a remark.
    Remark(String),
    /// Something else.
    Instead(Outcome),
}

impl Requirement {
    /// The RFC and section, as a report cites them.
    #[must_use]
    pub fn citation(&self) -> String {
        format!("RFC {} section {}", self.rfc, self.section)
    }
}

impl Event {
    /// The row as one sentence.
    fn sentence(&self) -> String {
        let states = match self.states.as_slice() {
            all if all.len() == 11 => "any state".to_owned(),
            [one] => one.clone(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
            [] => "no state".to_owned(),
        };
        let reply = match &self.outcome.reply {
            Some(reply) if self.kind == EventKind::Segment => format!("answers {reply}"),
            Some(reply) => format!("sends {reply}"),
            None => "sends nothing".to_owned(),
        };
        let next = &self.outcome.next_state;
        let next = if next == "unchanged" || self.states == [next.as_str()] {
            "keeps its state".to_owned()
        } else {
            format!("goes to {next}")
        };
        format!("In {states}, on \"{}\", the target {reply} and {next}.", self.event)
    }
}

/// `ACK (SEQ SND.NXT, ACK RCV.NXT+1)`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SEQ {}", self.flags, self.seq)?;
        for (name, value) in [("ACK", &self.ack), ("WND", &self.wnd), ("LEN", &self.len), ("UP", &self.up)] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        f.write_str(")")
    }
}

/// As the catalogue writes it.
impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wire => "wire",
            Self::WireAndControl => "wire+control",
            Self::Api => "api",
            Self::Internal => "internal",
        })
    }
}
