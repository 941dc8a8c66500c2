//! One connection of the target, as far as its segments have shown it.

use super::offers::{Agreement, Offer, Offers, agreement};
use super::ours::Ours;
use super::send_windows::SendWindows;
use crate::segment::{Flags, Segment, TcpOption};
use crate::seq::SeqNum;
use crate::time::Time;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// A connection, from the target's SYN on. It is never declared over: what comes after its end
/// is either in keeping with it, or begins a new one.
#[derive(Debug)]
pub(super) struct Connection {
    /// The target's initial sequence number.
    pub(super) iss: SeqNum,
    /// Ours, once the target has acknowledged it.
    pub(super) irs: Option<SeqNum>,
    /// The first number that it has not sent yet.
    pub(super) snd_nxt: SeqNum,
    /// The number behind its FIN.
    pub(super) fin_end: Option<SeqNum>,
    /// The acknowledgment that showed it.
    first_ack: SeqNum,
    /// Its last acknowledgment; meaningful once `irs` is known.
    pub(super) ack: SeqNum,
    /// The furthest right edge of the window that it offered.
    pub(super) offered_edge: Option<SeqNum>,
    /// The furthest right edge of the windows that we offered to it.
    pub(super) allowed_edge: Option<SeqNum>,
    /// The highest of its numbers that we have acknowledged.
    pub(super) acknowledged: SeqNum,
    /// Its last TSval.
    pub(super) tsval: Option<u32>,
    /// What its SYNs offer.
    pub(super) theirs: Option<Offers>,
    /// What those SYNs of ours offer that it can have taken.
    pub(super) ours: Option<Offers>,
    /// It began with a SYN without ACK: with an active open.
    pub(super) active: bool,
    /// Where in what the application wrote its stream begins, if that is known.
    pub(super) stream_start: Option<usize>,
    /// Packets of the target were missed: the next gap says nothing.
    pub(super) missed: bool,
    /// Its text, from ISS+1 on; `None` where it was not seen.
    text: Vec<Option<u8>>,
    /// The segments with text or control bits that it sent, so that one sent again as it was is known.
    sent: HashSet<Repetition>,
    /// It has sent a segment other than SYN: the options of later SYNs of ours are not for it.
    synchronized: bool,
    reset: bool,
    /// Resets of ours before it began.
    resets_before: usize,
    /// How many of our windows have been looked at.
    windows_read: usize,
    /// Windows of ours, and what they acknowledge: more than it had been seen to send.
    windows_ahead: Vec<(SeqNum, u32)>,
    /// What SND.WND can be.
    send_windows: SendWindows,
    /// What it had told before each of the segments that may have overtaken others.
    before: VecDeque<(Time, Told)>,
}

/// What every segment tells anew, and never takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    ack: SeqNum,
    edge: Option<SeqNum>,
    tsval: Option<u32>,
}

/// IP does not keep the order of packets (RFC 791 section 1.2): a router, or a stack with several
/// processors, may let one overtake another. Not by more than this on the links of a bench.
const OVERTAKES_WITHIN: Duration = Duration::from_millis(1);

/// What makes two segments the same, timestamps apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Repetition {
    seq: SeqNum,
    ack: SeqNum,
    length: u32,
    window: u16,
    flags: u8,
}

impl Connection {
    /// The connection that `syn`, a segment of the target, begins.
    pub(super) fn begun_by(syn: &Segment, ours: &Ours, stream_start: Option<usize>) -> Self {
        Self {
            iss: syn.seq,
            irs: None,
            snd_nxt: syn.seq,
            fin_end: None,
            first_ack: SeqNum(0),
            ack: SeqNum(0),
            offered_edge: None,
            allowed_edge: None,
            acknowledged: syn.seq,
            tsval: None,
            theirs: None,
            ours: None,
            active: !syn.flags.contains(Flags::ACK),
            stream_start,
            missed: false,
            text: Vec::new(),
            sent: HashSet::new(),
            synchronized: false,
            reset: false,
            resets_before: ours.resets,
            windows_read: ours.windows.len(),
            windows_ahead: Vec::new(),
            send_windows: SendWindows::default(),
            before: VecDeque::new(),
        }
    }

