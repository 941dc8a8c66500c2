//! What the SYN segments of one side offer.

use crate::segment::{Flags, Segment, TcpOption, decode_options, encode_options};

/// Whether an option stood on the SYN segments of one side, and with which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer<T> {
    /// On none of them.
    Never,
    /// On all of them, always the same.
    Always(T),
    /// On some of them, with different values, or in a place where it may or may not count: what
    /// the receiver makes of it is not for us to say.
    Doubtful,
}

/// What all SYN segments of one side offer, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offers {
    /// Maximum segment size.
    pub(super) mss: Offer<u16>,
    /// Window scale; above 14 it counts as 14 (RFC 7323 section 2.3).
    pub(super) scale: Offer<u8>,
    /// Timestamps.
    pub(super) timestamps: Offer<()>,
    /// SACK-permitted.
    pub(super) sack: Offer<()>,
    /// Whether ECE, CWR or the bit of Accurate ECN was set on any of them.
    pub(super) ecn: bool,
    /// Whether the bit of Accurate ECN (RFC 9768; reserved in RFC 9293) was set on any of them.
    pub(super) accurate_ecn: bool,
}

/// The reserved bit that is AE in Accurate ECN.
pub(super) const ACCURATE_ECN: u8 = 0x1;

impl Offers {
    /// What one SYN segment offers, read as its receiver has to.
    pub(super) fn of(segment: &Segment) -> Self {
        let accurate_ecn = segment.reserved & ACCURATE_ECN != 0;
        let ecn = accurate_ecn || segment.flags.intersects(Flags::ECE | Flags::CWR);
        let mut offers = Self { ecn, accurate_ecn, ..Self::NOTHING };
        let octets = encode_options(&segment.options);
        let (options, faults) = decode_options(&octets);
        if !faults.is_empty() {
            return Self { ecn, accurate_ecn, ..Self::DOUBTFUL };
        }
        for option in options {
            match option {
                TcpOption::MaximumSegmentSize(octets) => offers.mss.found(octets),
                TcpOption::WindowScale(shift) => offers.scale.found(shift.min(MAX_SHIFT)),
                TcpOption::Timestamps { .. } => offers.timestamps.found(()),
                TcpOption::SackPermitted => offers.sack.found(()),
                _ => {}
            }
        }
        offers
    }

    /// Both together.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            mss: self.mss.and(other.mss),
            scale: self.scale.and(other.scale),
            timestamps: self.timestamps.and(other.timestamps),
            sack: self.sack.and(other.sack),
            ecn: self.ecn || other.ecn,
            accurate_ecn: self.accurate_ecn || other.accurate_ecn,
        }
    }

    const NOTHING: Self = Self {
        mss: Offer::Never,
        scale: Offer::Never,
        timestamps: Offer::Never,
        sack: Offer::Never,
        ecn: false,
        accurate_ecn: false,
    };

    const DOUBTFUL: Self = Self {
        mss: Offer::Doubtful,
        scale: Offer::Doubtful,
        timestamps: Offer::Doubtful,
        sack: Offer::Doubtful,
        ecn: false,
        accurate_ecn: false,
    };
}

impl<T: PartialEq + Copy> Offer<T> {
    /// The option was found on a SYN: for the first time, or once more.
    fn found(&mut self, value: T) {
        *self = match *self {
            Self::Never => Self::Always(value),
            Self::Always(_) | Self::Doubtful => Self::Doubtful,
        };
    }

    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Doubtful }
    }
}

/// Whether something that needs both sides is in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement<T> {
    /// With these values.
    Yes(T),
    /// One side, at least, did not offer it.
    No,
    /// It cannot be told from outside.
    Unknown,
}

/// What two offers come to.
pub(super) fn agreement<T, U>(first: Offer<T>, second: Offer<U>) -> Agreement<(T, U)> {
    match (first, second) {
        (Offer::Always(first), Offer::Always(second)) => Agreement::Yes((first, second)),
        (Offer::Never, _) | (_, Offer::Never) => Agreement::No,
        (Offer::Doubtful, _) | (_, Offer::Doubtful) => Agreement::Unknown,
    }
}

/// The largest window shift (RFC 7323 section 2.3).
pub(super) const MAX_SHIFT: u8 = 14;

/// What the largest data offset leaves for options.
pub(super) const MOST_OPTION_OCTETS: usize = 40;
