//! `one-of:`, `all-of:` and `silence:`.

use super::bench::{Bench, script};
use crate::case::Fixtures;
use crate::requirement::Level;
use crate::segment::Segment;
use crate::verdict::{EventKind, Outcome};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::sync::Arc;
use std::time::Duration;

const CHALLENGED: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: RST, seq: RCV.NXT + 1}
  - one-of:
      challenged: [{expect: ACK, seq: SND.NXT, ack: RCV.NXT, as: ack}, {send: ACK, seq: ack.ack}]
      reset: [{expect: [RST, RST ACK]}]
      silent: [{silence: 1s}, {send: FIN ACK}]
    prefer: challenged";

fn notes(outcome: &Outcome) -> Vec<&str> {
    let note = |event: &'_ crate::verdict::Event| matches!(event.kind, EventKind::Note(_));
    let notes = outcome.record.events.iter().filter(|event| note(event));
    notes
        .filter_map(|event| if let EventKind::Note(text) = &event.kind { Some(text.as_str()) } else { None })
        .collect()
}

#[test]
fn established_the_preferred_alternative_passes_and_its_steps_follow() {
    let mut bench = Bench::of(CHALLENGED).start();
    let ack = bench.target("ACK");
    bench.arrives(5, &ack);
    assert_eq!(bench.all_sent(), ["RST seq=1002", "ACK seq=1001 ack=5001 win=65535"]);
    let outcome = bench.into_outcome();
    assert_eq!((outcome.verdict.word(), notes(&outcome)), ("pass", vec!["the target chose: challenged"]));
}

#[test]
fn established_an_alternative_that_is_not_preferred_is_a_deviation() {
    let mut bench = Bench::of(CHALLENGED).start();
    let reset = bench.target("RST ACK");
    bench.arrives(5, &reset);
    assert_snapshot!(bench.told(), @r"
    deviation
    not-the-preferred-alternative
      did      sent RST seq=2
      expected `challenged`, which the RFC prefers
      saw      `reset`, which it allows
    ");
}

#[test]
fn established_silence_is_an_alternative_and_its_steps_follow() {
    let mut bench = Bench::of(CHALLENGED).start();
    bench.run_to_the_end();
    assert_eq!(bench.all_sent()[1..], ["FIN ACK seq=1001 ack=5001 win=65535"]);
    assert_snapshot!(bench.told(), @r"
    deviation
    not-the-preferred-alternative
      did      sent RST seq=2
      expected `challenged`, which the RFC prefers
      saw      `silent`, which it allows
    ");
}

#[test]
fn established_none_of_the_alternatives_fails_and_none_is_chosen() {
    let mut bench = Bench::of(CHALLENGED).start();
    let fin = bench.target("FIN ACK");
    bench.arrives(5, &fin);
    let outcome = bench.into_outcome();
    assert_eq!(notes(&outcome), [""; 0]);
    assert_snapshot!(super::bench::told(&outcome), @r"
    fail
    wrong-segment
      did      sent RST seq=2
      expected ACK seq=SND.NXT ack=RCV.NXT, or RST or RST ACK, or nothing for 1 s
      saw      FIN ACK seq=1 ack=1 win=60000 after 5 ms
      flags: ACK | FIN ACK
    ");
}

#[test]
fn established_a_wrong_segment_is_not_silence() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: RST, seq: RCV.NXT + 1}
  - one-of:
      reset: [{expect: RST}]
      silent: [{silence: 1s}]";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(990, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    ack-instead-of-reset
      did      sent RST seq=2
      expected RST, or nothing for 1 s
      saw      ACK seq=1 ack=1 win=60000 after 990 ms
      flags: RST | ACK
    ");
}

#[test]
fn established_what_comes_behind_the_silence_does_not_break_it() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: RST, seq: RCV.NXT + 1}
  - one-of:
      reset: [{expect: RST, within: 3s}]
      silent: [{silence: 1s}]";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(1005, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_alternative_that_comes_behind_the_silence_leaves_it_a_silence() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 1, as: text}
  - one-of:
      answered: [{expect: ACK, ack: text.end, within: 1s}]
      silent: [{silence: 1s}]
  - {expect: ACK, ack: text.end}";
    // The tolerance is 10 ms. What comes behind it comes before the bench, which is late, has looked.
    for (after, chosen) in [(1010, "the target chose: answered"), (1011, "the target chose: silent")] {
        let mut bench = Bench::of(keys).start();
        let ack = bench.target("ACK");
        bench.arrived(bench.now + Duration::from_millis(after), &ack);
        bench.run_to_the_end();
        assert_eq!(notes(&bench.into_outcome()), [chosen], "{after}");
    }
}

