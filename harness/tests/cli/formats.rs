//! What is printed, and for whom.

use crate::KNOWN;
use crate::program::{QUICK, Said, listed, tcpspec, trials};
use pretty_assertions::assert_eq;
use serde_json::Value;

#[test]
fn json_is_one_object_a_line_and_nothing_else_is_on_standard_output() {
    let said = tcpspec(&["--format", "json", "--ledger", "none", "--seed", "7f3a", QUICK, KNOWN]);
    assert_eq!(said.code(), Some(1));
    let events: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let expected = trials(&[QUICK, KNOWN]).len();
    let of = |kind: &str, event: &str| -> Vec<&Value> {
        events.iter().filter(|value| value["type"] == kind && value["event"] == event).collect()
    };
    assert_eq!(of("suite", "started")[0]["test_count"], expected);
    assert_eq!((of("test", "started").len(), of("test", "ok").len()), (expected, expected - 1));
    assert_eq!((of("suite", "failed").len(), of("suite", "ok").len()), (1, 0));
    let failed = of("test", "failed");
    assert_eq!((failed.len(), &failed[0]["name"]), (1, &Value::from(KNOWN)));
    let text = failed[0]["stdout"].as_str().expect("the block of the failure");
    assert!(text.contains("✗ expected nothing for 1 s") && text.contains("\n  again "), "{text}");
    // Header and summary are for people.
    assert!(said.err.starts_with("tcpspec ") && said.err.contains("seed 7f3a"), "{}", said.err);
    assert!(said.err.contains("verdicts: "), "{}", said.err);
}

#[test]
fn terse_is_one_character_a_trial() {
    for arguments in [&["--format", "terse"][..], &["-q"], &["--quiet"]] {
        let said = tcpspec(&[arguments, &[QUICK]].concat());
        let count = trials(&[QUICK]).len();
        assert_eq!(said.out.lines().find(|line| line.starts_with('.')), Some(".".repeat(count).as_str()));
        assert_eq!(said.lines(), []);
    }
}

#[test]
fn run_is_what_happens_without_a_command() {
    let without_time = |said: Said| said.out.split("finished in").next().map(str::to_owned);
    let name = &trials(&[QUICK])[0];
    assert_eq!(
        without_time(tcpspec(&["run", "--seed", "7", name])),
        without_time(tcpspec(&["--seed", "0x7", name])),
    );
}

#[test]
fn what_test_runners_pass_is_understood() {
    let name = &trials(&[QUICK])[0];
    for flags in [
        &["--nocapture"][..],
        &["--no-capture", "--show-output", "--color", "never"],
        &["--test", "--colour=always"],
        &["-Z", "unstable-options", "--include-ignored"],
    ] {
        let said = tcpspec(&[&["--exact", name], flags].concat());
        assert_eq!((said.code(), said.lines().len()), (Some(0), 1), "{flags:?}: {said:?}");
    }
    // Which are there, and which of them are ignored: as cargo-nextest asks.
    assert!(listed(&["--format", "terse"]).contains(name));
    assert_eq!(listed(&["--format", "terse", "--ignored", name]), [""; 0]);
}

#[test]
fn failure_says_everything_that_is_known() {
    let said = tcpspec(&["--ledger", "none", "--seed", "7f3a", "--exact", KNOWN]);
    assert_eq!((said.code(), said.counts()[..2].to_vec()), (Some(1), vec![0, 1]));
    for part in [
        format!("FAIL  {KNOWN}"),
        "  requirement  rfc5961-rst-outside (MUST, RFC 5961 section 3.2)".into(),
        "  finding      answered-where-silence-required".into(),
        "  did          sent RST seq=".into(),
        "  expected     nothing for 1 s".into(),
        "  saw          ACK seq=1".into(),
        "  effect       ".into(),
        "  place        cases/reset/received.yaml:".into(),
        format!("  again        tcpspec --ledger none --seed 7f3a --exact {KNOWN}\n"),
    ] {
        assert!(said.out.contains(&part), "{part:?} is missing:\n{}", said.out);
    }
}
