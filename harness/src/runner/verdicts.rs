//! What a run has said so far: verdicts, what the ledger expected, and what is left to tell at the end.

mod baseline;

pub use baseline::Baseline;

use super::doubt::TOO_LATE;
use super::job::Finished;
use super::plan::Plan;
use crate::cli::exit;
use crate::report::{RequirementLine, failure_block};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tcpspec_core::ledger::{Date, Entry, Ledger, StaleEntry, Target, TrialOutcome, TrialResult, Waiver};
use tcpspec_core::requirement::{Catalogue, Threshold};
use tcpspec_core::time::Span;
use tcpspec_core::verdict::{FindingCode, Outcome, Verdict};
use tcpspec_core::yaml::{Diagnostic, render};

/// What becomes of a trial's verdict at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    Pass,
    Info,
    Deviation,
    /// A known deviation of the target: the ledger names it.
    Expected,
    Skip,
    Fail,
    Inconclusive,
    Error,
}

/// An outcome, weighed against threshold and ledger.
#[derive(Debug)]
pub(crate) struct Weighed<'l> {
    pub(crate) word: Word,
    /// The classes of its findings.
    pub(crate) codes: Vec<FindingCode>,
    /// The entries of the ledger that expect them all.
    pub(crate) entries: Vec<&'l Entry>,
    /// Whether it makes the run red.
    pub(crate) red: bool,
}

/// One trial as the summary sees it.
#[derive(Clone, Debug)]
struct Said {
    word: Word,
    findings: Vec<FindingCode>,
    /// What is worth a line at the end: why a deviation is one, why a failure was expected.
    remark: Option<String>,
    /// Whether it makes the run red.
    red: bool,
    /// The bench was too late for a pass to say that a deviation is gone.
    late: bool,
}

/// The ledger, and what its entries are judged by.
pub struct Book {
    /// The entries.
    pub ledger: Ledger,
    /// What entries call the target: `kernel`.
    pub target: String,
    /// Its version.
    pub version: String,
    /// The day of the run.
    pub today: Date,
}

impl Book {
    fn target(&self) -> Target<'_> {
        Target { name: &self.target, version: &self.version }
    }

    /// The entries that expect these findings in this trial, one for each; `None` if one has none.
    fn entries(&self, trial: &str, codes: &[FindingCode]) -> Option<Vec<&Entry>> {
        codes.iter().map(|code| self.entry(trial, *code)).collect()
    }

    /// The entry that expects this finding in this trial.
    fn entry(&self, trial: &str, code: FindingCode) -> Option<&Entry> {
        match self.ledger.matches(trial, code.code(), self.today, self.target()) {
            Waiver::Valid(entry) => Some(entry),
            Waiver::Expired(_) | Waiver::None => None,
        }
    }
}

/// All verdicts of a run.
pub struct Verdicts {
    threshold: Threshold,
    catalogue: std::sync::Arc<Catalogue>,
    ledger: Book,
    /// Trials that other shards run.
    elsewhere: BTreeSet<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    said: BTreeMap<usize, Said>,
    latest: Duration,
    repeated: u32,
    /// What the target did that no trial can be blamed for.
    accusations: Vec<String>,
}

impl Verdicts {
    /// Nothing said yet.
    #[must_use]
    pub fn new(threshold: Threshold, catalogue: std::sync::Arc<Catalogue>, ledger: Book) -> Self {
        Self { threshold, catalogue, ledger, elsewhere: BTreeSet::new(), state: Mutex::new(State::default()) }
    }

    /// The trials that other shards of the same run have.
    #[must_use]
    pub fn sharing(self, elsewhere: BTreeSet<String>) -> Self {
        Self { elsewhere, ..self }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of an outcome at the gate. It is weighed the same however often it is asked.
    pub(crate) fn weigh(&self, trial: &str, outcome: &Outcome) -> Weighed<'_> {
        let mut codes: Vec<_> = outcome.findings.iter().map(|finding| finding.code).collect();
        codes.dedup();
        let expected = match outcome.verdict {
            Verdict::Fail | Verdict::Deviation => self.ledger.entries(trial, &codes),
            _ => None,
        };
        let word = match (outcome.verdict, &expected) {
            (Verdict::Fail | Verdict::Deviation, Some(_)) => Word::Expected,
            (Verdict::Pass, _) => Word::Pass,
            (Verdict::Info, _) => Word::Info,
            (Verdict::Deviation, None) => Word::Deviation,
            (Verdict::Skip, _) => Word::Skip,
            (Verdict::Fail, None) => Word::Fail,
            (Verdict::Inconclusive, _) => Word::Inconclusive,
            (Verdict::Error, _) => Word::Error,
        };
        let red = match word {
            Word::Fail | Word::Inconclusive | Word::Error => true,
            Word::Deviation => self.threshold <= Threshold::Should,
            Word::Pass | Word::Info | Word::Expected | Word::Skip => false,
        };
        Weighed { word, codes, entries: expected.unwrap_or_default(), red }
    }

