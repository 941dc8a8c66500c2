//! Cases are proven by faults, and holes make the command red.

use crate::program::{Folder, PROGRAM, said, tcpspec};
use pretty_assertions::assert_eq;
use std::process::Command;

/// Two cases: the first sees that a closed port answers as it should; what the second sees is `seen`.
fn cases(seen: &str) -> String {
    format!(
        "about: A closed port\n\ncases:\n  \
         strict:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    \
         faults: [closed-port-silent, reset-of-ack-with-sequence-zero]\n    given: CLOSED\n    steps:\n      \
         - {{send: ACK, ack: 7}}\n      - {{expect: RST, seq: 7}}\n  \
         other:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    \
         faults: [closed-port-silent]\n    given: CLOSED\n    steps:\n      \
         - {{send: ACK, ack: 7}}\n      - {seen}\n"
    )
}

/// A folder with these cases.
fn folder(seen: &str) -> Folder {
    let folder = Folder::new();
    folder.file("area/closed.yaml", &cases(seen));
    folder
}

fn prove(folder: &Folder, arguments: &[&str]) -> crate::program::Said {
    let cases = folder.path().display().to_string();
    tcpspec(&[&["faults", "--cases", &cases], arguments].concat())
}

#[test]
fn cases_that_notice_their_faults_have_no_hole_on_any_target() {
    let folder = folder("{expect: RST}");
    for target in ["smoltcp", "kernel", "both"] {
        let said = prove(&folder, &["--target", target]);
        assert_eq!((said.code(), said.err.as_str()), (Some(0), ""), "{said:#?}");
        assert!(said.out.contains("3 of 3 pairs of a case and its fault are proven"), "{}", said.out);
        assert!(said.out.trim_end().ends_with("no hole"), "{}", said.out);
    }
}

#[test]
fn kernel_runs_only_what_virtual_time_has_not_proven() {
    let folder = folder("{expect: RST}");
    let runs = |target| {
        let said = prove(&folder, &["--target", target]);
        let runs = said.out.lines().filter(|line| line.contains(" trials in "));
        runs.map(|line| line.split(" in ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    // Each of four trials without a fault, and under each fault of its case.
    assert_eq!(runs("kernel"), ["kernel: 10 trials"]);
    assert_eq!(runs("both"), ["smoltcp: 10 trials", "kernel: 0 trials"]);
}

#[test]
fn case_that_does_not_notice_its_fault_is_a_hole_and_exits_with_1() {
    let folder = folder("{wait: 10ms}");
    for target in ["smoltcp", "kernel"] {
        let json = folder.path().join("proof.json").display().to_string();
        let said = prove(&folder, &["--target", target, "--json", &json]);
        assert_eq!((said.code(), said.err.as_str()), (Some(1), ""), "{said:#?}");
        for part in [
            "HOLE: faults that a case names and does not notice: 1\n  area/closed/other under closed-port-silent: 2 × pass on",
            "HOLE: cases that no fault can fail: 1\n  area/closed/other\n",
            "2 of 3 pairs",
        ] {
            assert!(said.out.contains(part), "{part:?} is missing:\n{}", said.out);
        }
        let json = std::fs::read_to_string(&json).expect("it is written");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let holes = json["holes"].as_array().expect("a list").iter();
        let holes: Vec<_> = holes.map(|hole| hole["hole"].as_str().unwrap_or_default()).collect();
        assert_eq!(holes, ["unproven", "case-cannot-fail"]);
        let noticed = json["matrix"].as_array().expect("a list").iter().map(|entry| &entry["noticed"]);
        assert_eq!(noticed.collect::<Vec<_>>(), [true, true, false]);
    }
}

#[test]
fn finding_that_the_fault_does_not_stand_for_proves_nothing() {
    let folder = Folder::new();
    let wrong =
        cases("{expect: RST}").replace("faults: [closed-port-silent]", "faults: [application-misses-end]");
    folder.file("area/closed.yaml", &wrong);
    let said = prove(&folder, &["--target", "smoltcp", "other"]);
    assert_eq!(said.code(), Some(1));
    assert!(
        said.out.contains("HOLE: cases that no fault can fail: 1\n  area/closed/other\n"),
        "{}",
        said.out
    );
    // Under every fault, those are told that it does notice.
    let said = prove(&folder, &["--target", "smoltcp", "other", "--all"]);
    assert!(said.out.contains("area/closed/other: it notices "), "{}", said.out);
    assert!(said.out.contains("closed-port-silent"), "{}", said.out);
}

#[test]
fn run_under_a_fault_shows_the_failure_and_how_to_see_it_again() {
    let arguments = ["--fault", "closed-port-silent", "--seed", "1", "segment-with-ack-draws-rst:v4:text"];
    let first = tcpspec(&arguments);
    assert_eq!(first.code(), Some(1));
    assert!(first.out.contains("silent-where-answer-required"), "{}", first.out);
    let again = first.out.lines().find_map(|line| line.trim().strip_prefix("again "));
    let again = again.expect("it is said").trim().strip_prefix("tcpspec").expect("our own command");
    assert!(again.contains("--fault closed-port-silent"), "{again}");
    let second = said(Command::new("sh").arg("-c").arg(format!("{PROGRAM}{again}")));
    assert_eq!((second.code(), second.counts()[1]), (Some(1), 1));
    let without = tcpspec(&arguments[2..]);
    assert_eq!((without.code(), without.counts()[1]), (Some(0), 0));
}

#[test]
fn misspelt_fault_is_told_its_nearest_neighbour() {
    for arguments in
        [&["faults", "--fault", "closed-port-silnt"][..], &["--fault", "closed-port-silnt", "reset"]]
    {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(2), ""), "{said:#?}");
        let sentence = "there is no fault `closed-port-silnt`; did you mean `closed-port-silent`?";
        assert!(said.err.contains(sentence), "{}", said.err);
    }
}

#[test]
fn list_shows_each_case_with_its_faults_and_runs_nothing() {
    let folder = folder("{expect: RST}");
    let said = prove(&folder, &["--list"]);
    let pairs = "area/closed/strict closed-port-silent\narea/closed/strict reset-of-ack-with-sequence-zero\n\
                 area/closed/other closed-port-silent\n";
    assert_eq!((said.code(), said.out.as_str()), (Some(0), pairs));
    let said = prove(&folder, &["--list", "--fault", "reset-of-ack-with-sequence-zero"]);
    assert_eq!(said.out, "area/closed/strict reset-of-ack-with-sequence-zero\n");
    let nothing = prove(&folder, &["no-such-case"]);
    assert_eq!(nothing.code(), Some(4), "{nothing:#?}");
}
