//! The catalogue of faults: what is wrong on purpose, to prove that a case can fail.
//!
//! Here are the names, what each means, and which findings diagnose it. What makes them happen is in
//! the `tcpspec` package.

mod group;
mod read;
#[cfg(test)]
mod tests;

pub use group::{FaultGroup, NoGroup};

use crate::verdict::FindingCode;
use crate::yaml::{Diagnostic, Place};

/// One deliberate misbehaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEntry {
    /// Its name: `ack-off-by-one`.
    pub name: String,
    /// What a stack with this fault does wrong, one sentence.
    pub does: String,
    /// The findings that rightly diagnose it: a case that fails under the fault by another one has
    /// failed by accident.
    pub findings: Vec<FindingCode>,
    /// What it is about.
    pub group: FaultGroup,
    /// Where it stands.
    pub place: Place,
}

/// All faults, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCatalogue {
    entries: Vec<FaultEntry>,
}

impl FaultCatalogue {
    /// Name and text of the file that the library carries.
    pub const SOURCE: (&str, &str) =
        ("cases/faults.yaml", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/faults.yaml")));

    /// The faults that the library carries.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        let (file, text) = Self::SOURCE;
        Self::read(file, text)
    }

    /// The fault of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FaultEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &FaultEntry> {
        self.entries.iter()
    }

    /// Their names, as [`Vocabulary::faults`](crate::case::Vocabulary::faults) wants them.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|entry| entry.name.as_str()).collect()
    }
}
