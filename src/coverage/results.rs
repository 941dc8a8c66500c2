//! What a run said of the trials.

use super::Shown;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// How a trial ended, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing red.
    Ok,
    /// It was not run: the target lacks something, or the trial is slow.
    Ignored,
    /// Red.
    Failed,
}

/// How the trials of a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    by_trial: HashMap<String, Outcome>,
}

/// How the trials of one requirement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of them.
    pub worst: Outcome,
    /// How many ended so.
    pub count: usize,
    /// How many trials there are; those that were not in the run are among them.
    pub of: usize,
}

impl Results {
    /// Notes how a trial ended. What was noted of it before counts no more.
    pub fn note(&mut self, trial: &str, outcome: Outcome) {
        self.by_trial.insert(trial.to_owned(), outcome);
    }

    /// The verdict on what is shown by these trials; `None` where none of them was in the run.
    #[must_use]
    pub fn verdict(&self, shown: &Shown) -> Option<Verdict> {
        let outcomes = || shown.trials.iter().filter_map(|trial| self.by_trial.get(trial));
        let worst = *outcomes().max()?;
        let count = outcomes().filter(|outcome| **outcome == worst).count();
        Some(Verdict { worst, count, of: shown.trials.len() })
    }

    /// The trials that were run and that are none of these, by name.
    pub fn beyond<'r>(&'r self, known: &[String]) -> Vec<&'r str> {
        let known: HashSet<&str> = known.iter().map(String::as_str).collect();
        let mut beyond: Vec<_> =
            self.by_trial.keys().map(String::as_str).filter(|trial| !known.contains(trial)).collect();
        beyond.sort_unstable();
        beyond
    }
}

impl Outcome {
    /// The word that test runners have for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// The outcome of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Ok, Self::Ignored, Self::Failed].into_iter().find(|outcome| outcome.word() == word)
    }
}

/// `ok`, or `failed (2 of 12)` where it is not so of all.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worst, count, of } = self;
        f.write_str(worst.word())?;
        if count < of { write!(f, " ({count} of {of})") } else { Ok(()) }
    }
}