    /// Whether `seq` lies where its segments begin: from ISS (a keep-alive before any text) to SND.NXT.
    pub(super) fn holds(&self, seq: SeqNum) -> bool {
        seq.distance_from(self.iss) <= self.snd_nxt.distance_from(self.iss)
    }

    /// Whether `ack` acknowledges our SYN, and nothing that we have not sent.
    pub(super) fn may_acknowledge(&self, ack: SeqNum, ours: &Ours) -> bool {
        match self.irs {
            Some(irs) => ours.octets.covers(irs, ack),
            None => ours.syn_acknowledged_by(ack).is_some(),
        }
    }

    /// Whether the target may have given it up, for a reason that was seen.
    pub(super) fn may_have_ended(&self, ours: &Ours) -> bool {
        let both_closed = self.fin_end.is_some()
            && self.irs.is_some_and(|irs| ours.fin_acknowledged(irs, ours.end_from(irs)));
        self.reset || self.missed || ours.resets > self.resets_before || both_closed
    }

    /// Takes note of what we have sent, before `segment` of the target is judged.
    pub(super) fn prepare(&mut self, segment: &Segment, ours: &Ours) {
        if self.irs.is_none() && segment.flags.contains(Flags::ACK) && self.holds(segment.seq) {
            self.irs = ours.syn_acknowledged_by(segment.ack);
            self.first_ack = segment.ack;
            self.ack = self.irs.map_or(self.ack, |irs| irs + 1);
        }
        if self.irs.is_none() {
            return;
        }
        if !self.synchronized {
            self.ours = ours.offers_acknowledged_by(self.first_ack);
            if let Some(window) = ours.syn_window_acknowledged_by(self.first_ack) {
                self.allow(self.iss + 1 + u32::from(window));
            }
        }
        let unread = &ours.windows[self.windows_read.min(ours.windows.len())..];
        self.windows_read = ours.windows.len();
        // Acknowledged ahead of what was seen, a window counts from when it is caught up with:
        // the target may have sent more than had arrived here when ours left.
        let mut windows = std::mem::take(&mut self.windows_ahead);
        for window in unread {
            let shift = if window.on_syn { 0 } else { self.our_largest_shift() };
            let size = self.send_windows.widest_after(window.seq, u32::from(window.window) << shift);
            windows.push((window.ack, size));
        }
        for (ack, size) in windows {
            if !self.holds(ack) {
                self.windows_ahead.push((ack, size));
                continue;
            }
            if self.acknowledged.distance_from(self.iss) < ack.distance_from(self.iss) {
                self.acknowledged = ack;
            }
            self.allow(self.acknowledged + size);
        }
    }

    /// Takes over what `segment` shows. Where that breaks a rule, later segments are compared with
    /// it all the same: one fault is one finding.
    pub(super) fn take(&mut self, segment: &Segment, ours: &Ours, at: Time) {
        if segment.flags.contains(Flags::SYN) {
            let offers = Offers::of(segment);
            self.theirs = Some(self.theirs.map_or(offers, |theirs| theirs.and(offers)));
        } else {
            self.synchronized = true;
        }
        if !self.was_overtaken(segment) {
            // Nothing is sent before the SYN.
            if !segment.flags.contains(Flags::SYN) {
                self.before.push_back((at, self.told()));
            }
            if !self.is_repetition(segment) && self.acknowledges(segment, ours) {
                self.ack = segment.ack;
                self.offered_edge = self.edge_after(segment);
            }
            if let Some((value, _)) = timestamps(segment) {
                self.tsval = Some(value);
            }
        }
        self.take_text(segment);
        if !segment.is_empty() {
            self.sent.insert(Repetition::of(segment));
        }
    }

