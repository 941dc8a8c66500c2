//! `app:` every action, everything that can come of it, and the upper tester's own failures.

use super::bench::Bench;
use crate::app::{AppCommand, AppOutcome, AppReport, CommandId};
use crate::engine::Input;
use crate::segment::{Endpoint, Segment};
use crate::time::Time;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;

fn given(state: &str, action: &str) -> Bench {
    Bench::of(&format!("given: {{state: {state}, irs: 1000}}\nsteps:\n  - {{app: {action}}}")).start()
}

fn outcomes(bench: &Bench) -> Vec<AppOutcome> {
    use AppOutcome::{
        Accepted, Connecting, Data, Done, EndOfStream, Error, NothingYet, Refused, Reset, TimedOut,
    };
    let ours = bench.connection("main").bench;
    let stranger = Endpoint::new(ours.ip(), 1);
    vec![
        Done,
        Accepted(ours),
        Accepted(stranger),
        Connecting(ours),
        Data(vec![1]),
        EndOfStream(vec![]),
        Reset,
        Refused,
        TimedOut,
        Error("EHOSTUNREACH".into()),
        NothingYet,
    ]
}

#[test]
fn every_action_passes_with_its_outcome_and_with_no_other() {
    let calls = [
        "listen",
        "send 10",
        "send urgent 3",
        "shutdown",
        "close",
        "close listener",
        "abort",
        "kill",
        "set nodelay on",
    ];
    let observations = [
        ("accept", "Accepted(198.18.0.1:40000)"),
        ("connect", "Connecting(198.18.0.1:40000)"),
        ("expect connected", "Done"),
        ("expect eof", "EndOfStream([])"),
        ("expect reset", "Reset"),
        ("expect refused", "Refused"),
        ("expect timeout", "TimedOut"),
        ("expect error", "Error(\"EHOSTUNREACH\")"),
        ("expect urgent", "Done"),
        ("expect no-urgent", "NothingYet"),
        ("expect nothing", "NothingYet"),
        ("expect no-connection", "NothingYet"),
    ];
    for (action, right) in calls.map(|call| (call, "Done")).into_iter().chain(observations) {
        let count = outcomes(&given("ESTABLISHED", "close")).len();
        let passing: Vec<String> = (0..count)
            .filter_map(|number| {
                // `listen` asks nothing where the listener is there already.
                let mut bench = given(if action == "listen" { "CLOSED" } else { "ESTABLISHED" }, action);
                let outcome = outcomes(&bench)[number].clone();
                let text = format!("{outcome:?}");
                bench.application(outcome);
                let told = bench.told();
                match told.lines().nth(1) {
                    None => Some(text),
                    Some("application-call-failed") => {
                        assert!(calls.contains(&action) || action == "connect", "{action}: {told}");
                        None
                    }
                    other => {
                        assert_eq!(other, Some("application-saw-otherwise"), "{action}");
                        None
                    }
                }
            })
            .collect();
        assert_eq!(passing, [right], "{action}");
    }
}

