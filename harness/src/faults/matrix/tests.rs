//! Each kind of hole, from results made by hand.

use super::*;
use pretty_assertions::assert_eq;
use tcpspec_core::verdict::FindingCode as F;

fn fared(verdict: Verdict, findings: &[FindingCode]) -> Fared {
    let findings: BTreeSet<_> = findings.iter().copied().collect();
    Fared { verdict, of_steps: findings.clone(), findings }
}

fn passed() -> Fared {
    fared(Verdict::Pass, &[])
}

/// As the fault `off` is to be found.
fn found() -> Fared {
    fared(Verdict::Fail, &[F::WrongState, F::WrongAcknowledgmentNumber])
}

const OFF: usize = 0;
const MUTE: usize = 1;

fn columns() -> Vec<Column> {
    vec![
        Column { name: "off".into(), findings: vec![F::WrongAcknowledgmentNumber] },
        Column { name: "mute".into(), findings: vec![F::SilentWhereAnswerRequired] },
    ]
}

fn row(case: &str, faults: &[&str], trials: &[&str]) -> Row {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Row { case: case.into(), faults: owned(faults), trials: owned(trials) }
}

/// One case with two trials and the fault `off`; nothing else is asked for.
fn one_case(scope: Scope) -> Matrix {
    let mut matrix = Matrix::new(columns(), vec![row("case", &["off"], &["case:v4", "case:v6"])], scope);
    matrix.clean("kernel", 0, passed());
    matrix.clean("kernel", 1, passed());
    matrix
}

const PART: Scope = Scope { all: false, some_faults: false, some_trials: true };

fn off(trial: usize) -> Cell {
    Cell { trial, fault: OFF }
}

#[test]
fn case_whose_trials_all_find_its_fault_has_no_hole() {
    let mut matrix = one_case(PART);
    assert_eq!(matrix.open_cells(), [off(0), off(1)]);
    matrix.under("kernel", off(0), found());
    matrix.under("kernel", off(1), fared(Verdict::Deviation, &[F::WrongAcknowledgmentNumber]));
    assert_eq!((matrix.holes(), matrix.open_cells(), matrix.proven_pairs()), (vec![], vec![], 1));
}

#[test]
fn info_counts_and_undecided_verdicts_do_not() {
    let with = |verdict| {
        let mut matrix = one_case(PART);
        matrix.under("kernel", off(0), fared(verdict, &[F::WrongAcknowledgmentNumber]));
        matrix.proven_pairs()
    };
    let verdicts = [Verdict::Info, Verdict::Deviation, Verdict::Fail, Verdict::Inconclusive, Verdict::Error];
    assert_eq!(verdicts.map(with), [1, 1, 1, 0, 0]);
}

#[test]
fn fault_that_is_passed_or_found_by_accident_is_not_proven() {
    let mut matrix = one_case(PART);
    matrix.under("kernel", off(0), passed());
    matrix.under("kernel", off(1), fared(Verdict::Fail, &[F::WrongState]));
    let said: Vec<_> = matrix
        .holes()
        .iter()
        .map(|hole| format!("{}: {}: {}", hole.kind(), hole.subject(), hole.words()))
        .collect();
    assert_eq!(
        said,
        [
            "faults that a case names and does not notice: \
             case under off: fail with wrong-state on kernel; pass on kernel",
            "cases that no fault can fail: case: ",
            "faults that no case notices: off: ",
        ]
    );
}

#[test]
fn row_that_no_fault_can_fail_is_a_hole_although_its_case_is_proven() {
    let mut matrix = one_case(PART);
    matrix.under("kernel", off(0), found());
    matrix.under("kernel", off(1), passed());
    assert_eq!(matrix.open_cells(), [off(1)], "another target may show it");
    let seen = Seen::under([("off", &("kernel", passed()))]);
    assert_eq!(matrix.holes(), [Hole::TrialCannotFail { trial: "case:v6".into(), seen }]);
}

