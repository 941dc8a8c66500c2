//! One thread that drives every trial: frames, reports and timers in, actions out.

use super::job::{Finished, Job};
use crate::target::{Bench, BenchError};
use crate::upper_tester::{Flushed, ProcessUpperTester, UpperTester};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport};
use tcpspec_core::engine::{Action, Engine, Input};
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{FindingCode, Verdict};

/// Where finished trials go.
pub trait Sink {
    /// A trial has its verdict.
    fn finished(&mut self, finished: Finished);
    /// So many run and so many wait for their turn.
    fn progress(&mut self, _running: usize, _waiting: usize, _longest: Duration) {}
}

/// Trials begun in one turn of the loop: a burst that no queue on the way drops.
const STARTS_A_TURN: usize = 32;

/// Later than this, the bench may have changed what the target did: the trial is run again.
const TOO_LATE: Duration = Duration::from_millis(500);

/// Beyond everything that a trial waits for: more means that it hangs.
const SLACK: Duration = Duration::from_secs(20);

/// A trial under way.
struct Active {
    job: Job,
    engine: Engine,
    host: IpAddr,
    /// Key of its sockets at the upper tester.
    key: u64,
    attempt: u32,
    began: Time,
    limit: Time,
    latest: Duration,
    lost_before: u64,
    clock_steps_before: u64,
    /// The timer that counts; others in the heap are stale.
    timer: Option<Time>,
}

/// Drives trials over one bench.
pub struct Driver<'b> {
    bench: &'b mut dyn Bench,
    waiting: VecDeque<(Job, u32)>,
    most_at_once: usize,
    active: HashMap<u64, Active>,
    /// Applications of single trials, in processes of their own, because their cases kill them.
    private: BTreeMap<u64, ProcessUpperTester>,
    hosts: HashMap<IpAddr, u64>,
    timers: BinaryHeap<Reverse<(Time, u64)>>,
    next_key: u64,
    /// Packets of one turn: (stamp, range in `octets`).
    packets: Vec<(Time, std::ops::Range<usize>)>,
    octets: Vec<u8>,
    ready: Epoll,
    /// The upper tester did not take everything yet.
    unflushed: bool,
    /// When the sink was told of the progress last.
    told: Time,
}

impl<'b> Driver<'b> {
    /// A driver that has nothing to do yet, and will run at most `most_at_once` trials at a time.
    ///
    /// # Errors
    /// The system refuses to watch the bench's descriptors.
    pub fn new(bench: &'b mut dyn Bench, most_at_once: usize) -> Result<Self, BenchError> {
        let most_at_once = bench.most_at_once().unwrap_or(usize::MAX).min(most_at_once).max(1);
        let ready = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(BenchError::of)?;
        watch(&ready, bench.link().poll_fd())?;
        if let Some(upper) = bench.upper_tester() {
            watch(&ready, upper.poll_fd())?;
        }
        Ok(Self {
            bench,
            waiting: VecDeque::new(),
            most_at_once,
            active: HashMap::new(),
            private: BTreeMap::new(),
            hosts: HashMap::new(),
            timers: BinaryHeap::new(),
            next_key: 0,
            packets: Vec::new(),
            octets: Vec::new(),
            ready,
            unflushed: false,
            told: Time::default(),
        })
    }

    /// Runs all jobs, in their order, side by side.
    ///
    /// # Errors
    /// Where the bench as a whole fails; the jobs that have not finished by then have no verdict.
    pub fn run(
        &mut self,
        jobs: impl IntoIterator<Item = Job>,
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        self.waiting.extend(jobs.into_iter().map(|job| (job, 0)));
        while !(self.waiting.is_empty() && self.active.is_empty()) {
            self.turn(sink)?;
        }
        Ok(())
    }

    fn turn(&mut self, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let mut busy = self.start_some(sink)?;
        // Timers due at this moment fire only after everything stamped before it was handed in.
        let before = crate::clock::monotonic();
        busy |= self.take_packets(sink)?;
        busy |= self.take_reports(sink)?;
        busy |= self.fire_timers(before, sink)?;
        self.flush()?;
        if before.since(self.told) > Duration::from_millis(100) {
            self.told = before;
            sink.progress(self.active.len(), self.waiting.len(), self.longest(before));
        }
        if !busy {
            self.sleep()?;
        }
        Ok(())
    }

    fn longest(&self, now: Time) -> Duration {
        let remaining = |active: &Active| (active.limit - SLACK).since(now);
        self.active.values().map(remaining).max().unwrap_or_default()
    }

    fn start_some(&mut self, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut started = 0;
        while started < STARTS_A_TURN && self.active.len() < self.most_at_once {
            let Some((job, attempt)) = self.waiting.pop_front() else { break };
            self.start(job, attempt, sink)?;
            started += 1;
        }
        Ok(started > 0)
    }

