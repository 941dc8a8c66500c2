//! The man in the middle: rules for what the bench and the target say, over a view of the connections.

use super::connection::{Connection, reset_for};
use super::view::View;
use super::{Delivery, Fault, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId, SocketOption};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::segment::{
    Endpoint, Flags, IcmpError, Packet, Segment, decode, encode_icmp, encode_segment,
};
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// What becomes of what a rule has looked at, and perhaps changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Pass,
    /// It goes on, later.
    Late(Duration),
    /// It is lost.
    Drop,
}

/// What a fault does with a segment. The connection is as it was before the segment.
pub(super) type Rule = fn(&mut Segment, &mut At<'_>) -> Fate;
/// What a fault does with an ICMP error of the bench.
pub(super) type IcmpRule = fn(&mut IcmpError, &mut At<'_>) -> Fate;
/// What a fault does with a command to the application.
pub(super) type CommandRule = fn(&mut AppCommand, &mut At<'_>) -> Fate;
/// What a fault makes of what the application observed, told the command that it answers.
pub(super) type ReportRule = fn(&mut AppOutcome, &AppCommand, &mut At<'_>);

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
    /// Connections for which the fault speaks itself, and since when.
    played: BTreeMap<(Endpoint, Endpoint), Played>,
    commands: BTreeMap<CommandId, AppCommand>,
    own_commands: BTreeSet<CommandId>,
    own_counted: u32,
    dead: bool,
}

/// What the fault plays in the target's place. What the target itself says is lost from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Played {
    /// The connection is forgotten: what comes is answered as where there is none.
    Gone,
    /// TIME-WAIT, for ever.
    TimeWait,
}

/// Where a rule acts: one connection at one moment, and the means to speak.
pub(super) struct At<'a> {
    pub(super) now: Time,
    pub(super) seed: u64,
    pub(super) conn: &'a mut Connection,
    /// Whether another handshake with the same port of the target is half done.
    pub(super) half_open_elsewhere: bool,
    /// Whether the target's port had a listener that is closed by now.
    pub(super) listened_once: bool,
    socket: Option<String>,
    listener: Option<String>,
    out: &'a mut Vec<Said>,
}

/// What a rule adds.
enum Said {
    Bench(Duration, Segment),
    Target(Duration, Segment),
    Command(AppCommand),
    Play(Played),
    Die,
}

impl At<'_> {
    /// A segment to the bench, in the target's name.
    pub(super) fn bench(&mut self, segment: Segment) {
        self.out.push(Said::Bench(Duration::ZERO, segment));
    }

    /// The same, later, unless the fault's [`Middle::if_still`] says that it is no longer due.
    pub(super) fn bench_after(&mut self, after: Duration, segment: Segment) {
        self.out.push(Said::Bench(after, segment));
    }

    /// A segment to the target, in the bench's name.
    pub(super) fn target(&mut self, segment: Segment) {
        self.out.push(Said::Target(Duration::ZERO, segment));
    }

    /// An ACK with current numbers to the bench.
    pub(super) fn ack(&mut self) {
        let ack = self.conn.ack();
        self.bench(ack);
    }

    /// What a host without this connection answers to `segment`.
    pub(super) fn reset(&mut self, segment: &Segment) {
        self.out.extend(reset_for(segment).map(|reset| Said::Bench(Duration::ZERO, reset)));
    }

    /// From now on the fault speaks for this connection.
    pub(super) fn play(&mut self, played: Played) {
        self.out.push(Said::Play(played));
    }

    /// From now on the target neither hears nor says anything.
    pub(super) fn die(&mut self) {
        self.out.push(Said::Die);
    }

    /// The application is made to act on the socket of this connection.
    pub(super) fn application(&mut self, command: fn(String) -> AppCommand) {
        self.out.extend(self.socket.clone().map(|socket| Said::Command(command(socket))));
    }

    /// The application is made to act on the listener at the target's port.
    pub(super) fn on_listener(&mut self, command: fn(String) -> AppCommand) {
        self.out.extend(self.listener.clone().map(|socket| Said::Command(command(socket))));
    }
}

/// How a fault is put together.
impl Middle {
    pub(super) fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// A rule for what the target says.
    pub(super) fn says(self, rule: Rule) -> Self {
        Self { says: Some(rule), ..self }
    }

    /// A rule for what the target hears.
    pub(super) fn hears(self, rule: Rule) -> Self {
        Self { hears: Some(rule), ..self }
    }

    /// A rule for the ICMP errors that the target hears.
    pub(super) fn icmp(self, rule: IcmpRule) -> Self {
        Self { icmp: Some(rule), ..self }
    }

    /// A rule for what the application is asked.
    pub(super) fn command(self, rule: CommandRule) -> Self {
        Self { command: Some(rule), ..self }
    }

    /// A rule for what the application observes.
    pub(super) fn report(self, rule: ReportRule) -> Self {
        Self { report: Some(rule), ..self }
    }

    /// A rule for what the application is asked, whatever the connection; for options of a socket see
    /// [`wishing`].
    pub(super) fn wish(self, rule: fn(&mut AppCommand)) -> Self {
        Self { wish: Some(rule), ..self }
    }

    /// A rule for what the application is told, whatever the connection.
    pub(super) fn answer(self, rule: fn(&mut AppOutcome, &AppCommand)) -> Self {
        Self { answer: Some(rule), ..self }
    }

    /// When the target's part in a connection ends, and what the fault plays from then on.
    pub(super) fn ends(self, rule: fn(&Connection, Time) -> Option<Played>) -> Self {
        Self { ends: Some(rule), ..self }
    }

    /// Packets that the target does not hear, segments or not.
    pub(super) fn loses(self, rule: fn(&Packet) -> bool) -> Self {
        Self { loses: Some(rule), ..self }
    }

    /// What the socket table says in place of a state.
    pub(super) fn table(self, rule: fn(State) -> State) -> Self {
        Self { table: Some(rule), ..self }
    }

    /// What the application is made to ask for after what it asks for, and how long after.
    pub(super) fn afterwards(self, rule: Afterwards) -> Self {
        Self { afterwards: Some(rule), ..self }
    }

    /// What is sent to the bench later is sent only if this still holds then.
    pub(super) fn if_still(self, due: fn(&Segment, &Connection) -> bool) -> Self {
        Self { due: Some(due), ..self }
    }
}

/// What the application is made to ask for besides, and how long after.
type Afterwards = fn(&AppCommand) -> Option<(Duration, AppCommand)>;

/// A fault whose target says something else.
pub(super) fn says(rule: Rule) -> Middle {
    Middle::default().says(rule)
}

/// A fault whose target hears something else.
pub(super) fn hears(rule: Rule) -> Middle {
    Middle::default().hears(rule)
}

/// A fault whose sockets have other options than the application sets.
pub(super) fn wishing(rule: fn(&mut SocketOption)) -> Middle {
    Middle { option: Some(rule), ..Middle::default() }
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

impl Fate {
    fn after(self) -> Duration {
        match self {
            Self::Late(after) => after,
            Self::Pass | Self::Drop => Duration::ZERO,
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
