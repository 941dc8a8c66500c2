//! Life and death of the process.

use crate::bench::*;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pretty_assertions::assert_eq;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::upper_tester::{ProcessUpperTester, UpperTester, UpperTesterError};
use tcpspec_core::app::{AppCommand, AppOutcome, CommandId};

fn is_gone(pid: u32) -> bool {
    // A zombie has no sockets: it only waits for its new parent to look.
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])),
        Err(_) => true,
    }
}

fn becomes_gone(pid: u32) -> bool {
    let started = Instant::now();
    while started.elapsed() < LONG {
        if is_gone(pid) {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn kill_ends_the_process_with_all_that_it_holds() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    let pid = bench.tester.pid();
    let id = bench.ask(1, &AppCommand::Kill);
    assert!(is_gone(pid));
    assert_eq!(bench.outcome(1, id), AppOutcome::Done);
    assert_eq!(read_all(peer), Ok(vec![]));
    // Its silence is what was wanted.
    assert_eq!(bench.tester.receive(&mut |_, report| panic!("{report:?}")), Ok(()));
    assert!(bench.tester.poll_fd().is_none());
    let gone = Err(UpperTesterError::Gone("the bench killed it".to_owned()));
    assert_eq!(bench.tester.submit(1, CommandId(99), &abort()), gone);
}

#[test]
fn an_agent_that_dies_unasked_is_noticed_with_the_reason() {
    let mut bench = Bench::new();
    let _peer = bench.accepted(own_address());
    kill(Pid::from_raw(bench.tester.pid().try_into().unwrap()), Signal::SIGKILL).unwrap();
    let gone = Err(UpperTesterError::Gone("it was killed by SIGKILL".to_owned()));
    assert_eq!(bench.pump(LONG), gone);
    assert_eq!(bench.tester.submit(1, CommandId(99), &abort()), gone);
    assert_eq!(bench.pump(LONG), gone);
}

#[test]
fn an_agent_on_its_way_out_is_noticed_when_its_connections_end() {
    for _ in 0..20 {
        let mut bench = Bench::new();
        assert_eq!(bench.tester.check(), Ok(()));
        let peer = bench.accepted(own_address());
        kill(Pid::from_raw(bench.tester.pid().try_into().unwrap()), Signal::SIGKILL).unwrap();
        // The target's FIN: it may come before the end of the control socket.
        assert_eq!(read_all(peer), Ok(vec![]));
        let gone = Err(UpperTesterError::Gone("it was killed by SIGKILL".to_owned()));
        assert_eq!([bench.tester.check(), bench.tester.check()], [gone.clone(), gone]);
    }
    let mut killed = Bench::new();
    killed.tester.kill();
    assert_eq!(killed.tester.check(), Ok(()), "that was wanted");
}

#[test]
fn a_program_that_is_no_agent_is_noticed() {
    let mut bench = Bench::with(ProcessUpperTester::spawn(Path::new("/bin/false")).unwrap());
    let started = Instant::now();
    let mut last = Ok(());
    while last.is_ok() && started.elapsed() < LONG {
        last = bench.pump(LONG);
    }
    assert_eq!(last, Err(UpperTesterError::Gone("it exited with status 1".to_owned())));
    let missing = ProcessUpperTester::spawn(Path::new("/nowhere/tcpspec")).map(|_| ());
    assert_eq!(
        missing,
        Err(UpperTesterError::NotStarted {
            program: "/nowhere/tcpspec".to_owned(),
            why: "No such file or directory (os error 2)".to_owned(),
        })
    );
}

#[test]
fn dropping_the_upper_tester_leaves_no_process() {
    let bench = Bench::new();
    let pid = bench.tester.pid();
    assert!(!is_gone(pid));
    drop(bench);
    assert_eq!(kill(Pid::from_raw(pid.try_into().unwrap()), None), Err(Errno::ESRCH));
}

#[test]
fn the_agent_outlives_the_thread_that_started_it_and_keeps_its_namespace() {
    let (mut bench, namespace) = thread::spawn(|| {
        // Without the privilege to make one, the test still sees that the agent lives on.
        let _ = unshare(CloneFlags::CLONE_NEWNET);
        let namespace = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        let mut bench = Bench::new();
        // Once it answers, it has asked for a signal at its parent's death.
        assert_eq!(bench.does(&listen("listener", own_address())), AppOutcome::Done);
        (bench, namespace)
    })
    .join()
    .unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(bench.does(&close("listener")), AppOutcome::Done);
    assert_eq!(std::fs::read_link(format!("/proc/{}/ns/net", bench.tester.pid())).unwrap(), namespace);
}

/// Not a test of its own: the bench that [`a_killed_bench_leaves_no_agent`] starts and kills.
#[test]
fn bench_that_will_be_killed() {
    if std::env::var_os("BENCH_THAT_WILL_BE_KILLED").is_none() {
        return;
    }
    let mut bench = Bench::new();
    assert_eq!(bench.does(&close("nobody")), broken("there is no socket named \"nobody\""));
    // Keeps the control socket open, so that its end is not what ends the agent.
    let control = bench.tester.poll_fd().unwrap().try_clone_to_owned().unwrap();
    let mut holder = Command::new("sleep").arg("60").stdin(Stdio::from(control)).spawn().unwrap();
    println!("\npids {} {}", bench.tester.pid(), holder.id());
    let _ = holder.wait();
}

#[test]
fn a_killed_bench_leaves_no_agent() {
    let mut bench = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::bench_that_will_be_killed", "--nocapture"])
        .env("BENCH_THAT_WILL_BE_KILLED", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = BufReader::new(bench.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with("pids "))
        .expect("the bench says which processes it has");
    let pids: Vec<u32> = line.split(' ').skip(1).map(|pid| pid.parse().unwrap()).collect();
    let [agent, holder] = pids[..] else { panic!("{line}") };
    assert!(!is_gone(agent));
    bench.kill().unwrap();
    bench.wait().unwrap();
    let gone = becomes_gone(agent);
    kill(Pid::from_raw(holder.try_into().unwrap()), Signal::SIGKILL).unwrap();
    assert!(gone, "process {agent} is still there");
}
