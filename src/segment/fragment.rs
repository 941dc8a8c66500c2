//! IP fragments: a segment can be sent in two, and one that arrives is recognized as such.

use super::ip::{self, Addresses, Part, protocol};
use super::{Segment, encode_segment};
use std::net::IpAddr;

/// A part of a packet, as its IP header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes to.
    pub destination: IpAddr,
    /// IP protocol number of what is fragmented (in IPv6, of what stands behind the fragment header).
    pub protocol: u8,
    /// What the parts of one packet have in common.
    pub identification: u32,
    /// Octets before this part.
    pub offset: u16,
    /// Whether another part follows.
    pub more: bool,
}

/// The packets that carry `segment` in two IP fragments, the first with `first` octets of TCP header
/// and text: rounded down to a multiple of eight, which is what IP can express, and at least eight.
/// A segment that is not longer than that is one fragment-less packet.
///
/// Both have the segment's `identification`, in IPv6 too, and neither has Don't Fragment set.
#[must_use]
pub fn encode_fragments(segment: &Segment, first: usize) -> Vec<Vec<u8>> {
    let whole = encode_segment(segment);
    let header = Addresses::of(segment.ip.source, segment.ip.destination).header_length();
    let octets = &whole[header..];
    let first = (first & !7).max(8);
    let offset = match u16::try_from(first) {
        Ok(offset) if first < octets.len() => offset,
        _ => return vec![whole],
    };
    let (head, tail) = octets.split_at(first);
    vec![
        ip::fragment(&segment.ip, protocol::TCP, Part { offset: 0, more: true }, head),
        ip::fragment(&segment.ip, protocol::TCP, Part { offset, more: false }, tail),
    ]
}
