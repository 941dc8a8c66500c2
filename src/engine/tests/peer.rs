//! A small conforming target, with switches to misbehave.

use crate::app::{AppCommand, AppOutcome, CommandId};
use crate::segment::{Checksum, Endpoint, Flags, Segment, TcpOption};
use crate::seq::SeqNum;
use crate::state::State;
use crate::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// The window field of all its segments.
pub(super) const WINDOW: u16 = 60_000;
/// The initial sequence number of its first connection.
pub(super) const ISS: u32 = 5_000;
/// Octets in a segment at most.
const MSS: usize = 1000;

/// The target: its sockets and its application.
pub(super) struct Peer {
    sockets: Vec<Socket>,
    listeners: BTreeMap<String, Endpoint>,
    waiting: Vec<(CommandId, AppCommand, Time)>,
    segments: Vec<(Segment, Duration)>,
    reports: Vec<(CommandId, AppOutcome)>,
    /// Initial sequence number of the next connection.
    pub(super) iss: SeqNum,
    pub(super) habits: Habits,
}

/// How it misbehaves.
pub(super) struct Habits {
    /// It answers nothing on the wire.
    pub(super) mute: bool,
    /// It sends everything twice.
    pub(super) twice: bool,
    /// Its segments are late by so much.
    pub(super) late: Duration,
    /// How long its TIME-WAIT lasts.
    pub(super) time_wait: Duration,
    /// In TIME-WAIT it answers no question.
    pub(super) mute_in_time_wait: bool,
    /// In TIME-WAIT it drops what has no ACK.
    pub(super) drops_syns_in_time_wait: bool,
    /// It changes what it sends.
    pub(super) alter: fn(&mut Segment),
}

#[derive(Debug)]
struct Socket {
    name: Option<String>,
    local: Endpoint,
    remote: Endpoint,
    state: State,
    irs: SeqNum,
    iss: SeqNum,
    snd_una: SeqNum,
    snd_nxt: SeqNum,
    rcv_nxt: SeqNum,
    unread: Vec<u8>,
    /// Text and FINs beyond a gap.
    beyond: BTreeMap<u32, Segment>,
    end_of_stream: bool,
    failure: Option<AppOutcome>,
    options: Vec<TcpOption>,
    timestamps: Option<u32>,
    time_wait_since: Option<Time>,
    passive: bool,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            sockets: Vec::new(),
            listeners: BTreeMap::new(),
            waiting: Vec::new(),
            segments: Vec::new(),
            reports: Vec::new(),
            iss: SeqNum(ISS),
            habits: Habits {
                mute: false,
                twice: false,
                late: Duration::ZERO,
                time_wait: Duration::from_secs(240),
                mute_in_time_wait: false,
                drops_syns_in_time_wait: false,
                alter: |_| (),
            },
        }
    }
}

impl Peer {
    pub(super) fn take_segments(&mut self) -> Vec<(Segment, Duration)> {
        std::mem::take(&mut self.segments)
    }

    pub(super) fn take_reports(&mut self) -> Vec<(CommandId, AppOutcome)> {
        std::mem::take(&mut self.reports)
    }