#[test]
fn every_action_is_asked_as_the_upper_tester_understands_it() {
    let asked = |state: &str, action: &str| {
        let bench = given(state, action);
        format!("{:?}", bench.commands.front().expect("a command").1)
    };
    let established = [
        "accept",
        "send \"ab\"",
        "send urgent \"ab\"",
        "expect urgent",
        "receive 10",
        "receive 10, within: 5s",
        "shutdown",
        "close",
        "close listener",
        "abort",
        "kill",
        "set user-timeout 5s",
        "expect connected",
        "expect eof",
        "expect refused",
        "expect timeout",
        "expect nothing, within: 200ms",
        "expect no-connection",
    ];
    let mut texts: Vec<String> = established.map(|action| asked("ESTABLISHED", action)).into();
    texts.extend([asked("CLOSED", "listen"), asked("CLOSED", "connect")]);
    // In SYN-SENT the outcome is that of `connect`.
    texts.extend([asked("SYN-SENT", "expect refused"), asked("SYN-SENT", "expect timeout")]);
    assert_snapshot!(texts.join("\n"), @r#"
    Accept { listener: "main/listener", socket: "main", within: 1s }
    Send { socket: "main", data: [97, 98] }
    SendUrgent { socket: "main", data: [97, 98] }
    AwaitUrgent { socket: "main", within: 1s }
    Receive { socket: "main", length: 10, within: 1s }
    Receive { socket: "main", length: 10, within: 5s }
    Shutdown { socket: "main" }
    Close { socket: "main" }
    Close { socket: "main/listener" }
    Abort { socket: "main" }
    Kill
    Set { socket: "main", option: UserTimeout(5s) }
    AwaitConnected { socket: "main", within: 1s }
    AwaitEnd { socket: "main", within: 1s }
    AwaitEnd { socket: "main", within: 1s }
    AwaitEnd { socket: "main", within: 1s }
    AwaitEnd { socket: "main", within: 200ms }
    Accept { listener: "main/listener", socket: "main", within: 1s }
    Listen { socket: "main/listener", local: 198.19.0.1:20000, backlog: 128, options: [] }
    Connect { socket: "main", local: 198.19.0.1:20000, remote: 198.18.0.1:40000, options: [] }
    AwaitConnected { socket: "main", within: 1s }
    AwaitConnected { socket: "main", within: 1s }
    "#);
}

#[test]
fn findings_say_what_was_asked_and_what_was_seen() {
    let told = |action: &str, outcome: AppOutcome| {
        let mut bench = given("ESTABLISHED", action);
        bench.application(outcome);
        bench.told().lines().skip(1).map(str::trim).collect::<Vec<_>>().join("; ")
    };
    let texts = [
        told("accept", AppOutcome::NothingYet),
        told("shutdown", AppOutcome::Error("ENOTCONN".into())),
        told("send 10", AppOutcome::Reset),
        told("expect eof", AppOutcome::Data(vec![1, 2])),
        told("expect eof", AppOutcome::NothingYet),
        told("expect reset, within: 5s", AppOutcome::EndOfStream(vec![])),
        told("expect nothing", AppOutcome::TimedOut),
        told("expect no-connection", AppOutcome::Accepted("198.18.0.1:40000".parse().expect("an endpoint"))),
        told("set nodelay on", AppOutcome::Error("EINVAL".into())),
        told("receive 10", AppOutcome::Reset),
        told("kill", AppOutcome::Connecting("198.18.0.1:40000".parse().expect("an endpoint"))),
    ];
    assert_snapshot!(texts.join("\n"), @r"
    application-saw-otherwise; did      had the application accept; expected the application to accept our connection within 1 s; saw      nothing within the wait
    application-call-failed; did      had the application shut down its side; expected the application's call to work; saw      the error ENOTCONN
    application-call-failed; did      had the application send 10 octets; expected the application's call to work; saw      a reset
    application-saw-otherwise; did      had the application wait for the end of its connection; expected the application to see the end of the stream within 1 s; saw      2 octets of text
    application-saw-otherwise; did      had the application wait for the end of its connection; expected the application to see the end of the stream within 1 s; saw      nothing within the wait
    application-saw-otherwise; did      had the application wait for the end of its connection; expected the application to see a reset within 5 s; saw      the end of the stream
    application-saw-otherwise; did      had the application wait for the end of its connection; expected the application to see neither text nor an end within 1 s; saw      a timeout
    application-saw-otherwise; did      had the application accept; expected the application to see no connection within 1 s; saw      a connection from 198.18.0.1:40000
    application-call-failed; did      had the application set nodelay on; expected the application's call to work; saw      the error EINVAL
    application-starved; did      had the application receive 10 octets; expected the application to receive 10 octets within 1 s; saw      a reset
    application-call-failed; did      had the application killed; expected the application's call to work; saw      a connection under way from 198.18.0.1:40000
    ");
}

#[test]
fn a_broken_upper_tester_is_an_error_whatever_was_asked() {
    for action in ["accept", "send 10", "receive 10", "expect eof"] {
        let mut bench = given("ESTABLISHED", action);
        bench.application(AppOutcome::Broken("no such socket".into()));
        let told = bench.told();
        assert!(told.starts_with("error\nupper-tester-broken"), "{action}: {told}");
    }
}

#[test]
fn an_upper_tester_that_never_reports_is_an_error() {
    let mut bench = given("ESTABLISHED", "close");
    let begun = bench.now;
    bench.run_to_the_end();
    assert_eq!(bench.now.since(begun), Duration::from_secs(11));
    assert_snapshot!(bench.told(), @r"
    error
    upper-tester-broken
      did      had the application close
      expected a report of the upper tester
      saw      no report for 11 s
    ");
}

#[test]
fn a_report_of_another_command_answers_nothing() {
    let mut bench = given("ESTABLISHED", "close");
    let now = bench.now;
    let report = |id, outcome| AppReport { id: CommandId(id), outcome, began: now.0, ended: now.0 };
    bench.engine.step(now, Input::App(report(999, AppOutcome::Done)));
    assert!(!bench.engine.has_ended());
    bench.engine.step(now, Input::App(report(998, AppOutcome::Broken("it died".into()))));
    assert_snapshot!(bench.told(), @r"
    error
    upper-tester-broken
      did      had the application close
      expected an upper tester that does as asked
      saw      it died
    ");
}

const RECEIVED: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 100}
  - {send: ACK, seq: RCV.NXT + 100, data: {text: hello}}
  - app: receive 100
  - app: receive \"hello\"";

#[test]
fn established_octets_received_are_those_sent_in_their_order() {
    let mut bench = Bench::of(RECEIVED).start();
    let (stream, text) = (bench.sent().payload, bench.sent().payload);
    bench.application(AppOutcome::Data(stream));
    bench.application(AppOutcome::EndOfStream(text));
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_octets_altered_missing_or_too_many_are_named() {
    let told = |change: fn(Vec<u8>) -> AppOutcome| {
        let mut bench = Bench::of(RECEIVED).start();
        let stream = bench.sent().payload;
        bench.application(change(stream));
        bench.told().lines().skip(1).map(str::trim).collect::<Vec<_>>().join("; ")
    };
    let texts = [
        told(|mut octets| {
            octets[40] ^= 1;
            AppOutcome::Data(octets)
        }),
        told(|octets| AppOutcome::Data(octets[..99].to_vec())),
        told(|octets| AppOutcome::EndOfStream(octets[..99].to_vec())),
        told(|octets| AppOutcome::Data([octets, vec![0]].concat())),
        told(|_| AppOutcome::NothingYet),
        told(|_| AppOutcome::Done),
    ];
    assert_snapshot!(texts.join("\n"), @r"
    application-data-differs; did      had the application receive 100 octets; expected the application to receive our 100 octets as we sent them; saw      100 octets, other than ours from octet 40 on
    application-starved; did      had the application receive 100 octets; expected the application to receive 100 octets within 1 s; saw      only 99 octets
    application-starved; did      had the application receive 100 octets; expected the application to receive 100 octets within 1 s; saw      the end of the stream after 99 octets
    application-data-differs; did      had the application receive 100 octets; expected the application to receive our 100 octets as we sent them; saw      101 octets, other than ours from octet 100 on
    application-starved; did      had the application receive 100 octets; expected the application to receive 100 octets within 1 s; saw      nothing within the wait
    application-starved; did      had the application receive 100 octets; expected the application to receive 100 octets within 1 s; saw      the call worked
    ");
}

#[test]
fn established_what_the_application_writes_goes_on_where_it_stopped() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 10
  - app: send \"abc\"
  - app: send 10
  - {expect: ACK, data: 23}
  - wait: 1s";
    let mut bench = Bench::of(keys).start();
    let written: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            let Some((_, AppCommand::Send { data, .. })) = bench.commands.front().cloned() else {
                panic!("no send")
            };
            bench.application(AppOutcome::Done);
            data
        })
        .collect();
    let whole = written.concat();
    assert_eq!((whole.len(), &whole[10..13]), (23, b"abc".as_slice()));
    let answer = Segment { payload: whole, ..bench.target("PSH ACK") };
    bench.arrives(1, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_other_octets_than_those_written_are_named() {
    let keys =
        "given: {state: ESTABLISHED, irs: 1000}\nsteps:\n  - app: send 10\n  - {expect: ACK, data: 10}";
    let told = |change: fn(&mut Vec<u8>)| {
        let mut bench = Bench::of(keys).start();
        bench.application(AppOutcome::Done);
        let mut text = bench.text("ACK", 10);
        change(&mut text.payload);
        bench.arrives(1, &text);
        bench.told()
    };
    assert_snapshot!(told(|octets| octets[3] ^= 1), @r"
    fail
    payload-altered
      did      had the application send 10 octets
      expected at octet 3 of its stream: 0xe4
      saw      0xe5
      data: 0xe4 | 0xe5
    wrong-data
      did      had the application send 10 octets
      expected ACK with 10 octets of text
      saw      ACK seq=1 ack=1 len=10 win=60000 after 1 ms
      data: what the application wrote | other text, from its octet 3 on
    ");
    assert_snapshot!(told(|octets| octets.truncate(9)), @r"
    fail
    wrong-data
      did      had the application send 10 octets
      expected ACK with 10 octets of text
      saw      ACK seq=1 ack=1 len=9 win=60000 after 1 ms
      data: 10 octets | 9 octets
    ");
    assert_snapshot!(told(|octets| octets.push(0)), @r"
    fail
    payload-invented
      did      had the application send 10 octets
      expected at octet 10 of its stream: no octet: the application has written 10
      saw      0x00
      data: no octet: the application has written 10 | 0x00
    wrong-data
      did      had the application send 10 octets
      expected ACK with 10 octets of text
      saw      ACK seq=1 ack=1 len=11 win=60000 after 1 ms
      data: 10 octets | 11 octets
    ");
}

#[test]
fn established_a_fin_that_overtakes_the_report_of_the_call_is_its_answer() {
    let keys = "given: ESTABLISHED
steps:
  - app: close
  - {expect: FIN ACK, within: 100ms}";
    let mut bench = Bench::of(keys).start();
    let fin = bench.target("FIN ACK");
    let began = bench.now;
    bench.arrives(2, &fin);
    bench.pass_time(3000);
    // The call was made before the FIN came, and is reported three seconds later.
    let ended = began + Duration::from_millis(3);
    bench.application_between(began + Duration::from_millis(1), ended, AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_times_count_from_the_call_and_not_from_its_report() {
    let answered = |after_the_call: u64| {
        let keys =
            "given: ESTABLISHED\nsteps:\n  - app: close\n  - {expect: FIN ACK, not-before: 1s, within: 2s}";
        let mut bench = Bench::of(keys).start();
        let began = bench.now + Duration::from_millis(100);
        let fin = bench.target("FIN ACK");
        bench.arrives(100 + after_the_call, &fin);
        bench.application_between(began, began + Duration::from_millis(50), AppOutcome::Done);
        bench.told().lines().nth(1).unwrap_or("pass").to_owned()
    };
    // Not before 1 s after it began, within 2 s after it ended; 10 ms of tolerance.
    let times = [989, 990, 2060, 2061].map(answered);
    assert_eq!(times, ["answered-too-early", "pass", "pass", "answered-too-late"]);
}

#[test]
fn established_observations_move_no_moment() {
    let keys = "given: ESTABLISHED
steps:
  - {send: FIN ACK, as: fin}
  - app: expect eof
  - {expect: ACK, ack: fin.end, within: 100ms}";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(200, &ack);
    bench.application(AppOutcome::EndOfStream(Vec::new()));
    assert!(bench.told().starts_with("fail\nanswered-too-late"));
}

#[test]
fn established_a_label_of_a_call_is_its_moment() {
    let keys = "given: ESTABLISHED
steps:
  - {app: shutdown, as: call}
  - wait: 5s
  - {expect: FIN ACK, after: call, within: 100ms}";
    for (after, right) in [(110, "pass"), (111, "fail")] {
        let mut bench = Bench::of(keys).start();
        bench.application(AppOutcome::Done);
        let fin = bench.target("FIN ACK");
        bench.arrives(after, &fin);
        assert_eq!(bench.told().lines().next(), Some(right), "{after}");
    }
}

#[test]
fn reports_from_before_the_trial_are_recorded_at_its_beginning() {
    let mut bench = given("ESTABLISHED", "close");
    bench.application_between(Time(0), Time(0), AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn an_echo_service_writes_back_what_it_was_sent_once() {
    let keys = "given: ESTABLISHED
steps:
  - {send: ACK, data: 10, as: text}
  - {send: ACK, seq: text.seq, data: 10}
  - {send: ACK, seq: text.end - 5, data: 10}
  - {expect: ACK, data: 15}";
    let mut bench = Bench::with(keys, |config| {
        config.agent = false;
        let echo = config.capabilities.iter().copied().chain([crate::case::Capability::Echo]);
        config.capabilities = std::sync::Arc::new(echo.collect());
    })
    .start();
    let (first, _, last) = (bench.sent().payload, bench.sent(), bench.sent().payload);
    let payload = [&first[..5], &last].concat();
    let echo = Segment { payload, ..bench.target("ACK") };
    bench.arrives(1, &echo);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn an_echo_service_beside_an_upper_tester_writes_nothing() {
    let keys = "given: ESTABLISHED
steps:
  - {send: ACK, data: 10}
  - app: send 10
  - {expect: ACK, data: 10}";
    let mut bench = Bench::with(keys, |config| {
        let echo = config.capabilities.iter().copied().chain([crate::case::Capability::Echo]);
        config.capabilities = std::sync::Arc::new(echo.collect());
    })
    .start();
    let text = bench.text("ACK", 10);
    bench.application(AppOutcome::Done);
    bench.arrives(1, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn an_unknown_service_writes_what_it_likes() {
    let keys = "given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 10}\n  - {expect: ACK, data: 5}";
    let mut bench = Bench::with(keys, |config| config.agent = false).start();
    let text = Segment { payload: b"12:00".to_vec(), ..bench.target("ACK") };
    bench.arrives(1, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn closed_an_open_to_nobody_passes_with_any_error() {
    let told = |outcome: AppOutcome| {
        let mut bench = given("CLOSED", "connect to multicast");
        let AppCommand::Connect { remote, .. } = bench.commands.front().expect("a command").1.clone() else {
            panic!("no connect")
        };
        assert_eq!(remote, "224.0.0.1:40000".parse::<Endpoint>().expect("an address"));
        bench.application(outcome);
        bench.told()
    };
    assert_eq!(told(AppOutcome::Error("ENETUNREACH".into())), "pass");
    let begun = AppOutcome::Connecting("10.0.0.1:80".parse().expect("an address"));
    assert_snapshot!(told(begun), @r"
    fail
    application-saw-otherwise
      did      had the application connect to 224.0.0.1:40000
      expected the application's open to be an error within 1 s
      saw      a connection under way from 10.0.0.1:80
    ");
}
