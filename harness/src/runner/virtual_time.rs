//! One trial on virtual time: engine, way, application and stack, each asked when it next has something
//! to do, and the clock set to the earliest.

use super::driver::SLACK;
use super::job::{Finished, Job};
use crate::faults::{Conduit, Delivery};
use crate::target::simulated::{SimulatedApplication, Stack};
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppReport, CommandId};
use tcpspec_core::case::Family;
use tcpspec_core::engine::{Action, Engine, Input, TableEntry};
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{Finding, FindingCode, Verdict};

/// Runs one trial against a stack of its own, over `conduit`. The same job, stack and conduit give the
/// same record, octet by octet. It comes to an end whatever the stack does, as long as the stack's own
/// calls do.
#[must_use]
pub fn run_job(job: &Job, stack: Box<dyn Stack>, conduit: Conduit) -> Finished {
    let Some(target) = stack.address(job.family) else {
        let mut engine = job.engine(SocketAddr::new(bench(job.family), 0), bench(job.family), false);
        engine.give_up(BEGINNING, FindingCode::UpperTesterBroken, "the stack has no address of this family");
        return finished(job, engine, BEGINNING);
    };
    let bench = SocketAddr::new(bench(job.family), job.bench_port());
    let has_table = stack.table(SocketAddr::new(target, job.target_port), None).is_some();
    let engine = job.engine(bench, target, has_table);
    let mut trial = VirtualTrial {
        engine,
        stack,
        application: SimulatedApplication::default(),
        conduit,
        now: BEGINNING,
        agenda: BTreeMap::new(),
        next_number: 0,
        link_free: [BEGINNING; 2],
        leaving: Vec::new(),
        granted: 0,
        in_stack: false,
    };
    let limit = BEGINNING + job.longest_wait + SLACK;
    let ended = catch_unwind(AssertUnwindSafe(|| trial.run(limit)));
    let VirtualTrial { engine, now, in_stack, .. } = trial;
    let mut finished = finished(job, engine, now);
    if let Err(panic) = ended {
        if !in_stack {
            resume_unwind(panic);
        }
        finished.outcome.verdict = Verdict::Fail;
        finished.outcome.findings = vec![stack_panicked(now, panic.as_ref())];
    }
    finished
}

fn finished(job: &Job, engine: Engine, now: Time) -> Finished {
    Finished {
        index: job.index,
        outcome: engine.into_outcome(),
        took: now.since(BEGINNING),
        attempts: 1,
        latest: Duration::ZERO,
    }
}

/// In a device it would have been a crash.
fn stack_panicked(now: Time, panic: &(dyn Any + Send)) -> Finding {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
    Finding {
        code: FindingCode::TargetStoppedAnswering,
        requirement: None,
        did: "let the stack go on".into(),
        expected: "a stack that stands whatever arrives".into(),
        saw: format!("the stack panicked: {message}"),
        differences: Vec::new(),
        place: None,
        at: now,
        event: None,
    }
}

struct VirtualTrial {
    engine: Engine,
    stack: Box<dyn Stack>,
    application: SimulatedApplication,
    conduit: Conduit,
    now: Time,
    /// What is under way, in the order of its arrival, and for one moment in that of its departure.
    agenda: BTreeMap<(Time, u64), Due>,
    next_number: u64,
    /// When the link can take the next packet, to the target and to the bench.
    link_free: [Time; 2],
    /// Packets that the stack has just sent.
    leaving: Vec<Vec<u8>>,
    /// How often the stack was given time.
    granted: u32,
    /// The stack, or the application over it, is at work.
    in_stack: bool,
}

/// What happens at a moment.
enum Due {
    /// A packet arrives at the target.
    AtTarget(Vec<u8>),
    /// A packet has come over the link, and now passes the conduit.
    AtConduit(Vec<u8>),
    /// A packet arrives at the bench.
    AtBench(Vec<u8>),
    /// The application gets a command.
    Command(CommandId, AppCommand),
    /// A word of the application reaches the conduit.
    Said(AppReport),
    /// A word of the application reaches the bench.
    Heard(AppReport),
    /// The bench looks into the target's socket table.
    Lookup(SocketAddr, Option<SocketAddr>),
}

/// Who has something to do next. At one moment what is under way comes first, and the bench's own
/// timers last: silence is silence only behind everything that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Conduit,
    Agenda,
    Stack,
    Application,
    Engine,
}

impl VirtualTrial {
    fn run(&mut self, limit: Time) {
        self.feed(Input::Start);
        while !self.engine.has_ended() {
            let Some((at, turn)) = self.next() else {
                return self.overran("nothing is left that could happen".into());
            };
            self.now = self.now.max(at);
            if self.now > limit {
                let waited = Span(limit.since(BEGINNING));
                return self.overran(format!("it ran for {waited}, longer than all that it waits for"));
            }
            if self.granted > MOST_GRANTS {
                return self.overran(format!("the stack had something to do {MOST_GRANTS} times"));
            }
            self.take(turn);
        }
    }

    fn overran(&mut self, why: String) {
        self.engine.give_up(self.now, FindingCode::TrialOverran, &why);
    }

    fn next(&mut self) -> Option<(Time, Turn)> {
        let wakes = [
            (self.conduit.next_due(), Turn::Conduit),
            (self.agenda.first_key_value().map(|((at, _), _)| *at), Turn::Agenda),
            (self.stack_wake(), Turn::Stack),
            (self.application.next_deadline(), Turn::Application),
            (self.engine.next_wake(), Turn::Engine),
        ];
        wakes.into_iter().filter_map(|(at, turn)| Some((at?, turn))).min()
    }

