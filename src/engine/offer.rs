//! What the SYNs of both sides offer.

use crate::segment::{Segment, TcpOption};
use crate::seq::SeqNum;

/// What a SYN offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) mss: Option<u16>,
    pub(super) window_scale: Option<u8>,
    pub(super) sack: bool,
    pub(super) timestamps: bool,
}

/// A SYN of ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syn {
    pub(super) seq: SeqNum,
    pub(super) end: SeqNum,
    pub(super) offer: Offer,
}

impl Offer {
    /// What is on this SYN.
    pub(super) fn of(syn: &Segment) -> Self {
        let mut offer = Self::default();
        for option in &syn.options {
            match option {
                TcpOption::MaximumSegmentSize(mss) => offer.mss = Some(*mss),
                // RFC 7323 section 2.3: a shift count above 14 counts as 14.
                TcpOption::WindowScale(shift) => offer.window_scale = Some((*shift).min(14)),
                TcpOption::SackPermitted => offer.sack = true,
                TcpOption::Timestamps { .. } => offer.timestamps = true,
                _ => {}
            }
        }
        offer
    }

    /// Of this offer, what an answer to `theirs` may repeat: all but the MSS only if it was offered
    /// (RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2).
    pub(super) fn answering(self, theirs: Self) -> Self {
        Self {
            mss: self.mss,
            window_scale: self.window_scale.filter(|_| theirs.window_scale.is_some()),
            sack: self.sack && theirs.sack,
            timestamps: self.timestamps && theirs.timestamps,
        }
    }
}

impl Syn {
    /// Whether `ack` acknowledges this SYN, and no more than its own text.
    pub(super) fn is_acknowledged_by(&self, ack: SeqNum) -> bool {
        self.seq.before(ack) && ack.at_or_before(self.end)
    }
}
