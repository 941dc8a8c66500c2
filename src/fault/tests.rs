use super::*;
use crate::yaml::render;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;

#[test]
fn embedded_file_is_read() {
    let (file, text) = FaultCatalogue::SOURCE;
    let faults = FaultCatalogue::embedded()
        .map_err(|problems| problems.iter().map(|problem| render(problem, text)).collect::<String>())
        .unwrap_or_else(|problems| panic!("{file}: {problems}"));
    assert!(faults.iter().count() >= 120);
    let groups: BTreeSet<_> = faults.iter().map(|fault| fault.group).collect();
    assert_eq!(groups, BTreeSet::from(FaultGroup::ALL));
    for fault in faults.iter() {
        assert_eq!(faults.get(&fault.name), Some(fault));
        let codes: BTreeSet<_> = fault.findings.iter().collect();
        assert_eq!(codes.len(), fault.findings.len(), "{} names a finding twice", fault.name);
        assert!(fault.does.ends_with('.'), "{}: {}", fault.name, fault.does);
    }
}

#[test]
fn entry_is_read_as_it_stands() {
    let text = "faults:\n  acks-late:\n    does: Acknowledges late.\n    findings: [answered-too-late]\n    group: timing\n";
    let faults = FaultCatalogue::read("faults.yaml", text).expect("it is well formed");
    let expected = FaultEntry {
        name: "acks-late".into(),
        does: "Acknowledges late.".into(),
        findings: vec![FindingCode::AnsweredTooLate],
        group: FaultGroup::Timing,
        place: faults.entries[0].place.clone(),
    };
    assert_eq!((faults.names(), faults.get("acks-late")), (vec!["acks-late"], Some(&expected)));
    assert_eq!((expected.place.line, expected.place.column), (2, 3));
}

#[test]
fn everything_wrong_is_told_with_its_place() {
    let text = "faults:
  Acks_late:
    does: ''
    findings: [answered-to-late, bench-late]
    group: timings
  silent: {does: Nothing., findings: [], grup: answers}
";
    let problems = FaultCatalogue::read("faults.yaml", text).expect_err("nothing of it is right");
    let told: Vec<_> = problems.iter().map(|problem| render(problem, text)).collect();
    assert_eq!(
        told.join("\n\n"),
        "\
error: a fault is named by lower-case words and digits, joined by hyphens
 --> faults.yaml:2:3
  |
2 |   Acks_late:
  |   ^^^^^^^^^

error: this needs a sentence
 --> faults.yaml:3:11
  |
3 |     does: ''
  |           ^^

error: `timings` is no group of faults
 --> faults.yaml:5:12
  |
5 |     group: timings
  |            ^^^^^^^
  |
  = help: did you mean `timing`?

error: `answered-to-late` is no finding about a target
 --> faults.yaml:4:16
  |
4 |     findings: [answered-to-late, bench-late]
  |                ^^^^^^^^^^^^^^^^
  |
  = help: did you mean `answered-too-late`?

error: `bench-late` is no finding about a target
 --> faults.yaml:4:34
  |
4 |     findings: [answered-to-late, bench-late]
  |                                  ^^^^^^^^^^

error: `grup` is not a key of this map
 --> faults.yaml:6:42
  |
6 |   silent: {does: Nothing., findings: [], grup: answers}
  |                                          ^^^^
  |
  = help: did you mean `group`?

error: `group` is missing here
 --> faults.yaml:6:11
  |
6 |   silent: {does: Nothing., findings: [], grup: answers}
  |           ^

error: a fault that no finding diagnoses cannot be noticed
 --> faults.yaml:6:11
  |
6 |   silent: {does: Nothing., findings: [], grup: answers}
  |           ^"
    );
}
