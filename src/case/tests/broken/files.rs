//! Files, cases and tables.

use super::{told, told_where_faults_are_wanted};
use insta::assert_snapshot;

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
fn case_without_a_fault() {
    let text = |faults: &str| -> &'static str {
        format!(
            "about: Sample\n\ncases:\n  sample:\n    title: It keeps the standard\n    requirements: [MUST-2]\n    \
             effect: Somebody notices.\n{faults}    given: ESTABLISHED\n    steps: []\n"
        )
        .leak()
    };
    assert_snapshot!(told_where_faults_are_wanted(text(""), true), @r"
    error: this case names no fault that makes it fail
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^
      |
      = help: add `faults: [...]`: what a stack would do wrong for this case to fail; `tcpspec faults --all` with this case's name shows which faults it notices
    ");
    assert_snapshot!(told_where_faults_are_wanted(text("    faults: []\n"), true), @r"
    error: this case names no fault that makes it fail
     --> cases/area/file.yaml:4:3
      |
    4 |   sample:
      |   ^^^^^^
      |
      = help: add `faults: [...]`: what a stack would do wrong for this case to fail; `tcpspec faults --all` with this case's name shows which faults it notices
    ");
    assert_eq!(told_where_faults_are_wanted(text("    faults: [ack-off-by-one]\n"), true), "");
    assert_eq!(told(text("")), "");
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
    given: {state: LAST-ACK, by: active}
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: there is no way into LAST-ACK by an active open
     --> cases/area/file.yaml:8:12
      |
    8 |     given: {state: LAST-ACK, by: active}
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

#[test]
fn unknown_case_of_tc8() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    also: [TCP_BASICS_01, TCP_BASICS_91]
    effect: Somebody notices.
    given: ESTABLISHED
    steps: []
";
    assert_snapshot!(told(text), @r"
    error: TC8 has no case `TCP_BASICS_91`
     --> cases/area/file.yaml:7:27
      |
    7 |     also: [TCP_BASICS_01, TCP_BASICS_91]
      |                           ^^^^^^^^^^^^^
      |
      = help: did you mean `TCP_BASICS_01`?
    ");
}