    /// When the next command that waits gives up.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.waiting.iter().map(|(_, _, deadline)| *deadline).min()
    }

    pub(super) fn time_passes(&mut self, now: Time) {
        self.answer_waiting(now);
    }

    pub(super) fn state_of(&self, local: Endpoint, remote: Option<Endpoint>, now: Time) -> Option<State> {
        let Some(remote) = remote else {
            return self.listeners.values().any(|it| *it == local).then_some(State::Listen);
        };
        let of_pair = |it: &&Socket| it.local == local && it.remote == remote && self.exists(it, now);
        self.sockets.iter().find(of_pair).map(|it| it.state)
    }

    /// A segment of the bench arrived.
    pub(super) fn segment(&mut self, now: Time, segment: &Segment) {
        if segment.checksum != Checksum::Good {
            return;
        }
        let (local, remote) = (segment.destination(), segment.source());
        let exists = |it: &Socket| it.local == local && it.remote == remote && self.exists(it, now);
        match self.sockets.iter().position(exists) {
            Some(index) => {
                let mut socket = self.sockets.swap_remove(index);
                let reopens = socket.state == State::TimeWait
                    && segment.flags.significant() == Flags::SYN
                    && socket.rcv_nxt.before(segment.seq);
                let is_dropped = self.habits.mute_in_time_wait
                    || self.habits.drops_syns_in_time_wait && !segment.flags.contains(Flags::ACK);
                if socket.state == State::TimeWait && is_dropped {
                    self.sockets.push(socket);
                } else if reopens {
                    self.without_socket(segment);
                } else {
                    self.with_socket(now, &mut socket, segment);
                    self.sockets.push(socket);
                }
            }
            None => self.without_socket(segment),
        }
        self.answer_waiting(now);
    }

    fn exists(&self, socket: &Socket, now: Time) -> bool {
        let over = socket.time_wait_since.is_some_and(|since| now.since(since) >= self.habits.time_wait);
        socket.state != State::Closed && !over
    }

    fn without_socket(&mut self, segment: &Segment) {
        let (local, remote) = (segment.destination(), segment.source());
        let flags = segment.flags;
        let listens = self.listeners.values().any(|it| *it == local);
        if flags.contains(Flags::RST) {
        } else if flags.contains(Flags::ACK) {
            self.send(Segment { seq: segment.ack, flags: Flags::RST, ..Segment::between(local, remote) });
        } else if !listens {
            let flags = Flags::RST | Flags::ACK;
            self.send(Segment { ack: segment.end(), flags, ..Segment::between(local, remote) });
        } else if flags.contains(Flags::SYN) {
            let mut socket = self.new_socket(local, remote, State::SynReceived);
            socket.passive = true;
            socket.take_syn(segment);
            self.send_from(&socket, Flags::SYN | Flags::ACK, socket.iss, Vec::new());
            self.sockets.push(socket);
        }
    }

    fn with_socket(&mut self, now: Time, socket: &mut Socket, segment: &Segment) {
        let has = |flag| segment.flags.contains(flag);
        if socket.state == State::SynSent {
            return self.in_syn_sent(socket, segment);
        }
        let length = segment.len().max(1);
        let acceptable = segment.seq.in_window(socket.rcv_nxt, u32::from(WINDOW))
            || (segment.seq + (length - 1)).in_window(socket.rcv_nxt, u32::from(WINDOW));
        if has(Flags::RST) {
            if segment.seq == socket.rcv_nxt {
                socket.fail(AppOutcome::Reset);
            } else if acceptable {
                self.acknowledge(socket);
            }
            return;
        }
        if has(Flags::SYN) && socket.state == State::SynReceived && segment.seq == socket.irs {
            let (flags, seq) = (Flags::SYN | Flags::ACK, socket.iss);
            if has(Flags::ACK) && segment.ack == socket.snd_nxt {
                socket.state = State::Established;
                return self.acknowledge(socket);
            }
            return self.send_from(socket, flags, seq, Vec::new());
        }
        if has(Flags::SYN) || !acceptable {
            return self.acknowledge(socket);
        }
        if !has(Flags::ACK) {
            return;
        }
        if socket.state == State::SynReceived {
            if segment.ack != socket.snd_nxt {
                let reset = Segment {
                    seq: segment.ack,
                    flags: Flags::RST,
                    ..Segment::between(socket.local, socket.remote)
                };
                return self.send(reset);
            }
            socket.state = State::Established;
        }
        if socket.snd_nxt.before(segment.ack) {
            return self.acknowledge(socket);
        }
        socket.snd_una = socket.snd_una.later(segment.ack);
        if socket.snd_una == socket.snd_nxt {
            socket.fin_acknowledged(now);
        }
        if let Some((value, _)) = segment.timestamps().filter(|_| socket.timestamps.is_some()) {
            socket.timestamps = Some(value);
        }
        if !segment.is_empty() {
            socket.beyond.insert(segment.seq.distance_from(socket.irs), segment.clone());
            socket.take_in_order(now);
            self.acknowledge(socket);
        }
    }

    fn in_syn_sent(&mut self, socket: &mut Socket, segment: &Segment) {
        let has = |flag| segment.flags.contains(flag);
        if has(Flags::ACK) && segment.ack != socket.snd_nxt {
            if !has(Flags::RST) {
                let flags = Flags::RST;
                let reset =
                    Segment { seq: segment.ack, flags, ..Segment::between(socket.local, socket.remote) };
                self.send(reset);
            }
            return;
        }
        if has(Flags::RST) {
            if has(Flags::ACK) {
                socket.fail(AppOutcome::Refused);
            }
        } else if has(Flags::SYN) {
            socket.take_syn(segment);
            if has(Flags::ACK) {
                socket.snd_una = segment.ack;
                socket.state = State::Established;
                self.acknowledge(socket);
            } else {
                socket.state = State::SynReceived;
                self.send_from(socket, Flags::SYN | Flags::ACK, socket.iss, Vec::new());
            }
        }
    }

    fn acknowledge(&mut self, socket: &Socket) {
        self.send_from(socket, Flags::ACK, socket.snd_nxt, Vec::new());
    }

    fn send_from(&mut self, socket: &Socket, flags: Flags, seq: SeqNum, payload: Vec<u8>) {
        let ack = if flags.contains(Flags::ACK) { socket.rcv_nxt } else { SeqNum(0) };
        let stamps = socket.timestamps.map(|echo| TcpOption::Timestamps { value: 1, echo });
        let options = match flags.contains(Flags::SYN) {
            true => socket.options.iter().cloned().chain(stamps).collect(),
            false => stamps.into_iter().collect(),
        };
        let between = Segment::between(socket.local, socket.remote);
        self.send(Segment { seq, ack, flags, window: WINDOW, options, payload, ..between });
    }

    fn send(&mut self, mut segment: Segment) {
        if self.habits.mute {
            return;
        }
        (self.habits.alter)(&mut segment);
        if self.habits.twice {
            self.segments.push((segment.clone(), self.habits.late));
        }
        self.segments.push((segment, self.habits.late));
    }

    fn new_socket(&mut self, local: Endpoint, remote: Endpoint, state: State) -> Socket {
        let iss = self.iss;
        self.iss += 100_000;
        Socket {
            name: None,
            local,
            remote,
            state,
            irs: SeqNum(0),
            iss,
            snd_una: iss,
            snd_nxt: iss + 1,
            rcv_nxt: SeqNum(0),
            unread: Vec::new(),
            beyond: BTreeMap::new(),
            end_of_stream: false,
            failure: None,
            options: vec![TcpOption::MaximumSegmentSize(1460)],
            timestamps: None,
            time_wait_since: None,
            passive: false,
        }
    }

    /// The application is asked.
    pub(super) fn command(&mut self, now: Time, id: CommandId, command: AppCommand) {
        let outcome = match &command {
            AppCommand::Listen { socket, local, .. } => {
                self.listeners.insert(socket.clone(), *local);
                AppOutcome::Done
            }
            AppCommand::Connect { socket: name, local, remote, .. } => {
                let mut socket = self.new_socket(*local, *remote, State::SynSent);
                socket.name = Some(name.clone());
                self.send_from(&socket, Flags::SYN, socket.iss, Vec::new());
                self.sockets.push(socket);
                AppOutcome::Connecting(*local)
            }
            AppCommand::Accept { within, .. }
            | AppCommand::AwaitConnected { within, .. }
            | AppCommand::Receive { within, .. }
            | AppCommand::AwaitEnd { within, .. } => {
                let deadline = now + *within;
                self.waiting.push((id, command, deadline));
                return self.answer_waiting(now);
            }
            AppCommand::Send { socket, data } => self.act(socket, |peer, socket| {
                for text in data.chunks(MSS) {
                    peer.send_from(socket, Flags::ACK | Flags::PSH, socket.snd_nxt, text.to_vec());
                    socket.snd_nxt += u32::try_from(text.len()).expect("short");
                }
            }),
            AppCommand::Close { socket } if self.listeners.remove(socket).is_some() => AppOutcome::Done,
            AppCommand::Shutdown { socket } | AppCommand::Close { socket } => {
                self.act(socket, |peer, socket| {
                    socket.state = match socket.state {
                        State::CloseWait => State::LastAck,
                        _ => State::FinWait1,
                    };
                    peer.send_from(socket, Flags::FIN | Flags::ACK, socket.snd_nxt, Vec::new());
                    socket.snd_nxt += 1;
                })
            }
            AppCommand::Abort { socket } => self.act(socket, |peer, socket| {
                peer.send_from(socket, Flags::RST | Flags::ACK, socket.snd_nxt, Vec::new());
                socket.state = State::Closed;
            }),
            AppCommand::Set { .. }
            | AppCommand::Kill
            | AppCommand::SendUrgent { .. }
            | AppCommand::AwaitUrgent { .. } => AppOutcome::Done,
        };
        self.reports.push((id, outcome));
        self.answer_waiting(now);
    }

    fn act(&mut self, name: &str, act: impl FnOnce(&mut Self, &mut Socket)) -> AppOutcome {
        let named = |it: &Socket| it.name.as_deref() == Some(name);
        let Some(index) = self.sockets.iter().position(named) else {
            return AppOutcome::Broken(format!("no socket {name}"));
        };
        let mut socket = self.sockets.swap_remove(index);
        let outcome = match socket.state {
            State::Established | State::CloseWait => {
                act(self, &mut socket);
                AppOutcome::Done
            }
            _ => AppOutcome::Reset,
        };
        self.sockets.push(socket);
        outcome
    }

    fn answer_waiting(&mut self, now: Time) {
        for (id, command, deadline) in std::mem::take(&mut self.waiting) {
            let outcome = match self.outcome_of(&command) {
                None if now >= deadline => AppOutcome::NothingYet,
                None => {
                    self.waiting.push((id, command, deadline));
                    continue;
                }
                Some(outcome) => outcome,
            };
            self.reports.push((id, outcome));
        }
    }

    fn outcome_of(&mut self, command: &AppCommand) -> Option<AppOutcome> {
        if let AppCommand::Accept { listener, socket, .. } = command {
            let local = self.listeners.get(listener)?;
            let ready = |it: &&mut Socket| {
                it.passive && it.name.is_none() && it.local == *local && it.state.is_synchronized()
            };
            let accepted = self.sockets.iter_mut().find(ready)?;
            accepted.name = Some(socket.clone());
            return Some(AppOutcome::Accepted(accepted.remote));
        }
        let (AppCommand::AwaitConnected { socket, .. }
        | AppCommand::Receive { socket, .. }
        | AppCommand::AwaitEnd { socket, .. }) = command
        else {
            return None;
        };
        let Some(socket) = self.sockets.iter_mut().find(|it| it.name.as_ref() == Some(socket)) else {
            return Some(AppOutcome::Broken(format!("no socket {socket}")));
        };
        if let Some(failure) = &socket.failure {
            return Some(failure.clone());
        }
        match command {
            AppCommand::AwaitConnected { .. } => socket.state.is_synchronized().then_some(AppOutcome::Done),
            AppCommand::Receive { length, .. } if socket.unread.len() >= *length => {
                Some(AppOutcome::Data(socket.unread.drain(..*length).collect()))
            }
            AppCommand::AwaitEnd { .. } if !socket.unread.is_empty() => {
                Some(AppOutcome::Data(socket.unread[..1].to_vec()))
            }
            _ if socket.end_of_stream => Some(AppOutcome::EndOfStream(std::mem::take(&mut socket.unread))),
            _ => None,
        }
    }
}