#[test]
fn each_row_needs_only_one_of_its_faults() {
    let row = row("case", &["off", "mute"], &["case:v4", "case:v6"]);
    let mut matrix = Matrix::new(columns(), vec![row], PART);
    for trial in [0, 1] {
        matrix.clean("kernel", trial, passed());
    }
    matrix.under("kernel", off(0), found());
    matrix.under(
        "kernel",
        Cell { trial: 1, fault: MUTE },
        fared(Verdict::Fail, &[F::SilentWhereAnswerRequired]),
    );
    matrix.under("kernel", off(1), passed());
    matrix.under("kernel", Cell { trial: 0, fault: MUTE }, passed());
    assert_eq!((matrix.holes(), matrix.proven_pairs()), (vec![], 2));
}

#[test]
fn failure_counts_only_on_a_target_where_the_trial_passes() {
    let row = row("case", &["off"], &["case:v4"]);
    let mut matrix = Matrix::new(columns(), vec![row], PART);
    matrix.clean("smoltcp", 0, fared(Verdict::Fail, &[F::WrongAcknowledgmentNumber]));
    matrix.under("smoltcp", off(0), found());
    assert_eq!(matrix.proven_pairs(), 0);
    // It fails anyway: whether it can pass is not said here.
    assert_eq!(matrix.broken_everywhere().iter().map(|(trial, _)| *trial).collect::<Vec<_>>(), ["case:v4"]);
    assert_eq!((matrix.holes(), matrix.left_open()), (vec![], vec!["off"]));
    // The other target shows it.
    matrix.clean("kernel", 0, passed());
    assert_eq!((matrix.proven_pairs(), matrix.broken_everywhere()), (0, vec![]));
    matrix.under("kernel", off(0), found());
    assert_eq!((matrix.proven_pairs(), matrix.holes()), (1, vec![]));
}

#[test]
fn finding_that_is_there_without_the_fault_shows_nothing() {
    let with = |clean: &[F], under: &[F]| {
        let mut matrix = Matrix::new(columns(), vec![row("case", &["off"], &["case:v4"])], PART);
        matrix.clean("kernel", 0, fared(Verdict::Deviation, clean));
        matrix.under("kernel", off(0), fared(Verdict::Deviation, under));
        matrix.proven_pairs()
    };
    let (other, meant) = (F::WrongState, F::WrongAcknowledgmentNumber);
    assert_eq!([with(&[other], &[other]), with(&[other], &[meant])], [0, 1]);
    // It passes nowhere: the target has the fault by itself, which is said.
    assert_eq!(with(&[meant], &[meant]), 1);
    let mut matrix = Matrix::new(columns(), vec![row("case", &["off"], &["case:v4"])], PART);
    matrix.clean("kernel", 0, fared(Verdict::Deviation, &[meant]));
    matrix.under("kernel", off(0), fared(Verdict::Deviation, &[meant]));
    assert_eq!(matrix.had_by_targets(), [("case", "off")]);
    matrix.clean("smoltcp", 0, passed());
    matrix.under("smoltcp", off(0), found());
    assert_eq!((matrix.proven_pairs(), matrix.had_by_targets()), (1, vec![]));
    let mut matrix = one_case(PART);
    matrix.clean("smoltcp", 0, fared(Verdict::Deviation, &[meant]));
    matrix.under("smoltcp", off(0), fared(Verdict::Deviation, &[meant]));
    assert_eq!(matrix.proven_pairs(), 0);
}

#[test]
fn trial_that_was_left_out_where_it_might_pass_is_no_hole() {
    let mut matrix = Matrix::new(columns(), vec![row("case", &["off"], &["case:v4"])], PART);
    matrix.clean("smoltcp", 0, fared(Verdict::Deviation, &[F::WrongState]));
    matrix.under("smoltcp", off(0), fared(Verdict::Deviation, &[F::WrongState]));
    assert_eq!(matrix.holes().len(), 3);
    matrix.left_out(0);
    assert_eq!((matrix.holes(), matrix.left_open()), (vec![], vec!["off"]));
}

