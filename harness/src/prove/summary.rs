//! What `tcpspec faults` says at the end, to people and to programs.

use super::Ran;
use crate::faults::matrix::Matrix;
use crate::faults::{Hole, Seen};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tcpspec_core::time::Span;

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
    by_rules_alone: Vec<String>,
    never_run: Vec<String>,
    left_open: Vec<String>,
}

impl Summary {
    pub(super) fn of(matrix: &Matrix, runs: Vec<Ran>, seed: u64, took: Duration) -> Self {
        let broken = matrix.broken_everywhere().into_iter();
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

/// `1 fault`, `2 faults`.
fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn seconds(took: Duration) -> String {
    Span(Duration::from_millis(took.as_millis() as u64 / 100 * 100)).to_string()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: BTreeMap<usize, Vec<&Hole>> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for hole in &self.holes {
            let known = order.iter().position(|kind| *kind == hole.kind());
            let place = known.unwrap_or_else(|| {
                order.push(hole.kind());
                order.len() - 1
            });
            kinds.entry(place).or_default().push(hole);
        }
        if !self.broken_everywhere.is_empty() {
            writeln!(
                f,
                "\ntrials that break a MUST on every target without a fault: {}",
                self.broken_everywhere.len()
            )?;
            for (trial, seen) in &self.broken_everywhere {
                writeln!(f, "  {trial}: {seen}")?;
            }
        }
        let notes = [
            ("trials that fail by the rules for every segment alone, not by a step", &self.by_rules_alone),
            ("trials that these targets cannot show", &self.never_run),
            ("faults of which only such trials could say something", &self.left_open),
        ];
        for (heading, trials) in notes.iter().filter(|(_, trials)| !trials.is_empty()) {
            writeln!(f, "\n{heading}: {}", trials.len())?;
            trials.iter().try_for_each(|trial| writeln!(f, "  {trial}"))?;
        }
        for (place, holes) in kinds {
            writeln!(f, "\nHOLE: {}: {}", order[place], holes.len())?;
            holes.iter().try_for_each(|hole| writeln!(f, "  {hole}"))?;
        }
        let [faults, cases, trials] = self.counts;
        writeln!(
            f,
            "\n{}, {}, {}; seed {:x}",
            counted(faults, "fault"),
            counted(cases, "case"),
            counted(trials, "trial"),
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
                count => counted(count, "hole"),
            }
        )
    }
}
