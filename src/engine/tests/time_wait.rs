//! `measure: time-wait`.

use super::bench::Bench;
use super::wire::flags;
use crate::profile::Tolerance;
use crate::segment::Segment;
use crate::verdict::EventKind;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;

const MEASURED: &str = "given: {state: TIME-WAIT, irs: 1000}
steps:
  - {measure: time-wait, is: 60s, tolerance: 5%}";

/// A trial on a target whose TIME-WAIT lasts so long.
fn lasting(time_wait: Duration) -> Bench {
    let mut bench = Bench::of(MEASURED).peer_goes_on();
    bench.peer.habits.time_wait = time_wait;
    bench.start()
}

fn code(time_wait: Duration) -> String {
    lasting(time_wait).told().lines().take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn time_wait_of_the_length_demanded_passes() {
    for milliseconds in [57_500, 59_000, 60_000, 61_000, 62_500] {
        assert_eq!(code(Duration::from_millis(milliseconds)), "pass", "{milliseconds}");
    }
}

#[test]
fn time_wait_too_short_is_named() {
    assert_snapshot!(lasting(Duration::from_secs(30)).told(), @r"
    fail
    time-wait-too-short
      did      sent SYN seq=0 win=65535
      expected TIME-WAIT for 60 s, give or take 5 %
      saw      it lasted between 15 s and 30 s
    ");
    for milliseconds in [0, 1000, 6000, 45_000, 55_000, 56_500] {
        assert_eq!(code(Duration::from_millis(milliseconds)), "fail time-wait-too-short", "{milliseconds}");
    }
}

#[test]
fn time_wait_too_long_is_named() {
    assert_snapshot!(lasting(Duration::from_secs(120)).told(), @r"
    fail
    time-wait-too-long
      did      sent SYN seq=-99998 win=65535
      expected TIME-WAIT for 60 s, give or take 5 %
      saw      it lasted more than 64.214 s
    ");
    for milliseconds in [63_500, 64_500, 600_000] {
        assert_eq!(code(Duration::from_millis(milliseconds)), "fail time-wait-too-long", "{milliseconds}");
    }
}

#[test]
fn time_wait_short_against_the_target_s_granularity_is_judged_as_well() {
    // 1 s within 5 %: 50 ms, and 50 ms of the profile.
    let told = |milliseconds: u64| {
        let keys = "given: TIME-WAIT\nsteps:\n  - {measure: time-wait, is: 1s, tolerance: 5%}";
        let change = |config: &mut crate::engine::TrialConfig| {
            config.tolerance = Tolerance { absolute: Duration::from_millis(50), relative: 0.05 };
        };
        let mut bench = Bench::with(keys, change).peer_goes_on();
        bench.peer.habits.time_wait = Duration::from_millis(milliseconds);
        bench.start().told().lines().take(2).collect::<Vec<_>>().join(" ")
    };
    let codes = [100, 800, 950, 1000, 1050, 1200, 3_600_000].map(told);
    let (short, long) = ("fail time-wait-too-short", "fail time-wait-too-long");
    assert_eq!(codes, [short, short, "pass", "pass", "pass", long, long]);
}

#[test]
fn time_wait_that_answers_no_question_is_silence() {
    let mut bench = Bench::of(MEASURED).peer_goes_on();
    bench.peer.habits.mute_in_time_wait = true;
    assert_snapshot!(bench.start().told(), @r"
    fail
    silent-where-answer-required
      did      sent FIN ACK seq=1 ack=2 win=65535
      expected an ACK (still in TIME-WAIT), a SYN ACK or a RST (gone)
      saw      nothing, when asked 2.21 s after TIME-WAIT began
    ");
}

#[test]
fn time_wait_of_a_target_that_drops_syns_is_measured_all_the_same() {
    let told = |time_wait: u64| {
        let mut bench = Bench::of(MEASURED).peer_goes_on();
        bench.peer.habits.time_wait = Duration::from_secs(time_wait);
        bench.peer.habits.drops_syns_in_time_wait = true;
        bench.start().told().lines().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!([30, 60, 120].map(told), ["fail time-wait-too-short", "pass", "fail time-wait-too-long"]);
}

#[test]
fn time_wait_questions_a_listener_that_has_gone_answers_with_a_reset() {
    let keys = MEASURED.replace("steps:\n", "steps:\n  - app: close listener\n");
    let mut bench = Bench::of(&keys).peer_goes_on();
    bench.peer.habits.time_wait = Duration::from_secs(60);
    assert_eq!(bench.start().told(), "pass");
}

#[test]
fn time_wait_each_connection_is_asked_once_and_a_syn_ack_is_withdrawn() {
    let mut bench = lasting(Duration::from_secs(60));
    bench.run_to_the_end();
    let sent = bench.all_sent_segments();
    let of = |wanted: &str| sent.iter().filter(|it| it.flags == flags(wanted)).collect::<Vec<_>>();
    let (questions, resets) = (of("SYN"), of("RST"));
    let ports: std::collections::BTreeSet<u16> = questions.iter().map(|it| it.source_port).collect();
    assert_eq!((questions.len(), ports.len()), (16, 16));
    assert!(!ports.contains(&40_000), "the case's own connection is not touched");
    // Six of the questions come after the end, and a listener answers.
    assert_eq!(resets.len(), 5);
    for reset in resets {
        let question = questions.iter().find(|it| it.source_port == reset.source_port).expect("asked");
        assert_eq!(reset.seq, question.seq + 1);
        assert!(reset.options.is_empty() && question.options.is_empty());
    }
}

#[test]
fn time_wait_the_measure_is_in_the_record() {
    let outcome = lasting(Duration::from_secs(60)).into_outcome();
    let note = outcome.record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Note(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(note, Some("TIME-WAIT lasted between 59.398 s and 60.602 s"));
}

#[test]
fn time_wait_a_way_that_cannot_be_walked_is_inconclusive() {
    let mut bench = Bench::of(MEASURED).peer_goes_on().start_to(|engine| engine.connections.len() > 3);
    bench.peer.habits.mute = true;
    let told = bench.told();
    assert!(told.starts_with("inconclusive\nsilent-where-answer-required"), "{told}");
}

#[test]
fn time_wait_what_came_before_the_question_is_no_answer() {
    let mut bench = Bench::of(MEASURED);
    bench.peer.habits.time_wait = Duration::from_secs(60);
    let mut bench = bench.peer_goes_on().start();
    // A retransmission under way, and a stray RST, when the first questions are put.
    let index = 1;
    let (name, connection) = ("main.0", &bench.engine.connections[index]);
    assert_eq!(connection.name, name);
    let asked = bench.engine.next_wake().expect("a question is due");
    let fin = Segment { seq: connection.snd_nxt - 1, ..bench.target_of(name, "FIN ACK") };
    bench.run_until(asked - Duration::from_millis(5));
    let stamp = bench.now;
    bench.run_until(asked);
    bench.arrived(stamp, &fin);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn time_wait_measured_late_by_the_bench_widens_the_bounds() {
    let mut bench = lasting(Duration::from_millis(56_000));
    bench.engine.was_late(Duration::from_secs(2));
    assert_eq!(bench.told(), "pass");
}

#[test]
fn time_wait_whose_end_the_bench_was_too_late_to_see_is_an_error() {
    let mut bench = lasting(Duration::from_secs(600));
    bench.engine.was_late(Duration::from_secs(20));
    assert_snapshot!(bench.told(), @r"
    error
    bench-late
      did      sent SYN seq=-99998 win=65535
      expected TIME-WAIT for 60 s, give or take 5 %
      saw      it lasted more than 64.214 s, and the bench was 20 s late
    ");
}

#[test]
fn time_wait_with_a_long_delayed_ack_waits_for_answers_and_ends() {
    let mut bench = Bench::with(MEASURED, |config| config.timers.delayed_ack = Duration::from_secs(10));
    bench.peer.habits.mute_in_time_wait = true;
    let told = bench.peer_goes_on().start().told();
    assert!(told.starts_with("fail\nsilent-where-answer-required"), "{told}");
}
