//! What a ledger says that no longer holds.

use super::{Date, Entry, Ledger, TODO, Target};
use crate::yaml::{Diagnostic, nearest};

/// One trial that the suite knows, and what came of it in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult<'a> {
    /// The trial's id.
    pub id: &'a str,
    /// What came of it.
    pub outcome: TrialOutcome<'a>,
}

/// What came of a trial, as far as the ledger cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome<'a> {
    /// Not selected in this run.
    NotSelected,
    /// Selected, and run by somebody else: in another shard of the same run.
    Elsewhere,
    /// Skipped: this target cannot show the finding.
    Skipped,
    /// Inconclusive, or an error of the bench: nothing is known.
    Undecided,
    /// Judged, and nothing was found.
    Passed,
    /// Judged, and these findings were made, waived or not.
    Found(Vec<&'a str>),
}

/// An entry that has to go or to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleEntry<'l> {
    /// The entry.
    pub entry: &'l Entry,
    /// What is wrong with it.
    pub staleness: Staleness,
    /// The same as a message at its place.
    pub diagnostic: Diagnostic,
}

/// Why an entry no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// Its pattern fits no trial of the suite.
    NoSuchTrial,
    /// Its last day has passed.
    Expired(Date),
    /// All trials that it is about were judged, and passed.
    UnexpectedPass {
        /// Their ids.
        trials: Vec<String>,
    },
}

impl Ledger {
    /// The entries that no longer hold after a run on `target`. `trials` are all that the suite
    /// knows, those not selected included: an entry is not stale because its trials were left out.
    /// Entries about other targets are only checked for trials that do not exist.
    #[must_use]
    pub fn stale(&self, trials: &[TrialResult<'_>], today: Date, target: Target<'_>) -> Vec<StaleEntry<'_>> {
        let stale = |entry| {
            let (staleness, diagnostic) = staleness(entry, trials, today, target)?;
            Some(StaleEntry { entry, staleness, diagnostic })
        };
        self.entries.iter().filter_map(stale).collect()
    }

    /// What has to be said of the entries where a run is shared out, for whoever sets the shards side by
    /// side: those of which nothing was found here, each with the count of its trials that passed. An
    /// entry is stale where all shards say this of it, and not of no trial at all. An entry about a trial
    /// that nobody runs is not among them.
    #[must_use]
    pub fn unfound(
        &self,
        trials: &[TrialResult<'_>],
        today: Date,
        target: Target<'_>,
    ) -> Vec<(&Entry, usize)> {
        let valid = |entry: &&Entry| entry.applies_to(target) && !entry.has_expired(today);
        let passed = |entry: &Entry| {
            let matched = trials.iter().filter(|trial| entry.case.matches(trial.id));
            let mut passed = 0;
            for trial in matched {
                match trial.outcome {
                    TrialOutcome::Passed => passed += 1,
                    TrialOutcome::Elsewhere | TrialOutcome::Skipped => {}
                    TrialOutcome::NotSelected | TrialOutcome::Undecided | TrialOutcome::Found(_) => {
                        return None;
                    }
                }
            }
            Some(passed)
        };
        self.entries.iter().filter(valid).filter_map(|entry| Some((entry, passed(entry)?))).collect()
    }

    /// Entries that name no trial of the suite or a finding that does not exist, and those whose
    /// reason or source is still to be given: what can be said before a run. `findings` are all codes
    /// there are.
    #[must_use]
    pub fn check(&self, trials: &[&str], findings: &[&str]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for entry in &self.entries {
            if !trials.iter().any(|id| entry.case.matches(id)) {
                problems.push(no_such_trial(entry, trials));
            }
            if !findings.contains(&entry.finding.as_str()) {
                let hint = nearest(&entry.finding, findings.iter().copied());
                let message = format!("there is no finding `{}`", entry.finding);
                problems.push(
                    Diagnostic::new(&entry.places.finding, message)
                        .with_hint(hint.map(|code| format!("did you mean `{code}`?"))),
                );
            }
            problems.extend(left_open(entry));
        }
        problems
    }
}

/// Whether a reason or a source is still to be given: it begins with `TODO`, `TODO:`.
#[must_use]
pub fn is_left_open(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.trim_end_matches(|character: char| character.is_ascii_punctuation()) == TODO
}

/// A reason or source that is still to be given. A run takes it, so that a baseline can be used at
/// once.
fn left_open(entry: &Entry) -> impl Iterator<Item = Diagnostic> {
    let parts = [
        ("reason", &entry.reason, &entry.places.reason, "say why this is accepted"),
        ("source", &entry.source, &entry.places.source, "say where that is documented or was measured"),
    ];
    let open = parts.into_iter().filter(|(_, text, ..)| is_left_open(text));
    open.map(|(name, _, place, hint)| {
        Diagnostic::new(place, format!("the {name} of this entry is still to be given"))
            .with_hint(hint.to_owned())
    })
}

fn staleness(
    entry: &Entry,
    trials: &[TrialResult<'_>],
    today: Date,
    target: Target<'_>,
) -> Option<(Staleness, Diagnostic)> {
    let matched: Vec<&TrialResult<'_>> = trials.iter().filter(|trial| entry.case.matches(trial.id)).collect();
    if matched.is_empty() {
        let ids: Vec<&str> = trials.iter().map(|trial| trial.id).collect();
        return Some((Staleness::NoSuchTrial, no_such_trial(entry, &ids)));
    }
    if !entry.applies_to(target) {
        return None;
    }
    if let Some(last_day) = entry.expires.filter(|_| entry.has_expired(today)) {
        return Some((Staleness::Expired(last_day), expired(entry, last_day)));
    }
    let judged: Vec<&TrialResult<'_>> =
        matched.into_iter().filter(|trial| trial.outcome != TrialOutcome::Skipped).collect();
    let have_all_passed = judged.iter().all(|trial| trial.outcome == TrialOutcome::Passed);
    if judged.is_empty() || !have_all_passed {
        return None;
    }
    let trials: Vec<String> = judged.into_iter().map(|trial| trial.id.to_owned()).collect();
    let diagnostic = unexpected_pass(entry, &trials);
    Some((Staleness::UnexpectedPass { trials }, diagnostic))
}

fn no_such_trial(entry: &Entry, trials: &[&str]) -> Diagnostic {
    let cases = trials.iter().map(|id| id.split(':').next().unwrap_or(id));
    let near = if entry.case.is_exact() { nearest(entry.case.as_str(), cases) } else { None };
    let hint = near.map_or("remove this entry".to_owned(), |case| format!("did you mean `{case}`?"));
    Diagnostic::new(&entry.places.case, format!("no trial is called `{}`", entry.case)).with_hint(hint)
}

fn expired(entry: &Entry, last_day: Date) -> Diagnostic {
    let place = entry.places.expires.as_ref().unwrap_or(&entry.place);
    Diagnostic::new(place, format!("this entry held until {last_day}"))
        .with_note(format!("it was accepted because: {}", entry.reason))
        .with_hint("mend the target and remove this entry, or decide anew".to_owned())
}

fn unexpected_pass(entry: &Entry, trials: &[String]) -> Diagnostic {
    let which = match trials {
        [one] => format!("`{one}` passes"),
        [first, ..] => format!("`{first}` and {} more pass", trials.len() - 1),
        [] => "everything passes".to_owned(),
    };
    Diagnostic::new(&entry.place, format!("{which}: `{}` is no longer found", entry.finding))
        .with_hint("remove this entry".to_owned())
}
