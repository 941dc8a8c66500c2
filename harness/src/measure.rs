//! `ci/bench`: the bench measured against its own lower bounds, within one run.

mod whole;

use crate::cli::exit;
use crate::faults::Conduit;
use crate::inputs::Inputs;
use crate::link::{Counters, Link};
use crate::run::Stop;
use crate::runner::{Driver, Fate, Finished, Job, Sink, run_job};
use crate::target::simulated::SmoltcpStack;
use crate::target::{Bench, BenchError, KernelBench};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
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

/// Prints the figures of `ci/bench`, each with the bound that it must keep; red if one does not.
///
/// # Errors
/// The bench cannot be made, or fails.
pub fn measure(trials: u32, at_once: u32, program: PathBuf) -> Result<u8, Stop> {
    let failed = |error: BenchError| Stop::new(exit::BENCH_UNABLE, error.to_string());
    // Before this process has namespaces of its own: as a user would start it.
    let mut kept = starts(&program).map_err(failed)?;
    let preparation = KernelBench::prepare(program.clone()).map_err(|error| failed(BenchError::of(error)))?;
    let mut bench = preparation.finish().map_err(|error| failed(BenchError::of(error)))?;
    let inputs = Inputs::read_for_kernel()?;
    kept &= short_trials(&mut bench, &inputs, trials).map_err(failed)?;
    kept &= memory(&mut bench, &inputs, at_once).map_err(failed)?;
    drop(bench);
    let plan = inputs.plan(0)?;
    let waits = plan.trials.iter().filter(|trial| trial.fate == Fate::Run).map(|trial| trial.expected);
    kept &= suite(&program, plan.trials.len(), waits.max().unwrap_or_default()).map_err(failed)?;
    kept &= simulated(&program).map_err(failed)?;
    Ok(if kept { exit::GREEN } else { exit::RED })
}

/// A run speaks soon.
fn starts(program: &Path) -> Result<bool, BenchError> {
    let starts: Result<Vec<_>, _> = (0..STARTS).map(|_| whole::first_verdict(program)).collect();
    let mut starts: Vec<_> = starts.map_err(BenchError::of)?.iter().map(Duration::as_secs_f64).collect();
    let median = median(&mut starts);
    println!(
        "start to first verdict: {:.0} ms (at most {:.0}; median of {STARTS}, {:.0} to {:.0})",
        median * 1e3,
        MOST_TO_FIRST_VERDICT * 1e3,
        starts[0] * 1e3,
        starts[STARTS - 1] * 1e3,
    );
    Ok(median <= MOST_TO_FIRST_VERDICT)
}

/// Engine, record, upper tester and all cost less than the frames and the socket calls themselves. The
/// best round of each counts: whatever else the machine does only takes away, and from short trials
/// more, for they keep two processors busy.
fn short_trials(bench: &mut KernelBench, inputs: &Inputs, trials: u32) -> Result<bool, BenchError> {
    let (mut best_bare, mut best_short) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let bare = bare_loop(bench, trials)?.rate;
        let short = rate_of(bench, inputs, SHORT, trials, SHORT_AT_ONCE)?;
        println!("  bare loop {bare:.0}/s, short trials {short:.0}/s");
        best_bare = best_bare.max(bare);
        best_short = best_short.max(short);
    }
    let ratio = best_short / best_bare;
    println!(
        "short trials / bare loop: {ratio:.2} (at least {LEAST_OF_BARE_LOOP:.2}; best of {ROUNDS} each)"
    );
    Ok(ratio >= LEAST_OF_BARE_LOOP)
}

/// Many trials at once fit.
fn memory(bench: &mut KernelBench, inputs: &Inputs, at_once: u32) -> Result<bool, BenchError> {
    rate_of(bench, inputs, LINGERING, at_once, usize::MAX)?;
    let own = peak_memory("self")?;
    let upper = peak_memory(&bench.upper_tester_pid().to_string())?;
    println!(
        "memory with {at_once} trials at once: {:.0} MB (at most {MOST_MEMORY:.0}; bench {own:.0}, upper tester {upper:.0})",
        own + upper
    );
    Ok(own + upper <= MOST_MEMORY)
}

/// The suite takes as long as its longest wait, not as the sum.
fn suite(program: &Path, trials: usize, longest: Duration) -> Result<bool, BenchError> {
    let (took, green) = whole::whole_suite(program, &[]).map_err(BenchError::of)?;
    let (took, longest) = (took.as_secs_f64(), longest.as_secs_f64());
    println!(
        "suite / longest wait: {:.3} (at most {MOST_OF_LONGEST_WAIT:.1}; {trials} trials in {took:.1} s, \
         longest wait {longest:.1} s{})",
        took / longest,
        if green { "" } else { "; NOT GREEN" }
    );
    Ok(green && took <= longest * MOST_OF_LONGEST_WAIT)
}

/// On virtual time nobody waits: a run of the whole suite, and how many trials one thread runs in a second.
fn simulated(program: &Path) -> Result<bool, BenchError> {
    let (took, green) = whole::whole_suite(program, &["--target", "smoltcp"]).map_err(BenchError::of)?;
    let stopped = |stop: Stop| BenchError(stop.message);
    let plan = Inputs::read("smoltcp", None).and_then(|inputs| inputs.plan(0)).map_err(stopped)?;
    let jobs: Vec<_> = plan.trials.iter().filter(|trial| trial.fate == Fate::Run).map(|it| &it.job).collect();
    let started = Instant::now();
    for job in &jobs {
        let _ = run_job(job, Box::new(SmoltcpStack::new(job.seed)), Conduit::default());
    }
    let rate = jobs.len() as f64 / started.elapsed().as_secs_f64();
    let took = took.as_secs_f64();
    println!(
        "suite on virtual time: {took:.2} s (at most {MOST_ON_VIRTUAL_TIME:.0}; {rate:.0} trials/s on one \
         thread{})",
        if green { "" } else { "; NOT GREEN" }
    );
    Ok(green && took <= MOST_ON_VIRTUAL_TIME)
}

/// Sorts, and takes the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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

/// The most memory that a process has had, in MB.
fn peak_memory(process: &str) -> Result<f64, BenchError> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).map_err(BenchError::of)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| BenchError(format!("{path} has no VmHWM")))
}

const STARTS: usize = 9;
const ROUNDS: usize = 5;
/// Short trials side by side: enough that none of both sides ever waits.
const SHORT_AT_ONCE: usize = 256;

/// Seconds.
const MOST_TO_FIRST_VERDICT: f64 = 0.05;
const LEAST_OF_BARE_LOOP: f64 = 0.5;
/// MB.
const MOST_MEMORY: f64 = 100.0;
const MOST_OF_LONGEST_WAIT: f64 = 1.1;
/// Seconds.
const MOST_ON_VIRTUAL_TIME: f64 = 2.0;

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
