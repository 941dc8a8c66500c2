//! A bench without a link: the case, a fake clock, and whoever plays the target.
//!
//! A conforming [`Peer`] walks the way into the first state. Behind it the test plays the target
//! itself, or lets the peer go on ([`Bench::peer_goes_on`]).

use super::peer::Peer;
use crate::app::{AppCommand, AppOutcome, AppReport, CommandId};
use crate::case::{Capability, CaseFile, Fixtures, Script};
use crate::engine::{Action, Engine, Input, TableEntry, TrialConfig};
use crate::profile::{Timers, Tolerance};
use crate::requirement::{Catalogue, Level};
use crate::segment::{Packet, Received, Segment, decode, encode_segment};
use crate::state::State;
use crate::time::Time;
use crate::verdict::{EventKind, Outcome};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A bench with one trial on it.
pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) peer: Peer,
    pub(super) now: Time,
    /// What the engine sent and the test has not asked for yet.
    sent: VecDeque<Vec<u8>>,
    /// What the engine asked of the application and nobody has answered yet.
    pub(super) commands: VecDeque<(CommandId, AppCommand)>,
    /// How many questions to the table are open.
    pub(super) lookups: usize,
    /// Whether the last one was about a connection, not a listener.
    pub(super) remote_looked_up: bool,
    /// What comes, and when.
    coming: BTreeMap<(Time, u64), Coming>,
    scheduled: u64,
    peer_goes_on: bool,
    own_application: bool,
    events_seen: usize,
    /// How long a packet takes from the engine to the link.
    pub(super) departs_after: Duration,
}

enum Coming {
    Packet(Vec<u8>),
    Report(AppReport),
    Table(TableEntry),
}

/// From the peer's application to the report; longer than [`ON_THE_LINK`], so that segments
/// overtake reports.
const TO_REPORT: Duration = Duration::from_micros(1500);
/// From our segment to the peer's answer.
const ON_THE_LINK: Duration = Duration::from_millis(1);
/// No trial of a test takes more inputs: it hangs.
const MOST_INPUTS: usize = 500_000;

/// The keys of a case from `given` on, as a script.
pub(super) fn script(keys: &str) -> Script {
    let indented: String = keys.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!(
        "about: Tests\ncases:\n  case:\n    title: Title\n    requirements: [MUST-2]\n    effect: None.\n{indented}"
    );
    let file = CaseFile::read("cases/tests/test.yaml", text).expect("the file is right");
    file.cases()[0].script(0).unwrap_or_else(|problems| panic!("{problems:#?}\n{keys}"))
}

/// Every capability but the services that would play the application.
fn capabilities() -> Arc<std::collections::BTreeSet<Capability>> {
    use Capability::{Daytime, Discard, Echo, Http};
    let services = [Daytime, Discard, Echo, Http];
    Arc::new(Capability::all().filter(|capability| !services.contains(capability)).collect())
}

/// The target's times are exact to 10 ms, and an answer must come within 1 s unless a case says more.
pub(super) fn config() -> TrialConfig {
    static CATALOGUE: OnceLock<Arc<Catalogue>> = OnceLock::new();
    static FIXTURES: OnceLock<Arc<Fixtures>> = OnceLock::new();
    TrialConfig {
        seed: 7,
        bench: "198.18.0.1".parse().expect("an address"),
        target: "198.19.0.1".parse().expect("an address"),
        bench_port: 40_000,
        target_port: 20_000,
        link_mtu: 1500,
        table: true,
        timers: Timers { delayed_ack: Duration::ZERO, ..Timers::default() },
        tolerance: Tolerance { absolute: Duration::from_millis(10), relative: 0.0 },
        level: Level::Must,
        catalogue: Arc::clone(CATALOGUE.get_or_init(|| Arc::new(Catalogue::embedded()))),
        fixtures: Arc::clone(
            FIXTURES.get_or_init(|| Arc::new(Fixtures::embedded().expect("they are right"))),
        ),
        capabilities: capabilities(),
        agent: true,
        keep_packets: false,
    }
}

impl Bench {
    /// A trial of a case's keys from `given` on.
    pub(super) fn of(keys: &str) -> Self {
        Self::with(keys, |_| ())
    }

