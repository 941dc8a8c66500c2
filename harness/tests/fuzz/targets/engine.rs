//! One trial against a target that does whatever it likes: it ends, in time, and its report can be drawn.
//!
//! The first two octets choose one of the built-in trials, the others are what comes.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tcpspec::report::{TrialCard, failure_block, ladder};
use tcpspec_core::app::{AppOutcome, AppReport, CommandId};
use tcpspec_core::case::{Capability, Family, Fixtures, Script, Suite};
use tcpspec_core::engine::{Action, Engine, Input, TableEntry, TrialConfig};
use tcpspec_core::profile::{Timers, Tolerance};
use tcpspec_core::requirement::{Catalogue, Level};
use tcpspec_core::segment::{
    Flags, IcmpError, IcmpKind, Packet, Segment, decode, encode_icmp, encode_segment,
};
use tcpspec_core::state::State;
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{FindingCode, Verdict};

pub(crate) fn run(octets: &[u8]) {
    let [high, low, octets @ ..] = octets else { return };
    let suite = SUITE.get_or_init(|| Suite::embedded().expect("it is right"));
    let number = usize::from(u16::from_be_bytes([*high, *low]));
    let count = suite.trials().count();
    let trial = suite.trials().nth(number % count).expect("one of them");
    let script = trial.script().expect("it is right");
    let config = config(trial.id.family(), number / count % 2 == 1);
    let timers = config.timers;
    let longest = script.longest_wait(&|name| timers.variable(name), &config.tolerance);
    let mut bench = Bench::start(config, script);
    let mut rest = octets;
    while let [what, amount, behind @ ..] = rest {
        let (more, behind) = behind.split_at(behind.len().min(usize::from(what >> 4)));
        bench.happens(what & 0x0f, *amount, more);
        rest = behind;
    }
    bench.ends(longest + SLACK);
}

/// A trial, its clock, and what it waits for.
struct Bench {
    engine: Engine,
    began: Time,
    now: Time,
    /// The last segments that it sent.
    sent: Vec<Segment>,
    commands: Vec<CommandId>,
    lookups: usize,
}

impl Bench {
    fn start(config: TrialConfig, script: Script) -> Self {
        let now = Time(1_000_000_000_000);
        let engine = Engine::new(config, script);
        let mut bench = Self { engine, began: now, now, sent: vec![], commands: vec![], lookups: 0 };
        bench.feed(Input::Start);
        bench
    }

    fn feed(&mut self, input: Input<'_>) {
        for action in self.engine.step(self.now, input) {
            match action {
                Action::Send(packet) => {
                    if let Ok(Packet::Tcp(received)) = decode(&packet) {
                        self.sent.push(received.segment);
                        let surplus = self.sent.len().saturating_sub(8);
                        self.sent.drain(..surplus);
                    }
                }
                Action::App { id, .. } => self.commands.push(id),
                Action::Lookup { .. } => self.lookups += 1,
            }
        }
        self.engine.departed(self.now);
    }

    fn happens(&mut self, what: u8, amount: u8, more: &[u8]) {
        let octet = |place: usize| more.get(place).copied().unwrap_or_default();
        match what {
            0 => self.now += Duration::from_millis(u64::from(amount) * u64::from(octet(0)) + 1),
            1 => self.wake(),
            2 => self.engine.was_late(Duration::from_millis(u64::from(amount))),
            3 => {
                let state = State::ALL.get(usize::from(amount)).copied();
                let expires = Some(Duration::from_secs(u64::from(octet(0))));
                self.lookups = self.lookups.saturating_sub(1);
                self.feed(Input::Table(TableEntry { state, expires }));
            }
            4 | 5 => self.reports(amount, more),
            6 => self.packet(&[&[0x45][..], more].concat()),
            7 => {
                let Some(about) = self.sent.last() else { return };
                let kinds = [
                    IcmpKind::DestinationUnreachable { code: octet(0) },
                    IcmpKind::PacketTooBig { mtu: u32::from(octet(0)) * 8 },
                    IcmpKind::TimeExceeded { code: octet(0) },
                    IcmpKind::ParameterProblem { code: octet(0), pointer: u32::from(octet(1)) },
                    IcmpKind::SourceQuench,
                ];
                let kind = kinds[usize::from(amount) % kinds.len()];
                let error = IcmpError::about(about, about.ip.destination, kind);
                if let Ok(packet) = encode_icmp(&error) {
                    self.packet(&packet);
                }
            }
            // Most of all, an answer.
            _ => self.answers(what, Flags(amount), more),
        }
    }

