//! `ci/bench`: the bench measured against its own lower bounds, within one run.

use crate::cli::exit;
use crate::link::{Counters, Link};
use crate::run::{Inputs, Stop};
use crate::runner::{Driver, Finished, Job, Sink};
use crate::target::{Bench, BenchError, KernelBench};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tcpspec_core::case::{Family, Suite};
use tcpspec_core::segment::{Endpoint, Flags, Packet, Segment, decode, encode_segment};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::verdict::Verdict;

/// What the bare loop reached.
#[derive(Clone, Copy, Debug)]
pub struct BareLoop {
    /// Rounds in a second.
    pub rate: f64,
    /// What the link counted meanwhile.
    pub counters: Counters,
}

/// The lower bound for short trials: the same frames and socket calls, one after another on this
/// thread, without engine: listener, handshake, accept, one octet, its ACK, RST, close.
///
/// # Errors
/// The bench or a socket fails.
pub fn bare_loop(bench: &mut KernelBench, rounds: u32) -> Result<BareLoop, BenchError> {
    let (Some(host), Some(IpAddr::V4(target))) =
        (bench.fresh_host(Family::V4, 1), bench.target_address(Family::V4))
    else {
        return Err(BenchError("no IPv4 addresses".into()));
    };
    let (namespace, link) = bench.parts();
    let rate = namespace.in_target(|| {
        let started = Instant::now();
        for round in 0..rounds {
            let port = 1024 + u16::try_from(round % 60_000).unwrap_or(0);
            one_round(link, Endpoint::new(host.address, 20_000), SocketAddr::new(target.into(), port))?;
        }
        Ok::<_, BenchError>(f64::from(rounds) / started.elapsed().as_secs_f64())
    });
    let rate = rate.map_err(BenchError::of)??;
    let counters = bench.link().counters().map_err(BenchError::of)?;
    Ok(BareLoop { rate, counters })
}

fn one_round(link: &mut dyn Link, us: Endpoint, target: Endpoint) -> Result<(), BenchError> {
    let listener = TcpListener::bind(target).map_err(BenchError::of)?;
    let ours = |flags, seq: u32, ack: SeqNum, payload: &[u8]| {
        let segment = Segment {
            flags,
            seq: SeqNum(seq),
            ack,
            window: u16::MAX,
            payload: payload.to_vec(),
            ..Segment::between(us, target)
        };
        encode_segment(&segment)
    };
    let isn = u32::from(target.port()).wrapping_mul(77_777);
    link.send(&ours(Flags::SYN, isn, SeqNum(0), &[])).map_err(BenchError::of)?;
    let syn_ack = await_segment(link)?;
    link.send(&ours(Flags::ACK, isn + 1, syn_ack.seq + 1, &[])).map_err(BenchError::of)?;
    let accepted = listener.accept().map_err(BenchError::of)?;
    link.send(&ours(Flags::ACK, isn + 1, syn_ack.seq + 1, b"x")).map_err(BenchError::of)?;
    await_segment(link)?;
    link.send(&ours(Flags::RST, isn + 2, SeqNum(0), &[])).map_err(BenchError::of)?;
    drop(accepted);
    Ok(())
}

fn await_segment(link: &mut dyn Link) -> Result<Segment, BenchError> {
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut found = None;
    while found.is_none() {
        link.receive(&mut |_, octets| {
            if let Ok(Packet::Tcp(received)) = decode(octets) {
                found.get_or_insert(received.segment);
            }
        })
        .map_err(BenchError::of)?;
        if Instant::now() > deadline {
            return Err(BenchError("the target did not answer the bare loop".into()));
        }
    }
    found.ok_or_else(|| BenchError("no segment".into()))
}

