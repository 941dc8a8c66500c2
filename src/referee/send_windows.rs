//! What SND.WND of the target can be.

use crate::seq::SeqNum;

/// The windows that we have offered, each with the SEG.SEQ of its segment, as far as they can still
/// be in effect.
///
/// A segment with an earlier SEG.SEQ than one before it moves SND.UNA but not SND.WND, because of
/// SND.WL1 (RFC 9293 section 3.10.7.4, fifth): the window of that other segment then counts from
/// the new SND.UNA on.
#[derive(Debug, Default)]
pub(super) struct SendWindows {
    /// None of them has both a later SEG.SEQ and a larger window than another.
    offered: Vec<(SeqNum, u32)>,
}

impl SendWindows {
    /// The largest that SND.WND can be after a segment at `seq` with a window of `size` octets.
    pub(super) fn widest_after(&mut self, seq: SeqNum, size: u32) -> u32 {
        let later = self.offered.iter().filter(|(other, _)| seq.before(*other)).map(|(_, size)| *size);
        let widest = later.max().unwrap_or(0).max(size);
        self.add(seq, size);
        widest
    }

    fn add(&mut self, seq: SeqNum, size: u32) {
        if self.offered.iter().any(|(other, larger)| seq.at_or_before(*other) && size <= *larger) {
            return;
        }
        self.offered.retain(|(other, smaller)| seq.before(*other) || size < *smaller);
        if self.offered.len() < MOST_KEPT {
            self.offered.push((seq, size));
        } else if let Some((other, larger)) = self.offered.first_mut() {
            // Too generous, never too strict.
            (*other, *larger) = (other.later(seq), size.max(*larger));
        }
    }
}

/// Windows that are told apart.
const MOST_KEPT: usize = 64;
