//! The life of one trial on the bench: from its first packet to its verdict.

use super::{Driver, Sink, watch};
use crate::link::Counters;
use crate::runner::fault::Fault;
use crate::runner::job::{Finished, Job};
use crate::runner::liveness::ends_in_silence;
use crate::target::{BenchError, Host};
use crate::upper_tester::{ProcessUpperTester, UpperTester};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport};
use tcpspec_core::engine::{Action, Engine, Input};
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{FindingCode, Verdict};

/// Beyond everything that a trial waits for: more means that it hangs.
pub(super) const SLACK: Duration = Duration::from_secs(20);

/// A trial under way.
pub(super) struct Active {
    pub(super) job: Job,
    pub(super) engine: Engine,
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
        let before = self.bench.link().counters().map_err(BenchError::of)?;
        let now = crate::clock::monotonic();
        self.connections += job.connections;
        let active = Active {
            limit: now + job.longest_wait + SLACK,
            job,
            engine,
            host: host.address,
            key,
            attempt,
            began: now,
            latest: Duration::ZERO,
            before,
            timer: None,
            is_question,
        };
        self.hosts.insert(host.address, key);
        self.active.insert(key, active);
        self.feed(key, Input::Start, sink)
    }

    /// How late this bench is widens every bound of the trials that it concerns.
    pub(super) fn noted_late(&mut self, key: u64, by: Duration) {
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

    /// Hands one input to a trial, and does what follows until nothing more does.
    pub(super) fn feed(&mut self, key: u64, input: Input<'_>, sink: &mut dyn Sink) -> Result<(), BenchError> {
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
                    // The end of its socket would end every wait from here on.
                    if let Some(socket) = private.poll_fd() {
                        let _ = self.ready.delete(socket);
                    }
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

    /// Takes a trial off the bench and off the target. With it comes its own application, if any.
    pub(super) fn end(&mut self, key: u64) -> Option<(Active, Option<ProcessUpperTester>)> {
        let active = self.active.remove(&key)?;
        self.hosts.remove(&active.host);
        self.connections -= active.job.connections;
        self.kept = self.kept.saturating_sub(active.engine.kept());
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
        if active.is_question {
            self.liveness.asked();
            return Ok(());
        }
        let after = self.bench.link().counters().map_err(BenchError::of)?;
        let now = crate::clock::monotonic();
        let (job, attempt, latest) = (active.job, active.attempt, active.latest);
        let mut outcome = active.engine.into_outcome();
        let mut fault = Fault::of(&active.before, &after, latest, outcome.verdict);
        // A target whose application is gone closes its connections: that is no fault of its own.
        if !matches!(outcome.verdict, Verdict::Pass | Verdict::Info) {
            match (private, self.bench.upper_tester()) {
                (Some(mut private), _) => fault = private.check().err().map(Fault::gone).or(fault),
                (None, Some(upper)) => upper.check().map_err(BenchError::of)?,
                (None, None) => {}
            }
        }
        if let Some(fault) = fault {
            if attempt == 0 {
                self.waiting.push_back((job, 1));
                return Ok(());
            }
            outcome = fault.blamed(outcome);
        }
        let is_silent = ends_in_silence(&outcome.record);
        let took = now.since(active.began);
        let finished = Finished { index: job.index, outcome, took, attempts: attempt + 1, latest };
        if (is_silent || self.is_idle()) && !self.questions.is_empty() {
            self.liveness.hold(finished, now);
        } else {
            sink.finished(finished);
        }
        Ok(())
    }
}