impl Socket {
    fn take_syn(&mut self, syn: &Segment) {
        self.irs = syn.seq;
        self.rcv_nxt = syn.seq + 1;
        for option in &syn.options {
            match option {
                TcpOption::WindowScale(_) => self.options.push(TcpOption::WindowScale(0)),
                TcpOption::SackPermitted => self.options.push(TcpOption::SackPermitted),
                TcpOption::Timestamps { value, .. } => self.timestamps = Some(*value),
                _ => {}
            }
        }
    }

    fn take_in_order(&mut self, now: Time) {
        loop {
            let next = self.rcv_nxt.distance_from(self.irs);
            let Some(key) = self.beyond.keys().copied().find(|key| *key <= next) else { return };
            let Some(segment) = self.beyond.remove(&key) else { return };
            if !self.rcv_nxt.before(segment.end()) {
                continue;
            }
            let known = (next - key) as usize;
            self.unread.extend_from_slice(segment.payload.get(known..).unwrap_or_default());
            self.rcv_nxt = segment.end();
            if segment.flags.contains(Flags::FIN) {
                self.fin_arrived(now);
            }
        }
    }

    fn fin_arrived(&mut self, now: Time) {
        self.end_of_stream = true;
        self.state = match self.state {
            State::FinWait1 => State::Closing,
            State::FinWait2 => {
                self.time_wait_since = Some(now);
                State::TimeWait
            }
            _ => State::CloseWait,
        };
    }

    fn fin_acknowledged(&mut self, now: Time) {
        self.state = match self.state {
            State::FinWait1 => State::FinWait2,
            State::Closing => {
                self.time_wait_since = Some(now);
                State::TimeWait
            }
            State::LastAck => State::Closed,
            state => state,
        };
    }

    fn fail(&mut self, failure: AppOutcome) {
        self.state = State::Closed;
        self.failure = Some(failure);
    }
}
