//! `tcpspec coverage`: what the cases show, and what they do not.

use crate::CASES;
use crate::program::{Folder, tcpspec};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use std::path::Path;

/// The folder of cases that show one requirement.
fn folder() -> (Folder, String) {
    let folder = Folder::new();
    folder.file("area/three.yaml", &CASES.replace("requirements: [ev-closed-ack]\n    effect: e\n    slow", "requirements: [ev-closed-ack]\n    also: [TCP_BASICS_05]\n    faults: [closed-port-silent]\n    effect: e\n    slow"));
    let cases = folder.path().display().to_string();
    (folder, cases)
}

/// The one JSON object that is printed, and the exit code.
fn object(arguments: &[&str]) -> (Value, Option<i32>) {
    let said = tcpspec(&[&["coverage", "--format", "json"], arguments].concat());
    assert_eq!((said.err.as_str(), said.out.lines().count()), ("", 1));
    (serde_json::from_str(&said.out).expect("JSON"), said.code())
}

#[test]
fn coverage_is_the_one_that_is_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/coverage.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let said = tcpspec(&["coverage", "--format", "markdown"]);
    // Thousands of lines that are the same would hide what differs.
    let beyond = |text: &str, other: &str| {
        let other: std::collections::HashSet<_> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    let (gone, new) = (beyond(&committed, &said.out), beyond(&said.out, &committed));
    assert!(
        committed == said.out,
        "coverage has changed. If that is meant, renew it:\n  \
         cargo run --release -- coverage --format markdown > ci/coverage.md\ngone: {gone:#?}\nnew: {new:#?}"
    );
}

#[test]
fn every_requirement_of_rfc_9293_has_a_case_or_a_reason() {
    let said = tcpspec(&["coverage"]);
    assert_eq!(said.code(), Some(0), "{}", said.out);
    let summary = "  RFC 9293: 119 of 119 labelled requirements, 316 of 316 events\n";
    assert!(said.out.contains(summary), "{}", said.out);
    assert!(!said.out.contains("neither a case nor a reason"), "{}", said.out);
}

#[test]
fn requirement_with_neither_case_nor_reason_is_red_and_named() {
    let (_folder, cases) = folder();
    let said = tcpspec(&["coverage", "--cases", &cases]);
    assert_eq!(said.code(), Some(1));
    let gaps = said.out.split("neither a case nor a reason (").nth(1).expect("gaps");
    let named = |id: &str| gaps.split([',', ' ', '\n']).any(|word| word == id);
    // Another RFC's, one that has a reason, and one that is shown are none.
    let words = ["MUST-2", "ev-closed-syn", "ev-closed-ack", "MUST-44", "rfc5961-rst-exact"];
    assert_eq!(words.map(named), [true, true, false, false, false]);
    let all = tcpspec(&["coverage", "--cases", &cases, "--all"]);
    assert!(
        all.out
            .split("neither a case nor a reason (")
            .nth(1)
            .is_some_and(|gaps| gaps.contains("rfc5961-rst-exact"))
    );
}

#[test]
fn row_has_cases_trials_faults_and_the_verdict_of_the_last_result() {
    let (folder, cases) = folder();
    let result = |name: &str, event: &str| json!({"type": "test", "name": name, "event": event}).to_string();
    let results = [
        result("area/three/ordinary:v4", "failed"),
        result("area/three/ordinary:v4", "ok"),
        result("area/three/ordinary:v6", "ok"),
        result("area/three/slow:v4", "ignored"),
    ];
    let results = folder.file("results.json", &results.join("\n"));
    let (seen, code) = object(&["--cases", &cases, "--results", &results]);
    let rows = seen["requirements"].as_array().expect("rows");
    assert_eq!((rows.len(), code), (119 + 316, Some(1)));
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).expect("a row");
    let shown = row("ev-closed-ack");
    assert_eq!(
        ["cases", "trials", "faults", "verdict", "status", "level", "part"].map(|key| shown[key].clone()),
        [
            json!(["area/three/ordinary", "area/three/slow", "area/three/impossible"]),
            json!(6),
            json!(["closed-port-silent"]),
            json!({"worst": "ignored", "count": 1}),
            json!("tested"),
            json!("MUST"),
            json!("events"),
        ]
    );
    assert_eq!(
        (&row("ev-closed-syn")["verdict"], &row("ev-closed-syn")["status"]),
        (&Value::Null, &json!("neither"))
    );
    let text = tcpspec(&["coverage", "--cases", &cases, "--results", &results]).out;
    assert!(text.contains(": 6 trials, ignored (1 of 6)\n    cases   area/three/ordinary\n"), "{text}");
}

#[test]
fn tc8_is_no_certification_and_red_only_where_all_of_it_is_wanted() {
    let (_folder, cases) = folder();
    for format in ["text", "json", "markdown"] {
        let said = tcpspec(&["coverage", "--tc8", "--format", format]);
        assert_eq!(said.code(), Some(0));
        assert!(said.out.contains("This is no certification"), "{}", said.out);
    }
    let (seen, code) = object(&["--tc8", "--cases", &cases]);
    let rows = seen["tc8"].as_array().expect("rows");
    let covered: Vec<_> = rows.iter().filter(|row| row["cases"] != json!([])).map(|row| &row["id"]).collect();
    assert_eq!((rows.len(), covered, code), (116, vec![&json!("TCP_BASICS_05")], Some(0)));
    assert_eq!((&seen["with_a_case"], &seen["certification"]), (&json!(1), &json!(false)));
    assert_eq!(tcpspec(&["coverage", "--tc8", "--all", "--cases", &cases]).code(), Some(1));
}

#[test]
fn files_that_are_wrong_exit_with_5_and_results_of_other_cases_are_told() {
    let (folder, cases) = folder();
    let broken = folder.file("results.txt", "test a ... ok\n");
    let said = tcpspec(&["coverage", "--results", &broken]);
    assert_eq!((said.code(), said.out.as_str()), (Some(5), ""));
    assert!(said.err.contains("results.txt:1: this is no line of `tcpspec --format json`"), "{}", said.err);
    let other =
        folder.file("other.json", "{\"type\": \"test\", \"name\": \"a/b/c:v4\", \"event\": \"ok\"}\n");
    let said = tcpspec(&["coverage", "--cases", &cases, "--results", &other]);
    assert_eq!(said.err, "tcpspec: 1 of the results are of trials that these cases do not have: a/b/c:v4\n");
    folder.file("area/three.yaml", &CASES.replace("[ev-closed-ack]", "[ev-closed-akc]"));
    let said = tcpspec(&["coverage", "--cases", &cases]);
    assert_eq!((said.code(), said.out.as_str()), (Some(5), ""));
    assert!(said.err.contains("ev-closed-ack"), "{}", said.err);
}
