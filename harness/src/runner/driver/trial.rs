//! The life of one trial on the bench: from its first packet to its verdict.

use super::{Driver, Sink, watch};
use crate::faults::{Conduit, Delivery};
use crate::link::Counters;
use crate::runner::doubt::Doubt;
use crate::runner::job::{Finished, Job};
use crate::runner::sandwich::Answer;
use crate::target::{BenchError, Host};
use crate::upper_tester::{ProcessUpperTester, UpperTester};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};
use tcpspec_core::engine::{Action, Engine, Input};
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{FindingCode, Verdict};

/// Beyond everything that a trial waits for: more means that it hangs.
pub(in crate::runner) const SLACK: Duration = Duration::from_secs(20);

/// A trial under way.
pub(super) struct Active {
    pub(super) job: Job,
    pub(super) engine: Engine,
    /// So much of what arrived for it is in the driver's count.
    pub(super) counted: usize,
    /// Everything between the engine and the target passes it.
    pub(super) conduit: Conduit,
    pub(super) host: IpAddr,
    /// Key of its sockets at the upper tester.
    pub(super) key: u64,
    pub(super) attempt: u32,
    pub(super) began: Time,
    pub(super) limit: Time,
    pub(super) latest: Duration,
    pub(super) before: Counters,
    /// The timer that counts; others in the heap are stale.
    pub(super) timer: Option<Time>,
    /// It only asks whether the target is still there.
    pub(super) is_question: bool,
}

/// What is to be done next in a trial.
enum Next {
    /// What its engine asks for.
    Act(Action),
    /// What a fault handed on, at that moment.
    Deliver(Time, Delivery),
}

/// Why the bench could not do something.
type Unable = (FindingCode, String);

