//! What the bench has sent, as far as it gives the target a right to anything.

use super::coverage::Coverage;
use super::offers::{MOST_OPTION_OCTETS, Offers};
use crate::segment::{
    Checksum, Flags, Packet, Received, Segment, TcpOption, decode, encode_options, encode_segment,
};
use crate::seq::SeqNum;
use std::borrow::Cow;
use std::collections::HashSet;

/// Everything that left the bench on one four-tuple and that its receiver can read.
#[derive(Debug, Default)]
pub(super) struct Ours {
    /// Sequence numbers that our segments occupied, resets apart.
    pub(super) octets: Coverage,
    /// TSvals that we sent.
    pub(super) timestamps: HashSet<u32>,
    /// Windows that we offered, in their order.
    pub(super) windows: Vec<Window>,
    /// SEG.ACK of every segment of ours with ACK: where a reset that answers one begins.
    pub(super) acknowledged: HashSet<SeqNum>,
    /// SEG.SEQ + SEG.LEN of every segment of ours without ACK: what a reset that answers one
    /// acknowledges.
    pub(super) ends: HashSet<SeqNum>,
    /// The segment that a reset most likely answers.
    pub(super) last: Option<Provocation>,
    /// How many resets we sent.
    pub(super) resets: usize,
    /// Every SYN, in their order.
    syns: Vec<Syn>,
    /// SEG.SEQ of the FINs themselves.
    fins: HashSet<SeqNum>,
    /// SYNs without ACK for which no new connection has shown itself yet.
    unanswered_syns: usize,
}

/// A window as a segment of ours offered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// SEG.SEQ.
    pub(super) seq: SeqNum,
    /// SEG.ACK.
    pub(super) ack: SeqNum,
    /// SEG.WND.
    pub(super) window: u16,
    /// The window of a SYN is never scaled (RFC 7323 section 2.2).
    pub(super) on_syn: bool,
}

/// A segment that may be answered by a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provocation {
    /// With ACK: its SEG.ACK.
    Ack(SeqNum),
    /// Without: its SEG.SEQ + SEG.LEN.
    NoAck(SeqNum),
}

#[derive(Clone, Copy, Debug)]
struct Syn {
    seq: SeqNum,
    /// SEG.LEN.
    length: u32,
    /// Its window, if it offers one by itself: a SYN with ACK does so by what it acknowledges.
    window: Option<u16>,
    offers: Offers,
}

impl Ours {
    /// A segment left.
    pub(super) fn sent(&mut self, segment: &Segment) {
        if let Some(segment) = as_arrived(segment) {
            self.take(&segment);
        }
    }

    fn take(&mut self, segment: &Segment) {
        self.timestamps.extend(segment.options.iter().filter_map(|option| match option {
            TcpOption::Timestamps { value, .. } => Some(*value),
            _ => None,
        }));
        if segment.flags.contains(Flags::RST) {
            self.resets += 1;
            return;
        }
        self.octets.add(segment.seq, segment.len());
        if segment.flags.contains(Flags::FIN) {
            self.fins.insert(segment.end() - 1);
        }
        let (ack, on_syn) = (segment.flags.contains(Flags::ACK), segment.flags.contains(Flags::SYN));
        if on_syn {
            let window = (!ack).then_some(segment.window);
            let (seq, length) = (segment.seq, segment.len());
            self.syns.push(Syn { seq, length, window, offers: Offers::of(segment) });
            self.unanswered_syns += usize::from(!ack);
        }
        if ack {
            let Segment { seq, ack, window, .. } = *segment;
            self.windows.push(Window { seq, ack, window, on_syn });
            self.acknowledged.insert(segment.ack);
            self.last = Some(Provocation::Ack(segment.ack));
        } else {
            self.ends.insert(segment.end());
            self.last = Some(Provocation::NoAck(segment.end()));
        }
    }

    /// The SYN of ours, by its sequence number, that `ack` is the first to acknowledge.
    pub(super) fn syn_acknowledged_by(&self, ack: SeqNum) -> Option<SeqNum> {
        let nearest = self.syns_acknowledged_by(ack).min_by_key(|syn| ack.distance_from(syn.seq))?;
        Some(nearest.seq)
    }

    /// The highest number that may be acknowledged to whoever sent the SYN at `irs`: the end of
    /// what was sent from there on without a gap.
    pub(super) fn end_from(&self, irs: SeqNum) -> SeqNum {
        self.octets.end_of_run(irs).unwrap_or(irs + 1)
    }

    /// What those SYNs offer that `ack` can be the first to acknowledge.
    pub(super) fn offers_acknowledged_by(&self, ack: SeqNum) -> Option<Offers> {
        self.syns_acknowledged_by(ack).map(|syn| syn.offers).reduce(Offers::and)
    }

    /// The largest window among the same SYNs, where they had no ACK.
    pub(super) fn syn_window_acknowledged_by(&self, ack: SeqNum) -> Option<u16> {
        self.syns_acknowledged_by(ack).filter_map(|syn| syn.window).max()
    }

    /// Whether `ack`, from whoever took the SYN at `irs`, covers a FIN of ours.
    pub(super) fn fin_acknowledged(&self, irs: SeqNum, ack: SeqNum) -> bool {
        self.fins.iter().any(|fin| fin.distance_from(irs) < ack.distance_from(irs))
    }

    /// Whether a FIN of ours lies between `left` and, exclusive, `right`.
    pub(super) fn has_fin_in(&self, left: SeqNum, right: SeqNum) -> bool {
        self.fins.iter().any(|fin| fin.in_window(left, right.distance_from(left)))
    }

    /// Whether a SYN without ACK is left that no new connection is the answer to.
    pub(super) fn has_unanswered_syn(&self) -> bool {
        self.unanswered_syns > 0
    }

    /// Takes one of those SYNs as the cause of a new connection, if there is any left.
    pub(super) fn take_unanswered_syn(&mut self) -> bool {
        let any = self.has_unanswered_syn();
        self.unanswered_syns = self.unanswered_syns.saturating_sub(1);
        any
    }

    /// SYNs that end at `ack`, or with text or a FIN that was taken in part; if there are none,
    /// those behind which everything up to `ack` was sent without a gap.
    fn syns_acknowledged_by(&self, ack: SeqNum) -> impl Iterator<Item = &Syn> {
        let alone = move |syn: &Syn| ack != syn.seq && ack.distance_from(syn.seq) <= syn.length;
        let any_alone = self.syns.iter().any(alone);
        self.syns.iter().filter(move |syn| match any_alone {
            true => alone(syn),
            false => self.octets.covers(syn.seq, ack),
        })
    }
}

/// The segment as its receiver reads it; `None` if it must not even look at it. Whoever writes its
/// own data offset or its options octet by octet may have made text of options, or options of text.
fn as_arrived(segment: &Segment) -> Option<Cow<'_, Segment>> {
    let as_written = segment.checksum == Checksum::Good
        && segment.data_offset.is_none()
        && !segment.options.iter().any(|option| matches!(option, TcpOption::Raw(_)))
        && encode_options(&segment.options).len() <= MOST_OPTION_OCTETS;
    if as_written {
        return Some(Cow::Borrowed(segment));
    }
    match decode(&encode_segment(segment)) {
        Ok(Packet::Tcp(Received { segment, .. }))
            if segment.checksum == Checksum::Good && segment.data_offset.is_none() =>
        {
            Some(Cow::Owned(segment))
        }
        _ => None,
    }
}
