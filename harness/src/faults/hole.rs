//! What is not proven, and how it is said.

use super::matrix::Fared;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use tcpspec_core::verdict::Verdict;

/// How trials fared: each way with the number of trials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<String, usize>);

impl Seen {
    /// How these fared.
    #[must_use]
    pub fn of<'f>(all: impl IntoIterator<Item = &'f (&'static str, Fared)>) -> Self {
        let mut seen = Self::default();
        all.into_iter().for_each(|(target, fared)| seen.add(format!("{} on {target}", words(fared))));
        seen
    }

    /// How these fared, each under its fault.
    #[must_use]
    pub fn under<'f>(all: impl IntoIterator<Item = (&'f str, &'f (&'static str, Fared))>) -> Self {
        let mut seen = Self::default();
        for (fault, (target, fared)) in all {
            seen.add(format!("{} on {target} under {fault}", words(fared)));
        }
        seen
    }

    fn add(&mut self, words: String) {
        *self.0.entry(words).or_default() += 1;
    }
}

/// A verdict with its findings: `fail with wrong-data, wrong-state`.
fn words(fared: &Fared) -> String {
    let codes: Vec<_> = fared.findings.iter().map(|code| code.code()).collect();
    let verdict = match fared.verdict {
        Verdict::Pass => "pass",
        Verdict::Info => "info",
        Verdict::Deviation => "deviation",
        Verdict::Skip => "skip",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Error => "error",
    };
    if codes.is_empty() { verdict.to_owned() } else { format!("{verdict} with {}", codes.join(", ")) }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("not run");
        }
        for (number, (words, count)) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "; " };
            match count {
                1 => write!(f, "{comma}{words}")?,
                _ => write!(f, "{comma}{count} × {words}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something that is not proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "hole", rename_all = "kebab-case")]
pub enum Hole {
    /// A trial has no verdict about the target, although it ran.
    NoVerdict {
        /// The trial.
        trial: String,
        /// How it fared.
        seen: Seen,
    },
    /// A case names no fault.
    NamesNoFault {
        /// The case.
        case: String,
        /// Faults that it notices, as far as they were tried.
        could: Vec<String>,
    },
    /// A case names a fault that it does not notice.
    Unproven {
        /// The case.
        case: String,
        /// The fault.
        fault: String,
        /// How its trials fared under it.
        seen: Seen,
    },
    /// No trial of a case fails under any of its faults.
    CaseCannotFail {
        /// The case.
        case: String,
        /// Faults that it notices, as far as they were tried.
        could: Vec<String>,
    },
    /// Others of its case fail, this trial does under none of its case's faults.
    TrialCannotFail {
        /// The trial.
        trial: String,
        /// How it fared under them.
        seen: Seen,
    },
    /// No case notices a fault.
    UnnoticedFault {
        /// The fault.
        fault: String,
    },
}

impl Hole {
    /// What holes of this kind have in common, as a heading.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoVerdict { .. } => "trials without a verdict, and without a fault",
            Self::NamesNoFault { .. } => "cases that name no fault",
            Self::Unproven { .. } => "faults that a case names and does not notice",
            Self::CaseCannotFail { .. } => "cases that no fault can fail",
            Self::TrialCannotFail { .. } => "rows that no fault can fail",
            Self::UnnoticedFault { .. } => "faults that no case notices",
        }
    }

    /// The trial, the case, the case with its fault, or the fault that it is about.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::NoVerdict { trial, .. } | Self::TrialCannotFail { trial, .. } => trial.clone(),
            Self::NamesNoFault { case, .. } | Self::CaseCannotFail { case, .. } => case.clone(),
            Self::Unproven { case, fault, .. } => format!("{case} under {fault}"),
            Self::UnnoticedFault { fault } => fault.clone(),
        }
    }

    /// What there is to say about it; may be empty.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NoVerdict { seen, .. }
            | Self::TrialCannotFail { seen, .. }
            | Self::Unproven { seen, .. } => seen.to_string(),
            Self::NamesNoFault { could, .. } | Self::CaseCannotFail { could, .. } if !could.is_empty() => {
                format!("it notices {}", could.join(", "))
            }
            Self::NamesNoFault { .. } | Self::CaseCannotFail { .. } | Self::UnnoticedFault { .. } => {
                String::new()
            }
        }
    }
}
