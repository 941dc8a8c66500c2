//! One connection of a trial: the target's control block as seen from outside.

use super::config::TrialConfig;
use super::covered::Covered;
use super::echo::BehindGap;
use super::fins::Fins;
use super::inbox::Inbox;
use super::offer::{Offer, Syn};
use super::stream::{Direction, Stream};
use crate::case::{Given, Variable};
use crate::referee::Watch;
use crate::segment::{Endpoint, Flags, Segment};
use crate::seq::SeqNum;
use crate::time::Time;

/// A connection.
pub(super) struct Connection {
    pub(super) name: String,
    pub(super) given: Given,
    pub(super) bench: Endpoint,
    pub(super) target: Endpoint,
    /// What our SYN offers unless the case says otherwise.
    pub(super) offer: Offer,
    /// The window field of our segments unless the case says otherwise, unscaled.
    pub(super) window: u16,
    /// SND.WND in octets: what our last segment offered.
    pub(super) snd_wnd: u32,
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
    /// The SYN of ours from which we count, once one has left.
    syn: Option<Syn>,
    /// Every SYN that we sent.
    syns: Vec<Syn>,
    /// What the target's SYN offers, once it was taken.
    pub(super) theirs: Option<Offer>,
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
    pub(super) inbox: Inbox,
    /// Stamps of every arrival, probes without text too: (stamp, SEQ, LEN, SYN or FIN bits), for series.
    pub(super) history: Vec<(Time, SeqNum, u32, Flags)>,
    /// What arrived, whether a step has looked or not; `None`: nothing yet on this incarnation.
    arrived: Option<Covered>,
    /// What a step has looked at.
    taken: Covered,
    pub(super) arrivals_to_acknowledge: u32,
    pub(super) fins: Fins,
    /// When the last segment came that a step had awaited.
    pub(super) accepted: Time,
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
        let window = given.window.unwrap_or(u16::MAX);
        Self {
            name: given.connection.clone(),
            given,
            bench,
            target,
            offer,
            window,
            snd_wnd: u32::from(window),
            irs,
            iss: None,
            rcv_nxt: irs,
            rcv_wnd: 0,
            snd_una: SeqNum(0),
            snd_nxt: SeqNum(0),
            sent_end: irs,
            syn: None,
            syns: Vec::new(),
            theirs: None,
            ts_val: 0,
            ts_recent: 0,
            last_ack: None,
            application_read: false,
            written: Vec::new(),
            behind_gap: BehindGap::default(),
            read: 0,
            to_target: Stream::new(config.seed, number, Direction::ToTarget),
            from_target: Stream::new(config.seed, number, Direction::FromTarget),
            inbox: Inbox::new(),
            history: Vec::new(),
            arrived: None,
            taken: Covered::up_to(SeqNum(0)),
            arrivals_to_acknowledge: 0,
            fins: Fins::default(),
            accepted: Time::default(),
            watch: Watch::new(bench, target, config.link_mtu),
            alive: false,
        }
    }

    /// A variable of the target, where it has a value at this point.
    pub(super) fn variable(&self, variable: Variable) -> Option<u32> {
        let known = |value: SeqNum| self.iss.map(|_| value.0);
        let mss = |announced: Option<u16>| {
            // RFC 9293 section 3.7.1.
            let default = if self.bench.is_ipv6() { 1220 } else { 536 };
            u32::from(announced.unwrap_or(default))
        };
        match variable {
            Variable::SndUna => known(self.snd_una),
            Variable::SndNxt => known(self.snd_nxt),
            Variable::SndWnd => Some(self.snd_wnd),
            Variable::Iss => self.iss.map(|iss| iss.0),
            Variable::RcvNxt => Some(self.rcv_nxt.0),
            Variable::RcvWnd => known(SeqNum(self.rcv_wnd)),
            Variable::Irs => Some(self.irs.0),
            Variable::RcvMss => self.theirs.map(|theirs| mss(theirs.mss)),
            Variable::SndMss => Some(mss(self.ours().mss)),
            Variable::TsVal => self.timestamps().then_some(self.ts_val),
            Variable::TsRecent => self.timestamps().then_some(self.ts_recent),
        }
    }

    /// Both scales, where both SYNs carry the option: (ours, the target's).
    pub(super) fn scales(&self) -> Option<(u8, u8)> {
        self.ours().window_scale.zip(self.theirs?.window_scale)
    }

    /// Whether both SYNs carry timestamps.
    pub(super) fn timestamps(&self) -> bool {
        self.ours().timestamps && self.theirs.is_some_and(|theirs| theirs.timestamps)
    }

    /// What our SYN offers, or will.
    fn ours(&self) -> Offer {
        self.syn.map_or(self.offer, |syn| syn.offer)
    }

    /// A legal segment of ours left.
    pub(super) fn note_sent(&mut self, segment: &Segment) {
        let has = |flag| segment.flags.contains(flag);
        if has(Flags::SYN) {
            let syn = Syn { seq: segment.seq, end: segment.end(), offer: Offer::of(segment) };
            self.syns.push(syn);
            if self.syn.is_none() || self.iss.is_none() {
                self.count_from(syn);
            }
        } else if !segment.is_empty() {
            self.fins.sent(segment, self.rcv_nxt);
            self.sent_end = self.sent_end.later(segment.end());
        }
        if !has(Flags::RST) {
            let scale = if has(Flags::SYN) { 0 } else { self.scales().map_or(0, |(ours, _)| ours) };
            self.snd_wnd = u32::from(segment.window) << scale;
        }
        if self.acknowledgment_counts(segment)
            && segment.ack.at_or_before(self.arrived().edge().later(self.snd_nxt))
        {
            self.snd_una = self.snd_una.later(segment.ack);
        }
        if let Some((value, _)) = segment.timestamps() {
            self.ts_recent = value;
        }
    }

    /// Whether the target comes to the fifth check of RFC 9293 section 3.10.7.4 with this segment of ours:
    /// what is outside of the window, resets, or opens what is open is dropped before.
    fn acknowledgment_counts(&self, segment: &Segment) -> bool {
        let window = self.rcv_wnd.max(1);
        let inside = |number: SeqNum| number.in_window(self.rcv_nxt, window);
        let has = |flag| segment.flags.contains(flag);
        let is_taken = match has(Flags::SYN) {
            true => segment.seq == self.irs,
            false => inside(segment.seq) || (!segment.is_empty() && inside(segment.end() - 1)),
        };
        has(Flags::ACK) && !has(Flags::RST) && self.iss.is_some() && is_taken
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

    /// What arrived, whether a step has looked or not.
    pub(super) fn arrived(&mut self) -> &mut Covered {
        let taken = self.snd_nxt;
        self.arrived.get_or_insert(Covered::up_to(taken))
    }

    /// Behind the last octet, without a gap, that a step has looked at.
    pub(super) fn looked_at_up_to(&self) -> SeqNum {
        self.taken.edge()
    }

    fn count_from(&mut self, syn: Syn) {
        self.syn = Some(syn);
        self.fins.begin_anew();
        self.irs = syn.seq;
        self.rcv_nxt = syn.seq;
        self.sent_end = syn.end;
    }

    /// A new incarnation begins on the same four-tuple.
    fn begin_again(&mut self) {
        self.iss = None;
        self.theirs = None;
        self.last_ack = None;
        self.arrived = None;
        self.arrivals_to_acknowledge = 0;
        self.fins = Fins::default();
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
        if self.opens_anew(segment) && !self.take_syn(segment) {
            return;
        }
        if self.iss.is_none() {
            return;
        }
        self.snd_nxt = self.snd_nxt.later(segment.end());
        if !segment.is_empty() {
            self.taken.add(segment.seq, segment.end());
        }
        if has(Flags::FIN) {
            self.fins.theirs = Some(segment.end());
        }
        if has(Flags::ACK) && self.syn.is_some() {
            if segment.ack.at_or_before(self.sent_end) {
                self.rcv_nxt = self.rcv_nxt.later(segment.ack);
            }
            let scale = if has(Flags::SYN) { 0 } else { self.scales().map_or(0, |(_, theirs)| theirs) };
            self.rcv_wnd = u32::from(segment.window) << scale;
            self.last_ack = Some((segment.seq, segment.ack, segment.ack + self.rcv_wnd));
        }
        if let Some((value, _)) = segment.timestamps() {
            self.ts_val = value;
        }
    }

    /// The SYN of ours that this segment answers.
    fn syn_answered_by(&self, segment: &Segment) -> Option<Syn> {
        let ack = Some(segment.ack).filter(|_| segment.flags.contains(Flags::ACK))?;
        self.syns.iter().rev().find(|syn| syn.is_acknowledged_by(ack)).copied()
    }

    /// Whether it is a SYN with another initial sequence number, or one that answers another SYN.
    fn opens_anew(&self, segment: &Segment) -> bool {
        segment.flags.contains(Flags::SYN)
            && (self.iss != Some(segment.seq)
                || self.syn_answered_by(segment).is_some_and(|syn| syn.seq != self.irs))
    }

    /// A SYN that opens anew; whether it is believed.
    fn take_syn(&mut self, segment: &Segment) -> bool {
        if segment.flags.contains(Flags::ACK) {
            let is_young = self.rcv_nxt.at_or_before(self.irs + 1);
            match self.syn_answered_by(segment) {
                Some(syn) if self.iss.is_none() || syn.seq != self.irs || is_young => {
                    if self.iss.is_some() {
                        self.begin_again();
                    }
                    self.count_from(syn);
                }
                // An answer to nothing that we sent begins nothing.
                _ if self.iss.is_some() => return false,
                _ => {}
            }
        } else if self.iss.is_some() {
            // The application connects again: our SYN is yet to come.
            self.begin_again();
            self.syn = None;
        }
        self.iss = Some(segment.seq);
        self.theirs = Some(Offer::of(segment));
        self.snd_una = segment.seq;
        self.snd_nxt = segment.end();
        self.taken = Covered::up_to(segment.end());
        true
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
        !self.opens_anew(segment) && self.taken.holds(segment.seq, segment.end())
    }

    /// Whether it acknowledges what no segment before it did.
    pub(super) fn acknowledges_more(&self, segment: &Segment) -> bool {
        segment.flags.contains(Flags::ACK) && self.rcv_nxt.before(segment.ack)
    }

    /// Whether it may be there for its window alone: the application has read, and nothing but
    /// the right edge moved.
    pub(super) fn is_window_update(&self, segment: &Segment) -> bool {
        let scale = self.scales().map_or(0, |(_, theirs)| theirs);
        let edge = segment.ack + (u32::from(segment.window) << scale);
        self.application_read
            && segment.is_pure_ack()
            && self.last_ack.is_some_and(|(seq, ack, right)| {
                seq == segment.seq && ack == segment.ack && right.before(edge)
            })
    }
}
