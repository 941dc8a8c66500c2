//! IP headers, as far as a segment needs them: written right always, read as far as they can be.

use super::{DecodeError, Fragment, IpFields};
use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::{self, Ipv4Flags, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::ipv6::{
    ExtensionPacket, FragmentPacket, Ipv6Packet, MutableFragmentPacket, MutableIpv6Packet,
};
use pnet_packet::util;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Both addresses in one family. A mixed pair, which no packet can have, becomes IPv6.
#[derive(Clone, Copy)]
pub(super) enum Addresses {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Addresses {
    pub(super) fn of(source: IpAddr, destination: IpAddr) -> Self {
        let v6 = |address| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Self::V4(source, destination),
            (source, destination) => Self::V6(v6(source), v6(destination)),
        }
    }

    /// Octets of the IP header: options and extension headers are never written.
    pub(super) fn header_length(self) -> usize {
        match self {
            Self::V4(..) => Ipv4Packet::minimum_packet_size(),
            Self::V6(..) => Ipv6Packet::minimum_packet_size(),
        }
    }

    /// The longest packet that the header's length field can express.
    pub(super) fn longest_packet(self) -> usize {
        match self {
            Self::V4(..) => usize::from(u16::MAX),
            Self::V6(..) => usize::from(u16::MAX) + self.header_length(),
        }
    }

    /// The checksum over pseudo-header and `data` (RFC 9293 section 3.1, RFC 8200 section 8.1),
    /// where the checksum itself is the 16-bit word number `skip`.
    pub(super) fn checksum(self, protocol: u8, data: &[u8], skip: usize) -> u16 {
        let protocol = IpNextHeaderProtocol(protocol);
        match self {
            Self::V4(source, destination) => {
                util::ipv4_checksum(data, skip, &[], &source, &destination, protocol)
            }
            Self::V6(source, destination) => {
                util::ipv6_checksum(data, skip, &[], &source, &destination, protocol)
            }
        }
    }
}

/// Whether two checksums mean the same: in ones' complement, 0xffff is zero too.
pub(super) fn same_checksum(one: u16, other: u16) -> bool {
    one % u16::MAX == other % u16::MAX
}

/// Writes the IP header into the zeros at the start of `packet`, which is whole but for it.
pub(super) fn write_header(ip: &IpFields, protocol: u8, packet: &mut [u8]) {
    write_header_of_part(ip, protocol, Part { offset: 0, more: false }, packet);
}

/// A packet that carries `payload`, which begins `part.offset` octets into what is fragmented.
pub(super) fn fragment(ip: &IpFields, protocol: u8, part: Part, payload: &[u8]) -> Vec<u8> {
    let addresses = Addresses::of(ip.source, ip.destination);
    let mut packet = vec![0; addresses.header_length()];
    let mut header_protocol = protocol;
    if let Addresses::V6(..) = addresses {
        let mut header = [0; 8];
        if let Some(mut fragment) = MutableFragmentPacket::new(&mut header) {
            fragment.set_next_header(IpNextHeaderProtocol(protocol));
            // pnet's own offset mask takes a reserved bit along, so the field is set as a whole.
            fragment.set_fragment_offset_with_flags(part.offset | u16::from(part.more));
            fragment.set_id(u32::from(ip.identification));
        }
        packet.extend(header);
        header_protocol = protocol::IPV6_FRAGMENT;
    }
    packet.extend_from_slice(payload);
    write_header_of_part(
        &IpFields { dont_fragment: false, ..ip.clone() },
        header_protocol,
        part,
        &mut packet,
    );
    packet
}

/// Which part of the payload a fragment carries.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Octets before it, a multiple of eight.
    pub(super) offset: u16,
    /// Whether more follows.
    pub(super) more: bool,
}

fn write_header_of_part(ip: &IpFields, protocol: u8, part: Part, packet: &mut [u8]) {
    let length = packet.len();
    let field = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    let addresses = Addresses::of(ip.source, ip.destination);
    match addresses {
        Addresses::V4(source, destination) => {
            let Some(mut header) = MutableIpv4Packet::new(packet) else { return };
            header.set_version(4);
            header.set_header_length(5);
            header.set_dscp(ip.tos >> 2);
            header.set_ecn(ip.tos & 3);
            header.set_total_length(field(length));
            header.set_identification(ip.identification);
            let dont_fragment = if ip.dont_fragment { Ipv4Flags::DontFragment } else { 0 };
            let more_fragments = if part.more { Ipv4Flags::MoreFragments } else { 0 };
            header.set_flags(dont_fragment | more_fragments);
            header.set_fragment_offset(part.offset / 8);
            header.set_ttl(ip.ttl);
            header.set_next_level_protocol(IpNextHeaderProtocol(protocol));
            header.set_source(source);
            header.set_destination(destination);
            header.set_checksum(ipv4::checksum(&header.to_immutable()));
        }
        Addresses::V6(source, destination) => {
            let Some(mut header) = MutableIpv6Packet::new(packet) else { return };
            header.set_version(6);
            header.set_traffic_class(ip.tos);
            header.set_payload_length(field(length - addresses.header_length()));
            header.set_next_header(IpNextHeaderProtocol(protocol));
            header.set_hop_limit(ip.ttl);
            header.set_source(source);
            header.set_destination(destination);
        }
    }
}

