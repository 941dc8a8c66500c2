//! ICMP and ICMPv6 errors that quote a segment (RFC 792, RFC 4443).

use super::ip::{self, Addresses, protocol};
use super::{DecodeError, Endpoint, IpFields, Segment, encode_segment};
use crate::seq::SeqNum;
use pnet_packet::util;
use std::net::IpAddr;

/// An ICMP error. Its family is that of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Who reports: a router on the way, or the host itself.
    pub source: IpAddr,
    /// To whom: the host that sent the quoted packet.
    pub destination: IpAddr,
    /// What is reported.
    pub kind: IcmpKind,
    /// The beginning of the packet that the error is about, IP header first.
    pub quote: Vec<u8>,
}

/// What an ICMP error reports. Codes are numbered differently in the two families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpKind {
    /// The destination cannot be reached. In IPv4 code 0 is net, 1 host, 2 protocol, 3 port,
    /// 5 source route failed; in IPv6 0 is no route, 1 prohibited, 3 address, 4 port.
    DestinationUnreachable {
        /// Why. IPv4's code 4 is read as [`IcmpKind::PacketTooBig`].
        code: u8,
    },
    /// The packet does not fit the next link: IPv4's "fragmentation needed and DF set" (type 3,
    /// code 4, RFC 1191), IPv6's "packet too big".
    PacketTooBig {
        /// Octets that fit. IPv4 has room for 65,535, and 0 where the router does not say.
        mtu: u32,
    },
    /// Code 0: the hop limit is used up; 1: a fragment did not arrive in time.
    TimeExceeded {
        /// Which of them.
        code: u8,
    },
    /// A header field that cannot be processed.
    ParameterProblem {
        /// What about it.
        code: u8,
        /// Which octet of the quoted packet. IPv4 has room for 255.
        pointer: u32,
    },
    /// "Send slower": IPv4 only and obsolete (RFC 6633), to be ignored by TCP (RFC 9293, MUST-55).
    SourceQuench,
}

/// Why an ICMP error has no bytes: IPv6 knows no source quench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ICMPv6 has no source quench")]
pub struct NoSourceQuenchInIpv6;

impl IcmpError {
    /// An error that `source` reports about `segment` to the host which sent it, quoting as much
    /// as is usual: a message of at most 576 octets in IPv4 (RFC 1812 section 4.3.2.3), 1,280 in
    /// IPv6 (RFC 4443 section 2.4).
    #[must_use]
    pub fn about(segment: &Segment, source: IpAddr, kind: IcmpKind) -> Self {
        let destination = segment.ip.source;
        let addresses = Addresses::of(source, destination);
        let longest = match addresses {
            Addresses::V4(..) => 576,
            Addresses::V6(..) => 1280,
        };
        let mut quote = encode_segment(segment);
        quote.truncate(longest - addresses.header_length() - HEADER_OCTETS);
        Self { source, destination, kind, quote }
    }

    /// Source, destination and SEG.SEQ of the quoted segment: who is meant. `None` if the quote
    /// shows no TCP segment, or less than its first 8 octets (which RFC 792 promises).
    #[must_use]
    pub fn quoted(&self) -> Option<(Endpoint, Endpoint, SeqNum)> {
        let header = ip::read_header(&self.quote).ok()?;
        if header.protocol != protocol::TCP || header.fragment.is_some_and(|part| part.offset != 0) {
            return None;
        }
        let [s0, s1, d0, d1, q0, q1, q2, q3] = *self.quote.get(header.payload..)?.first_chunk()?;
        Some((
            Endpoint::new(header.fields.source, u16::from_be_bytes([s0, s1])),
            Endpoint::new(header.fields.destination, u16::from_be_bytes([d0, d1])),
            SeqNum(u32::from_be_bytes([q0, q1, q2, q3])),
        ))
    }
}

/// The IP packet that carries `error`, the IP header first.
///
/// # Errors
/// If its family has no such message.
pub fn encode_icmp(error: &IcmpError) -> Result<Vec<u8>, NoSourceQuenchInIpv6> {
    let addresses = Addresses::of(error.source, error.destination);
    let (protocol, [kind, code], field) = match addresses {
        Addresses::V4(..) => {
            let (kind_and_code, field) = ipv4_header(error.kind);
            (protocol::ICMP, kind_and_code, field)
        }
        Addresses::V6(..) => {
            let (kind_and_code, field) = ipv6_header(error.kind)?;
            (protocol::ICMPV6, kind_and_code, field)
        }
    };
    let start = addresses.header_length();
    let mut packet = Vec::with_capacity(start + HEADER_OCTETS + error.quote.len());
    packet.resize(start, 0);
    packet.extend([kind, code, 0, 0]);
    packet.extend(field.to_be_bytes());
    packet.extend_from_slice(&error.quote);
    packet.truncate(addresses.longest_packet());
    let checksum = checksum(addresses, &packet[start..]);
    packet[start + 2..start + 4].copy_from_slice(&checksum.to_be_bytes());
    let ip = IpFields {
        source: error.source,
        destination: error.destination,
        ttl: 64,
        tos: 0,
        dont_fragment: false,
        identification: 0,
    };
    ip::write_header(&ip, protocol, &mut packet);
    Ok(packet)
}

