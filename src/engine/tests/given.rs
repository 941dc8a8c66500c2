//! `given:` what is there before the first step, and what it means where it cannot be reached.

use super::bench::Bench;
use crate::app::AppOutcome;
use crate::case::Capability;
use crate::state::State;
use crate::verdict::{EventKind, Verdict};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::sync::Arc;
use std::time::Duration;

/// SND.UNA and SND.NXT counted from ISS, and the state in the peer's table.
fn numbers(keys: &str) -> (u32, u32, Option<State>) {
    let mut bench = Bench::of(&format!("given: {keys}\nsteps:\n  - wait: 1s")).start();
    assert!(!bench.engine.has_ended(), "{keys}: {}", bench.told());
    bench.pass_time(10);
    let connection = bench.connection("main");
    let iss = connection.iss.expect("a SYN was taken");
    let state = bench.peer.state_of(connection.target, Some(connection.bench), bench.now);
    (connection.snd_una.distance_from(iss), connection.snd_nxt.distance_from(iss), state)
}

#[test]
fn established_what_was_sent_is_acknowledged_and_what_is_unacked_is_not() {
    let established = Some(State::Established);
    assert_eq!(numbers("ESTABLISHED"), (1, 1, established));
    assert_eq!(numbers("{state: ESTABLISHED, sent: 100}"), (101, 101, established));
    assert_eq!(numbers("{state: ESTABLISHED, unacked: 3}"), (1, 4, established));
    assert_eq!(numbers("{state: ESTABLISHED, sent: 100, unacked: 3}"), (101, 104, established));
}

#[test]
fn established_more_than_one_segment_was_sent() {
    // The peer puts 1,000 octets into a segment.
    assert_eq!(numbers("{state: ESTABLISHED, sent: 2500}"), (2501, 2501, Some(State::Established)));
    assert_eq!(numbers("{state: ESTABLISHED, unacked: 2500}"), (1, 2501, Some(State::Established)));
}

#[test]
fn later_states_octets_were_sent_before_the_application_closed() {
    let with = |state: State| numbers(&format!("{{state: {state}, sent: 100}}"));
    assert_eq!(with(State::FinWait1), (101, 102, Some(State::FinWait1)));
    assert_eq!(with(State::FinWait2), (102, 102, Some(State::FinWait2)));
    assert_eq!(with(State::CloseWait), (101, 101, Some(State::CloseWait)));
    assert_eq!(with(State::Closing), (101, 102, Some(State::Closing)));
    assert_eq!(with(State::LastAck), (101, 102, Some(State::LastAck)));
    assert_eq!(with(State::TimeWait), (102, 102, Some(State::TimeWait)));
}

#[test]
fn later_states_octets_unacknowledged_with_the_fin_behind_them() {
    let with = |state: State| numbers(&format!("{{state: {state}, unacked: 5}}"));
    assert_eq!(with(State::FinWait1), (1, 7, Some(State::FinWait1)));
    assert_eq!(with(State::CloseWait), (1, 6, Some(State::CloseWait)));
    assert_eq!(with(State::LastAck), (1, 7, Some(State::LastAck)));
}

#[test]
fn states_that_need_an_acknowledged_fin_cannot_have_unacknowledged_octets() {
    for state in [State::FinWait2, State::Closing, State::TimeWait] {
        let keys = format!("given: {{state: {state}, unacked: 5}}\nsteps: []");
        let told = Bench::of(&keys).start().told();
        assert_eq!(
            told,
            format!(
                "error\ncase-undefined\n  did      nothing yet\n  expected a case that can be carried out\n  \
                 saw      in {state} all octets are acknowledged: `unacked` means nothing"
            )
        );
    }
}