    /// A segment arrives at this moment.
    pub(super) fn begin_at(&mut self, at: Time) {
        while self.before.front().is_some_and(|(earlier, _)| at.since(*earlier) > OVERTAKES_WITHIN) {
            self.before.pop_front();
        }
    }

    fn told(&self) -> Told {
        Told { ack: self.ack, edge: self.offered_edge, tsval: self.tsval }
    }

    /// Whether `segment` was overtaken on the way: it tells what those told that arrived a moment ago,
    /// or less, but not less than what was told before them.
    pub(super) fn was_overtaken(&self, segment: &Segment) -> bool {
        let (Some((_, before)), Some(irs)) = (self.before.front(), self.irs) else { return false };
        if !segment.flags.contains(Flags::ACK) || segment.flags.contains(Flags::SYN) {
            return false;
        }
        let now = self.told();
        let tells = Told {
            ack: segment.ack,
            edge: self.edge_offered_by(segment).map(|(edge, rounding)| edge + rounding),
            tsval: timestamps(segment).map(|(value, _)| value),
        };
        let between = |least: u32, it: u32, most: u32| it.wrapping_sub(least) <= most.wrapping_sub(least);
        let known = |least: Option<u32>, it: Option<u32>, most: Option<u32>| match (least, it, most) {
            (Some(least), Some(it), Some(most)) => between(least, it, most),
            _ => true,
        };
        let number = |edge: Option<SeqNum>| edge.map(|edge| edge.0);
        let from_irs = |ack: SeqNum| ack.distance_from(irs);
        tells != now
            && (from_irs(before.ack)..=from_irs(now.ack)).contains(&from_irs(tells.ack))
            && known(number(before.edge), number(tells.edge), number(now.edge))
            && known(before.tsval, tells.tsval, now.tsval)
    }

    /// The target has reset it.
    pub(super) fn reset(&mut self) {
        self.reset = true;
    }

    /// Whether exactly this was sent before, ACK and window included: RFC 9293 section 3.10.8 has
    /// "the segment at the front of the retransmission queue" sent again, and does not say that
    /// these are brought up to date.
    pub(super) fn is_repetition(&self, segment: &Segment) -> bool {
        !segment.is_empty() && self.sent.contains(&Repetition::of(segment))
    }

    /// Whether `segment` is one octet that we have acknowledged already: a keep-alive or window
    /// probe, whose octet may be garbage (RFC 9293 section 3.8.4).
    pub(super) fn is_probe(&self, segment: &Segment) -> bool {
        let behind = segment.end().distance_from(self.iss);
        segment.payload.len() == 1
            && !segment.flags.intersects(Flags::SYN | Flags::FIN)
            && behind <= self.acknowledged.distance_from(self.iss)
    }

    /// What was sent before at the place of each octet of `segment`'s text; `None`: nothing, or
    /// nothing that was seen.
    pub(super) fn text_at(&self, segment: &Segment) -> impl Iterator<Item = Option<u8>> {
        let start = self.offset_of_text(segment);
        (start..start + segment.payload.len()).map(|place| self.text.get(place).copied().flatten())
    }

    /// Where the text of `segment` lies in the stream: octets from ISS+1.
    pub(super) fn offset_of_text(&self, segment: &Segment) -> usize {
        let start = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
        usize::try_from(start.distance_from(self.iss + 1)).unwrap_or(usize::MAX)
    }

    /// The right edge of the window that `segment` offers, and by how much rounding may make it
    /// too small; `None` where that cannot be told.
    pub(super) fn edge_offered_by(&self, segment: &Segment) -> Option<(SeqNum, u32)> {
        let shift = match (segment.flags.contains(Flags::SYN), self.shifts()) {
            (true, _) | (_, Agreement::No) => 0,
            (_, Agreement::Yes((theirs, _))) => theirs,
            (_, Agreement::Unknown) => return None,
        };
        // RFC 7323 section 2.4: the true edge is rounded down to the granularity of the scale.
        Some((segment.ack + (u32::from(segment.window) << shift), (1 << shift) - 1))
    }

