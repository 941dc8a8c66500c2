//! IP packets <-> segments.

use super::ip::{self, Addresses, IpHeader, protocol};
use super::{
    Checksum, Flags, Fragment, IcmpError, IpFields, OptionFault, Segment, TcpOption, decode_options, icmp,
    options,
};
use crate::seq::SeqNum;
use pnet_packet::tcp::{MutableTcpPacket, TcpPacket};
use std::net::IpAddr;

/// The IP packet that carries `segment`, the IP header first.
///
/// Every field of the segment is written as it stands; the rest is right: the IP header's
/// checksum and lengths always, data offset and TCP checksum where the segment names none.
/// Of `data_offset` and `reserved` the header has room for the low four bits. What does not fit
/// into IP's length field (65,535 octets) is left out, and the rest is again a right packet.
#[must_use]
pub fn encode_segment(segment: &Segment) -> Vec<u8> {
    let mut packet = Vec::with_capacity(MOST_HEADER_OCTETS + segment.payload.len());
    encode_segment_into(segment, &mut packet);
    packet
}

/// Appends to `buffer` what [`encode_segment`] returns; what is in it stays, a link header say.
pub fn encode_segment_into(segment: &Segment, buffer: &mut Vec<u8>) {
    let addresses = Addresses::of(segment.ip.source, segment.ip.destination);
    let start = buffer.len();
    let tcp_start = start + addresses.header_length();
    buffer.resize(tcp_start + TcpPacket::minimum_packet_size(), 0);
    options::encode_options_into(&segment.options, buffer);
    let words = u8::try_from((buffer.len() - tcp_start) / 4).unwrap_or(u8::MAX).min(MOST_WORDS);
    buffer.extend_from_slice(&segment.payload);
    buffer.truncate(start + addresses.longest_packet());

    write_header(segment, words, &mut buffer[tcp_start..]);
    let checksum = match segment.checksum {
        Checksum::Good => addresses.checksum(protocol::TCP, &buffer[tcp_start..], CHECKSUM_WORD),
        Checksum::Raw(value) => value,
    };
    if let Some(mut header) = MutableTcpPacket::new(&mut buffer[tcp_start..]) {
        header.set_checksum(checksum);
    }
    ip::write_header(&segment.ip, protocol::TCP, &mut buffer[start..]);
}

fn write_header(segment: &Segment, words: u8, octets: &mut [u8]) {
    let Some(mut header) = MutableTcpPacket::new(octets) else { return };
    header.set_source(segment.source_port);
    header.set_destination(segment.destination_port);
    header.set_sequence(segment.seq.0);
    header.set_acknowledgement(segment.ack.0);
    header.set_data_offset(segment.data_offset.unwrap_or(words));
    header.set_reserved(segment.reserved);
    header.set_flags(segment.flags.0);
    header.set_window(segment.window);
    header.set_urgent_ptr(segment.urgent);
}

/// What a packet holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A TCP segment.
    Tcp(Received),
    /// An ICMP or ICMPv6 error.
    Icmp(IcmpError),
    /// A part of a packet, whatever it carries: it is not put together here.
    Fragment(Fragment),
    /// Anything else: another protocol, or an ICMP message that is no error.
    Other {
        /// Where it comes from.
        source: IpAddr,
        /// Where it goes to.
        destination: IpAddr,
        /// IP protocol number.
        protocol: u8,
    },
}

/// A segment as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it holds. Its checksum is [`Checksum::Good`] if it is right, else what was found; its
    /// `data_offset` is `None` if it is possible, else what was found.
    pub segment: Segment,
    /// The right checksum.
    pub checksum_expected: u16,
    /// What else is malformed, the checksum apart.
    pub faults: Vec<SegmentFault>,
}

/// Something malformed in a segment that could be read all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentFault {
    /// The IP header's checksum is wrong.
    #[error("the IP header's checksum is {found:#06x}, not {expected:#06x}")]
    IpChecksum {
        /// In the header.
        found: u16,
        /// The right one.
        expected: u16,
    },
    /// The data offset is less than the fixed header, or leads out of the segment. It cannot be
    /// told where the text begins: all behind the fixed header is left as text.
    #[error("data offset {words} does not fit a segment of {length} octets")]
    DataOffset {
        /// The data offset: 32-bit words.
        words: u8,
        /// Octets of header and text.
        length: usize,
    },
    /// Something is wrong among the options.
    #[error("{0}")]
    Option(#[from] OptionFault),
}

