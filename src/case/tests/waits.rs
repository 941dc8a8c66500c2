use crate::case::{Capability, CaseFile, Script};
use crate::profile::Tolerance;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;
use std::time::Duration;

/// The script of a case with these lines below its `effect`.
fn script(lines: &str) -> Script {
    let text = format!(
        "about: x\ncases:\n  x:\n    title: x\n    requirements: [MUST-2]\n    effect: x\n    given: ESTABLISHED\n{lines}\n"
    );
    let file = CaseFile::read("a/b.yaml", text).expect("a file");
    file.cases()[0].script(0).expect("a script")
}

/// A target whose times are exact.
const EXACT: Tolerance = Tolerance { absolute: Duration::ZERO, relative: 0.0 };
/// Milliseconds of a way into a state, with a delayed ACK of 200 ms.
const WAY: u128 = 8 * 1200;

fn waits(lines: &str) -> (u128, u128) {
    let profile = |name: &str| match name {
        "MSL" => Some(Duration::from_secs(30)),
        "DELAYED-ACK" => Some(Duration::from_millis(200)),
        _ => None,
    };
    let script = script(lines);
    (script.longest_wait(&profile, &EXACT).as_millis() - WAY, script.expected_duration(&profile).as_millis())
}

#[test]
fn every_step_counts_with_its_longest_and_its_certain_wait() {
    let cases = [
        ("    steps: []", (0, 0)),
        ("    steps: []\n    then: CLOSED", (3500, 0)),
        ("    steps: [{silence: 1s}, {wait: 2s}]", (3000, 3000)),
        ("    steps: [{expect: ACK}]", (1200, 0)),
        ("    steps: [{expect: ACK, within: 3s, not-before: 500ms}]", (3000, 500)),
        ("    steps: [{expect: {all-of: [{expect: ACK, within: 3s}, {expect: RST}]}}]", (3000, 0)),
        ("    steps: [{one-of: {a: [{expect: ACK}, {silence: 5s}], b: [{silence: 2s}]}}]", (7000, 2000)),
        ("    steps: [{app: expect eof, within: 2s}, {app: close}]", (3200, 0)),
        ("    steps: [{app: expect nothing, within: 2s}]", (2000, 2000)),
        ("    steps: [{probe: alive}, {state: CLOSED}]", (4700, 0)),
        ("    steps: [{repeat: 4, steps: [{wait: $i * 100ms}]}]", (600, 600)),
        (
            "    steps: [{expect: ACK, as: a}, {retransmissions: {of: a, at-least: 2, within: 7s}}]",
            (8200, 7000),
        ),
        ("    steps: [{silence: RTO.MIN}]", (0, 0)),
    ];
    for (lines, expected) in cases {
        assert_eq!(waits(lines), expected, "{lines}");
    }
}

#[test]
fn tolerances_and_what_is_sent_on_the_way_come_on_top() {
    let tolerance = Tolerance { absolute: Duration::from_millis(100), relative: 0.1 };
    let longest = |lines: &str| script(lines).longest_wait(&|_| None, &tolerance).as_millis();
    let way = longest("    steps: []");
    assert_eq!(way, 8 * 1200);
    assert_eq!(longest("    steps: [{silence: 1s}, {wait: 1s}, {expect: ACK, within: 2s}]") - way, 4400);
    let sent = CaseFile::read(
        "a/b.yaml",
        "about: x\ncases:\n  x:\n    given: {state: ESTABLISHED, sent: 100000, unacked: 1000}\n    steps: []\n",
    );
    let sent = sent.expect("a file").cases()[0].script(0).expect("a script");
    assert_eq!(sent.longest_wait(&|_| None, &tolerance).as_millis() - way, 1010);
}

#[test]
fn measure_waits_beyond_its_end_by_its_tolerance() {
    let text = "about: x\ncases:\n  x:\n    given: TIME-WAIT\n    steps: [{measure: time-wait, is: 2 * MSL, tolerance: 5%}]\n";
    let script = CaseFile::read("a/b.yaml", text).expect("a file").cases()[0].script(0).expect("a script");
    let profile = |name: &str| (name == "MSL").then_some(Duration::from_secs(30));
    let longest = script.longest_wait(&profile, &EXACT).as_secs();
    let waits = (longest, script.expected_duration(&profile).as_secs());
    // Seventeen ways one after the other, twice 5 % beyond the end, and the last answer.
    assert_eq!(waits, (17 * 8 + 60 + 6 + 1, 60));
}

#[test]
fn capabilities_follow_from_the_steps() {
    let needs = |lines: &str| script(lines).capabilities();
    let set = |capabilities: &[Capability]| capabilities.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(needs("    steps: [{send: ACK}, {silence: 1s}]"), set(&[]));
    assert_eq!(
        needs("    steps: [{app: send 10}, {app: expect eof}, {app: set nodelay on}, {app: kill}]"),
        set(&[Capability::Send, Capability::Receive, Capability::SetOption, Capability::Kill])
    );
    assert_eq!(
        needs(
            "    steps: [{repeat: 2, steps: [{app: abort}]}, {one-of: {a: [{expect: ACK}, {app: shutdown}], b: [{silence: 1s}]}}]"
        ),
        set(&[Capability::Abort, Capability::Shutdown])
    );
    assert_eq!(needs("    steps: [{send: FIN ACK}]\n    then: CLOSE-WAIT"), set(&[Capability::HoldOpen]));
    assert_eq!(needs("    steps: [{state: CLOSE-WAIT}]"), set(&[Capability::HoldOpen]));
}

#[test]
fn capabilities_follow_from_what_is_given() {
    let text = "about: x\ncases:\n  x:\n    given: {state: CLOSE-WAIT, by: active, window-scale: 3, sack: yes, timestamps: yes, sent: 1, backlog: 5}\n    steps: []\n";
    let script = CaseFile::read("a/b.yaml", text).expect("a file").cases()[0].script(0).expect("a script");
    assert_eq!(
        script.capabilities(),
        BTreeSet::from([
            Capability::Connect,
            Capability::WindowScale,
            Capability::Sack,
            Capability::Timestamps,
            Capability::Send,
            Capability::SetOption,
            Capability::HoldOpen
        ])
    );
}
