//! Which of the target's sequence numbers have been seen.

use crate::seq::SeqNum;

/// Everything up to an edge, and what lies behind gaps.
#[derive(Clone, Debug)]
pub(super) struct Covered {
    edge: SeqNum,
    beyond: Vec<(SeqNum, SeqNum)>,
}

impl Covered {
    /// Everything up to `edge`.
    pub(super) const fn up_to(edge: SeqNum) -> Self {
        Self { edge, beyond: Vec::new() }
    }

    /// The first number that was not seen.
    pub(super) const fn edge(&self) -> SeqNum {
        self.edge
    }

    /// Whether there is a gap.
    pub(super) fn has_gap(&self) -> bool {
        !self.beyond.is_empty()
    }

    /// The numbers from `seq` up to `end` were seen.
    pub(super) fn add(&mut self, seq: SeqNum, end: SeqNum) {
        if self.holds(seq, end) {
            return;
        }
        self.beyond.push((seq, end));
        while let Some(next) = self.beyond.iter().position(|(seq, _)| seq.at_or_before(self.edge)) {
            self.edge = self.edge.later(self.beyond.swap_remove(next).1);
        }
    }

    /// Whether all numbers from `seq` up to `end` were seen, behind a gap in one piece.
    pub(super) fn holds(&self, seq: SeqNum, end: SeqNum) -> bool {
        let within = |(from, to): &(SeqNum, SeqNum)| from.at_or_before(seq) && end.at_or_before(*to);
        end.at_or_before(self.edge) || self.beyond.iter().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn gaps_are_filled_in_any_order_across_the_wrap() {
        let start = SeqNum(u32::MAX - 150);
        let mut covered = Covered::up_to(start);
        covered.add(start + 100, start + 200);
        covered.add(start + 300, start + 400);
        assert_eq!((covered.edge(), covered.has_gap()), (start, true));
        assert!(covered.holds(start + 150, start + 200));
        assert!(!covered.holds(start + 50, start + 200));
        covered.add(start, start + 100);
        assert_eq!((covered.edge(), covered.has_gap()), (start + 200, true));
        covered.add(start + 150, start + 350);
        assert_eq!((covered.edge(), covered.has_gap()), (start + 400, false));
        assert!(covered.holds(start - 10, start + 400));
    }
}
