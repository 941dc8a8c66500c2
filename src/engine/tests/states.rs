//! `then:`, `state:` and `probe:` the target's own table, and the wire.

use super::bench::{Bench, told};
use super::wire::flags;
use crate::segment::{Segment, TcpOption};
use crate::seq::SeqNum;
use crate::state::State;
use crate::verdict::EventKind;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;

/// A trial that asks whether `main` is in this state, in which it was brought.
fn asked(state: &str) -> Bench {
    Bench::of(&format!("given: {{state: {state}, irs: 1000}}\nsteps: []\nthen: {state}")).start()
}

#[test]
fn established_the_table_and_the_wire_agree() {
    let mut bench = asked("ESTABLISHED");
    bench.table(Some(State::Established));
    assert_eq!(bench.all_sent(), ["ACK seq=1000 ack=5001 len=1 win=65535"]);
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_the_table_is_asked_again_until_it_is_right() {
    let mut bench = asked("ESTABLISHED");
    let mut asked = 0;
    let begun = bench.now;
    while bench.now.since(begun) < Duration::from_millis(900) {
        if bench.lookups > 0 {
            asked += 1;
            bench.table(Some(State::SynReceived));
        }
        bench.pass_time(1);
    }
    assert!((10..40).contains(&asked), "asked {asked} times");
    bench.pass_time(100);
    bench.table(Some(State::Established));
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

fn table_says(bench: &mut Bench, state: Option<State>) {
    while bench.engine.next_wake().is_some() && bench.all_packets().is_empty() && !bench.engine.has_ended() {
        if bench.lookups > 0 {
            bench.table(state);
        } else {
            bench.pass_time(1);
        }
    }
}

#[test]
fn established_a_table_that_disagrees_is_a_finding_of_its_own() {
    let mut bench = asked("ESTABLISHED");
    table_says(&mut bench, Some(State::CloseWait));
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    state-table-disagrees
      did      had the application accept
      expected ESTABLISHED in the target's own table
      saw      CLOSE-WAIT, for 1.028 s
    ");
}

#[test]
fn established_a_wire_that_disagrees_as_well_decides() {
    let mut bench = asked("ESTABLISHED");
    table_says(&mut bench, None);
    let reset = Segment { seq: SeqNum(5001), ..bench.target("RST") };
    bench.arrives(1, &reset);
    assert_snapshot!(bench.told(), @r"
    fail
    wrong-state
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ESTABLISHED, where the question draws ACK seq=SND.NXT ack=RCV.NXT
      saw      RST seq=1 after 1 ms; in the target's own table no such socket, for 1.028 s
      flags: ACK | RST
      ack: 1 (1001) = RCV.NXT | -1000 (0)
    ");
}

#[test]
fn established_a_wire_that_disagrees_alone_is_the_wrong_state() {
    let mut bench = asked("ESTABLISHED");
    bench.table(Some(State::Established));
    assert_snapshot!(bench.told(), @r"
    fail
    wrong-state
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ESTABLISHED, where the question draws ACK seq=SND.NXT ack=RCV.NXT within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn listen_two_questions_follow_the_table() {
    let mut bench = asked("LISTEN");
    table_says(&mut bench, None);
    let gone = bench.target("RST");
    bench.arrives(1, &Segment { seq: SeqNum(1), ..gone });
    let outcome = {
        let question = bench.sent();
        let answer = Segment {
            seq: SeqNum(7),
            ack: question.end(),
            flags: flags("SYN ACK"),
            options: vec![TcpOption::MaximumSegmentSize(1000)],
            ..Segment::between(question.destination(), question.source())
        };
        bench.arrives(1, &answer);
        bench.into_outcome()
    };
    assert_snapshot!(told(&outcome), @r"
    fail
    state-table-disagrees
      did      had the application listen at 198.19.0.1:20000
      expected LISTEN in the target's own table
      saw      no such socket, for 1.028 s
    ");
}

#[test]
fn syn_sent_has_no_question_and_the_table_alone_decides() {
    let mut bench = asked("SYN-SENT");
    bench.table(Some(State::SynSent));
    assert_eq!(bench.told(), "pass");
    let mut bench = asked("SYN-SENT");
    table_says(&mut bench, None);
    assert_snapshot!(bench.told(), @r"
    fail
    state-table-disagrees
      did      had the application connect to 198.18.0.1:40000
      expected SYN-SENT in the target's own table
      saw      no such socket, for 1.028 s
    ");
}

#[test]
fn syn_sent_without_a_table_nothing_shows_it_and_the_record_says_so() {
    let keys = "given: SYN-SENT\nsteps: []\nthen: SYN-SENT";
    let outcome = Bench::with(keys, |config| config.table = false).start().into_outcome();
    let last = outcome.record.events.last().map(|event| event.kind.clone());
    assert_eq!(
        (told(&outcome).as_str(), last),
        ("pass", Some(EventKind::Note("nothing on this target shows SYN-SENT".into())))
    );
}

#[test]
fn established_a_table_that_is_never_read_is_an_error() {
    assert_snapshot!(asked("ESTABLISHED").told(), @r"
    error
    upper-tester-broken
      did      had the application accept
      expected an answer of the target's socket table
      saw      none for 30 s
    ");
}

/// The verdict for a state claimed, without a table, of a conforming target that is in another.
fn claimed(state: State, claimed: State) -> String {
    let keys = format!("given: {{state: {state}, irs: 1000}}\nsteps: []\nthen: {claimed}");
    let bench = Bench::with(&keys, |config| config.table = false).peer_goes_on();
    bench.start().told().lines().take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn without_a_table_the_fins_that_were_seen_tell_states_apart() {
    use State::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck, TimeWait};
    let synchronized = [Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
    let mut taken_for = Vec::new();
    for state in synchronized {
        for other in synchronized.into_iter().filter(|other| *other != state) {
            match claimed(state, other).as_str() {
                "pass" => taken_for.push(format!("{state} for {other}")),
                told => assert_eq!(told, "fail wrong-state", "{state} for {other}"),
            }
        }
    }
    // What no question tells apart, and no FIN: whether the target's FIN is acknowledged, and
    // which FIN was acknowledged last.
    assert_snapshot!(taken_for.join("\n"), @r"
    FIN-WAIT-2 for FIN-WAIT-1
    CLOSING for LAST-ACK
    LAST-ACK for CLOSING
    TIME-WAIT for CLOSING
    TIME-WAIT for LAST-ACK
    ");
}

#[test]
fn without_a_table_each_state_is_believed_of_a_target_that_is_in_it() {
    for state in State::ALL {
        assert_eq!(claimed(state, state), "pass", "{state}");
    }
}

#[test]
fn syn_sent_a_fin_before_our_syn_ends_nothing() {
    let keys = "given: {state: SYN-SENT, irs: 1000}
steps:
  - {send: FIN ACK}
  - {send: SYN ACK, as: syn}
  - {expect: ACK, ack: syn.end}
then: ESTABLISHED";
    let mut bench = Bench::with(keys, |config| config.table = false).start();
    let syn = bench.all_sent_segments().pop().expect("a SYN ACK");
    assert_eq!((syn.seq.0, syn.ack.0), (1000, 5001));
    for _ in 0..2 {
        let ack = bench.target("ACK");
        bench.arrives(1, &ack);
    }
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_text_in_the_place_of_a_fin_that_was_refused_ends_nothing() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: FIN}
  - {send: ACK, data: 1, as: text}
  - {expect: ACK, ack: text.end}
then: ESTABLISHED";
    let bench = Bench::with(keys, |config| config.table = false).peer_goes_on();
    assert_eq!(bench.start().told(), "pass");
}

#[test]
fn fin_wait_1_what_is_dropped_before_its_acknowledgment_is_looked_at_acknowledges_nothing() {
    let acknowledged = |send: &str| {
        let keys =
            format!("given: FIN-WAIT-1\nsteps:\n  - {{send: {send}}}\n  - {{send: ACK, ack: SND.UNA}}");
        let mut bench = Bench::of(&keys).start();
        let sent = bench.all_sent_segments();
        let [.., stimulus, last] = sent.as_slice() else { panic!("{sent:?}") };
        stimulus.ack == last.ack
    };
    assert!(acknowledged("ACK"));
    assert!(acknowledged("ACK, seq: RCV.NXT + RCV.WND - 1"));
    assert!(acknowledged("ACK, seq: RCV.NXT - 1, data: 2"));
    assert!(!acknowledged("SYN ACK, seq: RCV.NXT"));
    assert!(!acknowledged("RST ACK, seq: RCV.NXT + 1"));
    assert!(!acknowledged("ACK, seq: RCV.NXT - 1"));
    assert!(!acknowledged("ACK, seq: RCV.NXT + RCV.WND"));
}

#[test]
fn established_a_fin_that_no_step_looked_at_ends_the_state() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}\nsteps:\n  - {wait: 1s}\nthen: ESTABLISHED";
    let mut bench = Bench::with(keys, |config| config.table = false).start();
    let fin = bench.target("FIN ACK");
    bench.arrives(10, &fin);
    bench.pass_time(1000);
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    wrong-state
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ESTABLISHED
      saw      its FIN: it has left this state
    ");
}

#[test]
fn closed_and_listen_a_table_of_sockets_is_asked_for_the_right_one() {
    for (state, remote) in [("CLOSED", true), ("LISTEN", false), ("ESTABLISHED", true)] {
        let mut bench = Bench::of(&format!("given: {state}\nsteps: []\nthen: {state}"));
        bench = bench.start();
        assert_eq!(bench.lookups, 1, "{state}");
        assert_eq!(bench.remote_looked_up, remote, "{state}");
    }
}

/// The verdict of a question put to a conforming target in this state.
fn probed(state: &str, probe: &str) -> String {
    let keys = format!("given: {{state: {state}, irs: 1000}}\nsteps:\n  - probe: {probe}");
    Bench::of(&keys).peer_goes_on().start().told().lines().take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_probe_is_answered_where_it_must_be_and_nowhere_else() {
    let states = State::ALL.map(State::name);
    let passing = |probe: &str| -> Vec<&str> {
        states.into_iter().filter(|state| probed(state, probe) == "pass").collect()
    };
    let synchronized =
        ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"];
    assert_eq!(passing("alive"), [&["SYN-RECEIVED"][..], &synchronized[..]].concat());
    assert_eq!(passing("gone"), ["LISTEN", "CLOSED"]);
    assert_eq!(passing("closed"), ["SYN-SENT", "CLOSED"]);
    let listening = states.into_iter().filter(|state| !["SYN-SENT", "CLOSED"].contains(state));
    assert_eq!(passing("listening"), listening.collect::<Vec<_>>());
    // Any synchronized state answers a SYN with an ACK: it is for TIME-WAIT that nothing else may be asked.
    assert_eq!(passing("time-wait"), [&["SYN-RECEIVED"][..], &synchronized[..]].concat());
}

#[test]
fn every_probe_but_that_of_a_listener_leaves_the_state_as_it_is() {
    let keep = [
        ("ESTABLISHED", "alive"),
        ("FIN-WAIT-1", "alive"),
        ("CLOSING", "alive"),
        ("LAST-ACK", "alive"),
        ("TIME-WAIT", "time-wait"),
        ("LISTEN", "gone"),
        ("LISTEN", "listening"),
        ("CLOSED", "closed"),
        ("CLOSED", "gone"),
    ];
    for (state, probe) in keep {
        let steps = format!("steps:\n  - probe: {probe}\n  - probe: {probe}");
        let keys = format!("given: {{state: {state}, irs: 1000}}\n{steps}\nthen: {state}");
        assert_eq!(Bench::of(&keys).peer_goes_on().start().told(), "pass", "{state} {probe}");
    }
}

#[test]
fn established_state_in_the_middle_is_asked_as_at_the_end() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - state: ESTABLISHED
  - {send: FIN ACK, as: fin}
  - {expect: ACK, ack: fin.end}
  - state: CLOSE-WAIT
  - app: close
  - {expect: FIN ACK, as: last}
  - {send: ACK, ack: last.end}
then: CLOSED";
    assert_eq!(Bench::of(keys).peer_goes_on().start().told(), "pass");
}