#[test]
fn established_an_alternative_that_comes_too_late_is_late() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 1, as: text}
  - one-of:
      quick: [{expect: ACK, ack: text.end, within: 100ms}]
      silent: [{silence: 3s}]";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(500, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-too-late
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected ACK ack=text.end within 100 ms
      saw      it came after 500 ms
    ");
}

#[test]
fn established_of_two_that_match_the_one_that_may_come_now_is_chosen() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 1, as: text}
  - one-of:
      quick: [{expect: ACK, ack: text.end, within: 100ms}]
      delayed: [{expect: ACK, not-before: 200ms}]";
    for (after, chosen) in [(50, "the target chose: quick"), (300, "the target chose: delayed")] {
        let mut bench = Bench::of(keys).start();
        let ack = bench.target("ACK");
        bench.arrives(after, &ack);
        let outcome = bench.into_outcome();
        assert_eq!((outcome.verdict.word(), notes(&outcome)), ("pass", vec![chosen]));
    }
}

#[test]
fn established_steps_of_an_alternative_fail_as_any_other() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 1, as: text}
  - one-of:
      acknowledged: [{expect: ACK, ack: text.end}, {silence: 1s}]
      silent: [{silence: 1s}]";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(10, &ack);
    bench.arrives(10, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected nothing for 1 s
      saw      ACK seq=1 ack=2 win=60000 after 10 ms
    ");
}

const BOTH: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: FIN ACK, as: fin}
  - {expect: {all-of: [{expect: ACK, ack: fin.end, data: 10, within: 1s, as: text}, {expect: FIN ACK, within: 1s, as: last}]}}
  - {send: ACK, seq: text.ack, ack: last.end}
  - {expect: ACK, within: 100ms}";

/// Ten octets and a FIN of the target, 10 ms apart or so.
fn both(reversed: bool, apart: u64) -> Bench {
    let mut bench = Bench::of(BOTH).start();
    bench.engine.connections[0].written = vec![7; 10];
    let octets: Vec<u8> = vec![7; 10];
    bench.engine.connections[0].watch.wrote(&octets);
    let text = bench.text("ACK", 10);
    let fin = Segment { seq: text.end(), ..bench.target("FIN ACK") };
    let order = if reversed { [&fin, &text] } else { [&text, &fin] };
    bench.arrives(10, order[0]);
    bench.arrives(apart, order[1]);
    bench
}

#[test]
fn established_all_of_in_either_order_passes_and_binds_both() {
    for reversed in [false, true] {
        let mut bench = both(reversed, 10);
        assert_eq!(bench.all_sent()[1..], ["ACK seq=1002 ack=5012 win=65535"]);
        let ack = bench.target("ACK");
        bench.arrives(10, &ack);
        let told = bench.told();
        let verdict = told.lines().next().expect("a verdict");
        // In the other order the text lies behind a gap, which the referee finds.
        assert_eq!(verdict, if reversed { "fail" } else { "pass" }, "{told}");
        assert!(!told.contains("silent") && !told.contains("wrong"), "{told}");
    }
}