/// Prints the ratios of `ci/bench`: short trials against the bare loop, the memory of many at once,
/// the longest wait of the suite.
///
/// # Errors
/// The bench cannot be made, or fails.
pub fn measure(trials: u32, at_once: u32, program: PathBuf) -> Result<u8, Stop> {
    let failed = |error: BenchError| Stop::new(exit::BENCH_UNABLE, error.to_string());
    let preparation = KernelBench::prepare(program).map_err(|error| failed(BenchError::of(error)))?;
    let mut bench = preparation.finish().map_err(|error| failed(BenchError::of(error)))?;
    let inputs = Inputs::read_for_kernel()?;
    let mut ratios = Vec::new();
    for round in 1..=3 {
        let bare = bare_loop(&mut bench, trials).map_err(failed)?;
        let short = rate_of(&mut bench, &inputs, SHORT, trials, 256).map_err(failed)?;
        println!(
            "round {round}: bare loop {:.0}/s, short trials {short:.0}/s, ratio {:.2} (at least 0.50)",
            bare.rate,
            short / bare.rate
        );
        ratios.push(short / bare.rate);
    }
    let many = rate_of(&mut bench, &inputs, LINGERING, at_once, usize::MAX).map_err(failed)?;
    let peak = peak_memory_kib("self").unwrap_or(0) / 1024;
    println!("memory: at most {peak} MiB with {at_once} trials at once (at most 100; {many:.0}/s)");
    let longest = inputs.plan(0)?.trials.iter().map(|trial| trial.expected).max().unwrap_or_default();
    println!("longest wait of the suite: {} s", longest.as_secs_f64());
    let best = ratios.into_iter().fold(0.0, f64::max);
    let kept = best >= 0.5 && peak <= 100;
    Ok(if kept { exit::GREEN } else { exit::RED })
}

/// One case, many times over: trials in a second.
fn rate_of(
    bench: &mut KernelBench,
    inputs: &Inputs,
    case: &'static str,
    trials: u32,
    at_once: usize,
) -> Result<f64, BenchError> {
    let suite = Suite::read([("cases/measure/measure.yaml", case)]);
    let suite = suite.map_err(|found| BenchError(format!("{found:?}")))?;
    let plan = inputs.plan_of(Arc::new(suite), 0).map_err(|stop| BenchError(stop.message))?;
    let first = &plan.trials[0].job;
    let jobs = (0..trials).map(|index| {
        let port = 1024 + u16::try_from(index % 60_000).unwrap_or(0);
        Job { index: index as usize, seed: u64::from(index) * 7919, target_port: port, ..first.clone() }
    });
    let jobs: Vec<_> = jobs.collect();
    let mut tally = Tally::default();
    let started = Instant::now();
    Driver::new(bench, at_once)?.run(jobs, &mut tally)?;
    let rate = f64::from(trials) / started.elapsed().as_secs_f64();
    match tally.first_failure {
        None => Ok(rate),
        Some(why) => Err(BenchError(format!("a measured trial did not pass: {why}"))),
    }
}

#[derive(Default)]
struct Tally {
    first_failure: Option<String>,
}

impl Sink for Tally {
    fn finished(&mut self, finished: Finished) {
        if finished.outcome.verdict != Verdict::Pass {
            self.first_failure.get_or_insert_with(|| format!("{:?}", finished.outcome.findings));
        }
    }
}

/// The most memory that a process has had, in KiB.
fn peak_memory_kib(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A short trial: own listener, handshake, one data stimulus, one answer, clean-up, verdict.
const SHORT: &str = "about: Measured by ci/bench

cases:
  short:
    title: One octet is acknowledged
    requirements: [ev-estab-data-inorder]
    effect: None.
    families: [v4]
    given: ESTABLISHED
    steps:
      - send: ACK
        data: 1
        as: octet
      - expect: ACK
        ack: octet.end
";

/// A trial that stays a while, so that many are there at once.
const LINGERING: &str = "about: Measured by ci/bench

cases:
  lingering:
    title: One octet is acknowledged after a while
    requirements: [ev-estab-data-inorder]
    effect: None.
    families: [v4]
    given: ESTABLISHED
    steps:
      - wait: 3s
      - send: ACK
        data: 1
        as: octet
      - expect: ACK
        ack: octet.end
";
