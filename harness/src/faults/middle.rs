//! The man in the middle: rules for what the bench and the target say, over a view of the connections.

mod build;

pub(super) use build::{hears, says, wishing};

use super::connection::{Connection, reset_for};
use super::rule::{Afterwards, At, CommandRule, Fate, IcmpRule, Played, ReportRule, Rule, Said};
use super::view::View;
use super::{Delivery, Fault, Way};
use std::collections::{BTreeMap, BTreeSet};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId, SocketOption};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::segment::{
    Endpoint, Flags, IcmpError, Packet, Segment, decode, encode_icmp, encode_segment,
};
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// A fault made of rules; without any it changes nothing.
#[derive(Default)]
pub(super) struct Middle {
    seed: u64,
    view: View,
    says: Option<Rule>,
    hears: Option<Rule>,
    icmp: Option<IcmpRule>,
    command: Option<CommandRule>,
    report: Option<ReportRule>,
    wish: Option<fn(&mut AppCommand)>,
    answer: Option<fn(&mut AppOutcome, &AppCommand)>,
    option: Option<fn(&mut SocketOption)>,
    due: Option<fn(&Segment, &Connection) -> bool>,
    ends: Option<fn(&Connection, Time) -> Option<Played>>,
    loses: Option<fn(&Packet) -> bool>,
    table: Option<fn(State) -> State>,
    afterwards: Option<Afterwards>,
    /// Connections for which the fault speaks itself.
    played: BTreeMap<(Endpoint, Endpoint), Played>,
    commands: BTreeMap<CommandId, AppCommand>,
    own_commands: BTreeSet<CommandId>,
    own_counted: u32,
    dead: bool,
}

impl Fault for Middle {
    fn to_target(&mut self, now: Time, packet: &[u8], way: &mut Way) {
        if self.dead {
            return;
        }
        let decoded = decode(packet);
        if let (Some(loses), Ok(packet)) = (self.loses, &decoded)
            && loses(packet)
        {
            return;
        }
        match decoded {
            Ok(Packet::Tcp(received)) => self.segment_to_target(now, packet, received.segment, way),
            Ok(Packet::Icmp(error)) => self.icmp_to_target(now, packet, error, way),
            _ => way.target(packet.to_vec()),
        }
    }

    fn to_bench(&mut self, now: Time, packet: &[u8], way: &mut Way) {
        if self.dead {
            return;
        }
        match decode(packet) {
            Ok(Packet::Tcp(received)) => self.segment_to_bench(now, packet, received.segment, way),
            _ => way.bench(packet.to_vec()),
        }
    }

    fn command(&mut self, now: Time, id: CommandId, mut command: AppCommand, way: &mut Way) {
        let asked = command.clone();
        if let Some(wish) = self.wish {
            wish(&mut command);
        }
        if let Some(option) = self.option {
            options(&mut command).iter_mut().for_each(option);
        }
        let fate = match (self.command, socket(&asked)) {
            (Some(rule), Some(name)) => self.on_socket(now, name, way, |at| rule(&mut command, at)),
            _ => None,
        };
        if let Some((after, later)) = self.afterwards.and_then(|rule| rule(&command)) {
            let id = self.own_command();
            way.later(after, Delivery::ToApplication(id, later));
        }
        self.view.asked(id, &command);
        self.commands.insert(id, asked);
        match fate.unwrap_or(Fate::Pass) {
            Fate::Pass => way.application(id, command),
            Fate::Late(after) => way.later(after, Delivery::ToApplication(id, command)),
            Fate::Drop => {
                let now = now.0;
                way.report(AppReport { id, outcome: AppOutcome::Done, began: now, ended: now });
            }
        }
    }

    fn report(&mut self, now: Time, mut report: AppReport, way: &mut Way) {
        if self.own_commands.remove(&report.id) {
            return;
        }
        self.view.told(&report);
        let command = self.commands.remove(&report.id);
        if let (Some(rule), Some(command)) = (self.answer, &command) {
            rule(&mut report.outcome, command);
        }
        if let (Some(rule), Some(command)) = (self.report, command)
            && let Some(name) = socket(&command)
        {
            self.on_socket(now, name, way, |at| rule(&mut report.outcome, &command, at));
        }
        way.report(report);
    }