#[test]
fn established_all_of_is_counted_from_one_moment() {
    let told = both(false, 1005).told();
    assert_snapshot!(told, @r"
    fail
    answered-too-late
      did      sent FIN ACK seq=1 ack=1 win=65535
      expected FIN ACK within 1 s
      saw      it came after 1.015 s
    ");
}

#[test]
fn established_all_of_with_one_missing_names_it() {
    let mut bench = Bench::of(BOTH).start();
    bench.engine.connections[0].written = vec![7; 10];
    let octets: Vec<u8> = vec![7; 10];
    bench.engine.connections[0].watch.wrote(&octets);
    let text = bench.text("ACK", 10);
    bench.arrives(10, &text);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent FIN ACK seq=1 ack=1 win=65535
      expected FIN ACK within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn established_all_of_the_same_segment_twice_needs_two() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, seq: RCV.NXT - 1, data: 1}
  - {send: ACK, seq: RCV.NXT - 1, data: 1}
  - {expect: {all-of: [{expect: ACK}, {expect: ACK}]}}";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(10, &ack);
    bench.arrives(10, &ack);
    assert_eq!(bench.told(), "pass");
    let mut bench = Bench::of(keys).start();
    bench.arrives(10, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ACK within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn established_silence_is_broken_by_each_kind_of_segment() {
    for words in ["ACK", "FIN ACK", "RST", "RST ACK", "SYN ACK"] {
        let mut bench = Bench::of("given: ESTABLISHED\nsteps:\n  - send: ACK\n  - silence: 1s").start();
        let segment = bench.target(words);
        bench.arrives(1000, &segment);
        let told = bench.told();
        assert!(told.contains("answered-where-silence-required"), "{words}: {told}");
    }
}

#[test]
fn established_silence_ends_after_its_span_and_not_before() {
    let mut bench =
        Bench::of("given: ESTABLISHED\nsteps:\n  - send: ACK\n  - silence: 1s\n  - send: RST").start();
    bench.sent();
    bench.pass_time(1009);
    assert_eq!(bench.all_sent().len(), 0);
    bench.pass_time(1);
    assert_eq!(bench.all_sent().len(), 1);
}

#[test]
fn established_silence_lasts_from_when_the_question_left() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 1}\n  - silence: 1s");
    bench.departs_after = Duration::from_millis(300);
    let mut bench = bench.start();
    let ack = bench.target("ACK");
    bench.arrives(1200, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected nothing for 1 s
      saw      ACK seq=1 ack=2 win=60000 after 900 ms
    ");
}

#[test]
fn established_not_before_behind_within_is_an_error_of_the_case() {
    let keys = "given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 1}\n  - {expect: ACK, not-before: 2s}";
    assert_snapshot!(Bench::of(keys).start().told(), @r"
    error
    case-undefined
      did      sent ACK seq=1 ack=1 len=1 win=65535
      expected a case that can be carried out
      saw      `not-before` is 2 s, and `within` ends at 1 s
    ");
}

#[test]
fn may_and_should_give_other_verdicts_than_must() {
    let verdict = |level, requirement: &str, answered: bool| {
        let keys = format!(
            "given: ESTABLISHED\nsteps:\n  - {{send: ACK, data: 1}}\n  - {{expect: ACK{requirement}}}"
        );
        let mut bench = Bench::with(&keys, |config| config.level = level).start();
        if answered {
            let ack = bench.target("ACK");
            bench.arrives(1, &ack);
        }
        bench.into_outcome().verdict.word()
    };
    let levels =
        [Level::Must, Level::MustNot, Level::Should, Level::ShouldNot, Level::Recommended, Level::May];
    let silent = levels.map(|level| verdict(level, "", false));
    assert_eq!(silent, ["fail", "fail", "deviation", "deviation", "deviation", "info"]);
    let answered = levels.map(|level| verdict(level, "", true));
    assert_eq!(answered, ["pass", "pass", "pass", "pass", "pass", "info"]);
    // The requirement of the step itself weighs, where it names one.
    assert_eq!(verdict(Level::May, ", requirement: MUST-2", false), "fail");
    assert_eq!(verdict(Level::Must, ", requirement: SHLD-14", false), "deviation");
}

#[test]
fn ways_with_loops_and_alternatives_act_on_the_connection_that_goes_them() {
    let text = "states:
  ESTABLISHED:
    passive:
      - app: listen
      - send: SYN
      - one-of:
          answered: [{expect: SYN ACK}, {repeat: 1, steps: [{send: ACK}]}]
          silent: [{silence: 1s}]
      - app: accept
";
    let fixtures = Fixtures::read("states.yaml", text).expect("they are right");
    let mut config = super::bench::config();
    config.fixtures = Arc::new(fixtures);
    let keys = "given: {a: ESTABLISHED, b: ESTABLISHED}\nsteps:\n  - {on: b, app: send 5}\n  - {on: b, expect: ACK, data: 5}";
    let bench = Bench::running(crate::engine::Engine::new(config, script(keys)));
    assert_eq!(bench.peer_goes_on().start().told(), "pass");
}
