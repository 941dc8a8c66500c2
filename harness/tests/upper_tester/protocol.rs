//! Commands and lines that make no sense: the bench's fault, and survived.

use crate::bench::*;
use pretty_assertions::assert_eq;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tcpspec::upper_tester::protocol::FromAgent;
use tcpspec::upper_tester::{Flushed, UpperTester};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};

#[test]
fn commands_that_make_no_sense_are_broken_and_harm_nothing() {
    let mut bench = Bench::new();
    let local = own_address();
    let _peer = bench.accepted(local);
    let outcomes = [
        listen("main", own_address()),
        accept("main", LONG),
        AppCommand::Accept { listener: name("main"), socket: name("x"), within: LONG },
        AppCommand::Accept { listener: name("nobody"), socket: name("x"), within: LONG },
        AppCommand::Receive { socket: name("listener"), length: 1, within: LONG },
        AppCommand::Shutdown { socket: name("listener") },
        close("nobody"),
    ]
    .map(|command| bench.does(&command));
    let only_listens = broken("a listener can only accept and close");
    assert_eq!(
        outcomes,
        [
            broken("there is a socket named \"main\" already"),
            broken("there is a socket named \"main\" already"),
            broken("a connection cannot accept"),
            broken("there is no socket named \"nobody\""),
            only_listens.clone(),
            only_listens,
            broken("there is no socket named \"nobody\""),
        ]
    );
    assert_eq!(bench.does(&send(b"still here")), AppOutcome::Done);
}

#[test]
fn the_stamps_enclose_the_call_on_the_clock_of_the_bench() {
    let monotonic = || {
        let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
        u64::try_from(Duration::from(now).as_nanos()).unwrap()
    };
    let mut bench = Bench::new();
    let before = monotonic();
    let id = bench.ask(1, &listen("listener", own_address()));
    let AppReport { began, ended, .. } = bench.report(1, id);
    assert!(before < began && began < ended && ended < monotonic(), "{before} {began} {ended}");
}

/// An agent without a bench: raw lines in and out.
fn raw_agent() -> (std::process::Child, UnixStream, impl FnMut() -> FromAgent) {
    let (control, theirs) = UnixStream::pair().unwrap();
    let child = Command::new(PROGRAM).arg("upper-tester").stdin(OwnedFd::from(theirs)).spawn().unwrap();
    control.set_read_timeout(Some(LONG)).unwrap();
    let mut reader = BufReader::new(control.try_clone().unwrap());
    let next = move || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    (child, control, next)
}

#[test]
fn malformed_lines_draw_one_error_each_and_the_next_good_line_is_served() {
    let (mut child, mut control, mut next) = raw_agent();
    assert_eq!(next(), FromAgent::Hello { protocol: 1 });
    let bad: [&[u8]; 6] = [
        b"nonsense",
        b"",
        b"\xff\xfe\0",
        br#"{"Request":{"trial":1,"id":1,"command":"Dance"}}"#,
        br#"{"Request":{"trial":-1,"id":1,"command":"Kill"}}"#,
        br#"{"Request":{"trial":1,"id":1,"command":{"Send":{"socket":"main","data":"abc"}}}}"#,
    ];
    for line in bad {
        control.write_all(line).unwrap();
        control.write_all(b"\n").unwrap();
    }
    control.write_all(b"{\"Request\":{\"trial\":9,\"id\":8,\"command\":\"Kill\"}}\n").unwrap();
    let mut whys = Vec::new();
    let reply = loop {
        match next() {
            FromAgent::NotUnderstood(why) => whys.push(why),
            FromAgent::Reply(reply) => break reply,
            hello @ FromAgent::Hello { .. } => panic!("{hello:?}"),
        }
    };
    assert_eq!(whys.len(), bad.len(), "{whys:#?}");
    assert!(whys[3].starts_with("unknown variant `Dance`"), "{}", whys[3]);
    assert!(whys[5].starts_with("an odd number of hexadecimal digits"), "{}", whys[5]);
    let why = "the bench must kill the process: an application cannot kill itself";
    assert_eq!((reply.trial, reply.report.id, reply.report.outcome), (9, CommandId(8), broken(why)));
    drop((control, next));
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_agent_started_by_hand_says_who_must_start_it() {
    let output = Command::new(PROGRAM).arg("upper-tester").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let want =
        "tcpspec upper-tester: is started by the bench, with the control socket as its standard input\n";
    assert_eq!((output.status.code(), said.as_str()), (Some(2), want));
}

#[test]
fn a_bench_that_reads_nothing_for_long_loses_no_answer() {
    let mut bench = Bench::new();
    let ids: Vec<_> = (0..60_000).map(|_| bench.ask(1, &close("nobody"))).collect();
    for _ in 0..50 {
        let _ = bench.tester.flush().unwrap();
        thread::sleep(SHORT);
    }
    // Both directions are full: the agent's replies wait for us, and our requests for the agent.
    assert_eq!(bench.tester.flush(), Ok(Flushed::Partly));
    let want = broken("there is no socket named \"nobody\"");
    assert!(ids.into_iter().all(|id| bench.outcome(1, id) == want));
}
