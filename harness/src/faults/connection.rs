//! One connection as it is seen from the middle.

use std::time::Duration;
use tcpspec_core::segment::{Checksum, Endpoint, Flags, Segment, TcpOption};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// What can be known of the target's control block from the segments that it was given and those that
/// it sent (RFC 9293 section 3.3.1). The variables are the target's.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) target: Endpoint,
    pub(super) bench: Endpoint,
    /// How many connections came before it in this trial.
    pub(super) number: u32,
    /// What the target should be in by now.
    pub(super) state: State,
    /// Since when.
    pub(super) since: Time,
    /// Whether the target sent the first SYN.
    pub(super) active: bool,
    pub(super) iss: SeqNum,
    pub(super) irs: SeqNum,
    pub(super) snd_una: SeqNum,
    pub(super) snd_nxt: SeqNum,
    /// SND.WND, scaled.
    pub(super) snd_wnd: u32,
    /// What it must have received in order by now, acknowledged or not.
    pub(super) rcv_nxt: SeqNum,
    /// The highest number that it acknowledged.
    pub(super) acked: SeqNum,
    /// The right edge of the window that it offered.
    pub(super) right: SeqNum,
    /// The number behind the target's FIN.
    pub(super) own_fin: Option<SeqNum>,
    /// The number behind the peer's FIN.
    pub(super) peer_fin: Option<SeqNum>,
    /// Whether text beyond a gap has come and the gap is open.
    pub(super) gap: Option<(SeqNum, SeqNum)>,
    /// What the two SYNs offered: the target's, the bench's.
    pub(super) offered: Offer,
    pub(super) asked: Offer,
    /// The last segments as they came, for what a forged one must carry.
    pub(super) said: Option<Segment>,
    pub(super) heard: Option<Segment>,
    /// What a fault remembers.
    pub(super) memory: Memory,
}

/// What a SYN offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) mss: Option<u16>,
    pub(super) scale: Option<u8>,
    pub(super) sack: bool,
    pub(super) timestamps: bool,
}

/// What a fault remembers of a connection. Each fault gives these its own meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) count: u32,
    pub(super) flag: bool,
    pub(super) number: Option<SeqNum>,
    pub(super) value: u32,
    pub(super) time: Option<Time>,
    pub(super) segment: Option<Segment>,
    pub(super) octets: Vec<(SeqNum, Vec<u8>)>,
}

impl Connection {
    pub(super) fn new(target: Endpoint, bench: Endpoint, number: u32) -> Self {
        let zero = SeqNum(0);
        Self {
            target,
            bench,
            number,
            state: State::Closed,
            since: Time(0),
            active: false,
            iss: zero,
            irs: zero,
            snd_una: zero,
            snd_nxt: zero,
            snd_wnd: 0,
            rcv_nxt: zero,
            acked: zero,
            right: zero,
            own_fin: None,
            peer_fin: None,
            gap: None,
            offered: Offer::default(),
            asked: Offer::default(),
            said: None,
            heard: None,
            memory: Memory::default(),
        }
    }

    /// Whether numbers are known on both sides.
    pub(super) fn synchronized(&self) -> bool {
        self.state.is_synchronized()
    }

    pub(super) fn has_timestamps(&self) -> bool {
        self.offered.timestamps && self.asked.timestamps
    }

    pub(super) fn has_sack(&self) -> bool {
        self.offered.sack && self.asked.sack
    }

    /// For how long it has been in its state.
    pub(super) fn age(&self, now: Time) -> Duration {
        now.since(self.since)
    }

    fn enter(&mut self, now: Time, state: State) {
        if self.state != state {
            (self.state, self.since) = (state, now);
        }
    }

    fn scale_of(&self, offer: Offer) -> u8 {
        match (self.offered.scale, self.asked.scale) {
            (Some(_), Some(_)) => offer.scale.unwrap_or(0).min(14),
            _ => 0,
        }
    }

    /// The target sent this.
    pub(super) fn target_sent(&mut self, now: Time, segment: &Segment) {
        let flags = segment.flags;
        if flags.contains(Flags::RST) {
            // A reset of something else than this connection leaves it alone: LISTEN answers so, and the
            // two states before it is synchronized (RFC 9293 section 3.5.2).
            if self.synchronized() && segment.seq == self.snd_nxt {
                self.enter(now, State::Closed);
            }
            return;
        }
        if flags.contains(Flags::SYN) {
            self.target_synchronizes(now, segment);
        } else if !self.synchronized() && self.state != State::SynReceived {
            return;
        }
        if flags.contains(Flags::ACK) {
            let shift = if flags.contains(Flags::SYN) { 0 } else { self.scale_of(self.offered) };
            self.acked = self.acked.later(segment.ack);
            self.rcv_nxt = self.rcv_nxt.later(segment.ack);
            self.right = self.right.later(segment.ack + (u32::from(segment.window) << shift));
            if self.gap.is_some_and(|(_, right)| right.at_or_before(segment.ack)) {
                self.gap = None;
            }
        }
        self.snd_nxt = self.snd_nxt.later(segment.end());
        if flags.contains(Flags::FIN) {
            self.own_fin = Some(segment.end());
            match self.state {
                State::Established | State::SynReceived => self.enter(now, State::FinWait1),
                State::CloseWait => self.enter(now, State::LastAck),
                _ => {}
            }
        }
        self.said = Some(segment.clone());
    }

