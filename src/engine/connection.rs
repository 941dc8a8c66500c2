//! One connection of a trial: the target's control block as seen from outside.

use super::config::TrialConfig;
use super::echo::BehindGap;
use super::stream::{Direction, Stream};
use crate::case::{Given, Variable};
use crate::referee::Watch;
use crate::segment::{Endpoint, Flags, Received, Segment, TcpOption};
use crate::seq::SeqNum;
use crate::time::Time;
use std::collections::VecDeque;

/// What we put into our SYN.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    pub(super) sack: bool,
    pub(super) timestamps: bool,
    /// The window field of every segment, unscaled.
    pub(super) window: u16,
}

/// A segment that arrived and that no step has looked at yet.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) stamp: Time,
    pub(super) received: Received,
    /// Index of its event in the record.
    pub(super) event: usize,
    /// It answers a segment sent from or to another port: it says nothing about this connection.
    pub(super) aside: bool,
}

/// A connection.
pub(super) struct Connection {
    pub(super) name: String,
    pub(super) given: Given,
    pub(super) bench: Endpoint,
    pub(super) target: Endpoint,
    pub(super) offer: Offer,
    /// IRS of the target: our initial sequence number.
    pub(super) irs: SeqNum,
    /// ISS of the target, once a SYN of its was taken.
    pub(super) iss: Option<SeqNum>,
    pub(super) rcv_nxt: SeqNum,
    /// RCV.WND in octets.
    pub(super) rcv_wnd: u32,
    pub(super) snd_una: SeqNum,
    pub(super) snd_nxt: SeqNum,
    /// Behind the last octet that we sent in a legal segment.
    pub(super) sent_end: SeqNum,
    /// Whether a SYN of ours has left.
    pub(super) syn_sent: bool,
    pub(super) peer_mss: Option<u16>,
    /// Both scales, once both SYNs carried the option: (ours, the target's).
    pub(super) scales: Option<(u8, u8)>,
    pub(super) timestamps: bool,
    pub(super) ts_val: u32,
    /// Our last TSval.
    pub(super) ts_recent: u32,
    /// The last acknowledgment seen: (SEG.SEQ, SEG.ACK, right edge).
    last_ack: Option<(SeqNum, SeqNum, SeqNum)>,
    /// The application has read: window updates may come by themselves from then on.
    pub(super) application_read: bool,
    /// What the application on the target has written.
    pub(super) written: Vec<u8>,
    /// For an echo service: what it cannot read yet.
    behind_gap: BehindGap,
    /// Octets of our stream that the application has read.
    pub(super) read: u32,
    pub(super) to_target: Stream,
    pub(super) from_target: Stream,
    pub(super) inbox: VecDeque<Arrival>,
    /// Stamps of every arrival with sequence space: (stamp, SEQ, LEN, SYN or FIN bits), for series.
    pub(super) history: Vec<(Time, SeqNum, u32, Flags)>,
    /// Behind the last in-order octet that has arrived, whether a step has looked or not.
    pub(super) arrived_end: Option<SeqNum>,
    pub(super) arrivals_to_acknowledge: u32,
    pub(super) watch: Watch,
    /// The target has answered on it and nothing has reset it: to be cleaned up.
    pub(super) alive: bool,
}

impl Connection {
    pub(super) fn new(
        given: Given,
        number: u32,
        bench: Endpoint,
        target: Endpoint,
        offer: Offer,
        irs: SeqNum,
        config: &TrialConfig,
    ) -> Self {
        Self {
            name: given.connection.clone(),
            given,
            bench,
            target,
            offer,
            irs,
            iss: None,
            rcv_nxt: irs,
            rcv_wnd: 0,
            snd_una: SeqNum(0),
            snd_nxt: SeqNum(0),
            sent_end: irs,
            syn_sent: false,
            peer_mss: None,
            scales: None,
            timestamps: false,
            ts_val: 0,
            ts_recent: 0,
            last_ack: None,
            application_read: false,
            written: Vec::new(),
            behind_gap: BehindGap::default(),
            read: 0,
            to_target: Stream::new(config.seed, number, Direction::ToTarget),
            from_target: Stream::new(config.seed, number, Direction::FromTarget),
            inbox: VecDeque::new(),
            history: Vec::new(),
            arrived_end: None,
            arrivals_to_acknowledge: 0,
            watch: Watch::new(bench, target, config.link_mtu),
            alive: false,
        }
    }

    /// A variable of the target, where it has a value at this point.
    pub(super) fn variable(&self, variable: Variable) -> Option<u32> {
        let known = |value: SeqNum| self.iss.map(|_| value.0);
        match variable {
            Variable::SndUna => known(self.snd_una),
            Variable::SndNxt => known(self.snd_nxt),
            Variable::SndWnd => {
                let scale = self.scales.map_or(0, |(ours, _)| ours);
                Some(u32::from(self.offer.window) << scale)
            }
            Variable::Iss => self.iss.map(|iss| iss.0),
            Variable::RcvNxt => Some(self.rcv_nxt.0),
            Variable::RcvWnd => known(SeqNum(self.rcv_wnd)),
            Variable::Irs => Some(self.irs.0),
            Variable::RcvMss => {
                let default = if self.bench.is_ipv6() { 1220 } else { 536 };
                self.iss.map(|_| u32::from(self.peer_mss.unwrap_or(default)))
            }
            Variable::SndMss => Some(u32::from(self.offer.mss.unwrap_or(536))),
            Variable::TsVal => self.timestamps.then_some(self.ts_val),
            Variable::TsRecent => self.timestamps.then_some(self.ts_recent),
        }
    }

