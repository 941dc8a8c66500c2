//! Labels and the names of connections.

use super::told;
use insta::assert_snapshot;

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