/// Why a packet cannot be read at all. A host's IP or TCP drops it too, unheard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No octet.
    #[error("the packet is empty")]
    Empty,
    /// Neither IPv4 nor IPv6.
    #[error("the packet has IP version {version}")]
    NotIp {
        /// The version field.
        version: u8,
    },
    /// The packet ends within the IP header.
    #[error("the packet ends after {got} octets, within the IP header")]
    IpHeaderCut {
        /// Octets there are.
        got: usize,
    },
    /// IPv4's header length and total length contradict each other, or the least header.
    #[error("an IPv4 header of {header} octets in a packet of {length}")]
    IpLength {
        /// Header length in octets.
        header: usize,
        /// Total length in octets.
        length: usize,
    },
    /// The packet is shorter than its header says.
    #[error("the packet has {got} octets of the {length} that its header announces")]
    PacketCut {
        /// Octets announced.
        length: usize,
        /// Octets there are.
        got: usize,
    },
    /// The packet ends within an IPv6 extension header.
    #[error("the packet ends within extension header {protocol}, of which it has {got} octets")]
    ExtensionHeaderCut {
        /// Its protocol number.
        protocol: u8,
        /// Octets there are.
        got: usize,
    },
    /// Less than the fixed TCP header.
    #[error("a TCP segment of {got} octets, less than its fixed header")]
    SegmentCut {
        /// Octets there are.
        got: usize,
    },
    /// Less than the fixed part of an ICMP message.
    #[error("an ICMP message of {got} octets, less than its header")]
    IcmpCut {
        /// Octets there are.
        got: usize,
    },
    /// An ICMP message with a wrong checksum.
    #[error("the ICMP checksum is {found:#06x}, not {expected:#06x}")]
    IcmpChecksum {
        /// In the message.
        found: u16,
        /// The right one.
        expected: u16,
    },
}

/// Reads an IP packet. Octets behind the length that its header announces are a link's padding and
/// left out; IPv4 options and IPv6 extension headers are skipped.
///
/// # Errors
/// If it holds nothing that can be read; what is merely malformed is in [`Received::faults`].
pub fn decode(packet: &[u8]) -> Result<Packet, DecodeError> {
    let header = ip::read_header(packet)?;
    let octets = packet
        .get(header.payload..header.length)
        .ok_or(DecodeError::PacketCut { length: header.length, got: packet.len() })?;
    let IpHeader { fields, protocol, fragment, wrong_checksum, .. } = header;
    if let Some(fragment) = fragment {
        return Ok(Packet::Fragment(fragment));
    }
    if protocol == protocol::TCP {
        let mut received = read_segment(fields, octets)?;
        let fault = wrong_checksum.map(|(found, expected)| SegmentFault::IpChecksum { found, expected });
        received.faults.extend(fault);
        return Ok(Packet::Tcp(received));
    }
    let (source, destination) = (fields.source, fields.destination);
    Ok(match icmp::read(source, destination, protocol, octets)? {
        Some(error) => Packet::Icmp(error),
        None => Packet::Other { source, destination, protocol },
    })
}

fn read_segment(ip: IpFields, octets: &[u8]) -> Result<Received, DecodeError> {
    let header = TcpPacket::new(octets).ok_or(DecodeError::SegmentCut { got: octets.len() })?;
    let words = header.get_data_offset();
    let options_and_text = &octets[TcpPacket::minimum_packet_size()..];
    let split = (usize::from(words) * 4)
        .checked_sub(TcpPacket::minimum_packet_size())
        .and_then(|length| options_and_text.split_at_checked(length));
    let mut faults = Vec::new();
    let (data_offset, options, payload) = match split {
        Some((options, text)) => (None, read_options(options, &mut faults), text),
        None => {
            faults.push(SegmentFault::DataOffset { words, length: octets.len() });
            (Some(words), Vec::new(), options_and_text)
        }
    };
    let found = header.get_checksum();
    let checksum_expected =
        Addresses::of(ip.source, ip.destination).checksum(protocol::TCP, octets, CHECKSUM_WORD);
    let good = ip::same_checksum(found, checksum_expected);
    let segment = Segment {
        ip,
        source_port: header.get_source(),
        destination_port: header.get_destination(),
        seq: SeqNum(header.get_sequence()),
        ack: SeqNum(header.get_acknowledgement()),
        data_offset,
        reserved: header.get_reserved(),
        flags: Flags(header.get_flags()),
        window: header.get_window(),
        checksum: if good { Checksum::Good } else { Checksum::Raw(found) },
        urgent: header.get_urgent_ptr(),
        options,
        payload: payload.to_vec(),
    };
    Ok(Received { segment, checksum_expected, faults })
}

fn read_options(octets: &[u8], faults: &mut Vec<SegmentFault>) -> Vec<TcpOption> {
    let (options, option_faults) = decode_options(octets);
    faults.extend(option_faults.into_iter().map(SegmentFault::Option));
    options
}

/// The checksum's place in the TCP header, in 16-bit words.
const CHECKSUM_WORD: usize = 8;

/// The largest data offset.
const MOST_WORDS: u8 = 15;

/// The longest IPv6 and TCP header, as capacity.
const MOST_HEADER_OCTETS: usize = 40 + 60;
