use super::*;
use pretty_assertions::assert_eq;

const CATALOGUE: &str = "\
requirements:
- {id: MUST-1, rfc: 9293, level: MUST, section: '3.1', summary: One., observable: wire}
- {id: MUST-2, rfc: 9293, level: MUST, section: '3.2', summary: Two., observable: api, not-testable: Unseen.}
- {id: SHLD-1, rfc: 9293, level: SHOULD, section: '3.3', summary: Three., observable: wire}
- {id: rfc1-a, rfc: 7323, level: MAY, section: '4', summary: Four., observable: wire}
";

const TC8: &str = "\
spec: {name: n, version: '1', chapter: '1', active_cases: 2}
active:
- {id: TCP_A_01, area: A, section: '1', summary: A one., iterations: 1, rfc: [MUST-1], dut_ops: [], no_case: Why.}
- {id: TCP_A_02, area: A, section: '2', summary: A two., iterations: 1, rfc: [MUST-1], dut_ops: []}
removed: []
gaps: []
";

const FAULTS: &str = "\
faults:
  late: {does: Late., findings: [answered-too-late], group: timing}
  mute: {does: Mute., findings: [answered-too-late], group: answers}
  odd: {does: Odd., findings: [answered-too-late], group: answers}
";

const CASES: &str = "\
about: Cases

cases:
  one:
    title: t
    requirements: [MUST-1]
    also: [TCP_A_02]
    effect: e
    faults: [odd, unheard-of]
    for:
      n: [1, 2]
    steps: []
  two:
    title: t
    requirements: [MUST-1, rfc1-a]
    effect: e
    families: [v6]
    faults: [late]
    steps: []
  three:
    title: t
    requirements: [rfc1-a]
    effect: e
    families: [v4]
    steps: []
";

