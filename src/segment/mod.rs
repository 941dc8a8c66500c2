//! A segment as values, and bytes <-> values. Nothing here judges: every illegal segment can be
//! expressed on purpose, and every octet that arrives can be read.

mod flags;
mod fragment;
mod icmp;
mod ip;
mod ip_options;
mod options;
mod packet;
mod summary;
#[cfg(test)]
mod tests;

pub use flags::{Flags, FlagsError};
pub use fragment::{Fragment, encode_fragments};
pub use icmp::{IcmpError, IcmpKind, NoSourceQuenchInIpv6, encode_icmp};
pub use ip_options::with_ip_options;
pub use options::{OptionFault, OptionFaultKind, SackBlock, TcpOption, decode_options, encode_options};
pub use packet::{DecodeError, Packet, Received, SegmentFault, decode, encode_segment, encode_segment_into};
pub use summary::Summary;

use crate::seq::SeqNum;
use std::net::IpAddr;

/// One end of a connection.
pub type Endpoint = std::net::SocketAddr;

/// One TCP segment with its IP header. `None` in a field that an encoder fills means: the right value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// IP header fields.
    pub ip: IpFields,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK: what the field holds, also where ACK is not set.
    pub ack: SeqNum,
    /// Header length in 32-bit words, 0 to 15; `None`: what the options need, or 15 if they need
    /// more (a receiver then takes what is behind the first 40 octets for text).
    pub data_offset: Option<u8>,
    /// The four reserved bits behind the data offset (RFC 9293 section 3.1), 0 to 15.
    pub reserved: u8,
    /// Control bits.
    pub flags: Flags,
    /// The window field, unscaled.
    pub window: u16,
    /// The checksum field.
    pub checksum: Checksum,
    /// The urgent pointer field, also where URG is not set.
    pub urgent: u16,
    /// Options in their order, padding included where it was not plain zeros.
    pub options: Vec<TcpOption>,
    /// Segment text.
    pub payload: Vec<u8>,
}

/// The IP header fields that a case can set or see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpFields {
    /// Source address; its family is the packet's.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// DSCP and ECN, the whole octet (traffic class in IPv6).
    pub tos: u8,
    /// Don't Fragment; always true in IPv6.
    pub dont_fragment: bool,
    /// Identification. In IPv6 only fragments have one; it is 0 in what arrives whole.
    pub identification: u16,
}

/// What stands in the checksum field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Computed over pseudo-header, header and text.
    Good,
    /// Any other value: the one that is, or shall be, in the field.
    Raw(u16),
}

impl Segment {
    /// An ordinary segment without control bits, options and text, to be filled in: sequence numbers
    /// 0, a full window, 64 hops, Don't Fragment set.
    #[must_use]
    pub fn between(source: Endpoint, destination: Endpoint) -> Self {
        Self {
            ip: IpFields {
                source: source.ip(),
                destination: destination.ip(),
                ttl: 64,
                tos: 0,
                dont_fragment: true,
                identification: 0,
            },
            source_port: source.port(),
            destination_port: destination.port(),
            seq: SeqNum(0),
            ack: SeqNum(0),
            data_offset: None,
            reserved: 0,
            flags: Flags::NONE,
            window: u16::MAX,
            checksum: Checksum::Good,
            urgent: 0,
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// SEG.LEN: the octets of sequence space that it occupies, SYN and FIN counted
    /// (RFC 9293 section 3.4).
    #[must_use]
    pub fn len(&self) -> u32 {
        let control = u32::from(self.flags.contains(Flags::SYN)) + u32::from(self.flags.contains(Flags::FIN));
        u32::try_from(self.payload.len()).unwrap_or(u32::MAX).wrapping_add(control)
    }

    /// Whether it occupies no sequence space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first sequence number behind it: SEG.SEQ + SEG.LEN.
    #[must_use]
    pub fn end(&self) -> SeqNum {
        self.seq + self.len()
    }

    /// ACK alone (PSH and ECN bits apart), without text: it carries nothing but numbers.
    #[must_use]
    pub fn is_pure_ack(&self) -> bool {
        self.flags.significant() == Flags::ACK && self.payload.is_empty()
    }

    /// TSval and TSecr of its timestamps option (RFC 7323 section 3.2).
    #[must_use]
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.options.iter().find_map(|option| match option {
            TcpOption::Timestamps { value, echo } => Some((*value, *echo)),
            _ => None,
        })
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> Endpoint {
        Endpoint::new(self.ip.source, self.source_port)
    }

    /// Where it goes to.
    #[must_use]
    pub fn destination(&self) -> Endpoint {
        Endpoint::new(self.ip.destination, self.destination_port)
    }
}