    fn table(&mut self, now: Time, entry: TableEntry) -> TableEntry {
        if let Some(rule) = self.table {
            return TableEntry { state: entry.state.map(rule), ..entry };
        }
        // The table does not say whose entry it is: where all connections are played alike there is no doubt.
        let keys: Vec<_> = self.view.connections().map(|conn| (conn.target, conn.bench)).collect();
        let mut played: Vec<_> = keys.into_iter().map(|key| self.played(now, key)).collect();
        played.dedup();
        match played[..] {
            [Some(Played::Gone)] if entry.state != Some(State::Listen) => {
                TableEntry { state: None, expires: None }
            }
            [Some(Played::TimeWait)] => TableEntry { state: Some(State::TimeWait), ..entry },
            _ => entry,
        }
    }

    fn still_due(&mut self, _now: Time, delivery: &Delivery) -> bool {
        let (Some(due), Delivery::ToBench(packet)) = (self.due, delivery) else { return !self.dead };
        let Ok(Packet::Tcp(received)) = decode(packet) else { return !self.dead };
        let segment = received.segment;
        !self.dead && due(&segment, self.view.connection(segment.source(), segment.destination()))
    }
}

impl Middle {
    /// What is played of this connection by now.
    fn played(&mut self, now: Time, key: (Endpoint, Endpoint)) -> Option<Played> {
        let ended = self.ends.and_then(|ends| ends(self.view.connection(key.0, key.1), now));
        if let (Some(played), false) = (ended, self.played.contains_key(&key)) {
            self.played.insert(key, played);
        }
        self.played.get(&key).copied()
    }

    fn segment_to_target(&mut self, now: Time, packet: &[u8], original: Segment, way: &mut Way) {
        let key = (original.destination(), original.source());
        if let Some(played) = self.played(now, key) {
            return self.play(played, &original, way);
        }
        let mut segment = original.clone();
        let fate = match self.hears {
            Some(rule) => self.on_connection(now, key, way, |at| rule(&mut segment, at)),
            None => Fate::Pass,
        };
        if fate == Fate::Drop || self.played.contains_key(&key) || self.dead {
            return;
        }
        self.view.target_got(now, &segment);
        let octets = if segment == original { packet.to_vec() } else { encode_segment(&segment) };
        way.later(fate.after(), Delivery::ToTarget(octets));
    }

    fn segment_to_bench(&mut self, now: Time, packet: &[u8], original: Segment, way: &mut Way) {
        let key = (original.source(), original.destination());
        if self.played(now, key).is_some() {
            return;
        }
        let mut segment = original.clone();
        let fate = match self.says {
            Some(rule) => self.on_connection(now, key, way, |at| rule(&mut segment, at)),
            None => Fate::Pass,
        };
        self.view.target_sent(now, &original);
        if fate == Fate::Drop || self.played.contains_key(&key) || self.dead {
            return;
        }
        let octets = if segment == original { packet.to_vec() } else { encode_segment(&segment) };
        way.later(fate.after(), Delivery::ToBench(octets));
    }

    fn icmp_to_target(&mut self, now: Time, packet: &[u8], original: IcmpError, way: &mut Way) {
        let quoted = original.quoted();
        let (Some(rule), Some((target, bench, _))) = (self.icmp, quoted) else {
            return way.target(packet.to_vec());
        };
        let mut error = original.clone();
        let fate = self.on_connection(now, (target, bench), way, |at| rule(&mut error, at));
        if fate == Fate::Drop {
            return;
        }
        let changed = (error != original).then(|| encode_icmp(&error).ok()).flatten();
        way.later(fate.after(), Delivery::ToTarget(changed.unwrap_or_else(|| packet.to_vec())));
    }