fn coverage() -> Coverage {
    let suite = Suite::read([("cases/area/file.yaml", CASES)]).expect("right cases");
    let catalogue = Catalogue::read(&[("c.yaml", CATALOGUE)]).expect("a right catalogue");
    let tc8 = Tc8::read("t.yaml", TC8, &catalogue).expect("a right list");
    let faults = FaultCatalogue::read("f.yaml", FAULTS).expect("right faults");
    Coverage::of(&suite, &catalogue, &tc8, &faults).expect("right cases")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn one() -> Shown {
    Shown {
        cases: words(&["area/file/one"]),
        trials: words(&[
            "area/file/one:v4:n=1",
            "area/file/one:v6:n=1",
            "area/file/one:v4:n=2",
            "area/file/one:v6:n=2",
        ]),
        faults: words(&["odd"]),
    }
}

#[test]
fn each_requirement_is_shown_by_the_cases_that_name_it() {
    let row = |id: &str, part, level, rfc, section: &str, summary: &str, shown| Covered {
        id: id.into(),
        part,
        level,
        rfc,
        section: section.into(),
        summary: summary.into(),
        shown,
        not_testable: None,
    };
    let mut first = one();
    first.cases.push("area/file/two".into());
    first.trials.push("area/file/two:v6".into());
    first.faults = words(&["late", "odd"]);
    let fourth = Shown {
        cases: words(&["area/file/two", "area/file/three"]),
        trials: words(&["area/file/two:v6", "area/file/three:v4"]),
        faults: words(&["late"]),
    };
    let unseen = Covered {
        not_testable: Some("Unseen.".into()),
        ..row("MUST-2", Part::Labels, Level::Must, 9293, "3.2", "Two.", Shown::default())
    };
    let tc8 = |id: &str, section: &str, summary: &str, shown| CoveredTc8 {
        id: id.into(),
        section: section.into(),
        summary: summary.into(),
        no_case: (id == "TCP_A_01").then(|| "Why.".into()),
        shown,
    };
    assert_eq!(
        coverage(),
        Coverage {
            requirements: vec![
                row("MUST-1", Part::Labels, Level::Must, 9293, "3.1", "One.", first),
                unseen,
                row("SHLD-1", Part::Labels, Level::Should, 9293, "3.3", "Three.", Shown::default()),
                row("rfc1-a", Part::Extensions, Level::May, 7323, "4", "Four.", fourth),
            ],
            tc8: vec![
                tc8("TCP_A_01", "1", "A one.", Shown::default()),
                tc8("TCP_A_02", "2", "A two.", one())
            ],
            unused_faults: words(&["mute"]),
        }
    );
}

#[test]
fn totals_part_what_is_tested_from_what_cannot_be_and_from_gaps() {
    let coverage = coverage();
    let totals =
        |all, tested, proven, not_testable, neither| Totals { all, tested, proven, not_testable, neither };
    assert_eq!(
        Part::ALL.map(|part| coverage.totals(part)),
        [
            vec![(Level::Must, totals(2, 1, 1, 1, 0)), (Level::Should, totals(1, 0, 0, 0, 1))],
            vec![],
            vec![(Level::May, totals(1, 1, 1, 0, 0))],
        ]
    );
    let gaps = |parts: &[Part]| coverage.gaps(parts).map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(gaps(&Part::RFC_9293), ["SHLD-1"]);
    assert_eq!(gaps(&[Part::Extensions]), [""; 0]);
}

#[test]
fn events_and_extensions_are_parts_of_their_own() {
    let counts =
        Part::ALL.map(|part| Catalogue::embedded().iter().filter(|row| Part::of(row) == part).count());
    let events =
        |file: &str| Catalogue::embedded().iter().filter(|row| row.place.file.ends_with(file)).count();
    assert_eq!(counts, ["/rfc9293.yaml", "/rfc9293-events.yaml", "/extensions.yaml"].map(events));
}

#[test]
fn verdict_is_the_worst_of_the_trials_that_were_run() {
    let verdict = |said: &[(usize, Outcome)]| {
        let mut results = Results::default();
        for (trial, outcome) in said {
            results.note(&one().trials[*trial], *outcome);
        }
        results.verdict(&one()).map(|verdict| verdict.to_string())
    };
    use Outcome::{Failed, Ignored, Ok};
    assert_eq!(verdict(&[]), None);
    assert_eq!(verdict(&[(0, Ok), (1, Ok), (2, Ok), (3, Ok)]).as_deref(), Some("ok"));
    assert_eq!(verdict(&[(0, Ok), (1, Ok)]).as_deref(), Some("ok (2 of 4)"));
    assert_eq!(verdict(&[(0, Ok), (1, Ignored), (2, Ok), (3, Ok)]).as_deref(), Some("ignored (1 of 4)"));
    assert_eq!(
        verdict(&[(0, Failed), (1, Ignored), (2, Ok), (3, Failed)]).as_deref(),
        Some("failed (2 of 4)")
    );
    // What was said last counts.
    assert_eq!(verdict(&[(0, Failed), (0, Ok)]).as_deref(), Some("ok (1 of 4)"));
}

#[test]
fn trials_that_the_suite_does_not_have_are_told() {
    let mut results = Results::default();
    for trial in ["area/gone:v6", "area/file/one:v4:n=1", "area/gone:v4"] {
        results.note(trial, Outcome::Ok);
    }
    assert_eq!(results.beyond(&one().trials), ["area/gone:v4", "area/gone:v6"]);
}

#[test]
fn every_case_of_tc8_has_one_here_or_a_reason_why_not() {
    let catalogue = Catalogue::embedded();
    let tc8 = Tc8::embedded(&catalogue).expect("a right list");
    let (suite, faults) =
        (Suite::embedded().expect("right cases"), FaultCatalogue::embedded().expect("right"));
    let rows = Coverage::of(&suite, &catalogue, &tc8, &faults).expect("right cases").tc8;
    let both_or_neither = rows.iter().filter(|row| row.shown.cases.is_empty() != row.no_case.is_some());
    assert_eq!(both_or_neither.map(|row| row.id.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
}
