//! Expressions: variables, values of the profile, numbers and durations.

use super::told;
use insta::assert_snapshot;

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