    /// A trial ended: `Err` holds the block to print where it makes the run red.
    ///
    /// # Errors
    /// The block of the failure.
    pub fn judge(&self, plan: &Plan, finished: &Finished) -> Result<(), String> {
        let outcome = &finished.outcome;
        let Weighed { word, codes, entries, red } = self.weigh(&plan.trials[finished.index].id, outcome);
        let remark = match word {
            Word::Expected => {
                let reasons: Vec<_> = entries.iter().map(|entry| entry.reason.as_str()).collect();
                Some(reasons.join("; "))
            }
            Word::Deviation => {
                let first = outcome.findings.first();
                first.map(|finding| format!("expected {}; saw {}", finding.expected, finding.saw))
            }
            _ => None,
        };
        {
            let mut state = self.state();
            state.latest = state.latest.max(finished.latest);
            state.repeated += finished.attempts - 1;
            state.said.insert(
                finished.index,
                Said { word, findings: codes, remark, red, late: finished.latest > TOO_LATE },
            );
        }
        if !red {
            return Ok(());
        }
        let lookup = |id: &str| self.catalogue.get(id).map(RequirementLine::of);
        Err(failure_block(&plan.card(finished.index), outcome, &lookup))
    }

    /// A trial was not run because target or upper tester lack something.
    pub fn skipped(&self, index: usize) {
        let said = Said { word: Word::Skip, findings: Vec::new(), remark: None, red: false, late: false };
        self.state().said.insert(index, said);
    }

    /// The bench gave up before the trial had a verdict.
    ///
    /// # Errors
    /// Always: the sentence to print.
    pub fn never_ran(&self, plan: &Plan, index: usize, why: &str) -> Result<(), String> {
        let said = Said { word: Word::Error, findings: Vec::new(), remark: None, red: true, late: false };
        self.state().said.insert(index, said);
        let id = &plan.trials[index].id;
        Err(format!("ERROR  {id}\n  the bench gave up before this trial had a verdict: {why}"))
    }

    /// The target did something that no trial can be blamed for: the run is red.
    pub fn accuse(&self, sentence: String) {
        self.state().accusations.push(sentence);
    }

    /// The code to exit with, and everything that is to be said behind libtest's own summary;
    /// `complaints` are the bench's.
    #[must_use]
    pub fn close(&self, plan: &Plan, complaints: &[String]) -> (u8, String) {
        let state = self.state();
        let mut text = String::new();
        let count = |word| state.said.values().filter(|said| said.word == word).count();
        let counts = [
            ("pass", count(Word::Pass)),
            ("info", count(Word::Info)),
            ("deviation", count(Word::Deviation)),
            ("expected by the ledger", count(Word::Expected)),
            ("skip", count(Word::Skip)),
            ("fail", count(Word::Fail)),
            ("inconclusive", count(Word::Inconclusive)),
            ("error", count(Word::Error)),
        ];
        let shown: Vec<_> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let _ = writeln!(text, "verdicts: {}", shown.join(", "));
        self.list(&mut text, plan, &state, Word::Deviation, "deviations from a SHOULD");
        self.list(&mut text, plan, &state, Word::Expected, "known deviations of this target");
        let stale = self.stale(plan, &state);
        for entry in &stale {
            let source = crate::inputs::source_of(&entry.diagnostic.place.file);
            let _ = writeln!(text, "\n{}", render(&entry.diagnostic, &source));
        }
        if text.lines().count() > 1 {
            text.push('\n');
        }
        let repeated = match state.repeated {
            1 => "1 trial".to_owned(),
            count => format!("{count} trials"),
        };
        let _ = writeln!(text, "bench: at most {} late, {repeated} repeated", Span(state.latest));
        for complaint in complaints {
            let _ = writeln!(text, "bench: {complaint}");
        }
        for accusation in &state.accusations {
            let _ = writeln!(text, "target: {accusation}");
        }
        let any = |word| count(word) > 0;
        let red = !state.accusations.is_empty()
            || !stale.is_empty()
            || state.said.values().any(|said| said.red && said.word != Word::Error);
        (gate(red, any(Word::Error) || !complaints.is_empty()), text)
    }

