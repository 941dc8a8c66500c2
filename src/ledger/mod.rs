//! The known deviations of a target: which finding is expected where, why, and until when.
//!
//! A waived trial still runs. Its finding counts as expected; a pass does not, and neither does
//! another finding. What no longer holds is itself a failure of the run ([`Ledger::stale`]).

mod condition;
mod date;
mod pattern;
mod read;
mod stale;

#[cfg(test)]
mod tests;

pub use condition::{Condition, NoBound, Target};
pub use date::{Date, NoDate};
pub use pattern::Pattern;
pub use read::KEYS;
pub use stale::{StaleEntry, Staleness, TrialOutcome, TrialResult, is_left_open};

use crate::yaml::Place;

/// The word that stands for a reason or a source that somebody has still to give.
pub const TODO: &str = "TODO";

/// All entries of a ledger file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// One known deviation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The trials that it is about.
    pub case: Pattern,
    /// The finding that is expected there, by its code: `time-wait-too-short`.
    pub finding: String,
    /// Why this is accepted.
    pub reason: String,
    /// Where that can be read: a document, a ticket, a line of source.
    pub source: String,
    /// The targets that it is about; `None`: all.
    pub when: Option<Condition>,
    /// The last day on which it holds; `None`: for ever.
    pub expires: Option<Date>,
    /// Where the entry stands.
    pub place: Place,
    /// Where the parts stand that may turn out wrong.
    pub(crate) places: EntryPlaces,
}

/// Places of an entry's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryPlaces {
    pub(crate) case: Place,
    pub(crate) finding: Place,
    pub(crate) reason: Place,
    pub(crate) source: Place,
    pub(crate) expires: Option<Place>,
}

/// What the ledger says of one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiver<'l> {
    /// Nothing: it is not expected.
    None,
    /// It is expected.
    Valid(&'l Entry),
    /// It was expected until a day that has passed.
    Expired(&'l Entry),
}

impl Ledger {
    /// The entries in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is said of `finding` in the trial `trial` on `target`, as of `today`.
    #[must_use]
    pub fn matches(&self, trial: &str, finding: &str, today: Date, target: Target<'_>) -> Waiver<'_> {
        let fits = |entry: &&Entry| {
            entry.finding == finding && entry.applies_to(target) && entry.case.matches(trial)
        };
        let fitting = || self.entries.iter().filter(fits);
        match fitting().find(|entry| !entry.has_expired(today)) {
            Some(entry) => Waiver::Valid(entry),
            None => fitting().next().map_or(Waiver::None, Waiver::Expired),
        }
    }
}

impl Entry {
    /// Whether it is about this target.
    #[must_use]
    pub fn applies_to(&self, target: Target<'_>) -> bool {
        self.when.as_ref().is_none_or(|condition| condition.holds_for(target))
    }

    /// Whether its last day has passed.
    #[must_use]
    pub fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last_day| last_day < today)
    }
}

/// The ledger of the kernel target: name for places, and text.
pub const LINUX: (&str, &str) = (
    "cases/ledger/linux.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/ledger/linux.yaml")),
);

/// The ledger of smoltcp, simulated: name for places, and text.
pub const SMOLTCP: (&str, &str) = (
    "cases/ledger/smoltcp.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/ledger/smoltcp.yaml")),
);