    /// Whether timestamps are in use.
    pub(super) fn timestamps(&self) -> Agreement<()> {
        let (Some(theirs), Some(ours)) = (self.theirs, self.ours) else { return Agreement::Unknown };
        match agreement(theirs.timestamps, ours.timestamps) {
            Agreement::Yes(_) => Agreement::Yes(()),
            // RFC 7323 section 3.2: where SYNs cross, of which only one has the option, both sides
            // may still use it.
            Agreement::No if self.active && theirs.timestamps != Offer::Never => Agreement::Unknown,
            Agreement::No => Agreement::No,
            Agreement::Unknown => Agreement::Unknown,
        }
    }

    /// Whether either side has shown that it knows Accurate ECN.
    pub(super) fn accurate_ecn(&self) -> bool {
        [self.theirs, self.ours].into_iter().flatten().any(|offers| offers.accurate_ecn)
    }

    /// The window shifts, theirs and ours.
    fn shifts(&self) -> Agreement<(u8, u8)> {
        let (Some(theirs), Some(ours)) = (self.theirs, self.ours) else { return Agreement::Unknown };
        agreement(theirs.scale, ours.scale)
    }

    /// Our window shift, or the largest that it can be.
    fn our_largest_shift(&self) -> u8 {
        match (self.shifts(), self.ours.map(|ours| ours.scale)) {
            (Agreement::No, _) => 0,
            (_, Some(Offer::Always(ours))) => ours,
            _ => super::offers::MAX_SHIFT,
        }
    }

    /// Whether `segment` has an acknowledgment that can be right.
    fn acknowledges(&self, segment: &Segment, ours: &Ours) -> bool {
        segment.flags.contains(Flags::ACK) && self.may_acknowledge(segment.ack, ours)
    }

    /// The edge that the next segments are held to: the furthest one, unless this segment has
    /// taken it back.
    fn edge_after(&self, segment: &Segment) -> Option<SeqNum> {
        let Some((edge, rounding)) = self.edge_offered_by(segment) else { return self.offered_edge };
        match self.offered_edge {
            Some(furthest) if segment.flags.contains(Flags::SYN) => Some(furthest),
            Some(furthest) if (edge + rounding).before(furthest) => Some(edge),
            Some(furthest) => Some(furthest.later(edge)),
            None => Some(edge),
        }
    }

    fn allow(&mut self, edge: SeqNum) {
        self.allowed_edge = Some(self.allowed_edge.map_or(edge, |furthest| furthest.later(edge)));
    }

    fn take_text(&mut self, segment: &Segment) {
        if self.is_probe(segment) || segment.is_empty() {
            return;
        }
        let start = self.offset_of_text(segment);
        // Too far off to be compared with anything; numbers::check has found it out of place.
        if start > self.text.len().saturating_add(MOST_GAP) {
            return;
        }
        if !segment.payload.is_empty() {
            let end = start + segment.payload.len();
            self.text.resize(self.text.len().max(end), None);
            for (place, octet) in self.text[start..end].iter_mut().zip(&segment.payload) {
                *place = Some(*octet);
            }
        }
        let reach = segment.end().distance_from(self.iss);
        if reach > self.snd_nxt.distance_from(self.iss) {
            self.snd_nxt = segment.end();
            self.missed = false;
        }
        if segment.flags.contains(Flags::FIN) {
            self.fin_end = Some(segment.end());
        }
    }
}

impl Repetition {
    fn of(segment: &Segment) -> Self {
        let (seq, ack, window) = (segment.seq, segment.ack, segment.window);
        Self { seq, ack, length: segment.len(), window, flags: segment.flags.significant().0 }
    }
}

/// TSval and TSecr of a segment.
pub(super) fn timestamps(segment: &Segment) -> Option<(u32, u32)> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::Timestamps { value, echo } => Some((*value, *echo)),
        _ => None,
    })
}

/// The largest gap behind which text is still followed. It bounds what a wild SEG.SEQ costs.
const MOST_GAP: usize = 1 << 20;
