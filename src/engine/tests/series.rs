//! `retransmissions:` how many, when, and how they grow.

use super::bench::Bench;
use crate::app::AppOutcome;
use crate::segment::Segment;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;

/// A trial that awaits retransmissions of ten octets, which have just come.
fn awaiting(series: &str) -> (Bench, Segment) {
    let keys = format!(
        "given: {{state: ESTABLISHED, irs: 1000}}
steps:
  - app: send 10
  - {{expect: ACK, data: 10, as: text}}
  - retransmissions: {{of: text, {series}}}
  - send: RST"
    );
    let mut bench = Bench::of(&keys).start();
    let text = bench.text("ACK", 10);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    (bench, text)
}

/// What is said of retransmissions after these intervals, in milliseconds.
fn told(series: &str, intervals: &[u64]) -> String {
    let (mut bench, text) = awaiting(series);
    for interval in intervals {
        bench.arrives(*interval, &text);
    }
    bench.told()
}

/// Its verdict and its code.
fn code(series: &str, intervals: &[u64]) -> String {
    told(series, intervals).lines().take(2).collect::<Vec<_>>().join(" ")
}

const FOUR: &str = "at-least: 4, within: 16s, first: 1s..3s, growth: 2 within 25%";

#[test]
fn established_intervals_that_double_pass() {
    assert_eq!(told(FOUR, &[1000, 2000, 4000, 8000]), "pass");
    assert_eq!(told(FOUR, &[1200, 2100, 4000, 8100, 16_000]), "pass");
}

#[test]
fn established_the_series_is_over_with_the_last_that_is_needed() {
    let (mut bench, text) = awaiting("at-least: 2, within: 16s");
    bench.arrives(1000, &text);
    assert!(bench.all_sent().is_empty());
    bench.arrives(2000, &text);
    assert_eq!(bench.all_sent(), ["RST seq=1001"]);
}