    /// The same, in other surroundings.
    pub(super) fn with(keys: &str, change: impl FnOnce(&mut TrialConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        Self::running(Engine::new(config, script(keys)))
    }

    /// A trial that waits for its start.
    pub(super) fn running(engine: Engine) -> Self {
        Self {
            engine,
            peer: Peer::default(),
            now: Time(1_000_000_000_000),
            sent: VecDeque::new(),
            commands: VecDeque::new(),
            lookups: 0,
            remote_looked_up: false,
            coming: BTreeMap::new(),
            scheduled: 0,
            peer_goes_on: false,
            own_application: false,
            events_seen: 0,
            departs_after: Duration::ZERO,
        }
    }

    /// Begins, and lets the peer walk the way into the first state.
    pub(super) fn start(mut self) -> Self {
        self.feed(Input::Start);
        while self.is_preparing() && self.next_moment().is_some() {
            self.next_input(Time(u64::MAX));
        }
        self
    }

    /// Begins, and goes on until it has come so far.
    pub(super) fn start_to(mut self, reached: impl Fn(&Engine) -> bool) -> Self {
        self.feed(Input::Start);
        while !reached(&self.engine) {
            self.next_input(Time(u64::MAX));
        }
        self
    }

    /// Begins; the test is the application from the start.
    pub(super) fn start_with_own_application(mut self) -> Self {
        self.own_application = true;
        self.feed(Input::Start);
        self
    }

    /// From here on the peer plays the target, and [`Bench::sent`] still shows what it was sent.
    pub(super) fn peer_goes_on(mut self) -> Self {
        self.peer_goes_on = true;
        self
    }

    /// The next packet that the engine sent, as its receiver reads it.
    pub(super) fn sent_packet(&mut self) -> Packet {
        let octets = self.sent.pop_front().expect("the engine has sent a packet");
        decode(&octets).expect("it can be read")
    }

    /// The next segment that the engine sent.
    pub(super) fn sent(&mut self) -> Segment {
        match self.sent_packet() {
            Packet::Tcp(received) => received.segment,
            other => panic!("the engine sent {other:?}"),
        }
    }

    /// The packets that the engine has sent since it was last asked.
    pub(super) fn all_packets(&mut self) -> Vec<Vec<u8>> {
        self.sent.drain(..).collect()
    }

    /// The segments that the engine has sent since it was last asked.
    pub(super) fn all_sent_segments(&mut self) -> Vec<Segment> {
        let count = self.sent.len();
        (0..count).map(|_| self.sent()).collect()
    }

    /// The same, in one line each, with the numbers that they have.
    pub(super) fn all_sent(&mut self) -> Vec<String> {
        self.all_sent_segments().iter().map(|segment| segment.summary(None).to_string()).collect()
    }

    /// A segment of the target arrives, after so many milliseconds in which nothing else does.
    pub(super) fn arrives(&mut self, after: u64, segment: &Segment) {
        self.pass_time(after);
        self.packet(self.now, &encode_segment(segment));
    }

    /// A segment of the target arrived at `stamp`, and the bench looks at it only now.
    pub(super) fn arrived(&mut self, stamp: Time, segment: &Segment) {
        self.packet(stamp, &encode_segment(segment));
    }

    /// A packet with this stamp is handed in now.
    pub(super) fn packet(&mut self, stamp: Time, octets: &[u8]) {
        self.feed(Input::Packet { stamp, octets });
    }

    /// The oldest command of the application comes to this, at this moment.
    pub(super) fn application(&mut self, outcome: AppOutcome) {
        let moment = self.now;
        self.application_between(moment, moment, outcome);
    }

    /// The same, with the moments before and after the call.
    pub(super) fn application_between(&mut self, began: Time, ended: Time, outcome: AppOutcome) {
        let (id, _) = self.commands.pop_front().expect("the application was asked for something");
        self.feed(Input::App(AppReport { id, outcome, began: began.0, ended: ended.0 }));
    }

    /// The target's table answers the open question: this state, or no such socket.
    pub(super) fn table(&mut self, state: Option<State>) {
        assert!(self.lookups > 0, "the table was not asked");
        self.lookups -= 1;
        self.feed(Input::Table(TableEntry { state, expires: None }));
    }

    /// So many milliseconds pass: timers fire, and what is under way arrives.
    pub(super) fn pass_time(&mut self, milliseconds: u64) {
        self.run_until(self.now + Duration::from_millis(milliseconds));
    }

    /// A moment so many milliseconds before now.
    pub(super) fn ago(&self, milliseconds: u64) -> Time {
        self.now - Duration::from_millis(milliseconds)
    }

    /// Lets time pass until the trial has ended.
    pub(super) fn run_to_the_end(&mut self) -> &mut Self {
        let mut inputs = 0;
        while !self.engine.has_ended() {
            assert!(self.next_moment().is_some(), "the trial waits for nothing, and does not end");
            self.next_input(Time(u64::MAX));
            inputs += 1;
            assert!(inputs < MOST_INPUTS, "the trial does not end");
        }
        self
    }

    /// How it ended, once it has.
    pub(super) fn into_outcome(mut self) -> Outcome {
        self.run_to_the_end();
        self.engine.into_outcome()
    }

    /// The verdict and every finding, as text.
    pub(super) fn told(self) -> String {
        told(&self.into_outcome())
    }

    pub(super) fn run_until(&mut self, until: Time) {
        while self.next_moment().is_some_and(|next| next <= until) {
            self.next_input(until);
        }
        self.now = self.now.max(until);
    }

    /// When something happens by itself.
    fn next_moment(&self) -> Option<Time> {
        let coming = self.coming.keys().next().map(|(at, _)| *at);
        let next = [coming, self.engine.next_wake(), self.peer.next_deadline()].into_iter().flatten().min();
        next.map(|next| next.max(self.now))
    }

    /// What happens next, up to `until`. What is stamped before a timer is handed in before it.
    fn next_input(&mut self, until: Time) {
        let Some(next) = self.next_moment().filter(|next| *next <= until) else { return };
        self.now = next;
        if let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= next) {
            let ((stamp, _), coming) = entry.remove_entry();
            match coming {
                Coming::Packet(octets) => self.packet(stamp, &octets),
                Coming::Report(report) => self.feed(Input::App(report)),
                Coming::Table(entry) => self.feed(Input::Table(entry)),
            }
        } else if self.peer.next_deadline().is_some_and(|at| at <= next) {
            self.peer.time_passes(next);
            self.take_from_peer();
        } else {
            self.feed(Input::Timer);
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        let actions = self.engine.step(self.now, input);
        let fresh = self.engine.record.events.get(self.events_seen..).unwrap_or_default();
        let of_the_way = |wanted: fn(&EventKind) -> bool| {
            let preparing = fresh.iter().filter(|event| wanted(&event.kind));
            preparing.filter(|event| event.origin.as_ref().is_some_and(|origin| origin.preparing)).count()
        };
        let mut sends = of_the_way(|kind| matches!(kind, EventKind::Sent(_)));
        let mut commands = of_the_way(|kind| matches!(kind, EventKind::Asked(_)));
        self.events_seen = self.engine.record.events.len();
        for action in actions {
            match action {
                Action::Send(octets) => {
                    let on_the_way = one_less(&mut sends);
                    if on_the_way || self.peer_goes_on {
                        self.give_to_peer(&octets);
                    }
                    if !on_the_way {
                        self.sent.push_back(octets);
                    }
                }
                Action::App { id, command } => {
                    let on_the_way = one_less(&mut commands);
                    if (on_the_way || self.peer_goes_on) && !self.own_application {
                        self.peer.command(self.now, id, command);
                    } else {
                        self.commands.push_back((id, command));
                    }
                }
                Action::Lookup { local, remote } if self.peer_goes_on => {
                    let state = self.peer.state_of(local, remote, self.now);
                    self.schedule(self.now, Coming::Table(TableEntry { state, expires: None }));
                }
                Action::Lookup { remote, .. } => {
                    self.lookups += 1;
                    self.remote_looked_up = remote.is_some();
                }
            }
        }
        self.engine.departed(self.now + self.departs_after);
        self.take_from_peer();
    }

    fn give_to_peer(&mut self, octets: &[u8]) {
        if let Ok(Packet::Tcp(Received { segment, faults, .. })) = decode(octets)
            && faults.is_empty()
        {
            self.peer.segment(self.now, &segment);
        }
    }

    fn take_from_peer(&mut self) {
        let arrives = self.now + ON_THE_LINK;
        for (segment, late) in self.peer.take_segments() {
            self.schedule(arrives + late, Coming::Packet(encode_segment(&segment)));
        }
        for (id, outcome) in self.peer.take_reports() {
            let report = AppReport { id, outcome, began: self.now.0, ended: self.now.0 };
            self.schedule(self.now + TO_REPORT, Coming::Report(report));
        }
    }

    fn schedule(&mut self, at: Time, coming: Coming) {
        self.scheduled += 1;
        self.coming.insert((at, self.scheduled), coming);
    }

    fn is_preparing(&self) -> bool {
        !self.engine.has_ended() && self.engine.is_preparing()
    }
}

/// Takes one away, if there is one.
fn one_less(count: &mut usize) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

/// The verdict and every finding: `code: did …; expected …; saw …`, and the fields that differ.
pub(super) fn told(outcome: &Outcome) -> String {
    let mut text = outcome.verdict.to_string();
    for finding in &outcome.findings {
        text += &format!(
            "\n{}\n  did      {}\n  expected {}\n  saw      {}",
            finding.code, finding.did, finding.expected, finding.saw
        );
        for difference in &finding.differences {
            let (field, expected, found) = (&difference.field, &difference.expected, &difference.found);
            text += &format!("\n  {field}: {expected} | {found}");
        }
    }
    text
}
