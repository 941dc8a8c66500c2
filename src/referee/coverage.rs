//! A set of sequence numbers, kept as runs without a gap.

use crate::seq::SeqNum;

/// The sequence numbers that segments of ours have occupied.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    /// No two of them touch.
    runs: Vec<Run>,
}

impl Coverage {
    /// Adds `length` numbers from `start` on.
    pub(super) fn add(&mut self, start: SeqNum, length: u32) {
        if length == 0 {
            return;
        }
        let mut joined = Run { start, length };
        self.runs.retain(|run| {
            let apart = !run.touches(joined);
            if !apart {
                joined = run.joined(joined);
            }
            apart
        });
        self.runs.push(joined);
    }

    /// The first number behind `at` that is not in the set; `None` if `at` itself is not.
    pub(super) fn end_of_run(&self, at: SeqNum) -> Option<SeqNum> {
        self.runs.iter().find(|run| at.in_window(run.start, run.length)).map(|run| run.start + run.length)
    }

    /// Whether all numbers from `left` up to, and without, `right` are in the set. A `right` that
    /// does not lie behind `left` is never covered.
    pub(super) fn covers(&self, left: SeqNum, right: SeqNum) -> bool {
        left.before(right)
            && self.end_of_run(left).is_some_and(|end| right.distance_from(left) <= end.distance_from(left))
    }
}

#[derive(Clone, Copy, Debug)]
struct Run {
    start: SeqNum,
    length: u32,
}

impl Run {
    /// Whether they overlap, or one ends where the other starts.
    fn touches(self, other: Self) -> bool {
        other.start.distance_from(self.start) <= self.length
            || self.start.distance_from(other.start) <= other.length
    }

    fn joined(self, other: Self) -> Self {
        let (first, second) = match other.start.distance_from(self.start) <= self.length {
            true => (self, other),
            false => (other, self),
        };
        let behind = second.start.distance_from(first.start).saturating_add(second.length);
        Self { start: first.start, length: first.length.max(behind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn of(ranges: &[(u32, u32)]) -> Coverage {
        let mut coverage = Coverage::default();
        for (start, length) in ranges {
            coverage.add(SeqNum(*start), *length);
        }
        coverage
    }

    #[test]
    fn runs_join_in_every_order_and_across_the_wrap() {
        let start = u32::MAX - 4;
        for ranges in [
            [(start, 5), (0, 10), (10, 5)],
            [(10, 5), (start, 5), (0, 10)],
            [(start, 5), (10, 5), (0, 10)],
            [(start, 12), (3, 9), (5, 10)],
        ] {
            let coverage = of(&ranges);
            assert_eq!(coverage.end_of_run(SeqNum(start)), Some(SeqNum(15)), "{ranges:?}");
            assert_eq!(coverage.runs.len(), 1);
        }
    }

    #[test]
    fn gap_ends_a_run() {
        let coverage = of(&[(100, 10), (111, 10), (50, 0)]);
        assert_eq!(coverage.end_of_run(SeqNum(105)), Some(SeqNum(110)));
        assert_eq!(coverage.end_of_run(SeqNum(110)), None);
        assert_eq!(coverage.end_of_run(SeqNum(50)), None);
    }

    #[test]
    fn covered_range_lies_within_one_run_and_is_not_empty() {
        let coverage = of(&[(100, 10), (111, 10)]);
        let covers = |left, right| coverage.covers(SeqNum(left), SeqNum(right));
        assert!(covers(100, 110));
        assert!(!covers(100, 111));
        assert!(!covers(99, 105));
        assert!(!covers(105, 105));
        assert!(!covers(105, 104));
    }
}