/// What the IP header says, and where it ends.
pub(super) struct IpHeader {
    pub(super) fields: IpFields,
    /// What it carries.
    pub(super) protocol: u8,
    /// Where that begins; at most the end of the packet.
    pub(super) payload: usize,
    /// The packet's length by its own account, in octets; at least `payload`.
    pub(super) length: usize,
    /// Set if it carries only a part.
    pub(super) fragment: Option<Fragment>,
    /// Found and expected header checksum, where they differ.
    pub(super) wrong_checksum: Option<(u16, u16)>,
}

/// Reads the IP header of a packet that may be cut short behind it, as a quoted one is.
pub(super) fn read_header(packet: &[u8]) -> Result<IpHeader, DecodeError> {
    match packet.first().map(|octet| octet >> 4) {
        Some(4) => read_ipv4(packet),
        Some(6) => read_ipv6(packet),
        Some(version) => Err(DecodeError::NotIp { version }),
        None => Err(DecodeError::Empty),
    }
}

fn read_ipv4(packet: &[u8]) -> Result<IpHeader, DecodeError> {
    let header = Ipv4Packet::new(packet).ok_or(DecodeError::IpHeaderCut { got: packet.len() })?;
    let words = header.get_header_length();
    let payload = usize::from(words) * 4;
    let length = usize::from(header.get_total_length());
    if words < 5 || length < payload {
        return Err(DecodeError::IpLength { header: payload, length });
    }
    if packet.len() < payload {
        return Err(DecodeError::IpHeaderCut { got: packet.len() });
    }
    let flags = header.get_flags();
    let fields = IpFields {
        source: header.get_source().into(),
        destination: header.get_destination().into(),
        ttl: header.get_ttl(),
        tos: header.get_dscp() << 2 | header.get_ecn(),
        dont_fragment: flags & Ipv4Flags::DontFragment != 0,
        identification: header.get_identification(),
    };
    let protocol = header.get_next_level_protocol().0;
    let part = Part { offset: header.get_fragment_offset() * 8, more: flags & Ipv4Flags::MoreFragments != 0 };
    let fragment = fragment_of(&fields, u32::from(fields.identification), protocol, part);
    let (found, expected) = (header.get_checksum(), ipv4::checksum(&header));
    let wrong_checksum = (!same_checksum(found, expected)).then_some((found, expected));
    Ok(IpHeader { fields, protocol, payload, length, fragment, wrong_checksum })
}

fn read_ipv6(packet: &[u8]) -> Result<IpHeader, DecodeError> {
    let header = Ipv6Packet::new(packet).ok_or(DecodeError::IpHeaderCut { got: packet.len() })?;
    let fields = IpFields {
        source: header.get_source().into(),
        destination: header.get_destination().into(),
        ttl: header.get_hop_limit(),
        tos: header.get_traffic_class(),
        dont_fragment: true,
        identification: 0,
    };
    let mut payload = Ipv6Packet::minimum_packet_size();
    let length = payload + usize::from(header.get_payload_length());
    let end = length.min(packet.len());
    let mut protocol = header.get_next_header().0;
    let mut fragment = None;
    while let Some(extension) = read_extension(&fields, protocol, &packet[payload..end])? {
        protocol = extension.next_header;
        payload += extension.length;
        fragment = extension.fragment;
        if fragment.is_some() {
            break;
        }
    }
    Ok(IpHeader { fields, protocol, payload, length, fragment, wrong_checksum: None })
}

struct Extension {
    next_header: u8,
    length: usize,
    fragment: Option<Fragment>,
}

/// The IPv6 extension header that `octets` begin with (RFC 8200 section 4); `None` if `protocol`
/// is not one of them.
fn read_extension(ip: &IpFields, protocol: u8, octets: &[u8]) -> Result<Option<Extension>, DecodeError> {
    let cut = DecodeError::ExtensionHeaderCut { protocol, got: octets.len() };
    let extension = match protocol {
        protocol::IPV6_FRAGMENT => {
            let header = FragmentPacket::new(octets).ok_or(cut)?;
            let next_header = header.get_next_header().0;
            let place = header.get_fragment_offset_with_flags();
            let part = Part { offset: place & !7, more: place & 1 != 0 };
            let fragment = fragment_of(ip, header.get_id(), next_header, part);
            Extension { next_header, length: 8, fragment }
        }
        protocol::HOP_BY_HOP | protocol::IPV6_ROUTING | protocol::IPV6_DESTINATION => {
            let header = ExtensionPacket::new(octets).ok_or_else(|| cut.clone())?;
            let length = usize::from(header.get_hdr_ext_len()) * 8 + 8;
            if length > octets.len() {
                return Err(cut);
            }
            Extension { next_header: header.get_next_header().0, length, fragment: None }
        }
        _ => return Ok(None),
    };
    Ok(Some(extension))
}

/// `None` for a whole packet, which in IPv6 may have a fragment header all the same (RFC 6946).
fn fragment_of(ip: &IpFields, identification: u32, protocol: u8, part: Part) -> Option<Fragment> {
    (part.offset != 0 || part.more).then_some(Fragment {
        source: ip.source,
        destination: ip.destination,
        protocol,
        identification,
        offset: part.offset,
        more: part.more,
    })
}

/// Protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub(super) mod protocol {
    pub(crate) const HOP_BY_HOP: u8 = 0;
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const IPV6_ROUTING: u8 = 43;
    pub(crate) const IPV6_FRAGMENT: u8 = 44;
    pub(crate) const ICMPV6: u8 = 58;
    pub(crate) const IPV6_DESTINATION: u8 = 60;
}
