//! What the bench acknowledges by itself, and `drain`.

use super::bench::Bench;
use crate::app::AppOutcome;
use crate::case::{Expr, Name, Variable};
use crate::segment::{Flags, Segment};
use crate::yaml::Place;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

/// 600 octets in six segments, and a FIN.
fn segments(bench: &Bench) -> Vec<Segment> {
    let whole = bench.text("ACK", 600);
    let piece = |number: u32| Segment {
        seq: whole.seq + number * 100,
        payload: whole.payload[number as usize * 100..][..100].to_vec(),
        ..whole.clone()
    };
    let fin = Segment { flags: Flags::FIN | Flags::ACK, seq: whole.end(), ..bench.target("FIN ACK") };
    (0..6).map(piece).chain([fin]).collect()
}

/// What the bench acknowledges of these segments, counted from ISS.
fn acknowledged(acks: &str, order: &[usize]) -> Vec<u32> {
    let keys = format!("given: ESTABLISHED\nacks: {acks}\nsteps:\n  - app: send 600\n  - wait: 1s");
    let mut bench = Bench::of(&keys).start();
    let segments = segments(&bench);
    for number in order {
        bench.arrives(1, &segments[*number]);
    }
    let count = bench.all_sent_segments().into_iter();
    count.map(|segment| segment.ack.0 - super::peer::ISS - 1).collect()
}

#[test]
fn established_acks_none_acknowledges_nothing() {
    assert_eq!(acknowledged("none", &[0, 1, 2]), [0; 0]);
}

#[test]
fn established_acks_all_acknowledges_every_segment() {
    assert_eq!(acknowledged("all", &[0, 1, 2, 3, 4, 5, 6]), [100, 200, 300, 400, 500, 600, 601]);
}

#[test]
fn established_acks_every_third_and_the_fin_at_once() {
    assert_eq!(acknowledged("every 3", &[0, 1, 2, 3, 4, 5, 6]), [300, 600, 601]);
    assert_eq!(acknowledged("every 3", &[0, 1, 2, 3]), [300]);
}

#[test]
fn established_a_gap_is_acknowledged_at_once_and_what_fills_it_with_all_behind_it() {
    assert_eq!(acknowledged("all", &[0, 2, 3, 1, 4]), [100, 100, 100, 400, 500]);
    assert_eq!(acknowledged("every 2", &[0, 2, 3, 1, 4, 5]), [100, 100, 400, 600]);
}

#[test]
fn established_a_repeated_segment_is_acknowledged_again() {
    assert_eq!(acknowledged("all", &[0, 0, 1, 0]), [100, 100, 200, 200]);
}

#[test]
fn every_way_with_acks_all_leads_into_its_state() {
    for state in crate::state::State::ALL {
        let keys = format!("given: {state}\nacks: all\nsteps: []\nthen: {state}");
        assert_eq!(Bench::of(&keys).peer_goes_on().start().told(), "pass", "{state}");
    }
    let keys = "given: {state: ESTABLISHED, unacked: 5}\nacks: all\nsteps:\n  - wait: 1s";
    let mut bench = Bench::of(keys).start();
    assert_eq!(bench.all_sent(), [""; 0]);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_acks_change_in_the_middle() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 600
  - wait: 10ms
  - acks: all
  - wait: 10ms
  - acks: none
  - wait: 10ms";
    let mut bench = Bench::of(keys).start();
    let segments = segments(&bench);
    bench.application(AppOutcome::Done);
    for segment in &segments[..3] {
        bench.arrives(5, segment);
        bench.pass_time(5);
    }
    assert_eq!(bench.all_sent().len(), 1);
}

#[test]
fn established_acknowledged_unasked_counts_as_acknowledged() {
    let keys = "given: ESTABLISHED
acks: all
steps:
  - app: send 600
  - wait: 1s";
    let mut bench = Bench::of(keys).start();
    let segments = segments(&bench);
    bench.arrives(1, &segments[0]);
    bench.engine.take_front(0, None);
    let name = Name::Variable { connection: None, variable: Variable::SndUna };
    let una = bench.engine.number(0, &Expr::Name(name, Place::start_of("".into()))).ok();
    assert_eq!(una, Some(segments[0].end().0));
}

const DRAIN: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 10}
  - {expect: FIN ACK, drain: yes, within: 2s}";

#[test]
fn established_drain_acknowledges_text_until_the_fin() {
    let mut bench = Bench::with(DRAIN, |config| config.agent = false).start();
    bench.engine.connections[0].written = vec![7; 600];
    bench.sent();
    let segments = segments(&bench);
    for segment in &segments {
        bench.arrives(100, segment);
    }
    let acks: Vec<_> = bench.all_sent_segments().iter().map(|segment| segment.ack.0 - 5001).collect();
    assert_eq!(acks, [100, 200, 300, 400, 500, 600]);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_drain_of_a_stream_without_an_end_ends() {
    let mut bench = Bench::with(DRAIN, |config| config.agent = false).start();
    for number in 0..60_u32 {
        if bench.engine.has_ended() {
            break;
        }
        let text = Segment { payload: vec![number as u8; 10], ..bench.target("ACK") };
        bench.arrives(100, &text);
    }
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=11 ack=401 win=65535
      expected FIN ACK within 2 s
      saw      nothing that answers, in 4.01 s
    ");
}