    fn target_synchronizes(&mut self, now: Time, segment: &Segment) {
        if self.state == State::SynSent && segment.flags.contains(Flags::ACK) {
            self.enter(now, State::SynReceived);
        } else if matches!(self.state, State::Closed | State::Listen | State::TimeWait) {
            self.active = !segment.flags.contains(Flags::ACK);
            self.iss = segment.seq;
            (self.snd_una, self.snd_nxt) = (segment.seq, segment.end());
            (self.own_fin, self.peer_fin, self.gap) = (None, None, None);
            self.offered = Offer::of(segment);
            if self.active {
                self.enter(now, State::SynSent);
                return;
            }
            let syn =
                self.heard.clone().filter(|heard| heard.end() == segment.ack || heard.seq + 1 == segment.ack);
            self.asked = syn.as_ref().map(Offer::of).unwrap_or_default();
            self.snd_wnd = syn.map_or(0, |syn| u32::from(syn.window));
            self.irs = segment.ack - 1;
            (self.rcv_nxt, self.acked) = (segment.ack, segment.ack);
            self.right = segment.ack + u32::from(segment.window);
            self.enter(now, State::SynReceived);
        }
    }

    /// The target was given this.
    pub(super) fn target_got(&mut self, now: Time, segment: &Segment) {
        if segment.checksum != Checksum::Good || segment.data_offset.is_some() {
            return;
        }
        match self.state {
            State::Closed | State::Listen | State::TimeWait if segment.flags.contains(Flags::SYN) => {}
            State::Closed | State::Listen => return,
            State::SynSent => self.got_in_syn_sent(now, segment),
            _ => self.got_in_order(now, segment),
        }
        self.heard = Some(segment.clone());
    }

    /// RFC 9293 section 3.10.7.3.
    fn got_in_syn_sent(&mut self, now: Time, segment: &Segment) {
        let acknowledges = segment.flags.contains(Flags::ACK);
        if acknowledges && segment.ack != self.snd_nxt {
            return;
        }
        if segment.flags.contains(Flags::RST) {
            if acknowledges {
                self.enter(now, State::Closed);
            }
        } else if segment.flags.contains(Flags::SYN) {
            self.irs = segment.seq;
            (self.rcv_nxt, self.acked, self.right) = (segment.seq + 1, segment.seq + 1, segment.seq + 1);
            self.asked = Offer::of(segment);
            self.snd_wnd = u32::from(segment.window);
            if acknowledges {
                self.snd_una = segment.ack;
                self.enter(now, State::Established);
            }
        }
    }

    /// RFC 9293 section 3.10.7.4, as far as it can be told from outside.
    fn got_in_order(&mut self, now: Time, segment: &Segment) {
        let flags = segment.flags;
        if flags.contains(Flags::RST) {
            if segment.seq == self.rcv_nxt {
                self.enter(now, if self.is_half_open_passive() { State::Listen } else { State::Closed });
            }
            return;
        }
        // The second half of a simultaneous open.
        if flags == Flags::SYN | Flags::ACK && self.state == State::SynReceived && segment.ack == self.snd_nxt
        {
            self.snd_una = segment.ack;
            self.enter(now, State::Established);
        }
        if flags.contains(Flags::SYN) || !flags.contains(Flags::ACK) || self.snd_nxt.before(segment.ack) {
            return;
        }
        if self.rcv_nxt.before(segment.seq) {
            if !segment.is_empty() && self.takes(segment) {
                self.gap = Some((segment.seq, segment.end()));
            }
            return;
        }
        if !segment.is_empty() && segment.end().at_or_before(self.rcv_nxt)
            || segment.seq.before(self.rcv_nxt) && segment.is_empty()
        {
            return;
        }
        self.got_ack(now, segment);
        if matches!(self.state, State::Established | State::FinWait1 | State::FinWait2) && self.takes(segment)
        {
            let fits = segment.end().at_or_before(self.right);
            self.rcv_nxt = self.rcv_nxt.later(if fits { segment.end() } else { self.right });
            if fits && flags.contains(Flags::FIN) && self.peer_fin.is_none() {
                self.peer_fin = Some(segment.end());
                self.enter(now, self.state_behind_fin());
            }
        }
    }

