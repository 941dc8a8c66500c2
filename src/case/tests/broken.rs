//! Broken files: what their authors are told.

use crate::case::{Fixtures, Suite, Vocabulary};
use crate::requirement::Catalogue;
use crate::yaml::{Diagnostic, render};
use insta::assert_snapshot;

/// All diagnostics of a file as they are printed.
fn told(text: &'static str) -> String {
    let problems = match Suite::read([("cases/area/file.yaml", text)]) {
        Err(problems) => problems,
        Ok(suite) => {
            let catalogue = Catalogue::embedded();
            let fixtures = Fixtures::read("states.yaml", super::STATES).expect("fixtures");
            suite.check(&Vocabulary {
                catalogue: Some(&catalogue),
                fixtures: Some(&fixtures),
                faults: Some(&["ack-off-by-one", "ignores-rst"]),
            })
        }
    };
    let shown = |problem: &Diagnostic| render(problem, text);
    problems.iter().map(shown).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn unknown_key_of_a_case() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    stepz:
      - silence: 1s
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: `stepz` is not a key of this map
     --> cases/area/file.yaml:9:5
      |
    9 |     stepz:
      |     ^^^^^
      |
      = help: did you mean `steps`?
    ");
}

#[test]
fn unknown_key_of_a_step() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - expect: ACK
        withn: 1s
";
    assert_snapshot!(told(text), @r"
    error: `withn` is not a key of this map
      --> cases/area/file.yaml:11:9
       |
    11 |         withn: 1s
       |         ^^^^^
       |
       = help: did you mean `within`?
    ");
}

#[test]
fn unknown_verb() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - snd: FIN ACK
";
    assert_snapshot!(told(text), @r"
    error: `snd` is no verb
      --> cases/area/file.yaml:10:9
       |
    10 |       - snd: FIN ACK
       |         ^^^
       |
       = help: did you mean `send`?
    ");
}

#[test]
fn two_verbs_in_one_step() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: FIN ACK
        expect: ACK
";
    assert_snapshot!(told(text), @r"
    error: `send` and `expect` are two verbs: make them two steps
      --> cases/area/file.yaml:11:9
       |
    10 |       - send: FIN ACK
       |         ---- the first verb
    11 |         expect: ACK
       |         ^^^^^^
    ");
}

#[test]
fn unknown_requirement() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2, MUST-222]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - silence: 1s
        requirement: MUTS-3
";
    assert_snapshot!(told(text), @r"
    error: the catalogue has no requirement `MUST-222`
     --> cases/area/file.yaml:6:28
      |
    6 |     requirements: [MUST-2, MUST-222]
      |                            ^^^^^^^^
      |
      = help: did you mean `MUST-22`?

    error: the catalogue has no requirement `MUTS-3`
      --> cases/area/file.yaml:10:9
       |
    10 |       - silence: 1s
       |         ^^^^^^^
       |
       = help: did you mean `MUST-3`?
    ");
}

#[test]
fn unknown_variable() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: RST
        seq: RCV.NXT + RCV.WMD
";
    assert_snapshot!(told(text), @r"
    error: `RCV.WMD` is neither a variable nor a value of the profile
      --> cases/area/file.yaml:11:24
       |
    11 |         seq: RCV.NXT + RCV.WMD
       |                        ^^^^^^^
       |
       = help: did you mean `RCV.WND`?
    ");
}

#[test]
fn unknown_value_of_the_profile() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - silence: 2 * MLS
";
    assert_snapshot!(told(text), @r"
    error: `MLS` is neither a variable nor a value of the profile
      --> cases/area/file.yaml:10:22
       |
    10 |       - silence: 2 * MLS
       |                      ^^^
       |
       = help: did you mean `MSL`?
    ");
}

#[test]
fn minus_without_blanks() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: RST
        seq: RCV.NXT-1
";
    assert_snapshot!(told(text), @r"
    error: a minus between two values needs a blank on both sides
      --> cases/area/file.yaml:11:14
       |
    11 |         seq: RCV.NXT-1
       |              ^^^^^^^^^
       |
       = help: without blanks a hyphen belongs to the name
    ");
}

#[test]
fn bare_number_for_a_duration() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - silence: 1
";
    assert_snapshot!(told(text), @r"
    error: this is a number, a duration is needed
      --> cases/area/file.yaml:10:18
       |
    10 |       - silence: 1
       |                  ^
       |
       = help: a duration has a unit: `1s`, `200ms`, `2 * MSL`
    ");
}

#[test]
fn duration_for_a_number() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: ACK
        window: RCV.WND - 1s
";
    assert_snapshot!(told(text), @r"
    error: a number - a duration means nothing
      --> cases/area/file.yaml:11:17
       |
    11 |         window: RCV.WND - 1s
       |                 ^^^^^^^^^^^^
    ");
}

#[test]
fn label_used_before_it_is_bound() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - expect: ACK
        ack: fin.seq + 1
      - send: FIN ACK
        as: fin