    /// Runs a rule on the connection of a socket that the view knows.
    fn on_socket<T>(
        &mut self,
        now: Time,
        name: &str,
        way: &mut Way,
        rule: impl FnOnce(&mut At<'_>) -> T,
    ) -> Option<T> {
        let key = self.view.of_socket(name).map(|connection| (connection.target, connection.bench))?;
        Some(self.on_connection(now, key, way, rule))
    }

    /// Runs a rule on a connection, and hands on what it adds.
    fn on_connection<T>(
        &mut self,
        now: Time,
        (target, bench): (Endpoint, Endpoint),
        way: &mut Way,
        rule: impl FnOnce(&mut At<'_>) -> T,
    ) -> T {
        let socket = self.view.socket_of(bench).map(str::to_owned);
        let listener = self.view.listener_at(target.port()).map(str::to_owned);
        let listened_once = listener.is_none() && self.view.listened_once(target.port());
        let half_open_elsewhere = self
            .view
            .connections()
            .any(|other| other.target == target && other.bench != bench && other.state == State::SynReceived);
        let mut out = Vec::new();
        let conn = self.view.connection(target, bench);
        let seed = self.seed;
        let mut at =
            At { now, seed, conn, half_open_elsewhere, listened_once, socket, listener, out: &mut out };
        let result = rule(&mut at);
        for said in out {
            match said {
                Said::Bench(after, segment) => {
                    way.later(after, Delivery::ToBench(encode_segment(&segment)));
                }
                Said::Target(after, segment) => {
                    self.view.target_got(now, &segment);
                    way.later(after, Delivery::ToTarget(encode_segment(&segment)));
                }
                Said::Command(command) => {
                    let id = self.own_command();
                    self.view.asked(id, &command);
                    way.application(id, command);
                }
                Said::Play(played) => {
                    self.played.insert((target, bench), played);
                }
                Said::Die => self.dead = true,
            }
        }
        result
    }

    /// The number of a command of the fault's own, whose report is for nobody.
    fn own_command(&mut self) -> CommandId {
        let id = CommandId(OWN_COMMANDS | self.own_counted);
        self.own_counted = self.own_counted.wrapping_add(1);
        self.own_commands.insert(id);
        id
    }

    /// What the fault answers in the target's place.
    fn play(&mut self, played: Played, segment: &Segment, way: &mut Way) {
        let listening = self.view.listener_at(segment.destination_port).is_some();
        let conn = self.view.connection(segment.destination(), segment.source());
        let plain_syn = segment.flags.significant() == Flags::SYN;
        let answer = match played {
            Played::TimeWait if segment.flags.contains(Flags::RST) => None,
            Played::TimeWait if segment.is_pure_ack() && segment.seq == conn.rcv_nxt => None,
            Played::TimeWait => Some(conn.ack()),
            Played::Gone if listening && plain_syn => {
                let seq = conn.snd_nxt + 0x1000_0000;
                Some(conn.segment(Flags::SYN | Flags::ACK, seq, segment.seq + 1))
            }
            Played::Gone => reset_for(segment),
        };
        if let Some(answer) = answer {
            way.bench(encode_segment(&answer));
        }
    }
}

/// The options that a command sets.
fn options(command: &mut AppCommand) -> &mut [SocketOption] {
    match command {
        AppCommand::Listen { options, .. } | AppCommand::Connect { options, .. } => options,
        AppCommand::Set { option, .. } => std::slice::from_mut(option),
        _ => &mut [],
    }
}

/// The socket that a command is about.
fn socket(command: &AppCommand) -> Option<&str> {
    match command {
        AppCommand::Listen { socket, .. }
        | AppCommand::Accept { socket, .. }
        | AppCommand::Connect { socket, .. }
        | AppCommand::AwaitConnected { socket, .. }
        | AppCommand::Send { socket, .. }
        | AppCommand::SendUrgent { socket, .. }
        | AppCommand::AwaitUrgent { socket, .. }
        | AppCommand::Receive { socket, .. }
        | AppCommand::AwaitEnd { socket, .. }
        | AppCommand::Shutdown { socket }
        | AppCommand::Close { socket }
        | AppCommand::Abort { socket }
        | AppCommand::Set { socket, .. } => Some(socket),
        AppCommand::Kill => None,
    }
}

/// The numbers of the fault's own commands; the bench counts from 0.
const OWN_COMMANDS: u32 = 1 << 31;
