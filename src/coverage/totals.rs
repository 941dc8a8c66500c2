//! Sums over the catalogue.

use super::{Coverage, Covered, Status};
use crate::requirement::{Level, Requirement};

/// A part of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The labelled requirements of RFC 9293.
    Labels,
    /// The events of its section 3.10.
    Events,
    /// What other RFCs require.
    Extensions,
}

/// How many requirements are looked after, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of them.
    pub all: usize,
    /// A case shows them.
    pub tested: usize,
    /// A fault proves one of their cases, of those that are tested.
    pub proven: usize,
    /// No case can show them.
    pub not_testable: usize,
    /// Nothing of that: gaps.
    pub neither: usize,
}

impl Part {
    /// Each of them, in the order of the catalogue.
    pub const ALL: [Self; 3] = [Self::Labels, Self::Events, Self::Extensions];

    /// Those of RFC 9293.
    pub const RFC_9293: [Self; 2] = [Self::Labels, Self::Events];

    /// The part that a requirement is in.
    #[must_use]
    pub fn of(requirement: &Requirement) -> Self {
        match (&requirement.event, requirement.rfc) {
            (Some(_), _) => Self::Events,
            (None, 9293) => Self::Labels,
            (None, _) => Self::Extensions,
        }
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Labels => "RFC 9293, labelled requirements",
            Self::Events => "RFC 9293, events of section 3.10",
            Self::Extensions => "extensions (other RFCs)",
        }
    }
}

impl Coverage {
    /// The totals of a part, for each level that it has, the strongest first.
    #[must_use]
    pub fn totals(&self, part: Part) -> Vec<(Level, Totals)> {
        let of_level = |level| {
            let rows = self.requirements.iter().filter(|row| row.part == part && row.level == level);
            (level, Totals::of(rows))
        };
        Level::ALL.into_iter().map(of_level).filter(|(_, totals)| totals.all > 0).collect()
    }

    /// The requirements of these parts that have neither a case nor a reason.
    pub fn gaps<'c>(&'c self, parts: &'c [Part]) -> impl Iterator<Item = &'c Covered> {
        self.of_parts(parts).filter(|row| row.status() == Status::Neither)
    }
}

impl Totals {
    /// The totals of these rows.
    pub fn of<'c>(rows: impl Iterator<Item = &'c Covered>) -> Self {
        rows.fold(Self::default(), |mut totals, row| {
            totals.all += 1;
            match row.status() {
                Status::Tested => {
                    totals.tested += 1;
                    totals.proven += usize::from(!row.shown.faults.is_empty());
                }
                Status::NotTestable => totals.not_testable += 1,
                Status::Neither => totals.neither += 1,
            }
            totals
        })
    }
}
