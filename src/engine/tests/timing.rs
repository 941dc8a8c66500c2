//! Stamps decide, never the moment at which the bench looked.

use super::bench::Bench;
use crate::app::AppOutcome;
use crate::engine::Input;
use crate::time::Time;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;

const QUESTION: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 100, as: text}
  - {expect: ACK, ack: text.end, within: 1s}";

#[test]
fn established_an_answer_stamped_in_time_and_looked_at_late_passes() {
    let mut bench = Bench::of(QUESTION).start();
    let (answer, stamp) = (bench.target("ACK"), bench.now + Duration::from_millis(900));
    // The bench sleeps; no timer has fired.
    bench.now += Duration::from_secs(20);
    bench.arrived(stamp, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_what_follows_a_slow_application_counts_from_what_it_did() {
    let keys = "given: ESTABLISHED
steps:
  - {app: send 10}
  - {app: send 10}
  - {expect: ACK, data: 10}
  - {expect: ACK, data: 10, within: 100ms}";
    let mut bench = Bench::of(keys).start();
    let (mut first, began) = (bench.target("ACK"), bench.now);
    first.payload = bench.connection("main").written[..10].to_vec();
    bench.application(AppOutcome::Done);
    bench.arrived(began, &first);
    // The second call takes the application half a second; what it sends comes at once.
    bench.now += Duration::from_millis(500);
    let mut second = bench.target("ACK");
    (second.seq, second.payload) = (first.seq + 10, bench.connection("main").written[10..20].to_vec());
    let (began, sent) = (bench.now, bench.now + Duration::from_micros(10));
    bench.now += Duration::from_micros(20);
    bench.arrived(sent, &second);
    bench.application_between(began, bench.now, AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_answer_stamped_late_and_looked_at_late_is_late() {
    let mut bench = Bench::of(QUESTION).start();
    let (answer, stamp) = (bench.target("ACK"), bench.now + Duration::from_millis(1100));
    bench.now += Duration::from_secs(20);
    bench.arrived(stamp, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-too-late
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end within 1 s
      saw      it came after 1.1 s
    ");
}

#[test]
fn established_frames_that_wait_behind_another_are_still_looked_at() {
    let mut bench = Bench::of(QUESTION).start();
    let (answer, stamp) = (bench.target("ACK"), bench.now + Duration::from_millis(900));
    let noise = bench.now + Duration::from_millis(100);
    bench.now += Duration::from_secs(20);
    // A batch of two frames: the first says nothing about what is awaited.
    bench.packet(noise, &[]);
    bench.arrived(stamp, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_silence_is_not_over_while_frames_wait_behind_another() {
    let mut bench =
        Bench::of("given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 100}\n  - silence: 1s").start();
    let (answer, stamp) = (bench.target("ACK"), bench.now + Duration::from_millis(900));
    let noise = bench.now + Duration::from_millis(100);
    bench.now += Duration::from_secs(20);
    bench.packet(noise, &[]);
    bench.arrived(stamp, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected nothing for 1 s
      saw      ACK seq=1 ack=101 win=60000 after 900 ms
    ");
}

#[test]
fn established_a_late_report_of_another_command_ends_no_wait() {
    let mut bench = Bench::of(QUESTION).start();
    let (answer, stamp) = (bench.target("ACK"), bench.now + Duration::from_millis(900));
    bench.now += Duration::from_secs(20);
    let now = bench.now;
    let report = crate::app::AppReport {
        id: crate::app::CommandId(999),
        outcome: AppOutcome::Done,
        began: now.0,
        ended: now.0,
    };
    bench.engine.step(now, Input::App(report));
    bench.arrived(stamp, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_timer_that_fires_too_early_ends_no_wait() {
    let mut bench = Bench::of(QUESTION).start();
    let answer = bench.target("ACK");
    bench.engine.step(bench.now + Duration::from_millis(500), Input::Timer);
    bench.arrives(900, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_late_departure_moves_what_is_counted_from() {
    let mut bench = Bench::of(QUESTION);
    bench.departs_after = Duration::from_millis(300);
    bench = bench.start();
    let answer = bench.target("ACK");
    bench.arrives(1305, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_lateness_of_the_bench_widens_bounds() {
    let answered_after = |milliseconds: u64, late: u64| {
        let mut bench = Bench::of(QUESTION).start();
        bench.engine.was_late(Duration::from_millis(late));
        bench.engine.was_late(Duration::from_millis(late / 2));
        let answer = bench.target("ACK");
        bench.arrives(milliseconds, &answer);
        bench.told().lines().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(answered_after(1100, 0), "fail answered-too-late");
    assert_eq!(answered_after(1100, 90), "pass");
    assert_eq!(answered_after(1101, 90), "fail answered-too-late");
}

#[test]
fn established_time_runs_out_at_the_end_of_the_number_space() {
    let mut bench = Bench::of(QUESTION);
    bench.now = Time(u64::MAX - 1_000_000_000);
    assert_eq!(bench.start().told().lines().take(2).last(), Some("silent-where-answer-required"));
}
