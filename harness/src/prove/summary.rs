//! What `tcpspec faults` says at the end, to people and to programs.

use super::Ran;
use crate::faults::matrix::Matrix;
use crate::faults::{Hole, Seen};
use crate::plural::plural;
use serde_json::json;
use std::fmt;
use std::time::Duration;

/// What is proven, and what is not.
pub(super) struct Summary {
    pub(super) holes: Vec<Hole>,
    runs: Vec<Ran>,
    seed: u64,
    took: Duration,
    /// Faults, cases, trials.
    counts: [usize; 3],
    pairs: usize,
    proven: usize,
    broken_everywhere: Vec<(String, Seen)>,
    /// `case under fault`.
    had_by_targets: Vec<String>,
    by_rules_alone: Vec<String>,
    never_run: Vec<String>,
    left_open: Vec<String>,
}

impl Summary {
    pub(super) fn of(matrix: &Matrix, runs: Vec<Ran>, seed: u64, took: Duration) -> Self {
        let broken = matrix.broken_everywhere().into_iter();
        let had = matrix.had_by_targets();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Self {
            holes: matrix.holes(),
            runs,
            seed,
            took,
            counts: [matrix.faults(), matrix.cases(), matrix.trials()],
            pairs: matrix.pairs().count(),
            proven: matrix.proven_pairs(),
            broken_everywhere: broken.map(|(trial, seen)| (trial.to_owned(), seen)).collect(),
            had_by_targets: had.into_iter().map(|(case, fault)| format!("{case} under {fault}")).collect(),
            by_rules_alone: owned(matrix.failed_by_rules_alone()),
            never_run: owned(matrix.never_run()),
            left_open: owned(matrix.left_open()),
        }
    }

    /// Everything, for programs.
    pub(super) fn json(&self, matrix: &Matrix) -> String {
        let run = |ran: &Ran| {
            json!({
                "target": ran.target, "trials": ran.trials, "seconds": ran.took.as_secs_f64(),
                "complaints": ran.complaints,
            })
        };
        let broken = |(trial, seen): &(String, Seen)| json!({"trial": trial, "seen": seen});
        let [faults, cases, trials] = self.counts;
        let all = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "seed": format!("{:x}", self.seed),
            "seconds": self.took.as_secs_f64(),
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "faults": faults, "cases": cases, "trials": trials, "pairs": self.pairs, "proven": self.proven,
            "holes": self.holes,
            "broken_everywhere": self.broken_everywhere.iter().map(broken).collect::<Vec<_>>(),
            "had_by_targets": self.had_by_targets,
            "failed_by_rules_alone": self.by_rules_alone,
            "never_run": self.never_run,
            "left_open": self.left_open,
            "matrix": matrix.entries(),
        });
        format!("{all:#}\n")
    }
}

/// A target that is through.
pub(super) fn line(ran: &Ran) -> String {
    let mut line = format!("{}: {} trials in {}", ran.target, ran.trials, seconds(ran.took));
    ran.complaints.iter().for_each(|complaint| line.push_str(&format!("\nbench: {complaint}")));
    line
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// Lines about trials, those of one case on one line: `area/file/case (12 rows, as v4:seq=1): words`.
fn by_case(trials: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let mut cases: Vec<(String, Option<String>, String, usize)> = Vec::new();
    for (trial, words) in trials {
        let (case, row) =
            trial.split_once(':').map_or((trial.as_str(), None), |(case, row)| (case, Some(row)));
        match cases.iter_mut().find(|(known, ..)| known == case) {
            Some((.., count)) if row.is_some() => *count += 1,
            _ => cases.push((case.to_owned(), row.map(str::to_owned), words, 1)),
        }
    }
    let line = |(case, row, words, count): (String, Option<String>, String, usize)| {
        let rows = match row {
            None => case,
            Some(row) if count == 1 => format!("{case}:{row}"),
            Some(row) => format!("{case} ({count} rows, as {row})"),
        };
        if words.is_empty() { rows } else { format!("{rows}: {words}") }
    };
    cases.into_iter().map(line).collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken = self.broken_everywhere.iter().map(|(trial, seen)| (trial.clone(), seen.to_string()));
        let bare = |trials: &[String]| by_case(trials.iter().map(|trial| (trial.clone(), String::new())));
        let notes = [
            ("trials that break a MUST on every target without a fault", broken.len(), by_case(broken)),
            (
                "pairs shown by targets that have the fault by themselves: that the case can pass is not",
                self.had_by_targets.len(),
                self.had_by_targets.clone(),
            ),
            (
                "trials that fail by the rules for every segment alone, not by a step",
                self.by_rules_alone.len(),
                bare(&self.by_rules_alone),
            ),
            ("trials that these targets cannot show", self.never_run.len(), bare(&self.never_run)),
            (
                "faults of which only such trials could say something, or slow ones (--include-ignored)",
                self.left_open.len(),
                self.left_open.clone(),
            ),
        ];
        for (heading, count, lines) in notes.iter().filter(|(_, count, _)| *count > 0) {
            writeln!(f, "\n{heading}: {count}")?;
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        let mut kinds: Vec<(&str, Vec<&Hole>)> = Vec::new();
        for hole in &self.holes {
            match kinds.iter_mut().find(|(kind, _)| *kind == hole.kind()) {
                Some((_, holes)) => holes.push(hole),
                None => kinds.push((hole.kind(), vec![hole])),
            }
        }
        for (kind, holes) in kinds {
            writeln!(f, "\nHOLE: {kind}: {}", holes.len())?;
            let lines = by_case(holes.iter().map(|hole| (hole.subject(), hole.words())));
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        let [faults, cases, trials] = self.counts;
        writeln!(
            f,
            "\n{}, {}, {}; seed {:x}",
            plural(faults, "fault"),
            plural(cases, "case"),
            plural(trials, "trial"),
            self.seed
        )?;
        write!(
            f,
            "{} of {} pairs of a case and its fault are proven, in {}: {}",
            self.proven,
            self.pairs,
            seconds(self.took),
            match self.holes.len() {
                0 => "no hole".to_owned(),
                count => plural(count, "hole"),
            }
        )
    }
}