/// Reads what an IP packet of this protocol carries; `None` if that is no ICMP error.
pub(super) fn read(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    octets: &[u8],
) -> Result<Option<IcmpError>, DecodeError> {
    let addresses = Addresses::of(source, destination);
    if !matches!(
        (addresses, protocol),
        (Addresses::V4(..), protocol::ICMP) | (Addresses::V6(..), protocol::ICMPV6)
    ) {
        return Ok(None);
    }
    let Some((&[kind, code, c0, c1, f0, f1, f2, f3], quote)) = octets.split_first_chunk::<HEADER_OCTETS>()
    else {
        return Err(DecodeError::IcmpCut { got: octets.len() });
    };
    let (found, expected) = (u16::from_be_bytes([c0, c1]), checksum(addresses, octets));
    if !ip::same_checksum(found, expected) {
        return Err(DecodeError::IcmpChecksum { found, expected });
    }
    let field = u32::from_be_bytes([f0, f1, f2, f3]);
    let kind = match addresses {
        Addresses::V4(..) => read_ipv4_header(kind, code, field),
        Addresses::V6(..) => read_ipv6_header(kind, code, field),
    };
    Ok(kind.map(|kind| IcmpError { source, destination, kind, quote: quote.to_vec() }))
}

/// Type and code, and the 32 bits behind the checksum.
fn ipv4_header(kind: IcmpKind) -> ([u8; 2], u32) {
    match kind {
        IcmpKind::DestinationUnreachable { code } => ([3, code], 0),
        IcmpKind::PacketTooBig { mtu } => ([3, FRAGMENTATION_NEEDED], mtu.min(u32::from(u16::MAX))),
        IcmpKind::SourceQuench => ([4, 0], 0),
        IcmpKind::TimeExceeded { code } => ([11, code], 0),
        IcmpKind::ParameterProblem { code, pointer } => ([12, code], pointer.min(u32::from(u8::MAX)) << 24),
    }
}

fn read_ipv4_header(kind: u8, code: u8, field: u32) -> Option<IcmpKind> {
    Some(match (kind, code) {
        (3, FRAGMENTATION_NEEDED) => IcmpKind::PacketTooBig { mtu: field & 0xffff },
        (3, code) => IcmpKind::DestinationUnreachable { code },
        (4, _) => IcmpKind::SourceQuench,
        (11, code) => IcmpKind::TimeExceeded { code },
        (12, code) => IcmpKind::ParameterProblem { code, pointer: field >> 24 },
        _ => return None,
    })
}

/// The same for ICMPv6.
fn ipv6_header(kind: IcmpKind) -> Result<([u8; 2], u32), NoSourceQuenchInIpv6> {
    Ok(match kind {
        IcmpKind::DestinationUnreachable { code } => ([1, code], 0),
        IcmpKind::PacketTooBig { mtu } => ([2, 0], mtu),
        IcmpKind::TimeExceeded { code } => ([3, code], 0),
        IcmpKind::ParameterProblem { code, pointer } => ([4, code], pointer),
        IcmpKind::SourceQuench => return Err(NoSourceQuenchInIpv6),
    })
}

fn read_ipv6_header(kind: u8, code: u8, field: u32) -> Option<IcmpKind> {
    Some(match kind {
        1 => IcmpKind::DestinationUnreachable { code },
        2 => IcmpKind::PacketTooBig { mtu: field },
        3 => IcmpKind::TimeExceeded { code },
        4 => IcmpKind::ParameterProblem { code, pointer: field },
        _ => return None,
    })
}

/// ICMPv4 covers the message alone, ICMPv6 the pseudo-header too (RFC 4443 section 2.3).
fn checksum(addresses: Addresses, message: &[u8]) -> u16 {
    match addresses {
        Addresses::V4(..) => util::checksum(message, CHECKSUM_WORD),
        Addresses::V6(..) => addresses.checksum(protocol::ICMPV6, message, CHECKSUM_WORD),
    }
}

/// Octets before the quote.
const HEADER_OCTETS: usize = 8;

/// The checksum's place in the message, in 16-bit words.
const CHECKSUM_WORD: usize = 1;

/// IPv4's code of "destination unreachable" that means "packet too big".
const FRAGMENTATION_NEEDED: u8 = 4;