    fn stack_wake(&mut self) -> Option<Time> {
        self.in_stack = true;
        let wake = self.stack.next_wake();
        self.in_stack = false;
        // One that wants to run at once has just run: time must pass.
        wake.map(|at| at.max(self.now + TICK))
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Conduit => {
                if let Some((_, delivery)) = self.conduit.take_due(self.now) {
                    self.deliver(delivery);
                }
            }
            Turn::Agenda => {
                if let Some((_, due)) = self.agenda.pop_first() {
                    self.happen(due);
                }
            }
            Turn::Stack => self.grant(None),
            Turn::Application => self.application_acts(|_, _, _| ()),
            Turn::Engine => self.feed(Input::Timer),
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::AtTarget(packet) => self.grant(Some(&packet)),
            Due::AtConduit(packet) => self.pass(Delivery::ToBench(packet)),
            Due::AtBench(octets) => self.feed(Input::Packet { stamp: self.now, octets: &octets }),
            Due::Command(id, command) => {
                self.application_acts(|application, now, stack| application.execute(now, id, command, stack));
            }
            Due::Said(report) => self.pass(Delivery::FromApplication(report)),
            Due::Heard(report) => self.feed(Input::App(report)),
            Due::Lookup(local, remote) => {
                let unknown = TableEntry { state: None, expires: None };
                let entry = self.stack.table(local, remote).unwrap_or(unknown);
                let entry = self.conduit.table(self.now, entry);
                self.feed(Input::Table(entry));
            }
        }
    }

    /// Gives the stack time up to now, and the application a look at what came of it.
    fn grant(&mut self, arrived: Option<&[u8]>) {
        self.run_stack(arrived);
        if self.application.is_waiting() {
            self.application_acts(|_, _, _| ());
        }
    }

    fn run_stack(&mut self, arrived: Option<&[u8]>) {
        self.granted += 1;
        let mut leaving = std::mem::take(&mut self.leaving);
        self.in_stack = true;
        self.stack.run(self.now, arrived, &mut leaving);
        self.in_stack = false;
        for packet in leaving.drain(..) {
            let at = self.crosses_the_link(1);
            self.plan(at, Due::AtConduit(packet));
        }
        self.leaving = leaving;
    }

    /// The application acts, and goes on with what waits; the stack sends what follows from it.
    fn application_acts(&mut self, act: impl FnOnce(&mut SimulatedApplication, Time, &mut dyn Stack)) {
        self.in_stack = true;
        let Self { application, stack, now, .. } = self;
        act(application, *now, stack.as_mut());
        application.progress(*now, stack.as_mut());
        self.in_stack = false;
        for report in self.application.take_reports() {
            self.plan(self.now + WORD, Due::Said(report));
        }
        self.run_stack(None);
    }

    /// Hands one input to the engine, and sets out what it asks for.
    fn feed(&mut self, input: Input<'_>) {
        let mut actions: VecDeque<Action> = self.engine.step(self.now, input).into();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send(packet) => self.pass(Delivery::ToTarget(packet)),
                Action::App { id, command } => self.pass(Delivery::ToApplication(id, command)),
                Action::Lookup { local, remote } => self.plan(self.now + WORD, Due::Lookup(local, remote)),
            }
        }
        self.engine.departed(self.now);
    }

    fn pass(&mut self, delivery: Delivery) {
        for delivery in self.conduit.pass(self.now, delivery) {
            self.deliver(delivery);
        }
    }

    /// What the conduit lets through goes on.
    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::ToTarget(packet) => {
                let at = self.crosses_the_link(0);
                self.plan(at, Due::AtTarget(packet));
            }
            Delivery::ToBench(packet) => self.plan(self.now, Due::AtBench(packet)),
            Delivery::ToApplication(id, command) => self.plan(self.now + WORD, Due::Command(id, command)),
            Delivery::FromApplication(report) => self.plan(self.now, Due::Heard(report)),
        }
    }

    fn crosses_the_link(&mut self, way: usize) -> Time {
        let leaves = self.now.max(self.link_free[way]);
        self.link_free[way] = leaves + SPACING;
        leaves + LINK
    }

    fn plan(&mut self, at: Time, due: Due) {
        self.agenda.insert((at, self.next_number), due);
        self.next_number += 1;
    }
}

/// The bench's address of a family: every trial has its stack, and so a link, to itself.
fn bench(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(198, 18, 0, 1).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1).into(),
    }
}

/// When every trial begins. A stack can subtract from it.
const BEGINNING: Time = Time(1_000_000_000_000);

/// How long a packet is on the link.
const LINK: Duration = Duration::from_micros(20);

/// Between two packets on the link, so that no two have one stamp.
const SPACING: Duration = Duration::from_micros(1);

/// How long a word between bench and application is on its way, and a look into the table takes: longer
/// than a packet, so that the target has seen what the bench sent before it asked.
const WORD: Duration = Duration::from_micros(50);

/// What passes at least between two grants of time that the stack asks for.
const TICK: Duration = Duration::from_micros(1);

/// More than any case makes a stack do; one that goes round in circles comes to an end within a second.
const MOST_GRANTS: u32 = 200_000;

#[cfg(test)]
mod tests;
