//! Loops, pauses, and what a trial may cost.

use super::bench::Bench;
use crate::case::{Expr, StepKind};
use crate::engine::{Engine, Input};
use crate::segment::{Segment, encode_segment};
use crate::verdict::FindingCode;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn established_a_loop_counts_from_zero_and_the_inner_one_has_its_own() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - repeat: 2
    steps:
      - {send: ACK, window: $i}
      - repeat: 3
        steps:
          - {send: ACK, window: 10 + $i, urgent: 1}
      - {send: ACK, window: 20 + $i}";
    let mut bench = Bench::of(keys).start();
    let windows: Vec<u16> = bench.all_sent_segments().iter().map(|segment| segment.window).collect();
    assert_eq!(windows, [0, 10, 11, 12, 20, 1, 10, 11, 12, 21]);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_loop_of_questions_is_answered_each_time() {
    let keys = "given: ESTABLISHED
steps:
  - repeat: 100
    steps:
      - {send: ACK, seq: RCV.NXT + 0 * $i, data: 10, as: text}
      - {expect: ACK, ack: text.end}
      - app: receive 10
then: ESTABLISHED";
    assert_eq!(Bench::of(keys).peer_goes_on().start().told(), "pass");
}

#[test]
fn established_loops_of_nothing_end() {
    for keys in ["repeat: 0\n    steps:\n      - wait: 1s", "repeat: 10000\n    steps: []"] {
        let keys = format!("given: ESTABLISHED\nsteps:\n  - {keys}");
        assert_eq!(Bench::of(&keys).start().told(), "pass");
    }
}

