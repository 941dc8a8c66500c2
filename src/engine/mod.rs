//! One trial as a state machine: [`Engine::step`] takes what happened and says what to do.
//!
//! No socket, no clock: time comes in with every call, so that all verdict logic is tested with a
//! scripted peer and virtual time.

mod application;
mod arrivals;
mod begin;
mod build;
mod config;
mod connection;
mod covered;
mod echo;
mod eval;
mod expectation;
mod fins;
mod inbox;
mod io;
mod judge;
mod labels;
mod matching;
mod offer;
mod passing;
mod probe;
mod series;
mod silence;
mod state_check;
mod stream;
#[cfg(test)]
mod tests;
mod time_wait;
mod unmet;
mod way;
mod words;

pub use config::TrialConfig;
pub use io::{Action, Input, TableEntry};
pub use stream::{Direction, Stream};
pub use time_wait::MEASURED_CONNECTIONS;

use crate::app::CommandId;
use crate::case::{Acks, Script, Step};
use crate::segment::encode_segment;
use crate::time::Time;
use crate::verdict::{Event, EventKind, Finding, FindingCode, Origin, Outcome, Record, Verdict};
use arrivals::Aside;
use connection::Connection;
use eval::Undefined;
use inbox::Scope;
use labels::Labelled;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// More steps than this hang. A case has 10,000 at most (language reference, limits); the ways into
/// its states and the questions of its probes come on top.
const MOST_STEPS: u32 = 50_000;

/// One trial under way.
pub struct Engine {
    config: TrialConfig,
    script: Arc<Script>,
    connections: Vec<Connection>,
    asides: Vec<Aside>,
    labels: BTreeMap<String, Labelled>,
    listeners: BTreeSet<String>,
    /// What is being run, innermost last.
    stack: Vec<Block>,
    /// What comes when the stack is empty, in order.
    program: std::collections::VecDeque<Block>,
    waiting: Waiting,
    /// The step under way.
    current: Option<(Step, usize)>,
    acted: Acted,
    /// What we did since a step last looked at what came.
    acts: Option<passing::Acts>,
    acks: Acks,
    steps_begun: u32,
    /// Packets, and their octets.
    arrived: (usize, usize),
    next_command: u32,
    lateness: Duration,
    started: Time,
    /// Every frame stamped before this moment has been handed in: a wait can be over.
    heard: Time,
    record: Record,
    /// The event of what we did last.
    did: Option<usize>,
    findings: Vec<(Verdict, Finding)>,
    actions: Vec<Action>,
    /// Labels bound to segments that leave with this step's actions.
    departing: Vec<String>,
    /// The target's table named another state, and the wire has yet to be heard.
    table_finding: Option<Finding>,
    /// What `measure: time-wait` demands, while its connections are on their way.
    time_wait_wanted: Option<(Duration, f64)>,
    ended: bool,
}

/// Steps in a row.
struct Block {
    steps: Arc<[Step]>,
    next: usize,
    /// The connection that every step acts on, whatever it names.
    connection: Option<usize>,
    kind: BlockKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlockKind {
    /// The way into the first state: what fails here is inconclusive.
    Preparing,
    /// The same: again and again, until all that the application wrote has arrived.
    Collecting,
    /// The steps of the case.
    Body,
    /// A loop: this turn of so many.
    Repeat { turn: u32, times: u32 },
    /// The steps of a probe.
    Probing,
    /// Asking on the wire for this state.
    ProbingState(crate::state::State),
    /// Behind the connections of `measure: time-wait`.
    Measuring { first: usize },
}

/// What the step under way waits for.
enum Waiting {
    Nothing,
    Segment(Box<expectation::Expectation>),
    Silence { span: Duration },
    Pause { until: Time },
    Application(Box<application::Call>),
    Series(Box<series::Series>),
    Table(state_check::TableCheck),
    TimeWait(Box<time_wait::TimeWaitMeasure>),
}

/// When the last step that acted took effect: not before the one, not after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Acted {
    before: Time,
    after: Time,
}

impl Acted {
    const fn at(time: Time) -> Self {
        Self { before: time, after: time }
    }
}

/// Whether the step under way is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Done,
    Blocked,
}