impl Driver<'_> {
    pub(super) fn start(
        &mut self,
        job: Job,
        attempt: u32,
        host: Host,
        is_question: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        let family = job.family;
        let target = self
            .bench
            .target_address(family)
            .ok_or_else(|| BenchError(format!("the target has no {family} address")))?;
        self.next_key += 1;
        let key = self.next_key;
        let bench = SocketAddr::new(host.address, host.first_port.unwrap_or_else(|| job.bench_port()));
        if job.private_application {
            let private = self.bench.private_upper_tester()?;
            watch(&self.ready, private.poll_fd())?;
            self.private.insert(key, private);
        }
        let engine = job.engine(bench, target, self.bench.has_table());
        let conduit = job.conduit();
        let before = self.bench.link().counters().map_err(BenchError::of)?;
        let now = crate::clock::monotonic();
        self.connections += job.connections;
        let active = Active {
            limit: now + job.longest_wait + SLACK,
            job,
            engine,
            counted: 0,
            conduit,
            host: host.address,
            key,
            attempt,
            began: now,
            latest: Duration::ZERO,
            before,
            timer: None,
            is_question,
        };
        self.open_questions += usize::from(is_question);
        self.hosts.insert(host.address, key);
        self.active.insert(key, active);
        self.feed(key, Input::Start, sink)
    }

    /// How late this bench is widens every bound of the trials that it concerns.
    pub(super) fn noted_late(&mut self, key: u64, by: Duration) {
        self.behind = self.behind.max(by);
        if let Some(active) = self.active.get_mut(&key)
            && by > Duration::from_millis(1)
        {
            active.latest = active.latest.max(by);
            active.engine.was_late(by);
        }
    }

    /// Ends a trial that the bench cannot bring to an end.
    pub(super) fn give_up(
        &mut self,
        key: u64,
        code: FindingCode,
        why: &str,
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        if let Some(active) = self.active.get_mut(&key) {
            active.engine.give_up(crate::clock::monotonic(), code, why);
        }
        self.settle(key, sink)
    }

    /// What came from the target for a trial, at that moment. The way may lead through a fault.
    pub(super) fn arrived(
        &mut self,
        key: u64,
        at: Time,
        octets: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        match self.active.get_mut(&key) {
            Some(active) if !active.conduit.is_straight() => {
                let passed = active.conduit.pass(at, Delivery::ToBench(octets.to_vec()));
                self.deliver(key, at, passed, sink)
            }
            _ => self.feed(key, Input::Packet { stamp: at, octets }, sink),
        }
    }

    /// What the application said to a trial. The way may lead through a fault.
    pub(super) fn reported(
        &mut self,
        key: u64,
        report: AppReport,
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        match self.active.get_mut(&key) {
            Some(active) if !active.conduit.is_straight() => {
                let at = Time(report.ended);
                let passed = active.conduit.pass(at, Delivery::FromApplication(report));
                self.deliver(key, at, passed, sink)
            }
            _ => self.feed(key, Input::App(report), sink),
        }
    }

    /// A trial's timer has fired: a fault's delivery that is due, or else the engine's.
    pub(super) fn wake(&mut self, key: u64, due: Time, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        match active.conduit.take_due(due) {
            Some((at, delivery)) => self.deliver(key, at, vec![delivery], sink),
            None => self.feed(key, Input::Timer, sink),
        }
    }

    /// Hands one input to a trial, and does what follows until nothing more does.
    fn feed(&mut self, key: u64, input: Input<'_>, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        let actions = active.engine.step(crate::clock::monotonic(), input);
        self.follow(key, actions.into_iter().map(Next::Act).collect(), sink)
    }

    /// Delivers what a fault handed on at that moment, and does what follows.
    fn deliver(
        &mut self,
        key: u64,
        at: Time,
        passed: Vec<Delivery>,
        sink: &mut dyn Sink,
    ) -> Result<(), BenchError> {
        self.follow(key, passed.into_iter().map(|delivery| Next::Deliver(at, delivery)).collect(), sink)
    }

    fn follow(&mut self, key: u64, mut next: VecDeque<Next>, sink: &mut dyn Sink) -> Result<(), BenchError> {
        while let Some(one) = next.pop_front() {
            let actions = match one {
                Next::Act(action) => self.perform(key, action, &mut next),
                Next::Deliver(at, delivery) => self.hand_over(key, at, delivery),
            };
            let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
            match actions {
                Ok(actions) => next.extend(actions.into_iter().map(Next::Act)),
                Err((code, why)) => active.engine.give_up(crate::clock::monotonic(), code, &why),
            }
        }
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        active.engine.departed(crate::clock::monotonic());
        self.settle(key, sink)
    }

    /// Does what the engine asks for, and gives what it asks for in answer. What a fault makes of it
    /// is `next`.
    fn perform(
        &mut self,
        key: u64,
        action: Action,
        next: &mut VecDeque<Next>,
    ) -> Result<Vec<Action>, Unable> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(Vec::new()) };
        let straight = active.conduit.is_straight();
        let delivery = match action {
            Action::Send(packet) if straight => return self.send(&packet),
            Action::Send(packet) => Delivery::ToTarget(packet),
            Action::App { id, command } if straight => return self.command(key, id, command),
            Action::App { id, command } => Delivery::ToApplication(id, command),
            Action::Lookup { local, remote } => {
                let entry = self.bench.look_up(local, remote);
                let entry = entry.map_err(|BenchError(why)| (FindingCode::UpperTesterBroken, why))?;
                let now = crate::clock::monotonic();
                let entry = active.conduit.table(now, entry);
                return Ok(active.engine.step(now, Input::Table(entry)));
            }
        };
        let now = crate::clock::monotonic();
        let passed = active.conduit.pass(now, delivery);
        let (back, on): (Vec<_>, Vec<_>) = passed.into_iter().partition(Delivery::is_for_the_bench);
        on.into_iter().rev().for_each(|delivery| next.push_front(Next::Deliver(now, delivery)));
        // An answer comes behind everything that is sent at this moment, as on a link.
        next.extend(back.into_iter().map(|delivery| Next::Deliver(now, delivery)));
        Ok(Vec::new())
    }

    /// Brings something to where it is bound for, and gives what the engine then asks for.
    fn hand_over(&mut self, key: u64, at: Time, delivery: Delivery) -> Result<Vec<Action>, Unable> {
        let input = match &delivery {
            Delivery::ToTarget(packet) => return self.send(packet),
            Delivery::ToApplication(id, command) => return self.command(key, *id, command.clone()),
            Delivery::ToBench(octets) => Input::Packet { stamp: at, octets },
            Delivery::FromApplication(report) => Input::App(report.clone()),
        };
        let Some(active) = self.active.get_mut(&key) else { return Ok(Vec::new()) };
        let now = crate::clock::monotonic();
        active.engine.departed(now);
        Ok(active.engine.step(now, input))
    }

    fn send(&mut self, packet: &[u8]) -> Result<Vec<Action>, Unable> {
        let sent = self.bench.link().send(packet);
        sent.map_err(|error| (FindingCode::BenchLostFrames, error.to_string()))?;
        Ok(Vec::new())
    }

    fn command(&mut self, key: u64, id: CommandId, command: AppCommand) -> Result<Vec<Action>, Unable> {
        let broken = |why: String| (FindingCode::UpperTesterBroken, why);
        let private = self.private.get_mut(&key);
        if command == AppCommand::Kill {
            let private = private.ok_or_else(|| broken("no process of its own to kill".into()))?;
            // The end of its socket would end every wait from here on.
            if let Some(socket) = private.poll_fd() {
                let _ = self.ready.delete(socket);
            }
            let began = crate::clock::monotonic().0;
            private.kill();
            let ended = crate::clock::monotonic().0;
            let report = AppReport { id, outcome: AppOutcome::Done, began, ended };
            let Some(active) = self.active.get_mut(&key) else { return Ok(Vec::new()) };
            return Ok(active.engine.step(crate::clock::monotonic(), Input::App(report)));
        }
        let upper: &mut dyn UpperTester = match private {
            Some(private) => private,
            None => self
                .bench
                .upper_tester()
                .ok_or_else(|| broken("nobody plays the application on this target".into()))?,
        };
        upper.submit(key, id, &command).map_err(|error| broken(error.to_string()))?;
        Ok(Vec::new())
    }

    /// Sets the next timer of a trial, or ends it.
    fn settle(&mut self, key: u64, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some(active) = self.active.get_mut(&key) else { return Ok(()) };
        if active.engine.has_ended() {
            return self.finish(key, sink);
        }
        let wakes = [active.engine.next_wake(), active.conduit.next_due()];
        let due = wakes.into_iter().flatten().fold(active.limit, Time::min);
        if active.timer != Some(due) {
            active.timer = Some(due);
            self.timers.push(Reverse((due, key)));
        }
        Ok(())
    }

    /// Takes a trial off the bench and off the target. With it comes its own application, if any.
    pub(super) fn end(&mut self, key: u64) -> Option<(Active, Option<ProcessUpperTester>)> {
        let active = self.active.remove(&key)?;
        self.hosts.remove(&active.host);
        self.connections -= active.job.connections;
        self.open_questions -= usize::from(active.is_question);
        self.kept -= active.counted;
        let private = self.private.remove(&key);
        for packet in active.engine.farewell() {
            // Clean-up only: a listener left half-open harms nobody.
            let _ = self.bench.link().send(&packet);
        }
        if let Some(upper) = self.bench.upper_tester() {
            upper.release(active.key);
        }
        self.bench.give_back(active.host, active.job.marks_host);
        Some((active, private))
    }

    fn finish(&mut self, key: u64, sink: &mut dyn Sink) -> Result<(), BenchError> {
        let Some((active, private)) = self.end(key) else { return Ok(()) };
        let after = self.bench.link().counters().map_err(BenchError::of)?;
        let now = crate::clock::monotonic();
        let (job, attempt, latest) = (active.job, active.attempt, active.latest);
        let mut outcome = active.engine.into_outcome();
        let mut doubt = Doubt::of(&active.before, &after, latest, outcome.verdict);
        if active.is_question {
            self.sandwich.answered(Answer::of(&job, &outcome, doubt.is_some()));
            return Ok(());
        }
        // A target whose application is gone closes its connections: that is no fault of its own.
        if !matches!(outcome.verdict, Verdict::Pass | Verdict::Info) {
            match (private, self.bench.upper_tester()) {
                (Some(mut private), _) => doubt = private.check().err().map(Doubt::gone).or(doubt),
                (None, Some(upper)) => upper.check().map_err(BenchError::of)?,
                (None, None) => {}
            }
        }
        if let Some(doubt) = doubt {
            if attempt == 0 {
                self.waiting.extend(self.sandwich.again((job, 1)));
                return Ok(());
            }
            outcome = doubt.blamed(outcome);
        }
        let took = now.since(active.began);
        let finished = Finished { index: job.index, outcome, took, attempts: attempt + 1, latest };
        self.sandwich.ended(job, finished, now);
        self.tell(sink);
        Ok(())
    }
}
