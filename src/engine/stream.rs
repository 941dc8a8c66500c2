//! The octets that a trial sends and has sent: seeded, different for every connection and
//! direction, and known at every offset, so that overlapping and late pieces always agree.

/// Which way octets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the bench to the application on the target.
    ToTarget,
    /// From the application on the target to the bench.
    FromTarget,
}

/// One direction of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of connection number `connection` in the trial with this seed.
    #[must_use]
    pub fn new(seed: u64, connection: u32, direction: Direction) -> Self {
        let lane = u64::from(connection) << 1 | u64::from(direction == Direction::FromTarget);
        Self { key: mix(seed ^ mix(lane)) }
    }

    /// `length` octets from `offset` on; the offset wraps as sequence numbers do.
    #[must_use]
    pub fn octets(self, offset: u32, length: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(length);
        let mut at = offset;
        while octets.len() < length {
            let block = mix(self.key ^ u64::from(at >> 3)).to_le_bytes();
            let start = (at & 7) as usize;
            let take = (8 - start).min(length - octets.len());
            octets.extend_from_slice(&block[start..start + take]);
            at = at.wrapping_add(u32::try_from(take).expect("at most eight"));
        }
        octets
    }
}

/// SplitMix64's finalizer: every input bit moves every output bit.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::{assert_eq, assert_ne};

    #[test]
    fn any_cut_of_a_stream_agrees_with_the_whole() {
        let stream = Stream::new(7, 0, Direction::ToTarget);
        let whole = stream.octets(0, 64);
        for offset in 0..32_u32 {
            assert_eq!(stream.octets(offset, 20), whole[offset as usize..][..20]);
        }
    }

    #[test]
    fn seeds_connections_and_directions_have_different_octets() {
        let base = Stream::new(7, 0, Direction::ToTarget).octets(0, 16);
        assert_ne!(Stream::new(8, 0, Direction::ToTarget).octets(0, 16), base);
        assert_ne!(Stream::new(7, 1, Direction::ToTarget).octets(0, 16), base);
        assert_ne!(Stream::new(7, 0, Direction::FromTarget).octets(0, 16), base);
    }
}
