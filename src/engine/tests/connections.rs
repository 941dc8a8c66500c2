//! Several connections, and segments from and to other ports than a connection's own.

use super::bench::Bench;
use super::wire::flags;
use crate::app::AppOutcome;
use crate::segment::{Flags, Segment};
use crate::seq::SeqNum;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

/// The answer of whoever was asked: its SYN ACK, or its reset.
fn answer_to(question: &Segment, words: &str) -> Segment {
    let flags = flags(words);
    let reset = flags.contains(Flags::RST);
    let to_ack = question.flags.contains(Flags::ACK);
    let seq = match (reset, to_ack) {
        (true, true) => question.ack,
        (true, false) => SeqNum(0),
        (false, _) => SeqNum(9000),
    };
    let ack = if flags.contains(Flags::ACK) { question.end() } else { SeqNum(0) };
    let between = Segment::between(question.destination(), question.source());
    Segment { seq, ack, flags, ..between }
}

const STRANGER: &str = "given: ESTABLISHED
steps:
  - {send: SYN, from-port: 50000, as: syn}
  - {expect: SYN ACK, ack: syn.end}
  - {send: RST, from-port: 50000, seq: syn.end}
  - app: send 100
  - {expect: ACK, data: 100}";

#[test]
fn established_another_port_asks_and_the_connection_goes_on() {
    let mut bench = Bench::of(STRANGER).start();
    let question = bench.sent();
    assert_eq!((question.source_port, question.seq), (50_000, bench.connection("main").irs + 1));
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_syn_ack_repeated_to_another_port_is_no_answer_on_the_connection() {
    let mut bench = Bench::of(STRANGER).start();
    let question = bench.sent();
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    bench.application(AppOutcome::Done);
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_syn_ack_repeated_to_another_port_breaks_no_silence() {
    let keys = STRANGER.replace("  - {send: RST, from-port: 50000, seq: syn.end}\n", "");
    let keys = keys.replace("  - {expect: ACK, data: 100}", "  - silence: 1s");
    let mut bench = Bench::of(&keys).start();
    let question = bench.sent();
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    bench.application(AppOutcome::Done);
    bench.arrives(500, &answer_to(&question, "SYN ACK"));
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_reset_of_the_connection_answers_no_question_to_a_closed_port() {
    let keys = "given: ESTABLISHED\nsteps:\n  - {send: ACK, to-port: 9, as: question}\n  - {expect: RST, seq: question.ack}";
    let mut bench = Bench::of(keys).start();
    let reset = bench.target("RST");
    bench.arrives(1, &reset);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=1 ack=1 win=65535
      expected RST seq=question.ack within 1 s
      saw      nothing that answers, in 2.02 s
    ");
}

#[test]
fn established_a_closed_port_answers_while_the_connection_sends() {
    let keys = "given: {state: ESTABLISHED, unacked: 10}
steps:
  - {send: ACK, to-port: 9, as: question}
  - {expect: RST, seq: question.ack}
  - {send: FIN ACK, as: fin}
  - {expect: ACK, ack: fin.end}";
    let mut bench = Bench::of(keys).start();
    let question = bench.sent();
    let ack = bench.target("ACK");
    bench.arrives(
        1,
        &Segment { seq: ack.seq - 10, payload: bench.connection("main").written.clone(), ..ack.clone() },
    );
    bench.arrives(1, &answer_to(&question, "RST"));
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn listen_two_strangers_ask_and_are_answered_one_after_the_other() {
    let keys = "given: LISTEN
steps:
  - {send: SYN, from-port: 50000, as: one}
  - {send: SYN, from-port: 50001, as: two}
  - {expect: SYN ACK, ack: one.end}
  - {expect: SYN ACK, ack: two.end}";
    let mut bench = Bench::of(keys).start();
    let (one, two) = (bench.sent(), bench.sent());
    bench.arrives(1, &answer_to(&one, "SYN ACK"));
    bench.arrives(1, &answer_to(&two, "SYN ACK"));
    assert_eq!(bench.told(), "pass");
}

#[test]
fn listen_a_stranger_and_the_application_act_and_the_stranger_is_answered() {
    let keys = "given: LISTEN
steps:
  - {send: SYN, from-port: 50000, as: syn}
  - app: close listener
  - {expect: [RST, SYN ACK]}";
    let mut bench = Bench::of(keys).start();
    let question = bench.sent();
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    bench.application(AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_probe_of_the_listener_leaves_the_connection_to_later_steps() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 100
  - probe: listening
  - {expect: ACK, data: 100, after: call}
";
    let keys = keys.replace("app: send 100", "{app: send 100, as: call}");
    let mut bench = Bench::of(&keys).start();
    bench.application(AppOutcome::Done);
    let question = bench.sent();
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.arrives(1, &answer_to(&question, "SYN ACK"));
    assert_eq!(bench.told(), "pass");
}

const TWO: &str = "given: {a: {state: ESTABLISHED, irs: 1000}, b: {state: ESTABLISHED, irs: 2000}}
steps:
  - {on: a, send: ACK, data: 100, as: text}
  - {on: a, expect: ACK, ack: text.end}";

#[test]
fn two_established_the_answer_on_the_other_connection_is_none() {
    let mut bench = Bench::of(TWO).start();
    let answer = bench.target_of("b", "ACK");
    bench.arrives(1, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end within 1 s
      saw      nothing that answers, in 2.02 s
    ");
}

#[test]
fn two_established_each_has_ports_numbers_and_octets_of_its_own() {
    let keys = "given: {a: {state: ESTABLISHED, irs: 1000}, b: {state: ESTABLISHED, irs: 2000}}
steps:
  - {on: a, send: ACK, data: 4}
  - {on: b, send: ACK, data: 4}
  - {on: b, send: ACK, seq: a.RCV.NXT, ack: a.SND.NXT}";
    let mut bench = Bench::of(keys).start();
    let (a, b, mixed) = (bench.sent(), bench.sent(), bench.sent());
    assert_eq!((a.source_port, a.destination_port, a.seq.0, a.ack.0), (40_000, 20_000, 1001, 5001));
    assert_eq!((b.source_port, b.destination_port, b.seq.0, b.ack.0), (40_001, 20_001, 2001, 105_001));
    assert_eq!((mixed.source_port, mixed.seq.0, mixed.ack.0), (40_001, 1001, 5001));
    assert_ne!(a.payload, b.payload);
}

#[test]
fn two_established_one_listener_when_they_share_its_port() {
    let keys = "given: {a: ESTABLISHED, b: ESTABLISHED}\nsame-target-port: yes\nsteps:\n  - {on: a, app: close listener}";
    let mut bench = Bench::of(keys).start();
    let ports = ["a", "b"].map(|name| bench.connection(name).target.port());
    assert_eq!(ports, [20_000, 20_000]);
    let command = format!("{:?}", bench.commands.pop_front().expect("a command").1);
    assert_eq!(command, r#"Close { socket: "listener" }"#);
}

#[test]
fn two_established_a_segment_of_nobody_is_recorded_and_answers_nothing() {
    let mut bench = Bench::of(TWO).start();
    let answer = bench.target_of("a", "ACK");
    bench.arrives(1, &Segment { source_port: 7, ..answer });
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end within 1 s
      saw      nothing that answers, in 2.02 s
    ");
}