#[test]
fn established_the_first_too_early_or_too_late_is_named() {
    assert_snapshot!(told(FOUR, &[989, 2000, 4000, 8000]), @r"
    fail
    retransmitted-too-early
      did      had the application send 10 octets
      expected the first retransmission after 1 s to 3 s
      saw      4, at intervals of 989 ms, 2 s, 4 s, 8 s
    ");
    assert_snapshot!(told(FOUR, &[3011, 5000, 7000, 900]), @r"
    fail
    retransmitted-too-late
      did      had the application send 10 octets
      expected the first retransmission after 1 s to 3 s
      saw      4, at intervals of 3.011 s, 5 s, 7 s, 900 ms
    ");
    assert_eq!(code("at-least: 1, within: 16s, first: 1s..3s", &[990]), "pass");
    assert_eq!(code("at-least: 1, within: 16s, first: 1s..3s", &[3010]), "pass");
}

#[test]
fn established_a_late_bench_makes_nothing_come_too_early() {
    let (mut bench, text) = awaiting("at-least: 1, within: 16s, first: 1s..3s");
    bench.engine.was_late(Duration::from_secs(1));
    bench.arrives(900, &text);
    assert_eq!(bench.told().lines().nth(1), Some("retransmitted-too-early"));
    let (mut bench, text) = awaiting("at-least: 1, within: 16s, first: 1s..3s");
    bench.engine.was_late(Duration::from_secs(1));
    bench.arrives(4010, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_intervals_that_do_not_grow_are_named() {
    assert_snapshot!(told(FOUR, &[1000, 1000, 1000, 1000]), @r"
    fail
    backoff-missing
      did      had the application send 10 octets
      expected each interval 2 times the one before it, within 25 %
      saw      4, at intervals of 1 s, 1 s, 1 s, 1 s
    ");
    // 2 within 25 %: 1.5 to 2.5 times the one before, and 10 ms.
    assert_eq!(code(FOUR, &[1000, 1490, 2980, 5960]), "pass");
    assert_eq!(code(FOUR, &[1000, 1489, 2980, 5960]), "fail backoff-missing");
    assert_eq!(code(FOUR, &[1000, 2510, 5000, 5000]), "fail backoff-missing");
    assert_eq!(code(FOUR, &[1000, 2511, 5000, 7000]), "fail backoff-missing");
}

#[test]
fn established_growth_is_compared_from_the_interval_that_the_case_names() {
    let from = |from: u32| format!("at-least: 3, within: 16s, growth: 2 within 25% from {from}");
    assert_eq!(code(&from(1), &[300, 1000, 2000]), "fail backoff-missing");
    assert_eq!(code(&from(2), &[300, 1000, 2000]), "pass");
    assert_eq!(code(&from(2), &[300, 1000, 1000]), "fail backoff-missing");
}

#[test]
fn established_growth_without_two_intervals_to_compare_is_an_error_of_the_case() {
    assert_snapshot!(told("at-least: 1, within: 16s, growth: 2 within 25%", &[]), @r"
    error
    case-undefined
      did      had the application send 10 octets
      expected a case that can be carried out
      saw      `growth` from interval 1 on needs 2 retransmissions at least
    ");
    assert_eq!(code("at-least: 3, within: 16s, growth: 2 within 25% from 3", &[]), "error case-undefined");
}

#[test]
fn established_too_few_are_named_with_what_came() {
    assert_snapshot!(told(FOUR, &[1000, 2000]), @r"
    fail
    retransmissions-missing
      did      had the application send 10 octets
      expected 4 retransmissions within 16 s
      saw      2, at intervals of 1 s, 2 s
    ");
    assert_snapshot!(told(FOUR, &[]), @r"
    fail
    retransmissions-missing
      did      had the application send 10 octets
      expected 4 retransmissions within 16 s
      saw      no retransmission
    ");
}

#[test]
fn established_what_comes_after_the_end_does_not_count() {
    let (mut bench, text) = awaiting("at-least: 1, within: 2s");
    let stamp = bench.now + std::time::Duration::from_millis(2100);
    bench.now += std::time::Duration::from_secs(5);
    bench.arrived(stamp, &text);
    assert!(bench.told().starts_with("fail\nretransmissions-missing"));
}

#[test]
fn established_what_waits_behind_other_frames_counts() {
    let (mut bench, text) = awaiting("at-least: 2, within: 4s");
    let (first, second) =
        (bench.now + std::time::Duration::from_secs(1), bench.now + std::time::Duration::from_secs(3));
    bench.now += std::time::Duration::from_secs(60);
    bench.arrived(first, &text);
    bench.arrived(second, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_other_segments_are_no_retransmissions() {
    let (mut bench, text) = awaiting("at-least: 1, within: 2s");
    let half = Segment { payload: text.payload[..5].to_vec(), ..text.clone() };
    bench.arrives(500, &half);
    let ack = bench.target("ACK");
    bench.arrives(500, &ack);
    assert!(bench.told().starts_with("fail\nretransmissions-missing"));
}

#[test]
fn established_later_steps_do_not_stumble_over_the_series() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 10
  - {expect: ACK, data: 10, as: text}
  - retransmissions: {of: text, at-least: 1, within: 5s, first: 1s..3s}
  - {send: ACK, data: 5, as: ours}
  - {expect: ACK, ack: ours.end, data: none}";
    let mut bench = Bench::of(keys).start();
    let text = bench.text("ACK", 10);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    bench.arrives(1000, &text);
    bench.arrives(1, &text);
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn syn_received_a_repeated_syn_ack_is_a_series() {
    let keys = "given: LISTEN
steps:
  - {send: SYN, seq: 1000}
  - {expect: SYN ACK, as: syn-ack}
  - retransmissions: {of: syn-ack, at-least: 2, within: 5s, growth: 2 within 25%}";
    let mut bench = Bench::of(keys).start();
    let syn_ack = Segment { seq: crate::seq::SeqNum(u32::MAX), ..bench.target("SYN ACK") };
    for after in [1, 1000, 2000] {
        bench.arrives(after, &syn_ack);
    }
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_probes_without_text_are_a_series_too() {
    let told = |intervals: &[u64]| {
        let mut bench = Bench::of(
            "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, window: 0}
  - {expect: ACK, seq: SND.UNA - 1, again: yes, as: probe, within: 5s}
  - retransmissions: {of: probe, at-least: 3, within: 30s, growth: 2 within 25%}",
        )
        .start();
        let probe = bench.text("ACK", 0);
        let probe = Segment { seq: probe.seq - 1, ..probe };
        bench.arrives(300, &probe);
        intervals.iter().for_each(|interval| bench.arrives(*interval, &probe));
        bench.told()
    };
    assert_eq!(told(&[500, 1000, 2000]), "pass");
    assert_snapshot!(told(&[500, 500, 500]), @r"
    fail
    backoff-missing
      did      sent ACK seq=1 ack=1 win=0
      expected each interval 2 times the one before it, within 25 %
      saw      3, at intervals of 500 ms, 500 ms, 500 ms
    ");
}