impl Engine {
    /// A trial that has not begun.
    #[must_use]
    pub fn new(config: TrialConfig, script: impl Into<Arc<Script>>) -> Self {
        let script = script.into();
        let acks = script.acks;
        Self {
            config,
            script,
            connections: Vec::new(),
            asides: Vec::new(),
            labels: BTreeMap::new(),
            listeners: BTreeSet::new(),
            stack: Vec::new(),
            program: std::collections::VecDeque::new(),
            waiting: Waiting::Nothing,
            current: None,
            acted: Acted::default(),
            acts: None,
            acks,
            steps_begun: 0,
            arrived: (0, 0),
            next_command: 0,
            lateness: Duration::ZERO,
            started: Time::default(),
            heard: Time::default(),
            record: Record::default(),
            did: None,
            findings: Vec::new(),
            actions: Vec::new(),
            departing: Vec::new(),
            table_finding: None,
            time_wait_wanted: None,
            ended: false,
        }
    }

    /// Takes one input and gives what is to be done, in order. `now` is the bench's clock, read
    /// just before the call.
    pub fn step(&mut self, now: Time, input: Input<'_>) -> Vec<Action> {
        if self.ended {
            return Vec::new();
        }
        match input {
            Input::Start => self.start(now),
            // Frames come in the order of their stamps: behind this one others may wait, however
            // late it is by now.
            Input::Packet { stamp, octets } => {
                self.heard = self.heard.max(stamp);
                self.packet(now, stamp, octets);
            }
            Input::App(report) => self.application_reported(now, report),
            Input::Table(entry) => self.table_answered(entry),
            Input::Timer => {
                let due = self.next_wake().filter(|due| *due <= now);
                self.heard = self.heard.max(due.unwrap_or_default());
            }
        }
        self.run(now);
        std::mem::take(&mut self.actions)
    }

    /// The actions of the last step were carried out by `after`.
    pub fn departed(&mut self, after: Time) {
        if self.departing.is_empty() {
            return;
        }
        // The empty name stands for the last act itself.
        for label in std::mem::take(&mut self.departing) {
            if label.is_empty() {
                self.acted.after = self.acted.after.max(after);
            } else if let Some(labelled) = self.labels.get_mut(&label) {
                labelled.after = labelled.after.max(after);
            }
        }
    }

    /// The bench was late by so much while this trial ran: every bound in time is widened by it.
    pub fn was_late(&mut self, by: Duration) {
        self.lateness = self.lateness.max(by);
    }

    /// When [`Input::Timer`] must come at the latest; `None` while only an answer can go on.
    #[must_use]
    pub fn next_wake(&self) -> Option<Time> {
        if self.ended {
            return None;
        }
        match &self.waiting {
            Waiting::Nothing => None,
            Waiting::Segment(expectation) => Some(self.expectation_wake(expectation)),
            Waiting::Silence { span } => Some(self.acted.after + *span + self.grace(Duration::ZERO)),
            Waiting::Pause { until } => Some(*until),
            Waiting::Application(call) => Some(call.give_up),
            Waiting::Series(series) => Some(series.until),
            Waiting::Table(check) => check.wake(),
            Waiting::TimeWait(measure) => measure.next_wake(self),
        }
    }

    /// Whether the trial is over.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// The bench itself failed: the trial ends as an error, whatever was found so far.
    pub fn give_up(&mut self, now: Time, code: FindingCode, why: &str) {
        if !self.ended {
            let expected = String::from("a bench that does its part");
            self.fault(now, code, expected, why.to_owned());
            self.ended = true;
            if code == FindingCode::TrialOverran {
                self.forget_flood(now);
            }
        }
    }