    fn start(&mut self, job: Job, attempt: u32, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let family = job.family;
        let host = self
            .bench
            .fresh_host(family)
            .ok_or_else(|| BenchError(format!("no unused bench address is left for {family}")))?;
        let target = self
            .bench
            .target_address(family)
            .ok_or_else(|| BenchError(format!("the target has no {family} address")))?;
        self.next_key += 1;
        let key = self.next_key;
        if job.private_application {
            let private = self.bench.private_upper_tester()?;
            watch(&self.ready, private.poll_fd())?;
            self.private.insert(key, private);
        }
        let engine = job.engine(host, target, self.bench.has_table());
        let counters = self.bench.link().counters().map_err(BenchError::of)?;
        let now = crate::clock::monotonic();
        let active = Active {
            limit: now + job.longest_wait + SLACK,
            job,
            engine,
            host,
            key,
            attempt,
            began: now,
            latest: Duration::ZERO,
            lost_before: counters.dropped + counters.truncated,
            clock_steps_before: counters.clock_steps,
            timer: None,
        };
        self.hosts.insert(host, key);
        self.active.insert(key, active);
        self.feed(key, Input::Start, sink)
    }

    fn take_packets(&mut self, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut packets = std::mem::take(&mut self.packets);
        let mut octets = std::mem::take(&mut self.octets);
        packets.clear();
        octets.clear();
        self.bench
            .link()
            .receive(&mut |stamp, packet| {
                let start = octets.len();
                octets.extend_from_slice(packet);
                packets.push((stamp, start..octets.len()));
            })
            .map_err(BenchError::of)?;
        for (stamp, range) in &packets {
            let packet = &octets[range.clone()];
            let Some(key) = destination(packet).and_then(|host| self.hosts.get(&host)).copied() else {
                continue;
            };
            self.noted_late(key, crate::clock::monotonic().since(*stamp));
            self.feed(key, Input::Packet { stamp: *stamp, octets: packet }, sink)?;
        }
        let busy = !packets.is_empty();
        self.packets = packets;
        self.octets = octets;
        Ok(busy)
    }

    fn take_reports(&mut self, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut reports = Vec::new();
        if let Some(upper) = self.bench.upper_tester() {
            upper.receive(&mut |key, report| reports.push((key, report))).map_err(BenchError::of)?;
        }
        for private in self.private.values_mut() {
            // Killed by the case, or broken: a report that never comes ends the trial.
            let _ = private.receive(&mut |key, report| reports.push((key, report)));
        }
        let busy = !reports.is_empty();
        for (key, report) in reports {
            self.noted_late(key, crate::clock::monotonic().since(Time(report.ended)));
            self.feed(key, Input::App(report), sink)?;
        }
        Ok(busy)
    }

    fn fire_timers(&mut self, now: Time, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut fired = false;
        while let Some(Reverse((due, key))) = self.timers.peek().copied() {
            if due > now {
                break;
            }
            self.timers.pop();
            let Some(active) = self.active.get_mut(&key) else { continue };
            if now >= active.limit {
                let waited = tcpspec_core::time::Span(now.since(active.began));
                let why = format!("it ran for {waited}, longer than all that it waits for");
                active.engine.give_up(now, FindingCode::TrialOverran, &why);
                self.settle(key, sink)?;
                continue;
            }
            if active.timer != Some(due) {
                continue;
            }
            active.timer = None;
            fired = true;
            self.noted_late(key, now.since(due));
            self.feed(key, Input::Timer, sink)?;
        }
        Ok(fired)
    }

    /// How late this bench is widens every bound of the trials that it concerns.
    fn noted_late(&mut self, key: u64, by: Duration) {
        if let Some(active) = self.active.get_mut(&key)
            && by > Duration::from_millis(1)
        {
            active.latest = active.latest.max(by);
            active.engine.was_late(by);
        }
    }

    /// Hands one input to a trial, and does what follows until nothing more does.
    fn feed(&mut self, key: u64, input: Input<'_>, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        let mut actions: VecDeque<Action> = active.engine.step(crate::clock::monotonic(), input).into();
        while let Some(action) = actions.pop_front() {
            let answer = self.perform(key, action);
            let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
            match answer {
                Ok(None) => {}
                Ok(Some(input)) => actions.extend(active.engine.step(crate::clock::monotonic(), input)),
                Err((code, why)) => active.engine.give_up(crate::clock::monotonic(), code, &why),
            }
        }
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        active.engine.departed(crate::clock::monotonic());
        self.settle(key, sink)
    }