    /// The right answer to one of the last segments, but for what `more` adds to its fields.
    fn answers(&mut self, what: u8, flags: Flags, more: &[u8]) {
        let octet = |place: usize| more.get(place).copied().unwrap_or_default();
        let signed = |place: usize| i32::from(octet(place).cast_signed()) as u32;
        let back = usize::from(what - 8) / 2;
        let Some(to) = self.sent.iter().rev().nth(back) else { return };
        let length = usize::from(octet(2)) << (octet(3) & 7);
        let answer = Segment {
            seq: to.ack + signed(0),
            ack: to.end() + signed(1),
            flags,
            payload: vec![octet(4); length],
            window: u16::from_be_bytes([!octet(5), octet(6)]),
            urgent: octet(7).into(),
            options: tcpspec_core::segment::decode_options(more.get(8..).unwrap_or_default()).0,
            ..Segment::between(to.destination(), to.source())
        };
        let packet = encode_segment(&answer);
        self.packet(&packet);
    }

    fn packet(&mut self, octets: &[u8]) {
        self.now += Duration::from_micros(100);
        self.feed(Input::Packet { stamp: self.now, octets });
    }

    fn reports(&mut self, amount: u8, more: &[u8]) {
        let outcomes = [
            AppOutcome::Done,
            AppOutcome::Data(more.to_vec()),
            AppOutcome::EndOfStream(more.to_vec()),
            AppOutcome::Accepted("198.18.0.1:40000".parse().expect("an address")),
            AppOutcome::Connecting("198.19.0.1:20000".parse().expect("an address")),
            AppOutcome::Reset,
            AppOutcome::Refused,
            AppOutcome::TimedOut,
            AppOutcome::NothingYet,
            AppOutcome::Error("EHOSTUNREACH".into()),
            AppOutcome::Broken("it is broken".into()),
        ];
        let id = if self.commands.is_empty() { CommandId(amount.into()) } else { self.commands.remove(0) };
        let outcome = outcomes[usize::from(amount) % outcomes.len()].clone();
        self.feed(Input::App(AppReport { id, outcome, began: self.now.0, ended: self.now.0 }));
    }

    fn wake(&mut self) {
        if let Some(wake) = self.engine.next_wake() {
            self.now = self.now.max(wake);
            self.feed(Input::Timer);
        }
    }

    /// Nothing more comes but time: it ends by itself, or because it ran too long.
    fn ends(mut self, limit: Duration) {
        let limit = self.began + limit;
        let mut turns = 0;
        while !self.engine.has_ended() {
            turns += 1;
            assert!(turns < 200_000, "it goes round and round");
            if self.lookups > 0 {
                self.lookups -= 1;
                self.feed(Input::Table(TableEntry { state: None, expires: None }));
            }
            match self.engine.next_wake() {
                Some(wake) if wake <= limit => self.wake(),
                _ => self.engine.give_up(self.now, FindingCode::TrialOverran, "it ran too long"),
            }
        }
        assert_eq!(self.engine.next_wake(), None);
        drop(self.engine.farewell());
        let outcome = self.engine.into_outcome();
        assert!(outcome.verdict == Verdict::Pass || !outcome.findings.is_empty());
        let card = TrialCard {
            id: "a/b/c".into(),
            title: "It does".into(),
            requirements: vec![],
            effect: "None.".into(),
            place: "cases/a/b.yaml:1".into(),
            again: "tcpspec a/b/c".into(),
        };
        drop(failure_block(&card, &outcome, &|_| None));
        drop(ladder(&outcome.record, None));
    }
}

fn config(family: Family, agent: bool) -> TrialConfig {
    static SHARED: OnceLock<(Arc<Catalogue>, Arc<Fixtures>)> = OnceLock::new();
    let (catalogue, fixtures) = SHARED.get_or_init(|| {
        (Arc::new(Catalogue::embedded()), Arc::new(Fixtures::embedded().expect("they are right")))
    });
    let address = |v4: &str, v6: &str| -> IpAddr {
        (if family == Family::V4 { v4 } else { v6 }).parse().expect("an address")
    };
    TrialConfig {
        seed: 7,
        bench: address("198.18.0.1", "2001:db8:1::1"),
        target: address("198.19.0.1", "2001:db8::1"),
        bench_port: 40_000,
        target_port: 20_000,
        link_mtu: 1500,
        table: agent,
        timers: Timers::default(),
        tolerance: Tolerance { absolute: Duration::from_millis(10), relative: 0.0 },
        level: Level::Must,
        catalogue: Arc::clone(catalogue),
        fixtures: Arc::clone(fixtures),
        capabilities: Arc::new(Capability::all().collect()),
        agent,
        keep_packets: false,
    }
}

static SUITE: OnceLock<Suite> = OnceLock::new();

/// As the bench has it: more means that it hangs.
const SLACK: Duration = Duration::from_secs(20);