#[test]
fn established_a_loop_that_no_reader_would_let_through_ends_as_an_error() {
    let mut script =
        super::bench::script("given: ESTABLISHED\nsteps:\n  - repeat: 9000\n    steps:\n      - send: ACK");
    let mut step = script.steps[0].clone();
    let StepKind::Repeat { times, .. } = &mut step.kind else { panic!("no loop") };
    *times = Expr::Int(i64::from(u32::MAX));
    script.steps = Arc::new([step]);
    let bench = Bench::running(Engine::new(super::bench::config(), script));
    assert_snapshot!(bench.start().told(), @r"
    error
    case-undefined
      did      sent ACK seq=1 ack=1 win=65535
      expected a case that can be carried out
      saw      more than 50000 steps
    ");
}

#[test]
fn established_as_many_steps_as_the_reader_allows_are_run() {
    let keys = "given: ESTABLISHED
steps:
  - repeat: 4990
    steps:
      - probe: alive
      - wait: 1ms";
    assert_eq!(Bench::of(keys).peer_goes_on().start().told(), "pass");
}

#[test]
fn established_a_pause_takes_its_time_whatever_arrives() {
    let keys = "given: ESTABLISHED\nsteps:\n  - wait: 1s\n  - send: RST";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    for _ in 0..9 {
        bench.arrives(110, &ack);
    }
    assert_eq!(bench.all_sent().len(), 0);
    bench.pass_time(10);
    assert_eq!(bench.all_sent().len(), 1);
}

#[test]
fn established_waits_of_centuries_overflow_nothing() {
    let steps = [
        "wait: 90000h",
        "silence: 2000000h",
        "{expect: ACK, within: 2000000h, not-before: 1000000h}",
        "{expect: ACK, within: 2500000h * 1000}",
        "{app: close, within: 2500000h}",
    ];
    for step in steps {
        let keys = format!("given: ESTABLISHED\nsteps:\n  - {step}");
        let mut bench = Bench::with(&keys, |config| config.tolerance.relative = 1.0).start();
        bench.engine.was_late(Duration::MAX);
        let waits = bench.engine.next_wake().is_some_and(|wake| wake > bench.now);
        assert!(waits || bench.told().starts_with("error\ncase-undefined"), "{step}");
    }
}

/// Hands in 100,000 of this while the application is busy; gives what is said and what was kept.
fn flooded(packet: impl FnOnce(&Bench) -> Vec<u8>) -> (String, usize) {
    let mut bench = Bench::of("given: ESTABLISHED\nacks: all\nsteps:\n  - app: send 65535").start();
    let packet = packet(&bench);
    for _ in 0..100_000 {
        let now = bench.now;
        bench.engine.step(now, Input::Packet { stamp: now, octets: &packet });
        bench.now += Duration::from_micros(1);
    }
    let kept = bench.engine.record.events.len() + bench.connection("main").inbox.arrivals().count();
    (bench.told(), kept)
}

#[test]
fn established_a_flood_of_segments_ends_the_trial() {
    let (told, kept) = flooded(|bench| encode_segment(&bench.target("ACK")));
    assert_snapshot!(told, @r"
    error
    trial-overran
      did      had the application send 65535 octets
      expected at most 20000 packets and 32 MiB in a trial
      saw      20001 packets, 800044 octets
    ");
    assert_eq!(kept, 1_001, "the beginning, and that there was more");
}

#[test]
fn established_a_flood_of_large_segments_ends_the_trial_sooner() {
    let (told, kept) = flooded(|bench| encode_segment(&bench.text("ACK", 65_000)));
    assert_snapshot!(told, @r"
    error
    trial-overran
      did      had the application send 65535 octets
      expected at most 20000 packets and 32 MiB in a trial
      saw      517 packets, 33560684 octets
    sent-beyond-mss
      did      had the application send 65535 octets
      expected at most 1460 octets of text: an MSS of 1460 we announced, less 0 of options
      saw      65000 octets
      len: at most 1460 | 65000
    sent-beyond-mss
      did      had the application send 65535 octets
      expected at most 1460 octets of text: an MSS of 1460 we announced, less 0 of options
      saw      65000 octets
      len: at most 1460 | 65000
    sent-beyond-mss
      did      had the application send 65535 octets
      expected at most 1460 octets of text: an MSS of 1460 we announced, less 0 of options
      saw      65000 octets
      len: at most 1460 | 65000
    sent-beyond-mss
      did      had the application send 65535 octets
      expected at most 1460 octets of text: an MSS of 1460 we announced, less 0 of options
      saw      65000 octets
      len: at most 1460 | 65000
    sent-beyond-mss
      did      had the application send 65535 octets
      expected at most 1460 octets of text: an MSS of 1460 we announced, less 0 of options
      saw      65000 octets
      len: at most 1460 | 65000
    ");
    assert!(kept < 2_000, "{kept}");
}

#[test]
fn established_a_flood_of_anything_ends_the_trial() {
    let (told, kept) = flooded(|_| vec![0; 10]);
    assert!(told.starts_with("error\ntrial-overran"), "{told}");
    assert_eq!(kept, 1_001);
    let stray = |bench: &Bench| encode_segment(&Segment { destination_port: 1, ..bench.target("RST") });
    let (told, _) = flooded(stray);
    assert!(told.starts_with("error\ntrial-overran"), "{told}");
}

#[test]
fn established_memory_that_packets_take_is_known() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps:\n  - wait: 1h").start();
    let before = bench.engine.kept();
    let packet = encode_segment(&Segment { payload: vec![7; 500], ..bench.target("ACK") });
    for milliseconds in 1..=10 {
        let now = bench.now + Duration::from_millis(milliseconds);
        bench.engine.step(now, Input::Packet { stamp: now, octets: &packet });
    }
    assert_eq!(bench.engine.kept(), before + 10 * Engine::cost_of(packet.len()));
}

#[test]
fn established_a_long_transfer_is_no_flood() {
    let keys = "given: {state: ESTABLISHED, sent: 1000000, window-scale: 5}\nsteps: []\nthen: ESTABLISHED";
    assert_eq!(Bench::of(keys).peer_goes_on().start().told(), "pass");
}

#[test]
fn whatever_is_handed_in_after_the_end_changes_nothing() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps:\n  - send: ACK").start();
    assert!(bench.engine.has_ended());
    let (now, ack) = (bench.now, encode_segment(&bench.target("ACK")));
    let before = bench.engine.record.clone();
    for input in [Input::Start, Input::Timer, Input::Packet { stamp: now, octets: &ack }] {
        assert_eq!(bench.engine.step(now, input), []);
    }
    bench.engine.give_up(now, FindingCode::BenchLate, "too late");
    bench.engine.was_late(Duration::from_secs(1));
    bench.engine.departed(now);
    assert_eq!((bench.engine.next_wake(), &bench.engine.record), (None, &before));
    assert_eq!(bench.told(), "pass");
}

#[test]
fn a_bench_that_gives_up_outweighs_what_was_found() {
    let mut bench =
        Bench::of("given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 1}\n  - {expect: FIN ACK, within: 5s}")
            .start();
    let ack = Segment { ack: bench.target("ACK").ack + 7, ..bench.target("ACK") };
    bench.arrives(1, &ack);
    bench.engine.give_up(bench.now, FindingCode::BenchLostFrames, "3 frames were lost");
    assert_snapshot!(bench.told(), @r"
    error
    bench-lost-frames
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected a bench that does its part
      saw      3 frames were lost
    ack-of-data-never-sent
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected SEG.ACK at most 1496452569, where what we sent ends or has a gap
      saw      SEG.ACK 1496452576
      ack: at most 1496452569 | 1496452576
    ");
}

#[test]
fn a_trial_that_has_not_begun_waits_for_nothing() {
    let bench = Bench::of("given: ESTABLISHED\nsteps: []");
    assert_eq!((bench.engine.next_wake(), bench.engine.has_ended()), (None, false));
}

#[test]
fn farewell_resets_what_is_open_and_nothing_else() {
    let farewell = |state: &str, answer: Option<&str>| {
        let mut bench =
            Bench::of(&format!("given: {{state: {state}, irs: 1000}}\nsteps:\n  - wait: 1s")).start();
        if let Some(words) = answer {
            let segment = bench.target(words);
            bench.arrives(1, &segment);
        }
        let packets = bench.engine.farewell();
        packets
            .iter()
            .map(|octets| {
                let Ok(crate::segment::Packet::Tcp(received)) = crate::segment::decode(octets) else {
                    panic!("no segment")
                };
                received.segment.summary(None).to_string()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(farewell("LISTEN", None), [""; 0]);
    assert_eq!(farewell("ESTABLISHED", None), ["RST seq=1001"]);
    assert_eq!(farewell("ESTABLISHED", Some("RST ACK")), [""; 0]);
    assert_eq!(farewell("TIME-WAIT", None), ["RST seq=1002"]);
}
