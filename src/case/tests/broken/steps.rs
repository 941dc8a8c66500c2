//! Steps and their expressions.

use super::told;
use insta::assert_snapshot;

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
fn error_of_ipv4_on_both_families() {
    let text = "\
about: Sample

cases:
  sample:
    title: It keeps the standard
    requirements: [MUST-2]
    effect: Somebody notices.
    given: ESTABLISHED
    steps:
      - {expect: ACK, as: data}
      - icmp: source-quench
        quote: data
";
    assert_snapshot!(told(text), @r"
    error: `source-quench` is an error of IPv4 only
      --> cases/area/file.yaml:11:9
       |
    11 |       - icmp: source-quench
       |         ^^^^
       |
       = help: add `families: [v4]` to the case
    ");
}
