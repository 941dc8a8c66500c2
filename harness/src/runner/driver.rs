//! One thread that drives every trial: frames, reports and timers in, actions out.

mod trial;

use super::job::{Finished, Job};
use super::sandwich::{Begun, Demand, Questions, Sandwich};
use crate::target::{Bench, BenchError, Host};
use crate::upper_tester::{Flushed, ProcessUpperTester, UpperTester};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;
use tcpspec_core::case::Family;
use tcpspec_core::time::Time;
use tcpspec_core::verdict::FindingCode;
use trial::Active;
pub(super) use trial::SLACK;

/// Where finished trials go.
pub trait Sink {
    /// A trial has its verdict.
    fn finished(&mut self, finished: Finished);
    /// So many run and so many wait for their turn.
    fn progress(&mut self, _running: usize, _waiting: usize, _longest: Duration) {}
}

/// Trials begun in one turn of the loop: a burst that no queue on the way drops.
const STARTS_A_TURN: usize = 32;

/// So many trials run while no verdict has been told, for so long at most.
const FIRST_AT_ONCE: usize = 16;
const FIRST_VERDICT_WITHIN: Duration = Duration::from_millis(50);

/// Later than this, the bench begins nothing more before it has caught up.
const BEHIND: Duration = Duration::from_millis(20);

/// Memory for what arrived, in octets. Beyond it the greatest of the trials that are flooded ends, and none
/// begins.
#[derive(Clone, Copy)]
struct Budget {
    /// For all trials under way.
    all: usize,
    /// What a trial may take however full the others are.
    one: usize,
}

const BUDGET: Budget = Budget { all: 32 << 20, one: 256 << 10 };

/// Drives trials over one bench.
pub struct Driver<'b> {
    bench: &'b mut dyn Bench,
    waiting: VecDeque<(Job, u32)>,
    most_at_once: usize,
    /// Connections that the trials under way have, and how many they may have.
    connections: u32,
    most_connections: u32,
    sandwich: Sandwich,
    /// Questions that have not begun yet.
    to_ask: VecDeque<Job>,
    /// A trial that is run alone.
    suspect: Option<Begun>,
    /// The target's addresses.
    targets: Vec<IpAddr>,
    active: HashMap<u64, Active>,
    /// Applications of single trials, in processes of their own, because their cases kill them.
    private: BTreeMap<u64, ProcessUpperTester>,
    hosts: HashMap<IpAddr, u64>,
    /// Memory that everything takes that arrived for the trials under way, and may take.
    kept: usize,
    budget: Budget,
    timers: BinaryHeap<Reverse<(Time, u64)>>,
    next_key: u64,
    /// Packets of one turn: (stamp, range in `octets`).
    packets: Vec<(Time, std::ops::Range<usize>)>,
    octets: Vec<u8>,
    ready: Epoll,
    /// The upper tester did not take everything yet.
    unflushed: bool,
    /// When the run began, for how long the first verdict goes before others, and whether none has been told
    /// yet.
    began: Time,
    first_verdict_within: Duration,
    told_none: bool,
    /// How late the bench was in the last turn, in anything.
    behind: Duration,
    /// Questions under way.
    open_questions: usize,
    /// When the sink was told of the progress last.
    told: Time,
}

impl<'b> Driver<'b> {
    /// A driver that has nothing to do yet, and will run at most `most_at_once` trials at a time.
    ///
    /// # Errors
    /// The system refuses to watch the bench's descriptors.
    pub fn new(bench: &'b mut dyn Bench, most_at_once: usize) -> Result<Self, BenchError> {
        let most_connections = bench.most_connections().unwrap_or(u32::MAX);
        let ready = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(BenchError::of)?;
        watch(&ready, bench.link().poll_fd())?;
        if let Some(upper) = bench.upper_tester() {
            watch(&ready, upper.poll_fd())?;
        }
        Ok(Self {
            targets: Family::ALL.into_iter().filter_map(|family| bench.target_address(family)).collect(),
            bench,
            waiting: VecDeque::new(),
            most_at_once: most_at_once.max(1),
            connections: 0,
            most_connections,
            sandwich: Sandwich::default(),
            to_ask: VecDeque::new(),
            suspect: None,
            active: HashMap::new(),
            private: BTreeMap::new(),
            hosts: HashMap::new(),
            kept: 0,
            budget: BUDGET,
            timers: BinaryHeap::new(),
            next_key: 0,
            packets: Vec::new(),
            octets: Vec::new(),
            ready,
            unflushed: false,
            began: Time::default(),
            first_verdict_within: FIRST_VERDICT_WITHIN,
            told_none: true,
            behind: Duration::ZERO,
            open_questions: 0,
            told: Time::default(),
        })
    }

