//! What a message and a trial cost. Run with `--release -- --ignored --nocapture`.

use crate::bench::*;
use pretty_assertions::assert_eq;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tcpspec::upper_tester::UpperTester;
use tcpspec_core::app::{AppOutcome, CommandId};

fn cpu_time_of_this_thread() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// User and system time of a process, from /proc, in its 10 ms ticks.
fn cpu_time_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    Duration::from_millis(10 * (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()))
}

#[test]
#[ignore = "a measurement"]
fn four_commands_cost_the_bench_less_than_25_microseconds() {
    let mut bench = Bench::new();
    let (batch, rounds) = (50_u64, 400_u64);
    // Nobody holds these sockets: the agent answers at once, and the bench's part is the same.
    let commands = [accept("main", LONG), send(b"some octets of a case"), receive(21, LONG), await_end(LONG)];
    let began = cpu_time_of_this_thread();
    let started = Instant::now();
    for round in 0..rounds {
        for trial in 0..batch {
            for command in &commands {
                bench.last_id += 1;
                bench.tester.submit(round * batch + trial, CommandId(bench.last_id), command).unwrap();
            }
        }
        let mut left = 4 * batch;
        while left > 0 {
            bench.pump(LONG).unwrap();
            left -= bench.reports.drain().count() as u64;
        }
    }
    let each = |total: Duration| total.as_secs_f64() * 1e6 / (batch * rounds) as f64;
    let cost = each(cpu_time_of_this_thread() - began);
    println!(
        "bench: {cost:.2} µs of CPU for 4 requests and 4 replies ({:.2} µs elapsed)",
        each(started.elapsed())
    );
    assert!(cost < 25.0);
}

#[test]
#[ignore = "a measurement"]
fn listen_accept_abort_a_second() {
    let mut bench = Bench::new();
    let base = own_address();
    let (batch, rounds) = (100_u16, 200_u16);
    let pid = bench.tester.pid();
    let (began, spent) = (Instant::now(), cpu_time_of(pid));
    for round in 0..rounds {
        let trial = |n: u16| u64::from(round) * u64::from(batch) + u64::from(n);
        let port = |n: u16| 10_000 + (round % 128) * batch + n;
        for n in 0..batch {
            bench.last_id += 2;
            let local = SocketAddr::new(base.ip(), port(n));
            bench.tester.submit(trial(n), CommandId(1), &listen("listener", local)).unwrap();
            bench.tester.submit(trial(n), CommandId(2), &accept("main", LONG)).unwrap();
        }
        for n in 0..batch {
            assert_eq!(bench.outcome(trial(n), CommandId(1)), AppOutcome::Done);
        }
        let peers: Vec<_> =
            (0..batch).map(|n| TcpStream::connect(SocketAddr::new(base.ip(), port(n))).unwrap()).collect();
        for n in 0..batch {
            let outcome = bench.outcome(trial(n), CommandId(2));
            assert!(matches!(outcome, AppOutcome::Accepted(_)), "{outcome:?}");
            bench.tester.submit(trial(n), CommandId(3), &abort()).unwrap();
            bench.tester.release(trial(n));
        }
        for n in 0..batch {
            assert_eq!(bench.outcome(trial(n), CommandId(3)), AppOutcome::Done);
        }
        drop(peers);
    }
    let trials = f64::from(batch) * f64::from(rounds);
    let (elapsed, spent) = (began.elapsed().as_secs_f64(), cpu_time_of(pid) - spent);
    println!(
        "agent: {:.0} listen + accept + abort a second ({:.1} µs of the agent's CPU each)",
        trials / elapsed,
        spent.as_secs_f64() * 1e6 / trials
    );
}
