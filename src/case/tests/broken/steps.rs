//! Steps.

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