    /// How it ended. Call it once [`Engine::has_ended`] says so.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        self.judge()
    }

    /// Packets that end what the trial may have left open on the target: one RST a connection.
    #[must_use]
    pub fn farewell(&self) -> Vec<Vec<u8>> {
        self.connections.iter().filter(|c| c.alive).map(|c| encode_segment(&c.reset())).collect()
    }

    fn start(&mut self, now: Time) {
        self.started = now;
        self.acted = Acted::at(now);
        if let Err(undefined) = self.prepare(now) {
            self.undefined(now, undefined);
        }
    }

    fn run(&mut self, now: Time) {
        while !self.ended {
            match self.progress(now) {
                Ok(Progress::Blocked) => return,
                Ok(Progress::Done) => self.waiting = Waiting::Nothing,
                Err(undefined) => return self.undefined(now, undefined),
            }
            if self.ended {
                return;
            }
            let Some((step, connection)) = self.next_step(now) else {
                if matches!(self.waiting, Waiting::Nothing) {
                    self.ended = true;
                    return;
                }
                continue;
            };
            self.steps_begun += 1;
            if self.steps_begun > MOST_STEPS {
                return self.undefined(now, Undefined(format!("more than {MOST_STEPS} steps")));
            }
            self.current = Some((step.clone(), connection));
            if let Err(undefined) = self.begin(now, &step, connection) {
                return self.undefined(now, undefined);
            }
        }
    }

    fn progress(&mut self, now: Time) -> Result<Progress, Undefined> {
        // Taken out, so that each kind can work on the whole engine; put back while it blocks.
        let mut waiting = std::mem::replace(&mut self.waiting, Waiting::Nothing);
        let progress = match &mut waiting {
            Waiting::Nothing => Progress::Done,
            Waiting::Segment(expectation) => self.await_segment(now, expectation)?,
            Waiting::Silence { span } => self.await_silence(*span)?,
            Waiting::Pause { until } if now >= *until => {
                self.acted = Acted::at(*until);
                Progress::Done
            }
            Waiting::Pause { .. } => Progress::Blocked,
            Waiting::Application(call) => self.await_application(now, call)?,
            Waiting::Series(series) => self.await_series(now, series)?,
            Waiting::Table(check) => self.await_table(now, check),
            Waiting::TimeWait(measure) => self.await_time_wait(now, measure)?,
        };
        if progress == Progress::Blocked {
            self.waiting = waiting;
        }
        Ok(progress)
    }

    /// The next step and its connection; `None` at the end, or when a measure begins to wait.
    fn next_step(&mut self, now: Time) -> Option<(Step, usize)> {
        loop {
            let Some(block) = self.stack.last_mut() else {
                self.stack.push(self.program.pop_front()?);
                continue;
            };
            if let Some(step) = block.steps.get(block.next) {
                block.next += 1;
                let step = step.clone();
                let chosen = block.connection;
                let connection = match chosen {
                    Some(index) => index,
                    None => self.connection_named(&step.connection).unwrap_or(0),
                };
                return Some((step, connection));
            }
            if let BlockKind::Repeat { turn, times } = &mut block.kind
                && *turn + 1 < *times
            {
                *turn += 1;
                block.next = 0;
                continue;
            }
            let block = self.stack.pop()?;
            match (block.kind, block.connection) {
                (BlockKind::Collecting, Some(index)) if self.connections[index].has_text_to_come() => {
                    self.stack.push(Block { next: 0, ..block });
                }
                // What was done on the way asks for nothing any more.
                (BlockKind::Preparing, Some(index)) => self.looked_at(index),
                (BlockKind::Measuring { first }, _) => {
                    self.begin_measuring_time_wait(first);
                    return None;
                }
                (BlockKind::Probing, Some(index)) => self.connections[index].inbox.scope = Scope::OWN,
                (BlockKind::ProbingState(state), Some(index)) => {
                    self.connections[index].inbox.scope = Scope::OWN;
                    self.answered_on_the_wire(now, index, state);
                    if self.ended {
                        return None;
                    }
                }
                _ => {}
            }
        }
    }

    /// Steps inside a step: they act on the connection of the steps around them, if that is fixed.
    fn push(&mut self, steps: Arc<[Step]>, connection: Option<usize>, kind: BlockKind) {
        let connection = connection.or(self.stack.last().and_then(|block| block.connection));
        self.stack.push(Block { steps, next: 0, connection, kind });
    }

    fn loop_index(&self) -> Option<u32> {
        self.stack.iter().rev().find_map(|block| match block.kind {
            BlockKind::Repeat { turn, .. } => Some(turn),
            _ => None,
        })
    }

    fn is_preparing(&self) -> bool {
        self.stack.iter().any(|block| matches!(block.kind, BlockKind::Preparing | BlockKind::Collecting))
    }

    fn connection_named(&self, name: &str) -> Result<usize, Undefined> {
        self.connections
            .iter()
            .position(|connection| connection.name == name)
            .ok_or_else(|| Undefined(format!("there is no connection `{name}`")))
    }

    /// A bound of `span`, widened by the profile's tolerance and by how late this bench was.
    fn grace(&self, span: Duration) -> Duration {
        self.config.tolerance.around(span).saturating_add(self.lateness)
    }

    fn note(&mut self, at: Time, connection: usize, kind: EventKind) -> usize {
        let name = self.connections.get(connection).map(|c| c.name.clone()).unwrap_or_default();
        let preparing = self.is_preparing();
        let origin = self.current.as_ref().map(|(step, _)| Origin {
            place: step.place.clone(),
            text: step.text.clone(),
            preparing,
        });
        self.record.events.push(Event { at, connection: name, origin, kind });
        self.record.events.len() - 1
    }

    fn command_id(&mut self) -> CommandId {
        self.next_command += 1;
        CommandId(self.next_command)
    }
}