#[test]
fn trial_without_a_verdict_is_a_hole_and_one_that_cannot_run_is_none() {
    let row = row("case", &["off"], &["case:v4", "case:v6"]);
    let mut matrix = Matrix::new(columns(), vec![row], Scope { some_faults: true, ..PART });
    matrix.clean("kernel", 0, fared(Verdict::Inconclusive, &[F::WrongState]));
    let seen = Seen::of([&("kernel", fared(Verdict::Inconclusive, &[F::WrongState]))]);
    let no_verdict = Hole::NoVerdict { trial: "case:v4".into(), seen };
    let asked_for = Hole::UnnoticedFault { fault: "mute".into() };
    assert_eq!((matrix.holes(), matrix.left_open()), (vec![no_verdict, asked_for], vec!["off"]));
    assert_eq!(matrix.never_run(), ["case:v6"]);
}

#[test]
fn case_that_names_no_fault_is_told_what_it_notices_where_all_are_tried() {
    let row = row("case", &[], &["case:v4"]);
    let mut matrix = Matrix::new(columns(), vec![row], Scope { all: true, ..Scope::default() });
    matrix.clean("kernel", 0, passed());
    assert_eq!(matrix.open_cells(), [off(0), Cell { trial: 0, fault: MUTE }]);
    matrix.under("kernel", off(0), found());
    matrix.under("kernel", Cell { trial: 0, fault: MUTE }, passed());
    assert_eq!(
        matrix.holes(),
        [
            Hole::NamesNoFault { case: "case".into(), could: vec!["off".into()] },
            Hole::UnnoticedFault { fault: "mute".into() },
        ]
    );
    let notes: Vec<_> =
        matrix.entries().iter().map(|entry| (entry.fault, entry.named, entry.noticed)).collect();
    assert_eq!(notes, [("off", false, true), ("mute", false, false)]);
}

#[test]
fn trial_that_only_the_rules_for_every_segment_fail_is_told() {
    let mut matrix = one_case(PART);
    matrix.under("kernel", off(0), found());
    matrix.under("kernel", off(1), Fared { of_steps: BTreeSet::new(), ..found() });
    assert_eq!((matrix.holes(), matrix.failed_by_rules_alone()), (vec![], vec!["case:v6"]));
    // Another fault of its case may show it.
    matrix.clean("smoltcp", 1, passed());
    matrix.under("smoltcp", off(1), found());
    assert_eq!(matrix.failed_by_rules_alone(), [""; 0]);
}

#[test]
fn fault_that_no_case_names_is_a_hole_of_the_whole_suite_only() {
    let holes = |scope| {
        let mut matrix = one_case(scope);
        [off(0), off(1)].into_iter().for_each(|cell| matrix.under("kernel", cell, found()));
        matrix.holes()
    };
    assert_eq!(holes(PART), []);
    assert_eq!(holes(Scope::default()), [Hole::UnnoticedFault { fault: "mute".into() }]);
}

#[test]
fn trials_to_run_clean_are_those_of_open_cells_and_those_not_clean_yet() {
    let rows = vec![row("a", &["off"], &["a:v4"]), row("b", &[], &["b:v4"])];
    let mut matrix = Matrix::new(columns(), rows, PART);
    let open = |matrix: &Matrix| matrix.open_trials(&matrix.open_cells());
    assert_eq!(open(&matrix), [0, 1]);
    matrix.clean("smoltcp", 0, passed());
    matrix.clean("smoltcp", 1, fared(Verdict::Inconclusive, &[]));
    assert_eq!(open(&matrix), [0, 1]);
    matrix.clean("kernel", 1, passed());
    assert_eq!(open(&matrix), [0]);
    matrix.under("smoltcp", off(0), found());
    assert_eq!(open(&matrix), [0; 0]);
}
