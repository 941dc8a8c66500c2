use super::*;
use crate::case::model::{Acks, OneOf, Probe, Send};
use crate::segment::Flags;
use crate::state::State;
use pretty_assertions::assert_eq;
use std::time::Duration;

fn silence(place: Place, connection: &str) -> Step {
    Step {
        place,
        text: "silence: 1s".into(),
        connection: connection.into(),
        requirement: None,
        kind: StepKind::Silence(Expr::Duration(Duration::from_secs(1))),
    }
}

#[test]
fn a_step_knows_its_place_connection_requirement_and_short_text() {
    let text = Text("{send: RST, on: b, requirement: MUST-13}");
    assert_eq!(
        text.step(),
        Step {
            place: text.place("send"),
            text: "send: RST".into(),
            connection: "b".into(),
            requirement: Some("MUST-13".into()),
            kind: StepKind::Send(Box::new(Send { flags: Flags::RST, ..Send::default() })),
        }
    );
}

#[test]
fn short_texts_name_what_matters() {
    let texts = [
        "{expect: [ACK, FIN ACK]}",
        "{expect: {all-of: [{expect: ACK}, {expect: RST}]}}",
        "{app: send 100}",
        "{one-of: {challenge-ack: [{expect: ACK}], silent: [{silence: 1s}]}}",
        "{retransmissions: {of: fin, at-least: 1, within: 3s}}",
        "{repeat: 3, steps: []}",
    ]
    .map(|text| Text(text).step().text);
    assert_eq!(
        texts,
        [
            "expect: ACK or FIN ACK",
            "expect: all-of",
            "app: send 100",
            "one-of: challenge-ack, silent",
            "retransmissions: of fin",
            "repeat: 3",
        ]
    );
}

#[test]
fn one_of_names_its_alternatives() {
    let text = Text("{one-of: {quiet: [{silence: 1s}], reset: [{expect: RST}]}, prefer: reset}");
    let StepKind::OneOf(one_of) = text.kind() else { panic!("alternatives") };
    let OneOf { alternatives, prefer } = one_of;
    let names: Vec<_> = alternatives.iter().map(|(name, steps)| (name.as_str(), steps.len())).collect();
    assert_eq!((names, prefer), (vec![("quiet", 1), ("reset", 1)], Some("reset".into())));
    assert_eq!(*alternatives[0].1, [silence(text.place("silence"), "main")]);
}

#[test]
fn steps_inside_a_step_act_on_its_connection() {
    let text = Text("{repeat: 2 + 1, on: b, steps: [{silence: 1s}]}");
    let times = text.expr("2 + 1");
    let steps = [silence(text.place("silence"), "b")].into();
    assert_eq!(text.kind(), StepKind::Repeat { times, steps });
}

#[test]
fn probes_states_and_acks_are_words() {
    let kinds = [
        "{probe: alive}",
        "{probe: gone}",
        "{state: CLOSE-WAIT}",
        "{acks: none}",
        "{acks: all}",
        "{acks: every 2}",
    ]
    .map(|text| Text(text).kind());
    assert_eq!(
        kinds,
        [
            StepKind::Probe(Probe::Alive),
            StepKind::Probe(Probe::Gone),
            StepKind::State(State::CloseWait),
            StepKind::Acks(Acks::None),
            StepKind::Acks(Acks::All),
            StepKind::Acks(Acks::Every(2)),
        ]
    );
}

#[test]
fn steps_that_are_none_say_why() {
    let problems = [
        "ACK",
        "{}",
        "{sned: SYN}",
        "{flags: SYN, seq: 1}",
        "{send: SYN, expect: ACK}",
        "{send: SYN, on: c}",
        "{probe: dead}",
        "{acks: some}",
        "{acks: every 0}",
        "{repeat: RCV.WND, steps: []}",
        "{repeat: 3}",
        "{one-of: {a: [{silence: 1s}]}}",
        "{one-of: {a: [{silence: 1s}], b: [{silence: 2s}]}}",
        "{one-of: {a: [{expect: ACK, as: x}], b: [{expect: ACK, within: 2s}]}}",
        "{one-of: {a: [{expect: ACK}], b: [{send: ACK}]}}",
        "{one-of: {a: [{expect: ACK}], b: []}}",
        "{one-of: {a: [{expect: ACK}], b: [{silence: 1s, on: b}]}}",
        "{one-of: {a: [{expect: ACK}], b: [{silence: 1s}]}, prefer: c}",
        "{one-of: [a, b]}",
    ]
    .map(|text| Text(text).problems().join("; ").trim_start_matches("s.yaml:1:").to_owned());
    assert_eq!(
        problems,
        [
            "1: expected a map, found text",
            "1: this step has no verb",
            "2: `sned` is no verb",
            "1: this step has no verb",
            "13: `send` and `expect` are two verbs: make them two steps",
            "17: there is no connection `c`",
            "9: `dead` is not a probe",
            "8: expected `none`, `all`, or `every 2`",
            "8: expected `none`, `all`, or `every 2`",
            "10: this must be known before the run: no variable and no label",
            "1: `steps` is missing here",
            "2: `one-of` needs two alternatives at least",
            "31: `a` and `b` cannot be told apart: they begin alike",
            "38: `a` and `b` cannot be told apart: they begin alike",
            "31: `b` must begin with one `expect`, or with `silence`",
            "31: `b` must begin with one `expect`, or with `silence`",
            "31: `b` must begin on the connection of its `one-of`",
            "60: `c` is none of the alternatives",
            "10: expected a map, found a list",
        ]
    );
}
