//! Two runs side by side, trial by trial.

use crate::evidence::event::{Header, Trial, Verdict};
use crate::evidence::read::{Events, ReadError};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The version of this form.
    pub format: u32,
    /// The earlier run.
    pub old: RunSummary,
    /// The later one.
    pub new: RunSummary,
    /// By kind, and by id.
    pub changes: Vec<Change>,
    /// Trials that both runs say the same of.
    pub unchanged: usize,
}

/// A run in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// Name of the target.
    pub target: String,
    /// Its version.
    pub version: Option<String>,
    /// Of tcpspec.
    pub tcpspec: String,
    /// Hexadecimal.
    pub seed: String,
    /// What made it red.
    pub level: String,
    /// When it began.
    pub started: String,
    /// The signal that ended it before its end.
    pub interrupted: Option<String>,
}

/// One trial of which the runs say different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// The trial.
    pub id: String,
    /// In the earlier run; none: it was not run.
    pub old: Option<Standing>,
    /// In the later one.
    pub new: Option<Standing>,
}

/// What can become of a trial. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It makes the later run red, and was run and did not make the earlier one red: a regression.
    NewlyFailing,
    /// It made the earlier run red, and does no longer.
    NewlyPassing,
    /// Another verdict, or other findings, that change nothing about red.
    ChangedFinding,
    /// The bench failed in one of the runs: nothing follows.
    Undecided,
    /// It was run, and is not any more.
    Gone,
    /// It was not run, and is now.
    New,
}

/// What one run says of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether it makes the run red.
    pub red: bool,
    /// The classes of what was found, each once.
    pub findings: Vec<String>,
    /// `expected …; saw …`, of the first; not compared, for numbers differ from run to run.
    pub saw: Option<String>,
}

impl Comparison {
    /// Reads both to their ends.
    ///
    /// # Errors
    /// One of them is not whole.
    pub fn of(mut old: Events, mut new: Events) -> Result<Self, ReadError> {
        let mut before = standings(&mut old)?;
        let after = standings(&mut new)?;
        let mut changes = Vec::new();
        let mut unchanged = 0;
        for (id, now) in after {
            let was = before.remove(&id).flatten();
            match kind(was.as_ref(), now.as_ref()) {
                Some(kind) => changes.push(Change { kind, id, old: was, new: now }),
                None => unchanged += 1,
            }
        }
        for (id, was) in before {
            match kind(was.as_ref(), None) {
                Some(kind) => changes.push(Change { kind, id, old: was, new: None }),
                None => unchanged += 1,
            }
        }
        changes.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        Ok(Self { format: 1, old: RunSummary::of(old)?, new: RunSummary::of(new)?, changes, unchanged })
    }

    /// The changes of this kind.
    pub fn of_kind(&self, kind: ChangeKind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind == kind)
    }

    /// Whether a trial fails that did not.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.of_kind(ChangeKind::NewlyFailing).next().is_some()
    }
}

impl RunSummary {
    fn of(run: Events) -> Result<Self, ReadError> {
        let Header { target, tcpspec, seed, level, started, .. } = run.header.clone();
        let interrupted = run.footer()?.interrupted;
        let (target, version) = (target.name, target.version);
        Ok(Self { target, version, tcpspec, seed, level, started, interrupted })
    }
}

impl Standing {
    /// `None` where it was not run.
    fn of(trial: &Trial) -> Option<Self> {
        if matches!(trial.verdict, Verdict::Skip | Verdict::NotRun) {
            return None;
        }
        let mut findings: Vec<_> = trial.findings.iter().map(|finding| finding.code.clone()).collect();
        findings.sort();
        findings.dedup();
        let first = trial.findings.first();
        let saw = first.map(|finding| format!("expected {}; saw {}", finding.expected, finding.saw));
        Some(Self { verdict: trial.verdict, red: trial.red, findings, saw })
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        (self.verdict, self.red, &self.findings) == (other.verdict, other.red, &other.findings)
    }
}

fn standings(run: &mut Events) -> Result<BTreeMap<String, Option<Standing>>, ReadError> {
    let mut all = BTreeMap::new();
    while let Some(trial) = run.next_trial()? {
        let standing = Standing::of(&trial);
        all.insert(trial.id, standing);
    }
    Ok(all)
}

/// What became of a trial; `None`: nothing.
fn kind(was: Option<&Standing>, now: Option<&Standing>) -> Option<ChangeKind> {
    match (was, now) {
        (None, None) => None,
        (None, Some(_)) => Some(ChangeKind::New),
        (Some(_), None) => Some(ChangeKind::Gone),
        (Some(was), Some(now)) if was.says_the_same_as(now) => None,
        (Some(was), Some(now)) if [was, now].iter().any(|it| it.verdict == Verdict::Error) => {
            Some(ChangeKind::Undecided)
        }
        (Some(was), Some(now)) => Some(match (was.red, now.red) {
            (false, true) => ChangeKind::NewlyFailing,
            (true, false) => ChangeKind::NewlyPassing,
            (false, false) | (true, true) => ChangeKind::ChangedFinding,
        }),
    }
}
