//! Cases × faults: what is proven to be able to fail, and where a hole is. Nothing here runs anything.
//!
//! A trial is **clean** on a target if it breaks no MUST there without a fault. It **notices** a fault on
//! a target where it is clean if under the fault its verdict is *fail*, *deviation* or *info*, with one
//! of the findings that the catalogue gives the fault and that are not there without it; where it passes
//! on no target, also with one that is, for then the target has the fault by itself. *Info* counts: it is
//! how a broken MAY shows. *Inconclusive* and *error* do not: they say nothing of what the case is
//! about. What is proven on one target is proven.

use super::hole::{Hole, Seen};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tcpspec_core::verdict::{FindingCode, Outcome, Verdict};

/// A fault as far as the matrix is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The findings that diagnose it.
    pub findings: Vec<FindingCode>,
}

/// A case and its trials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub case: String,
    /// The faults that it names.
    pub faults: Vec<String>,
    /// The ids of its trials.
    pub trials: Vec<String>,
}

/// What became of one trial on one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fared {
    /// Its verdict.
    pub verdict: Verdict,
    /// Its findings, each once.
    pub findings: BTreeSet<FindingCode>,
    /// Those that a step of its case found, or its `then`: not the rules for every segment.
    pub of_steps: BTreeSet<FindingCode>,
}

impl Fared {
    /// As far as the matrix is concerned.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let all = outcome.findings.iter();
        let of_steps = all.clone().filter(|finding| finding.place.is_some()).map(|finding| finding.code);
        Self {
            verdict: outcome.verdict,
            findings: all.map(|finding| finding.code).collect(),
            of_steps: of_steps.collect(),
        }
    }
}

/// Which part of the matrix is looked at: what is left out is no hole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Each case under every fault, not only under its own.
    pub all: bool,
    /// Only some faults: what no fault can fail remains open.
    pub some_faults: bool,
    /// Only some trials: a fault that none of them names remains open.
    pub some_trials: bool,
}

/// One trial under one fault, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// As [`Matrix::trial`] names it.
    pub trial: usize,
    /// As [`Matrix::fault`] names it.
    pub fault: usize,
}

/// What is known of a case under a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry<'m> {
    /// The case.
    pub case: &'m str,
    /// The fault.
    pub fault: &'m str,
    /// The case names it.
    pub named: bool,
    /// At least one trial of the case fails under it as it should.
    pub noticed: bool,
    /// How many of its trials do so, and how many pass without the fault.
    pub trials: (usize, usize),
    /// How the case's trials fared, where they pass without the fault.
    pub seen: Seen,
}

