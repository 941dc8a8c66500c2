//! What a target does otherwise today, as the ledger of a later run.

use super::{Book, Said, State, Verdicts, Word, gate};
use crate::runner::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use tcpspec_core::ledger::{Entry, Pattern, TODO, is_left_open};
use tcpspec_core::verdict::FindingCode;

/// The text of a ledger with which the same run is green, and what no ledger makes green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The file.
    pub text: String,
    /// Its entries.
    pub entries: usize,
    /// Those of them that are still to be given a reason and a source.
    pub open: usize,
    /// Trials that are red and about which nothing was found out: no ledger excuses them.
    pub undecided: usize,
    /// The code with which the same run exits when this is its ledger.
    pub code: u8,
}

impl Verdicts {
    /// An entry for each finding that makes the run red, and for each that the ledger of this run
    /// expects; these keep what was written of them. `complaints` are the bench's.
    #[must_use]
    pub fn baseline(&self, plan: &Plan, complaints: &[String]) -> Baseline {
        let state = self.state();
        let cases = Cases::of(plan, &state);
        let mut found: BTreeMap<(&str, FindingCode, Words), BTreeSet<&str>> = BTreeMap::new();
        for (index, said) in state.said.iter().filter(|(_, said)| wants_an_entry(said)) {
            let id = plan.trials[*index].id.as_str();
            for code in &said.findings {
                let words = self.ledger.entry(id, *code).map_or_else(Words::open, Words::of);
                found.entry((case_of(id), *code, words)).or_default().insert(id);
            }
        }
        let mut entries = String::new();
        let (mut count, mut open) = (0, 0);
        for ((case, code, words), ids) in &found {
            for pattern in cases.patterns(case, ids) {
                let _ = write!(entries, "  - case: {pattern}\n    finding: {code}\n{words}\n");
                count += 1;
                open += usize::from(is_left_open(&words.reason) || is_left_open(&words.source));
            }
        }
        let count_of = |word| state.said.values().filter(|said| said.word == word).count();
        let (inconclusive, errors) = (count_of(Word::Inconclusive), count_of(Word::Error));
        let red = inconclusive > 0 || !state.accusations.is_empty();
        let list = if count == 0 { "entries: []" } else { "entries:\n" };
        let text = format!("{}{list}{}\n", head(&self.ledger), entries.trim_end());
        Baseline {
            text,
            entries: count,
            open,
            undecided: inconclusive + errors,
            code: gate(red, errors > 0 || !complaints.is_empty()),
        }
    }
}

/// Whether the next run is red without an entry.
fn wants_an_entry(said: &Said) -> bool {
    match said.word {
        Word::Fail | Word::Expected => true,
        // Where a violated SHOULD makes the run red.
        Word::Deviation => said.red,
        Word::Pass | Word::Info | Word::Skip | Word::Inconclusive | Word::Error => false,
    }
}

fn head(book: &Book) -> String {
    let Book { target, version, today, .. } = book;
    let target = format!("{target} {version}");
    let target = target.split_whitespace().collect::<Vec<_>>().join(" ");
    let own_version = env!("CARGO_PKG_VERSION");
    format!(
        "# Baseline of {target}, written by tcpspec {own_version} on {today}. Say of each entry why it is\n\
         # accepted, and where that is documented or was measured; `tcpspec check --ledger` names those that\n\
         # are left open.\n\
         about: {}\n",
        scalar(&format!("What {target} does otherwise"))
    )
}

/// What an entry says besides its trials and its finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Words {
    reason: String,
    source: String,
    /// `kernel: >= 6.5`
    when: Option<String>,
    expires: Option<String>,
}

impl Words {
    fn open() -> Self {
        Self { reason: TODO.to_owned(), source: TODO.to_owned(), when: None, expires: None }
    }

    fn of(entry: &Entry) -> Self {
        Self {
            reason: entry.reason.clone(),
            source: entry.source.clone(),
            when: entry.when.as_ref().map(ToString::to_string),
            expires: entry.expires.as_ref().map(ToString::to_string),
        }
    }
}

/// As lines of the file.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    reason: {}", scalar(&self.reason))?;
        writeln!(f, "    source: {}", scalar(&self.source))?;
        if let Some((target, bounds)) = self.when.as_ref().and_then(|when| when.split_once(": ")) {
            writeln!(f, "    when: {{{}: {}}}", scalar(target), scalar(bounds))?;
        }
        self.expires.iter().try_for_each(|day| writeln!(f, "    expires: {day}"))
    }
}

/// A text that YAML reads back as it is.
fn scalar(text: &str) -> String {
    // Whatever JSON quotes, YAML reads as the same.
    if text == TODO { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// The trials of each case that this target can show, judged or not.
struct Cases<'p> {
    trials: BTreeMap<&'p str, BTreeSet<&'p str>>,
}

impl<'p> Cases<'p> {
    fn of(plan: &'p Plan, state: &State) -> Self {
        let mut trials: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (index, trial) in plan.trials.iter().enumerate() {
            let skipped = state.said.get(&index).is_some_and(|said| said.word == Word::Skip);
            if !skipped {
                trials.entry(case_of(&trial.id)).or_default().insert(trial.id.as_str());
            }
        }
        Self { trials }
    }

    /// Patterns that match these trials of the case and no other: one for all of them, one for both
    /// families, or an id.
    fn patterns(&self, case: &str, ids: &BTreeSet<&'p str>) -> Vec<String> {
        let mut left = ids.clone();
        let mut patterns = Vec::new();
        let rows = ids.iter().filter_map(|id| id.splitn(3, ':').nth(2).map(|row| format!("{case}:*:{row}")));
        for candidate in std::iter::once(format!("{case}:*")).chain(rows) {
            let pattern = Pattern::new(&*candidate);
            let all = self.trials.get(case).into_iter().flatten().copied();
            let matched: BTreeSet<&str> = all.filter(|id| pattern.matches(id)).collect();
            if matched.len() > 1 && matched.is_subset(&left) {
                left.retain(|id| !matched.contains(id));
                patterns.push(candidate);
            }
        }
        patterns.extend(left.into_iter().map(str::to_owned));
        patterns
    }
}

fn case_of(trial: &str) -> &str {
    trial.split(':').next().unwrap_or(trial)
}
