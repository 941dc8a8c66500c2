//! Sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4).

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A TCP sequence number. It has no `Ord`: an order exists only within half the number space, and
/// [`SeqNum::before`] says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// `self < other` in the half of the number space that ends at `other`.
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// `self <= other` in the half of the number space that ends at `other`.
    #[must_use]
    pub const fn at_or_before(self, other: Self) -> bool {
        !other.before(self)
    }

    /// The later of the two, by [`SeqNum::before`].
    #[must_use]
    pub const fn later(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// How far `self` lies behind `base`, wrapping: `base + self.distance_from(base) == self`.
    #[must_use]
    pub const fn distance_from(self, base: Self) -> u32 {
        self.0.wrapping_sub(base.0)
    }

    /// Whether `self` lies in `[start, start + length)`.
    #[must_use]
    pub const fn in_window(self, start: Self, length: u32) -> bool {
        self.distance_from(start) < length
    }
}

impl Add<u32> for SeqNum {
    type Output = Self;
    fn add(self, rhs: u32) -> Self {
        Self(self.0.wrapping_add(rhs))
    }
}

impl Sub<u32> for SeqNum {
    type Output = Self;
    fn sub(self, rhs: u32) -> Self {
        Self(self.0.wrapping_sub(rhs))
    }
}

impl AddAssign<u32> for SeqNum {
    fn add_assign(&mut self, rhs: u32) {
        *self = *self + rhs;
    }
}

impl fmt::Debug for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeqNum({})", self.0)
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn order_wraps_at_two_to_the_32() {
        let before_wrap = SeqNum(u32::MAX);
        assert!(before_wrap.before(before_wrap + 1));
        assert!(!(before_wrap + 1).before(before_wrap));
        assert_eq!(before_wrap.later(SeqNum(5)), SeqNum(5));
        assert_eq!(SeqNum(5).distance_from(before_wrap), 6);
    }

    #[test]
    fn window_holds_its_left_edge_and_not_its_right() {
        let start = SeqNum(u32::MAX - 1);
        assert!(start.in_window(start, 4));
        assert!((start + 3).in_window(start, 4));
        assert!(!(start + 4).in_window(start, 4));
        assert!(!(start - 1).in_window(start, 4));
        assert!(!start.in_window(start, 0));
    }
}