/// Cases, faults, and what became of each trial so far.
#[derive(Clone, Debug)]
pub struct Matrix {
    faults: Vec<Column>,
    cases: Vec<Case>,
    /// Each trial with its case.
    trials: Vec<(usize, String)>,
    scope: Scope,
    /// Without a fault: what became of a trial, on each target.
    clean: BTreeMap<usize, Vec<(&'static str, Fared)>>,
    under: BTreeMap<Cell, Vec<(&'static str, Fared)>>,
    /// Trials that a target could show, but that were left out there.
    left_out: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
struct Case {
    id: String,
    own: Vec<usize>,
    names_none: bool,
    trials: std::ops::Range<usize>,
}

impl Matrix {
    /// A matrix of which nothing is known yet. Faults that are not among `faults` are left out.
    #[must_use]
    pub fn new(faults: Vec<Column>, rows: Vec<Row>, scope: Scope) -> Self {
        let number = |name: &String| faults.iter().position(|fault| fault.name == *name);
        let mut trials = Vec::new();
        let mut cases = Vec::new();
        for row in rows {
            let first = trials.len();
            trials.extend(row.trials.into_iter().map(|id| (cases.len(), id)));
            cases.push(Case {
                id: row.case,
                own: row.faults.iter().filter_map(number).collect(),
                names_none: row.faults.is_empty(),
                trials: first..trials.len(),
            });
        }
        Self {
            faults,
            cases,
            trials,
            scope,
            clean: BTreeMap::new(),
            under: BTreeMap::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// The id of trial `number`.
    #[must_use]
    pub fn trial(&self, number: usize) -> &str {
        &self.trials[number].1
    }

    /// The name of fault `number`.
    #[must_use]
    pub fn fault(&self, number: usize) -> &str {
        &self.faults[number].name
    }

    /// How many trials there are.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.trials.len()
    }

    /// How many faults there are.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Each case with each fault that it names.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases.iter().flat_map(|case| {
            case.own.iter().map(|fault| (case.id.as_str(), self.faults[*fault].name.as_str()))
        })
    }

    /// What is to be run, as far as it is not proven yet: what the next target has still to show. Where
    /// each case is wanted under every fault, those that are not its own are left out where the trial
    /// has shown elsewhere that it does not notice the fault, and another case does.
    #[must_use]
    pub fn open_cells(&self) -> Vec<Cell> {
        let proven = Proven::of(self);
        let noticed: BTreeSet<_> = proven.pairs.iter().map(|(_, fault)| *fault).collect();
        let mut cells = Vec::new();
        for (trial, (number, _)) in self.trials.iter().enumerate() {
            let case = &self.cases[*number];
            let is_shown = self.is_clean_somewhere(trial);
            let is_open = |fault: &usize| {
                let is_proven = proven.pairs.contains(&(*number, *fault));
                if case.own.contains(fault) {
                    !is_proven || !proven.trials.contains(&trial)
                } else {
                    self.scope.all && !is_proven && !(is_shown && noticed.contains(fault))
                }
            };
            cells.extend((0..self.faults.len()).filter(is_open).map(|fault| Cell { trial, fault }));
        }
        cells
    }

    /// The trials that are to be run without a fault: those of open cells, and those that are not clean
    /// anywhere yet.
    #[must_use]
    pub fn open_trials(&self, cells: &[Cell]) -> Vec<usize> {
        let unclean = (0..self.trials.len()).filter(|trial| !self.is_clean_somewhere(*trial));
        cells.iter().map(|cell| cell.trial).chain(unclean).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A target could show this trial, but it was left out there: what is not proven of it is no hole.
    pub fn left_out(&mut self, trial: usize) {
        self.left_out.insert(trial);
    }

    /// What became of a trial on a target without a fault.
    pub fn clean(&mut self, target: &'static str, trial: usize, fared: Fared) {
        self.clean.entry(trial).or_default().push((target, fared));
    }

    /// What became of a trial on a target under a fault.
    pub fn under(&mut self, target: &'static str, cell: Cell, fared: Fared) {
        self.under.entry(cell).or_default().push((target, fared));
    }

    /// How many pairs of a case and a fault that it names are proven.
    #[must_use]
    pub fn proven_pairs(&self) -> usize {
        let proven = Proven::of(self);
        let own = self.cases.iter().enumerate();
        own.map(|(number, case)| {
            case.own.iter().filter(|fault| proven.pairs.contains(&(number, **fault))).count()
        })
        .sum()
    }

    /// The pairs that are proven only because the targets have the fault by themselves: that the case can
    /// pass is left to another target.
    #[must_use]
    pub fn had_by_targets(&self) -> Vec<(&str, &str)> {
        let cells = self.under.keys().filter(|cell| self.is_noticed(**cell));
        let pair = |cell: &Cell| (self.trials[cell.trial].0, cell.fault);
        let (anew, all): (Vec<&Cell>, Vec<&Cell>) = cells.partition(|cell| self.is_found_anew(**cell));
        let anew: BTreeSet<_> = anew.into_iter().map(pair).collect();
        let all: BTreeSet<_> = all.into_iter().map(pair).collect();
        let own = |(case, fault): &&(usize, usize)| self.cases[*case].own.contains(fault);
        let name = |(case, fault): &(usize, usize)| {
            (self.cases[*case].id.as_str(), self.faults[*fault].name.as_str())
        };
        all.difference(&anew).filter(own).map(name).collect()
    }

    /// The trials that break a MUST on every target without any fault: each with what it found. They
    /// can fail, as they show; that they can pass is left to another target.
    #[must_use]
    pub fn broken_everywhere(&self) -> Vec<(&str, Seen)> {
        let broken = |trial: &usize| {
            let fared = self.clean.get(trial)?;
            let says = fared.iter().any(|(_, fared)| is_broken(fared.verdict));
            (says && !self.is_clean_somewhere(*trial)).then(|| (self.trial(*trial), Seen::of(fared)))
        };
        (0..self.trials.len()).collect::<Vec<_>>().iter().filter_map(broken).collect()
    }

    /// The trials that fail under their case's faults, but only by the rules that hold for every
    /// segment: that their own steps can fail is not proven.
    #[must_use]
    pub fn failed_by_rules_alone(&self) -> Vec<&str> {
        let by_steps = |cell: &Cell| self.is_noticed_by(*cell, |fared| &fared.of_steps);
        let own = |cell: &&Cell| self.cases[self.trials[cell.trial].0].own.contains(&cell.fault);
        let shown: BTreeSet<_> =
            self.under.keys().filter(own).filter(|cell| by_steps(cell)).map(|cell| cell.trial).collect();
        let proven = Proven::of(self).trials;
        proven.difference(&shown).map(|trial| self.trial(*trial)).collect()
    }

    /// The trials that ran on no target: all lack something.
    #[must_use]
    pub fn never_run(&self) -> Vec<&str> {
        (0..self.trials.len())
            .filter(|trial| !self.clean.contains_key(trial))
            .map(|t| self.trial(t))
            .collect()
    }

    /// What is known of each case under each fault that it was run under.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let proven = Proven::of(self);
        let tried: BTreeSet<_> =
            self.under.keys().map(|cell| (self.trials[cell.trial].0, cell.fault)).collect();
        let entry = |(number, fault): (usize, usize)| {
            let case = &self.cases[number];
            let cells = case.trials.clone().map(|trial| Cell { trial, fault });
            let noticing = cells.clone().filter(|cell| self.is_noticed(*cell)).count();
            let clean = case.trials.clone().filter(|trial| self.is_clean_somewhere(*trial)).count();
            Entry {
                trials: (noticing, clean),
                case: &case.id,
                fault: self.fault(fault),
                named: case.own.contains(&fault),
                noticed: proven.pairs.contains(&(number, fault)),
                seen: Seen::of(cells.flat_map(|cell| self.counted(cell))),
            }
        };
        tried.into_iter().map(entry).collect()
    }

    /// Everything that is not proven, in the order of the cases, and the faults at the end.
    #[must_use]
    pub fn holes(&self) -> Vec<Hole> {
        let proven = Proven::of(self);
        let mut holes = Vec::new();
        for (number, case) in self.cases.iter().enumerate() {
            self.holes_of(number, case, &proven, &mut holes);
        }
        for number in self.unnoticed(&proven) {
            let is_named = self.cases.iter().any(|case| case.own.contains(&number));
            let is_asked_for = is_named || self.scope.some_faults || !self.scope.some_trials;
            if is_asked_for && !self.is_left_open(number) {
                holes.push(Hole::UnnoticedFault { fault: self.fault(number).into() });
            }
        }
        holes
    }

    /// The faults that nothing can be said about: the cases that name them could not be shown here.
    #[must_use]
    pub fn left_open(&self) -> Vec<&str> {
        let unnoticed = self.unnoticed(&Proven::of(self)).into_iter();
        unnoticed.filter(|fault| self.is_left_open(*fault)).map(|fault| self.fault(fault)).collect()
    }

    fn unnoticed(&self, proven: &Proven) -> Vec<usize> {
        let noticed: BTreeSet<_> = proven.pairs.iter().map(|(_, fault)| *fault).collect();
        (0..self.faults.len()).filter(|fault| !noticed.contains(fault)).collect()
    }

    /// Whether trials were left out that might have shown what the others of the case do not.
    fn is_left_out(&self, case: &Case) -> bool {
        case.trials.clone().any(|trial| self.left_out.contains(&trial) && !self.passes_somewhere(trial))
    }

    /// Whether cases name it, of which none was clean anywhere.
    fn is_left_open(&self, fault: usize) -> bool {
        let mut naming = self.cases.iter().filter(|case| case.own.contains(&fault)).peekable();
        naming.peek().is_some()
            && naming.all(|case| {
                self.is_left_out(case) || !case.trials.clone().any(|trial| self.is_clean_somewhere(trial))
            })
    }

    fn holes_of(&self, number: usize, case: &Case, proven: &Proven, holes: &mut Vec<Hole>) {
        for trial in case.trials.clone() {
            let Some(fared) = self.clean.get(&trial) else { continue };
            if !fared.iter().any(|(_, fared)| is_clean(fared.verdict) || is_broken(fared.verdict)) {
                holes.push(Hole::NoVerdict { trial: self.trial(trial).into(), seen: Seen::of(fared) });
            }
        }
        if case.names_none {
            holes.push(Hole::NamesNoFault { case: case.id.clone(), could: self.could(number, proven) });
            return;
        }
        let clean: Vec<_> = case.trials.clone().filter(|trial| self.is_clean_somewhere(*trial)).collect();
        if clean.is_empty() || self.is_left_out(case) {
            return;
        }
        for fault in case.own.iter().filter(|fault| !proven.pairs.contains(&(number, **fault))) {
            let cells = clean.iter().map(|trial| Cell { trial: *trial, fault: *fault });
            let seen = Seen::of(cells.flat_map(|cell| self.counted(cell)));
            holes.push(Hole::Unproven {
                case: case.id.clone(),
                fault: self.faults[*fault].name.clone(),
                seen,
            });
        }
        if self.scope.some_faults {
            return;
        }
        let stuck: Vec<_> = clean.iter().filter(|trial| !proven.trials.contains(trial)).collect();
        if stuck.len() == clean.len() {
            holes.push(Hole::CaseCannotFail { case: case.id.clone(), could: self.could(number, proven) });
            return;
        }
        for trial in stuck {
            let cells = case.own.iter().map(|fault| Cell { trial: *trial, fault: *fault });
            let under = |cell: Cell| self.counted(cell).map(move |fared| (self.fault(cell.fault), fared));
            let seen = Seen::under(cells.flat_map(under));
            holes.push(Hole::TrialCannotFail { trial: self.trial(*trial).into(), seen });
        }
    }

    /// The faults that a case does not name but notices: known where each is under every fault.
    fn could(&self, case: usize, proven: &Proven) -> Vec<String> {
        let noticed = proven.pairs.iter().filter(|(number, _)| *number == case);
        noticed.map(|(_, fault)| self.faults[*fault].name.clone()).collect()
    }

    fn is_clean_somewhere(&self, trial: usize) -> bool {
        self.clean.get(&trial).is_some_and(|all| all.iter().any(|(_, fared)| is_clean(fared.verdict)))
    }

    /// What a trial said on a target without a fault, if it is clean there.
    fn clean_on(&self, trial: usize, target: &str) -> Option<&Fared> {
        let fared = self.clean.get(&trial)?.iter().find(|(known, _)| *known == target);
        fared.map(|(_, fared)| fared).filter(|fared| is_clean(fared.verdict))
    }

    /// What became of a cell on the targets on which its trial is clean.
    fn counted(&self, cell: Cell) -> impl Iterator<Item = &(&'static str, Fared)> {
        let all = self.under.get(&cell).into_iter().flatten();
        all.filter(move |(target, _)| self.clean_on(cell.trial, target).is_some())
    }

    /// Whether nothing is found on some target without a fault.
    fn passes_somewhere(&self, trial: usize) -> bool {
        let mut all = self.clean.get(&trial).into_iter().flatten();
        all.any(|(_, fared)| is_clean(fared.verdict) && fared.findings.is_empty())
    }

    fn is_noticed(&self, cell: Cell) -> bool {
        self.is_noticed_by(cell, |fared| &fared.findings)
    }

    /// Whether the fault is shown by a finding that is not there without it.
    fn is_found_anew(&self, cell: Cell) -> bool {
        self.counted(cell).any(|(target, fared)| {
            let Some(clean) = self.clean_on(cell.trial, target) else { return false };
            let mut meant = self.faults[cell.fault].findings.iter();
            is_broken(fared.verdict)
                && meant.any(|code| fared.findings.contains(code) && !clean.findings.contains(code))
        })
    }

    /// Whether one of these findings shows the fault.
    fn is_noticed_by(&self, cell: Cell, of: impl Fn(&Fared) -> &BTreeSet<FindingCode>) -> bool {
        let meant = &self.faults[cell.fault].findings;
        let passes = self.passes_somewhere(cell.trial);
        self.under.get(&cell).into_iter().flatten().any(|(target, fared)| {
            let Some(clean) = self.clean_on(cell.trial, target) else { return false };
            let shows = |code| of(fared).contains(code) && !(passes && clean.findings.contains(code));
            is_broken(fared.verdict) && meant.iter().any(shows)
        })
    }
}

/// Whether a verdict without a fault leaves it to a fault to break something.
fn is_clean(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::Deviation)
}

/// Whether a verdict says that the target broke a requirement, of whatever level.
fn is_broken(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Deviation | Verdict::Info)
}

/// What is proven so far.
struct Proven {
    /// Cases with the faults that they notice, their own or others.
    pairs: BTreeSet<(usize, usize)>,
    /// Trials that fail under a fault that their case names.
    trials: BTreeSet<usize>,
}

impl Proven {
    fn of(matrix: &Matrix) -> Self {
        let mut proven = Self { pairs: BTreeSet::new(), trials: BTreeSet::new() };
        for cell in matrix.under.keys().filter(|cell| matrix.is_noticed(**cell)) {
            let case = matrix.trials[cell.trial].0;
            proven.pairs.insert((case, cell.fault));
            if matrix.cases[case].own.contains(&cell.fault) {
                proven.trials.insert(cell.trial);
            }
        }
        proven
    }
}

#[cfg(test)]
mod tests;