    fn perform(&mut self, key: u64, action: Action) -> Result<Option<Input<'static>>, (FindingCode, String)> {
        match action {
            Action::Send(packet) => {
                let sent = self.bench.link().send(&packet);
                sent.map_err(|error| (FindingCode::BenchLostFrames, error.to_string()))?;
                Ok(None)
            }
            Action::Lookup { local, remote } => self
                .bench
                .look_up(local, remote)
                .map(|entry| Some(Input::Table(entry)))
                .map_err(|BenchError(why)| (FindingCode::UpperTesterBroken, why)),
            Action::App { id, command } => {
                let broken = |why: String| (FindingCode::UpperTesterBroken, why);
                let private = self.private.get_mut(&key);
                if command == AppCommand::Kill {
                    let private = private.ok_or_else(|| broken("no process of its own to kill".into()))?;
                    let began = crate::clock::monotonic().0;
                    private.kill();
                    let ended = crate::clock::monotonic().0;
                    let report = AppReport { id, outcome: AppOutcome::Done, began, ended };
                    return Ok(Some(Input::App(report)));
                }
                let upper: &mut dyn UpperTester = match private {
                    Some(private) => private,
                    None => self
                        .bench
                        .upper_tester()
                        .ok_or_else(|| broken("nobody plays the application on this target".into()))?,
                };
                upper.submit(key, id, &command).map_err(|error| broken(error.to_string()))?;
                Ok(None)
            }
        }
    }

    /// Sets the next timer of a trial, or ends it.
    fn settle(&mut self, key: u64, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        if active.engine.has_ended() {
            return self.finish(key, sink);
        }
        let due = active.engine.next_wake().unwrap_or(active.limit).min(active.limit);
        if active.timer != Some(due) {
            active.timer = Some(due);
            self.timers.push(Reverse((due, key)));
        }
        Ok(())
    }

    fn finish(&mut self, key: u64, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.remove(&key) else { return Ok(()) };
        self.hosts.remove(&active.host);
        self.private.remove(&key);
        for packet in active.engine.farewell() {
            // Clean-up only: a listener left half-open harms nobody.
            let _ = self.bench.link().send(&packet);
        }
        if let Some(upper) = self.bench.upper_tester() {
            upper.release(active.key);
        }
        let counters = self.bench.link().counters().map_err(BenchError::of)?;
        let lost = (counters.dropped + counters.truncated).saturating_sub(active.lost_before);
        let clock_stepped = counters.clock_steps > active.clock_steps_before;
        let took = crate::clock::monotonic().since(active.began);
        let (attempt, latest) = (active.attempt, active.latest);
        let mut outcome = active.engine.into_outcome();
        // A pass that rests on silence needs every frame; lateness spoils only what went wrong.
        let suspect = if lost > 0 {
            Some((
                FindingCode::BenchLostFrames,
                format!("{lost} frames were lost before the bench read them"),
            ))
        } else if clock_stepped {
            Some((FindingCode::ClockStepped, "the machine's clock was set while the trial ran".into()))
        } else if latest > TOO_LATE && !matches!(outcome.verdict, Verdict::Pass | Verdict::Info) {
            let by = tcpspec_core::time::Span(latest);
            Some((FindingCode::BenchLate, format!("the bench acted {by} too late: this machine is too busy")))
        } else if outcome.verdict == Verdict::Error {
            Some((FindingCode::UpperTesterBroken, String::new()))
        } else {
            None
        };
        match suspect {
            Some(_) if attempt == 0 => {
                self.waiting.push_back((active.job, 1));
                return Ok(());
            }
            Some((code, why)) if outcome.verdict != Verdict::Error => {
                outcome = super::job::bench_fault(outcome, code, &why);
            }
            _ => {}
        }
        sink.finished(Finished { index: active.job.index, outcome, took, attempts: attempt + 1, latest });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BenchError> {
        if let Some(upper) = self.bench.upper_tester() {
            self.unflushed = upper.flush().map_err(BenchError::of)? == Flushed::Partly;
        }
        for private in self.private.values_mut() {
            let _ = private.flush();
        }
        Ok(())
    }

    /// Until a frame, a report or the next timer.
    fn sleep(&mut self) -> Result<(), BenchError> {
        let now = crate::clock::monotonic();
        let timeout = match self.timers.peek() {
            Some(Reverse((due, _))) if *due <= now => return Ok(()),
            // Rounded up: a timer that fires too early would only sleep again.
            Some(Reverse((due, _))) => due.since(now).as_millis() as u64 + 1,
            None => 1000,
        };
        let timeout = if self.unflushed { 1 } else { timeout };
        let timeout = EpollTimeout::from(u16::try_from(timeout.min(1000)).unwrap_or(1000));
        match self.ready.wait(&mut [EpollEvent::empty()], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(BenchError(format!("waiting for frames failed: {error}"))),
        }
    }
}

/// What can end a wait: a frame, or a report. A descriptor leaves the set when it is closed.
fn watch(ready: &Epoll, descriptor: Option<BorrowedFd<'_>>) -> Result<(), BenchError> {
    let Some(descriptor) = descriptor else { return Ok(()) };
    let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
    ready
        .add(descriptor, readable)
        .map_err(|error| BenchError(format!("epoll refused a descriptor: {error}")))
}

/// The destination address in an IP header.
fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(packet.get(16..20)?).ok()?)),
        6 => Some(IpAddr::from(<[u8; 16]>::try_from(packet.get(24..40)?).ok()?)),
        _ => None,
    }
}