    /// A legal segment of ours left.
    pub(super) fn note_sent(&mut self, segment: &Segment) {
        if segment.flags.contains(Flags::SYN) && !self.syn_sent {
            self.syn_sent = true;
            self.irs = segment.seq;
            self.rcv_nxt = segment.seq;
            self.sent_end = segment.end();
        } else if !segment.flags.contains(Flags::SYN) {
            self.sent_end = self.sent_end.later(segment.end());
        }
        if segment.flags.contains(Flags::ACK) && self.iss.is_some() && segment.ack.at_or_before(self.snd_nxt)
        {
            self.snd_una = self.snd_una.later(segment.ack);
        }
        for option in &segment.options {
            if let TcpOption::Timestamps { value, .. } = option {
                self.ts_recent = *value;
            }
        }
    }

    /// An echo service will write what this segment adds to our stream.
    pub(super) fn will_be_echoed(&mut self, segment: &Segment) {
        let is_taken =
            segment.flags.contains(Flags::ACK) && !segment.flags.intersects(Flags::SYN | Flags::RST);
        if is_taken && !segment.payload.is_empty() {
            let place = segment.seq.distance_from(self.irs + 1);
            self.behind_gap.hear(place, &segment.payload, &mut self.written);
        }
    }

    /// A SYN of ours that begins a new incarnation on the same four-tuple was answered.
    fn begin_again(&mut self, irs: SeqNum) {
        self.irs = irs;
        self.rcv_nxt = irs;
        self.sent_end = irs + 1;
        self.iss = None;
        self.last_ack = None;
        self.scales = None;
        self.timestamps = false;
        self.written.clear();
        self.behind_gap = BehindGap::default();
        self.read = 0;
    }

    /// Takes a segment of the target into account: from here on the variables include it.
    pub(super) fn take(&mut self, segment: &Segment) {
        let has = |flag| segment.flags.contains(flag);
        if has(Flags::RST) {
            return;
        }
        if has(Flags::SYN) {
            if has(Flags::ACK) && self.iss.is_some_and(|iss| iss != segment.seq) {
                self.begin_again(segment.ack - 1);
            }
            if self.iss.is_none() {
                self.take_syn(segment);
            }
        }
        if self.iss.is_none() {
            return;
        }
        self.snd_nxt = self.snd_nxt.later(segment.end());
        if has(Flags::ACK) && self.syn_sent {
            if segment.ack.at_or_before(self.sent_end) {
                self.rcv_nxt = self.rcv_nxt.later(segment.ack);
            }
            let scale = if has(Flags::SYN) { 0 } else { self.scales.map_or(0, |(_, theirs)| theirs) };
            self.rcv_wnd = u32::from(segment.window) << scale;
            self.last_ack = Some((segment.seq, segment.ack, segment.ack + self.rcv_wnd));
        }
        for option in &segment.options {
            if let TcpOption::Timestamps { value, .. } = option {
                self.ts_val = *value;
            }
        }
    }

    fn take_syn(&mut self, segment: &Segment) {
        self.iss = Some(segment.seq);
        self.snd_una = segment.seq;
        self.snd_nxt = segment.end();
        for option in &segment.options {
            match option {
                TcpOption::MaximumSegmentSize(mss) => self.peer_mss = Some(*mss),
                TcpOption::WindowScale(theirs) => {
                    // RFC 7323 section 2.3: a shift count above 14 counts as 14.
                    self.scales = self.offer.window_scale.map(|ours| (ours.min(14), (*theirs).min(14)));
                }
                TcpOption::Timestamps { .. } => self.timestamps = self.offer.timestamps,
                _ => {}
            }
        }
    }

    /// Whether it says nothing new: it occupies sequence space, all of which was seen before, or
    /// it is a keep-alive or window probe just left of it (RFC 9293 section 3.8.4).
    pub(super) fn is_repetition(&self, segment: &Segment) -> bool {
        if self.iss.is_none() || segment.flags.contains(Flags::RST) {
            return false;
        }
        if segment.is_empty() {
            return segment.is_pure_ack()
                && segment.seq + 1 == self.snd_una
                && self.snd_una == self.snd_nxt
                && !self.acknowledges_more(segment);
        }
        let reopening = segment.flags.contains(Flags::SYN) && self.iss != Some(segment.seq);
        !reopening && segment.end().at_or_before(self.snd_nxt)
    }

    /// Whether it acknowledges what no segment before it did.
    pub(super) fn acknowledges_more(&self, segment: &Segment) -> bool {
        segment.flags.contains(Flags::ACK) && self.rcv_nxt.before(segment.ack)
    }

    /// Whether it may be there for its window alone: the application has read, and nothing but
    /// the right edge moved.
    pub(super) fn is_window_update(&self, segment: &Segment) -> bool {
        let scale = self.scales.map_or(0, |(_, theirs)| theirs);
        let edge = segment.ack + (u32::from(segment.window) << scale);
        self.application_read
            && segment.is_pure_ack()
            && self.last_ack.is_some_and(|(seq, ack, right)| {
                seq == segment.seq && ack == segment.ack && right.before(edge)
            })
    }
}
