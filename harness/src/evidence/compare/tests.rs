use super::changes::{ChangeKind, Comparison};
use super::print;
use crate::evidence::event::{Event, Footer, Trial, Verdict};
use crate::evidence::read::Events;
use crate::evidence::tests::{Place, failed, footer, header, plain};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

/// A run that said these things of these trials.
fn run(place: &Place, name: &str, trials: Vec<Trial>, interrupted: Option<&str>) -> Events {
    let footer = Footer { interrupted: interrupted.map(str::to_owned), ..footer() };
    let trials = trials.into_iter().map(|trial| Event::Trial(Box::new(trial)));
    let events = [Event::Header(Box::new(header()))].into_iter().chain(trials).chain([Event::Footer(footer)]);
    let text: String = events.map(|event| serde_json::to_string(&event).expect("a form") + "\n").collect();
    let path = place.path().join(name);
    std::fs::write(&path, text).expect("a file of our own");
    Events::open(&path).expect("a run")
}

fn compared(old: Vec<Trial>, new: Vec<Trial>) -> Comparison {
    let place = Place::new();
    Comparison::of(run(&place, "old", old, None), run(&place, "new", new, Some("SIGINT"))).expect("two runs")
}

fn found(id: &str, verdict: Verdict, red: bool, code: &str) -> Trial {
    let mut trial = failed(id, verdict, red);
    trial.findings[0].code = code.into();
    trial.findings[0].saw = "that|other".into();
    trial
}

const FAIL: (Verdict, bool) = (Verdict::Fail, true);

fn fail(id: &str, code: &str) -> Trial {
    found(id, FAIL.0, FAIL.1, code)
}

fn kinds(comparison: &Comparison) -> Vec<(ChangeKind, &str)> {
    comparison.changes.iter().map(|change| (change.kind, change.id.as_str())).collect()
}

fn whole() -> Comparison {
    use Verdict::{Deviation, Error, Expected, Info, Pass, Skip};
    compared(
        vec![
            plain("a", Pass),
            fail("b", "wrong-state"),
            fail("c", "wrong-state"),
            plain("d", Pass),
            plain("e", Pass),
            plain("f", Skip),
            fail("g", "wrong-state"),
            plain("h", Pass),
            plain("i", Pass),
            plain("j", Skip),
        ],
        vec![
            fail("a", "wrong-segment"),
            plain("b", Info),
            fail("c", "wrong-data"),
            found("d", Deviation, false, "wrong-field"),
            plain("f", Pass),
            // Other numbers are no other finding.
            fail("g", "wrong-state"),
            Trial { red: true, ..plain("h", Error) },
            found("i", Expected, false, "wrong-state"),
            plain("j", Skip),
            fail("k", "wrong-state"),
        ],
    )
}

#[test]
fn each_trial_is_told_by_what_became_of_it() {
    use ChangeKind::{ChangedFinding, Gone, New, NewlyFailing, NewlyPassing, Undecided};
    let comparison = whole();
    let expected = [
        (NewlyFailing, "a"),
        (NewlyPassing, "b"),
        (ChangedFinding, "c"),
        (ChangedFinding, "d"),
        (ChangedFinding, "i"),
        (Undecided, "h"),
        (Gone, "e"),
        (New, "f"),
        (New, "k"),
    ];
    assert_eq!((kinds(&comparison), comparison.unchanged), (expected.to_vec(), 2));
}

#[test]
fn only_what_did_not_fail_and_does_now_is_a_regression() {
    let is_regression = |old: Trial, new: Trial| compared(vec![old], vec![new]).has_regression();
    let pass = || plain("a", Verdict::Pass);
    let with = |verdict, red| found("a", verdict, red, "wrong-state");
    assert!(is_regression(pass(), with(Verdict::Fail, true)));
    assert!(is_regression(with(Verdict::Expected, false), with(Verdict::Fail, true)));
    assert!(is_regression(pass(), with(Verdict::Inconclusive, true)));
    assert!(is_regression(with(Verdict::Deviation, false), with(Verdict::Deviation, true)));
    assert!(!is_regression(with(Verdict::Fail, true), with(Verdict::Inconclusive, true)));
    assert!(!is_regression(pass(), with(Verdict::Error, true)), "it says nothing of the target");
    assert!(!is_regression(pass(), with(Verdict::Deviation, false)));
    assert!(!is_regression(plain("a", Verdict::Skip), with(Verdict::Fail, true)), "it was not run before");
    assert!(!is_regression(pass(), plain("b", Verdict::Pass)));
}

#[test]
fn run_compared_with_itself_has_no_changes() {
    let all = || vec![plain("a", Verdict::Pass), fail("b", "wrong-state"), plain("c", Verdict::Skip)];
    let comparison = compared(all(), all());
    assert_eq!((comparison.changes, comparison.unchanged), (Vec::new(), 3));
}

#[test]
fn comparison_is_told_to_people_and_programs() {
    let comparison = whole();
    assert_snapshot!("text", print::text(&comparison));
    assert_snapshot!("markdown", print::markdown(&comparison));
    assert_snapshot!("json", print::json(&comparison));
}

#[test]
fn of_many_trials_that_came_the_first_are_named() {
    let many = (0..30).map(|number| plain(&format!("n{number:02}"), Verdict::Pass)).collect();
    let text = print::text(&compared(Vec::new(), many));
    assert!(text.contains("newly run: 30\n") && text.contains("  n19\n") && !text.contains("n20"), "{text}");
    assert!(text.contains("  … and 10 more\n"), "{text}");
}