";
    assert_snapshot!(told(text), @r"
    error: `fin` is not bound on every way to this step
      --> cases/area/file.yaml:11:14
       |
    11 |         ack: fin.seq + 1
       |              ^^^^^^^
    12 |       - send: FIN ACK
       |         ---- it is bound here
    ");
}

#[test]
fn label_never_bound() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: FIN ACK
        as: fin
      - expect: ACK
        ack: fni.seq + 1
";
    assert_snapshot!(told(text), @r"
    error: nothing is labelled `fni`
      --> cases/area/file.yaml:13:14
       |
    13 |         ack: fni.seq + 1
       |              ^^^^^^^
       |
       = help: did you mean `fin`?
    ");
}

#[test]
fn label_bound_in_one_alternative_only() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - one-of:
          ack: [{expect: ACK, as: reply}]
          silent: [{silence: 1s}]
      - send: ACK
        ack: reply.seq
";
    assert_snapshot!(told(text), @r"
    error: `reply` is not bound on every way to this step
      --> cases/area/file.yaml:14:14
       |
    11 |           ack: [{expect: ACK, as: reply}]
       |                  ------ it is bound here
    ...
    14 |         ack: reply.seq
       |              ^^^^^^^^^
    ");
}

#[test]
fn label_of_a_call_has_only_a_time() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - app: close
        as: closed
      - expect: FIN ACK
        seq: closed.seq
";
    assert_snapshot!(told(text), @r"
    error: `closed` is a call of the application: it has only a `time`
      --> cases/area/file.yaml:13:14
       |
    13 |         seq: closed.seq
       |              ^^^^^^^^^^
    ");
}

#[test]
fn quote_of_our_own_segment() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: ACK
        as: ours
      - icmp: host-unreachable
        quote: ours
";
    assert_snapshot!(told(text), @r"
    error: `quote: ours` must name a segment of the target
      --> cases/area/file.yaml:12:9
       |
    12 |       - icmp: host-unreachable
       |         ^^^^
       |
       = help: label it where it is expected, with `as:`
    ");
}

#[test]
fn unknown_connection() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: {left: ESTABLISHED, right: ESTABLISHED}
    steps:
      - send: ACK
        on: rigth
      - send: ACK
        on: left
        seq: lift.RCV.NXT
";
    assert_snapshot!(told(text), @r"
    error: there is no connection `rigth`
      --> cases/area/file.yaml:11:13
       |
    11 |         on: rigth
       |             ^^^^^
       |
       = help: did you mean `right`?
    ");
}

#[test]
fn no_connection_named_among_several() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: {left: ESTABLISHED, right: ESTABLISHED}
    steps:
      - send: ACK
";
    assert_snapshot!(told(text), @r"
    error: this step does not say on which connection it acts
      --> cases/area/file.yaml:10:9
       |
    10 |       - send: ACK
       |         ^^^^
       |
       = help: add `on:` with one of left, right
    ");
}

#[test]
fn case_twice() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps: []
  sample:
    title: The same again
";
    assert_snapshot!(told(text), @r"
    error: `sample` is there twice
      --> cases/area/file.yaml:10:3
       |
     4 |   sample:
       |   ------ first here
    ...
    10 |   sample:
       |   ^^^^^^
    ");
}

#[test]
fn unknown_capability() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    needs: [shutdwon]
    given: ESTABLISHED
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: `shutdwon` is not a capability
     --> cases/area/file.yaml:8:13
      |
    8 |     needs: [shutdwon]
      |             ^^^^^^^^
      |
      = help: did you mean `shutdown`?
    ");
}

#[test]
fn unknown_fault() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    faults: [ack-off-by-two]
    given: ESTABLISHED
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: there is no fault `ack-off-by-two`
     --> cases/area/file.yaml:8:14
      |
    8 |     faults: [ack-off-by-two]
      |              ^^^^^^^^^^^^^^
      |
      = help: did you mean `ack-off-by-one`?
    ");
}

#[test]
fn state_that_no_such_open_reaches() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: {state: SYN-SENT, by: passive}
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: SYN-SENT cannot be reached by a passive open
     --> cases/area/file.yaml:8:34
      |
    8 |     given: {state: SYN-SENT, by: passive}
      |                                  ^^^^^^^
    ");
}

#[test]
fn state_without_a_way() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: {state: TIME-WAIT, by: active}
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: there is no way into TIME-WAIT by an active open
     --> cases/area/file.yaml:8:12
      |
    8 |     given: {state: TIME-WAIT, by: active}
      |            ^
    ");
}