    /// Has the target asked these questions whether it is still what it was, between trials.
    #[must_use]
    pub fn asking(mut self, questions: Questions) -> Self {
        self.sandwich = Sandwich::new(questions, self.bench.can_reset());
        self
    }

    /// What the target did that no trial can be blamed for, each a sentence. It makes a run red.
    #[must_use]
    pub fn complaints(&mut self) -> Vec<String> {
        self.sandwich.complaints()
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
        self.began = crate::clock::monotonic();
        while !(self.is_idle() && self.sandwich.is_content()) {
            self.turn(sink)?;
        }
        Ok(())
    }

    fn turn(&mut self, sink: &mut dyn Sink) -> Result<(), BenchError> {
        self.look_after_the_target(sink);
        let mut busy = self.start_some(sink)?;
        // Timers due at this moment fire only after everything stamped before it was handed in.
        let before = crate::clock::monotonic();
        busy |= self.take_packets(sink)?;
        busy |= self.take_reports(sink)?;
        busy |= self.fire_timers(before, sink)?;
        self.flush()?;
        if self.running() > 0 && before.since(self.told) > Duration::from_millis(100) {
            self.told = before;
            sink.progress(self.running(), self.waiting.len(), self.longest(before));
        }
        if !busy {
            self.sleep()?;
        }
        Ok(())
    }

    /// Trials under way; questions are none.
    fn running(&self) -> usize {
        self.active.len() - self.open_questions
    }

    fn longest(&self, now: Time) -> Duration {
        let remaining = |active: &Active| (active.limit - SLACK).since(now);
        self.active.values().filter(|active| !active.is_question).map(remaining).max().unwrap_or_default()
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.active.is_empty()
    }

    /// Tells the verdicts that waited for a sign of life, and asks for one.
    fn look_after_the_target(&mut self, sink: &mut dyn Sink) {
        let demand = self.sandwich.demand(crate::clock::monotonic());
        self.obey(demand, sink);
        self.tell(sink);
    }

    /// Tells the verdicts that can be told.
    fn tell(&mut self, sink: &mut dyn Sink) {
        for finished in self.sandwich.believed() {
            self.told_none = false;
            sink.finished(finished);
        }
    }

    fn obey(&mut self, demand: Demand, sink: &mut dyn Sink) {
        match demand {
            Demand::Nothing => {}
            Demand::Ask(questions) => self.to_ask.extend(questions),
            Demand::AskAlone(questions) => {
                let aside = self.end_all();
                self.sandwich.put_aside(aside);
                self.to_ask.extend(questions);
            }
            Demand::Suspect(suspect) => self.suspect = Some(*suspect),
            Demand::GoOn(trials) => trials.into_iter().rev().for_each(|begun| self.waiting.push_front(begun)),
            Demand::Reset => {
                let result = self.bench.reset().map_err(|error| error.to_string());
                let demand = self.sandwich.was_reset(crate::clock::monotonic(), result);
                self.obey(demand, sink);
            }
            Demand::Bury => {
                let now = crate::clock::monotonic();
                self.sandwich.buried(now).into_iter().for_each(|finished| sink.finished(finished));
                for begun in std::mem::take(&mut self.waiting) {
                    sink.finished(self.sandwich.never_run(&begun, now));
                }
            }
        }
    }

    /// Ends the trials under way without a verdict.
    fn end_all(&mut self) -> Vec<Begun> {
        let keys: Vec<u64> = self.active.keys().copied().collect();
        let ended = keys.into_iter().filter_map(|key| self.end(key));
        ended.map(|(active, _)| (active.job, active.attempt)).collect()
    }

    fn start_some(&mut self, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut started = 0;
        while let Some(job) = self.to_ask.pop_front() {
            let Some(host) = self.room_for(&job)? else {
                self.to_ask.push_front(job);
                break;
            };
            self.start(job, 0, host, true, sink)?;
            started += 1;
        }
        if let Some((job, attempt)) = self.suspect.take() {
            match self.room_for(&job)? {
                Some(host) => self.start(job, attempt, host, false, sink)?,
                None => self.suspect = Some((job, attempt)),
            }
        }
        // A bench that is behind would only be later with more on its hands.
        let is_behind = std::mem::take(&mut self.behind) > BEHIND && self.running() > 0;
        // The first verdict does not queue behind what thousands of others ask of the application.
        let is_first =
            self.told_none && crate::clock::monotonic().since(self.began) < self.first_verdict_within;
        while started < STARTS_A_TURN
            && !is_behind
            && !(is_first && self.running() >= FIRST_AT_ONCE)
            && self.running() < self.most_at_once
            && self.kept <= self.budget.all
            && !self.sandwich.wants_quiet()
        {
            let Some((job, attempt)) = self.waiting.pop_front() else { break };
            let Some(host) = self.room_for(&job)? else {
                self.waiting.push_front((job, attempt));
                break;
            };
            self.start(job, attempt, host, false, sink)?;
            started += 1;
        }
        Ok(started > 0)
    }