    /// Whether a trial has no verdict, for which its bench is to blame.
    pub(crate) fn has_errors(&self) -> bool {
        self.state().said.values().any(|said| said.word == Word::Error)
    }

    /// What else makes the run red: what no trial can be blamed for, and what the ledger says wrongly.
    pub(crate) fn accusations(&self, plan: &Plan) -> Vec<String> {
        let state = self.state();
        let stale = self.stale(plan, &state).into_iter().map(|entry| {
            let Diagnostic { place, message, .. } = entry.diagnostic;
            format!("{}:{}: {message}", place.file, place.line)
        });
        state.accusations.iter().cloned().chain(stale).collect()
    }

    /// Of a share of a run: the entries of the ledger of which nothing was found in it, each with the count
    /// of its trials that passed.
    pub(crate) fn unfound(&self, plan: &Plan) -> Vec<(&Entry, usize)> {
        if self.elsewhere.is_empty() {
            return Vec::new();
        }
        let Book { ledger, today, .. } = &self.ledger;
        self.with_results(plan, &self.state(), |all| ledger.unfound(all, *today, self.ledger.target()))
    }

    /// Entries of the ledger that no longer hold.
    fn stale(&self, plan: &Plan, state: &State) -> Vec<StaleEntry<'_>> {
        let Book { ledger, today, .. } = &self.ledger;
        self.with_results(plan, state, |all| ledger.stale(all, *today, self.ledger.target()))
    }

    /// What the ledger is told of the run.
    fn with_results<T>(&self, plan: &Plan, state: &State, tell: impl FnOnce(&[TrialResult<'_>]) -> T) -> T {
        let codes: Vec<Vec<&str>> = (0..plan.trials.len())
            .map(|index| {
                state.said.get(&index).map(|said| said.findings.iter().map(|code| code.code()).collect())
            })
            .map(Option::unwrap_or_default)
            .collect();
        let results: Vec<_> = plan
            .trials
            .iter()
            .enumerate()
            .map(|(index, trial)| {
                let nothing_found = codes[index].is_empty();
                let outcome = match state.said.get(&index).map(|said| (said.word, said.late)) {
                    None if self.elsewhere.contains(&trial.id) => TrialOutcome::Elsewhere,
                    None => TrialOutcome::NotSelected,
                    Some((Word::Skip, _)) => TrialOutcome::Skipped,
                    Some((Word::Inconclusive | Word::Error, _)) => TrialOutcome::Undecided,
                    Some((_, true)) if nothing_found => TrialOutcome::Undecided,
                    Some(_) if nothing_found => TrialOutcome::Passed,
                    Some(_) => TrialOutcome::Found(codes[index].clone()),
                };
                TrialResult { id: &trial.id, outcome }
            })
            .collect();
        tell(&results)
    }

    /// Trials with this word, those for the same reason together.
    fn list(&self, text: &mut String, plan: &Plan, state: &State, word: Word, title: &str) {
        // What differs only in its numbers is the same; the first stands for all.
        let mut groups: BTreeMap<(String, String), (&str, Vec<&str>)> = BTreeMap::new();
        for (index, said) in state.said.iter().filter(|(_, said)| said.word == word) {
            let codes: Vec<_> = said.findings.iter().map(|code| code.code()).collect();
            let remark = said.remark.as_deref().unwrap_or_default();
            let without_numbers = remark.replace(|c: char| c.is_ascii_digit(), "");
            let group = groups.entry((codes.join(", "), without_numbers));
            group.or_insert((remark, Vec::new())).1.push(&plan.trials[*index].id);
        }
        if groups.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{title}:");
        for ((codes, _), (remark, mut ids)) in groups {
            ids.sort_unstable();
            let _ = writeln!(text, "  {codes}: {remark}");
            for id in ids {
                let _ = writeln!(text, "      {id}");
            }
        }
    }
}

/// The code to exit with: what is red about the target outweighs what the bench did not do well.
pub(crate) fn gate(red: bool, bench: bool) -> u8 {
    if red {
        exit::RED
    } else if bench {
        exit::BENCH_FAULT
    } else {
        exit::GREEN
    }
}

#[cfg(test)]
mod tests;