#[test]
fn nothing_said_about_the_case() {
    let text = "\
about: Sample

cases:
  sample:
    then: CLOSED
";
    assert_snapshot!(told(text), @r"
    error: `title` is missing here
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^

    error: `requirements` is missing here
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^

    error: `effect` is missing here
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^

    error: `given` is missing here
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^

    error: `steps` is missing here
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^
    ");
}

#[test]
fn unknown_state() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps: []
    then: CLOSEWAIT
";
    assert_snapshot!(told(text), @r"
    error: `CLOSEWAIT` is not a state of RFC 9293
      --> cases/area/file.yaml:10:11
       |
    10 |     then: CLOSEWAIT
       |           ^^^^^^^^^
       |
       = help: did you mean `CLOSE-WAIT`?
    ");
}

#[test]
fn two_silences() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - one-of:
          short: [{silence: 1s}]
          long: [{silence: 2s}]
";
    assert_snapshot!(told(text), @r"
    error: `short` and `long` cannot be told apart: they begin alike
      --> cases/area/file.yaml:12:11
       |
    11 |           short: [{silence: 1s}]
       |           ----- begins alike
    12 |           long: [{silence: 2s}]
       |           ^^^^
    ");
}

#[test]
fn prefer_is_no_alternative() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - one-of:
          challenge-ack: [{expect: ACK}]
          silent: [{silence: 1s}]
        prefer: challenge
";
    assert_snapshot!(told(text), @r"
    error: `challenge` is none of the alternatives
      --> cases/area/file.yaml:13:17
       |
    13 |         prefer: challenge
       |                 ^^^^^^^^^
       |
       = help: did you mean `challenge-ack`?
    ");
}

#[test]
fn too_many_steps() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - repeat: 100
        steps:
          - repeat: 100
            steps:
              - send: ACK
";
    assert_snapshot!(told(text), @r"
    error: with this step a trial has more than 10000 steps
      --> cases/area/file.yaml:12:13
       |
    12 |           - repeat: 100
       |             ^^^^^^
    ");
}

#[test]
fn turn_outside_of_a_loop() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - send: ACK
        seq: RCV.NXT + $i
";
    assert_snapshot!(told(text), @r"
    error: `$i` means nothing outside of a `repeat`
      --> cases/area/file.yaml:11:24
       |
    11 |         seq: RCV.NXT + $i
       |                        ^^
    ");
}

#[test]
fn parameter_without_a_column() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    for:
      seq: [1, 2]
    given: ESTABLISHED
    steps:
      - send: RST
        seq: $sqe
";
    assert_snapshot!(told(text), @r"
    error: `$sqe` has no value here
      --> cases/area/file.yaml:13:14
       |
    13 |         seq: $sqe
       |              ^^^^
       |
       = note: in the row seq=1
       = help: did you mean `$seq`?
    ");
}

#[test]
fn parameter_in_braces() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    for:
      seq: [1, 2]
    given: ESTABLISHED
    steps:
      - send: RST
        seq: ${seq}
";
    assert_snapshot!(told(text), @r"
    error: `${…}` is not used here
      --> cases/area/file.yaml:13:14
       |
    13 |         seq: ${seq}
       |              ^^^^^^
       |
       = note: in the row seq=1
       = help: write $seq
    ");
}

#[test]
fn column_that_nothing_uses() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    for:
      seq: [1, 2]
      size: [10, 20]
    given: ESTABLISHED
    steps:
      - send: RST
        seq: $seq
";
    assert_snapshot!(told(text), @r"
    error: nothing uses `$size`
      --> cases/area/file.yaml:10:7
       |
    10 |       size: [10, 20]
       |       ^^^^
    ");
}

#[test]
fn value_of_a_row_that_does_not_fit() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    for:
      gap: [1, 1s]
    given: ESTABLISHED
    steps:
      - send: RST
        seq: RCV.NXT + $gap
";
    assert_snapshot!(told(text), @r"
    error: a sequence number + a duration means nothing
      --> cases/area/file.yaml:13:14
       |
    13 |         seq: RCV.NXT + $gap
       |              ^^^^^^^^^^^^^^
       |
       = note: in the row gap=1s
    ");
}

#[test]
fn measure_without_its_state() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - measure: time-wait
        is: 2*MSL
        tolerance: 5%
";
    assert_snapshot!(told(text), @r"
    error: `measure: time-wait` needs `given: TIME-WAIT`
      --> cases/area/file.yaml:10:9
       |
    10 |       - measure: time-wait
       |         ^^^^^^^
    ");
}

#[test]
fn case_with_an_upper_case_name() {
    let text = "\
about: Sample

cases:
  Sample_One:
    title: x
";
    assert_snapshot!(told(text), @r"
    error: the name of a case is expected here, alone on its line
     --> cases/area/file.yaml:4:3
      |
    4 |   Sample_One:
      |   ^^^^^^^^^^^
      |
      = help: write `sample-one:` and its keys on the lines below
    ");
}

#[test]
fn about_missing() {
    let text = "\
cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: `about` is missing in this file
     --> cases/area/file.yaml:1:1
      |
    1 | cases:
      | ^
    ");
}

#[test]
fn no_yaml() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - {send: ACK, seq: [}
";
    assert_snapshot!(told(text), @r"
    error: not readable as YAML: did not find expected node content
      --> cases/area/file.yaml:10:27
       |
    10 |       - {send: ACK, seq: [}
       |                           ^
       |
       = note: while parsing a flow node
    ");
}