    fn got_ack(&mut self, now: Time, segment: &Segment) {
        if self.state == State::SynReceived && segment.ack == self.snd_nxt {
            self.enter(now, State::Established);
        }
        if self.snd_una.before(segment.ack) {
            self.snd_una = segment.ack;
        }
        self.snd_wnd = u32::from(segment.window) << self.scale_of(self.asked);
        if self.own_fin.is_some_and(|fin| fin.at_or_before(self.snd_una)) {
            match self.state {
                State::FinWait1 => self.enter(now, State::FinWait2),
                State::Closing => self.enter(now, State::TimeWait),
                State::LastAck => self.enter(now, State::Closed),
                _ => {}
            }
        }
    }

    fn state_behind_fin(&self) -> State {
        match self.state {
            State::FinWait1 => State::Closing,
            State::FinWait2 => State::TimeWait,
            _ => State::CloseWait,
        }
    }

    fn is_half_open_passive(&self) -> bool {
        self.state == State::SynReceived && !self.active
    }

    /// Whether any of its numbers lies in the window: the first check of RFC 9293 section 3.10.7.4.
    pub(super) fn takes(&self, segment: &Segment) -> bool {
        let window = self.window();
        let last = segment.end() - u32::from(!segment.is_empty());
        match (segment.is_empty(), window) {
            (true, 0) => segment.seq == self.rcv_nxt,
            (false, 0) => false,
            _ => segment.seq.in_window(self.rcv_nxt, window) || last.in_window(self.rcv_nxt, window),
        }
    }

    /// RCV.WND: what is left of the window that it offered.
    pub(super) fn window(&self) -> u32 {
        if self.right.before(self.rcv_nxt) { 0 } else { self.right.distance_from(self.rcv_nxt) }
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` from the target, as it would send it.
    pub(super) fn ack(&self) -> Segment {
        let mut segment = self.segment(Flags::ACK, self.snd_nxt, self.rcv_nxt);
        if let (true, Some((value, _))) =
            (self.has_timestamps(), self.said.as_ref().and_then(Segment::timestamps))
        {
            let echo = self.heard.as_ref().and_then(Segment::timestamps).map_or(0, |(value, _)| value);
            segment.options = vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps { value, echo }];
        }
        segment
    }

    /// Any segment from the target, with the window that it last offered.
    pub(super) fn segment(&self, flags: Flags, seq: SeqNum, ack: SeqNum) -> Segment {
        let window = self.said.as_ref().map_or(u16::MAX, |said| said.window);
        Segment { flags, seq, ack, window, ..Segment::between(self.target, self.bench) }
    }

    /// An ACK with current numbers to the target, as the bench would send it.
    pub(super) fn ack_to_target(&self) -> Segment {
        let mut segment = Segment {
            flags: Flags::ACK,
            seq: self.rcv_nxt,
            ack: self.snd_nxt,
            window: self.heard.as_ref().map_or(u16::MAX, |heard| heard.window),
            ..Segment::between(self.bench, self.target)
        };
        if let (true, Some((value, _))) =
            (self.has_timestamps(), self.heard.as_ref().and_then(Segment::timestamps))
        {
            let echo = self.said.as_ref().and_then(Segment::timestamps).map_or(0, |(value, _)| value);
            segment.options = vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps { value, echo }];
        }
        segment
    }
}

impl Offer {
    fn of(segment: &Segment) -> Self {
        let mut offer = Self::default();
        for option in &segment.options {
            match option {
                TcpOption::MaximumSegmentSize(size) => offer.mss = Some(*size),
                TcpOption::WindowScale(shift) => offer.scale = Some(*shift),
                TcpOption::SackPermitted => offer.sack = true,
                TcpOption::Timestamps { .. } => offer.timestamps = true,
                _ => {}
            }
        }
        offer
    }
}

/// What a host answers where there is no connection (RFC 9293 section 3.10.7.1).
pub(super) fn reset_for(segment: &Segment) -> Option<Segment> {
    if segment.flags.contains(Flags::RST) {
        return None;
    }
    let reset = Segment { window: 0, ..Segment::between(segment.destination(), segment.source()) };
    Some(if segment.flags.contains(Flags::ACK) {
        Segment { flags: Flags::RST, seq: segment.ack, ..reset }
    } else {
        Segment { flags: Flags::RST | Flags::ACK, ack: segment.end(), ..reset }
    })
}