#[test]
fn established_what_the_case_sends_begins_behind_what_was_sent() {
    let keys = "given: {state: ESTABLISHED, sent: 100, unacked: 10}
steps:
  - app: send 5
  - {expect: ACK, seq: ISS + 111, data: 5}";
    let mut bench = Bench::of(keys).start();
    bench.application(AppOutcome::Done);
    let text = bench.text("ACK", 5);
    bench.arrives(1, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_target_that_is_mute_is_inconclusive() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps: []");
    bench.peer.habits.mute = true;
    let begun = bench.now;
    assert_snapshot!(told_and_took(bench, begun), @r"
    inconclusive
    silent-where-answer-required
      did      sent SYN seq=1496452567 win=65535 mss=1460
      expected SYN ACK ack=our-syn.seq + 1 within 1 s
      saw      nothing that answers, in 1.01 s
    took 1.012 s
    ");
}

#[test]
fn established_a_wrong_answer_on_the_way_is_inconclusive() {
    let mut bench = Bench::of("given: {state: ESTABLISHED, irs: 1000}\nsteps: []").peer_goes_on();
    bench.peer.habits.alter = |segment| segment.ack = segment.ack - 1;
    assert_eq!(bench.start().into_outcome().verdict, Verdict::Fail, "the referee's finding weighs more");
}

#[test]
fn established_a_late_answer_on_the_way_is_inconclusive() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps: []");
    bench.peer.habits.late = Duration::from_millis(1200);
    let begun = bench.now;
    assert_snapshot!(told_and_took(bench, begun), @r"
    inconclusive
    silent-where-answer-required
      did      sent SYN seq=1496452567 win=65535 mss=1460
      expected SYN ACK ack=our-syn.seq + 1 within 1 s
      saw      nothing that answers, in 1.01 s
    took 1.012 s
    ");
}

#[test]
fn established_octets_that_never_come_are_inconclusive() {
    let mut bench = Bench::of("given: {state: ESTABLISHED, sent: 2500}\nsteps: []");
    bench.peer.habits.alter = |segment| {
        if segment.seq.0 > 7_000 {
            segment.destination_port = 1;
        }
    };
    let begun = bench.now;
    assert_snapshot!(told_and_took(bench, begun), @r"
    inconclusive
    silent-where-answer-required
      did      sent ACK seq=1 ack=2001 win=65535
      expected ACK with 1..65535 octets of the stream within 1 s
      saw      nothing that answers, in 1.01 s
    took 1.016 s
    ");
}

#[test]
fn established_an_application_that_cannot_listen_is_inconclusive() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps: []").start_with_own_application();
    bench.application(AppOutcome::Error("EADDRINUSE".into()));
    assert_snapshot!(bench.told(), @r"
    inconclusive
    application-call-failed
      did      had the application listen at 198.19.0.1:20000
      expected the application's call to work within 1 s
      saw      the error EADDRINUSE
    ");
}

#[test]
fn established_a_broken_upper_tester_on_the_way_is_an_error() {
    let mut bench = Bench::of("given: ESTABLISHED\nsteps: []").start_with_own_application();
    bench.application(AppOutcome::Broken("too many files".into()));
    assert_snapshot!(bench.told(), @r"
    error
    upper-tester-broken
      did      had the application listen at 198.19.0.1:20000
      expected an upper tester that does as asked
      saw      too many files
    ");
}

#[test]
fn established_no_way_that_the_target_can_go_is_an_error() {
    let bench = Bench::with("given: {state: ESTABLISHED, by: active}\nsteps: []", |config| {
        let without = config.capabilities.iter().copied().filter(|it| *it != Capability::Connect);
        config.capabilities = Arc::new(without.collect());
    });
    assert_snapshot!(bench.start().told(), @r"
    error
    case-undefined
      did      nothing yet
      expected a case that can be carried out
      saw      no way into ESTABLISHED that this target can go
    ");
}

#[test]
fn established_options_of_the_listener_are_those_of_the_case() {
    let keys = "given: {state: LISTEN, backlog: 5, set: [nodelay on, maximum-segment 536]}\nsteps: []";
    let bench = Bench::of(keys).start_with_own_application();
    let (_, command) = &bench.commands[0];
    assert_eq!(
        format!("{command:?}"),
        r#"Listen { socket: "main/listener", local: 198.19.0.1:20000, backlog: 5, options: [NoDelay(true), MaximumSegment(536)] }"#
    );
}

#[test]
fn established_events_on_the_way_are_marked_as_such() {
    let outcome = Bench::of("given: ESTABLISHED\nsteps:\n  - send: ACK").start().into_outcome();
    let sent = outcome.record.events.iter().filter(|event| matches!(event.kind, EventKind::Sent(_)));
    let preparing: Vec<_> = sent.filter_map(|event| Some(event.origin.as_ref()?.preparing)).collect();
    assert_eq!(preparing, [true, true, false]);
}

fn told_and_took(bench: Bench, begun: crate::time::Time) -> String {
    let mut bench = bench.peer_goes_on().start();
    bench.run_to_the_end();
    let took = crate::time::Span(bench.now.since(begun));
    format!("{}\ntook {took}", bench.told())
}