    /// A host for the job, where the target's limits leave room for it now.
    fn room_for(&mut self, job: &Job) -> Result<Option<Host>, BenchError> {
        let fits = self.connections.saturating_add(job.connections) <= self.most_connections;
        let may_start = fits || self.active.is_empty();
        let host = if may_start { self.bench.fresh_host(job.family, job.connections) } else { None };
        if host.is_none() && self.active.is_empty() {
            return Err(BenchError(format!("no unused bench address is left for IP{}", job.family)));
        }
        Ok(host)
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
            if sender_of_segment(packet).is_some_and(|sender| self.targets.contains(&sender)) {
                self.sandwich.heard(*stamp);
            }
            let Some(key) = destination(packet).and_then(|host| self.hosts.get(&host)).copied() else {
                continue;
            };
            self.noted_late(key, crate::clock::monotonic().since(*stamp));
            self.arrived(key, *stamp, packet, sink)?;
            self.count(key);
        }
        self.end_floods(sink)?;
        let busy = !packets.is_empty();
        self.packets = packets;
        self.octets = octets;
        Ok(busy)
    }

    /// Counts what has arrived for a trial, where that is not done yet.
    fn count(&mut self, key: u64) {
        let Some(active) = self.active.get_mut(&key) else { return };
        let counted = std::mem::replace(&mut active.counted, active.engine.kept());
        self.kept = self.kept + active.counted - counted;
    }

    /// Ends trials that get more than there is memory for.
    fn end_floods(&mut self, sink: &mut dyn Sink) -> Result<(), BenchError> {
        while self.kept > self.budget.all {
            let most = self.active.iter().max_by_key(|(_, active)| active.engine.kept());
            let Some((key, kept)) = most.map(|(key, active)| (*key, active.engine.kept())) else { break };
            if kept <= self.budget.one {
                break;
            }
            let why = format!(
                "{} KiB of packets, most of all trials under way, which together may take {} MiB",
                kept >> 10,
                self.budget.all >> 20
            );
            self.give_up(key, FindingCode::TrialOverran, &why, sink)?;
        }
        Ok(())
    }

    fn take_reports(&mut self, sink: &mut dyn Sink) -> Result<bool, BenchError> {
        let mut reports = Vec::new();
        if let Some(upper) = self.bench.upper_tester() {
            upper.receive(&mut |key, report| reports.push((key, report))).map_err(BenchError::of)?;
        }
        let mut gone = Vec::new();
        for (key, private) in &mut self.private {
            if let Err(error) = private.receive(&mut |key, report| reports.push((key, report))) {
                gone.push((*key, error));
            }
        }
        let busy = !reports.is_empty() || !gone.is_empty();
        for (key, error) in gone {
            self.give_up(key, FindingCode::UpperTesterBroken, &error.to_string(), sink)?;
        }
        for (key, report) in reports {
            self.noted_late(key, crate::clock::monotonic().since(Time(report.ended)));
            self.reported(key, report, sink)?;
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
                self.give_up(key, FindingCode::TrialOverran, &why, sink)?;
                continue;
            }
            if active.timer != Some(due) {
                continue;
            }
            active.timer = None;
            fired = true;
            self.noted_late(key, now.since(due));
            self.wake(key, due, sink)?;
        }
        Ok(fired)
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
    address(packet, 16, 24)
}

/// Who sent a packet that is a TCP segment.
fn sender_of_segment(packet: &[u8]) -> Option<IpAddr> {
    let protocol = match packet.first()? >> 4 {
        4 => packet.get(9)?,
        _ => packet.get(6)?,
    };
    if i32::from(*protocol) == libc::IPPROTO_TCP { address(packet, 12, 8) } else { None }
}

/// The address at this place of an IPv4 or IPv6 header.
fn address(packet: &[u8], v4: usize, v6: usize) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(packet.get(v4..v4 + 4)?).ok()?)),
        6 => Some(IpAddr::from(<[u8; 16]>::try_from(packet.get(v6..v6 + 16)?).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
