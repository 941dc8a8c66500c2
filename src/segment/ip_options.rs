//! Options of the IP header: put into a packet that is whole without them.

use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::{self, MutableIpv4Packet};
use pnet_packet::ipv6::MutableIpv6Packet;

/// The packet with these IPv4 options, or with an IPv6 destination options header that holds these
/// options (RFC 8200 section 4.6). Zeros fill them up to the next boundary: end of list in IPv4, Pad1 in
/// IPv6. At most 40 octets; of more the first 40.
#[must_use]
pub fn with_ip_options(packet: &[u8], options: &[u8]) -> Vec<u8> {
    let options = &options[..options.len().min(MOST)];
    match packet.first().map(|octet| octet >> 4) {
        Some(4) => ipv4(packet, options),
        Some(6) => ipv6(packet, options),
        _ => packet.to_vec(),
    }
}

fn ipv4(packet: &[u8], options: &[u8]) -> Vec<u8> {
    let Some((head, rest)) = packet.split_at_checked(IPV4_HEADER) else { return packet.to_vec() };
    let mut padded = options.to_vec();
    padded.resize(options.len().next_multiple_of(4), 0);
    let mut whole = [head, &padded, rest].concat();
    let length = u16::try_from(whole.len()).unwrap_or(u16::MAX);
    if let Some(mut header) = MutableIpv4Packet::new(&mut whole) {
        header.set_header_length(u8::try_from((IPV4_HEADER + padded.len()) / 4).unwrap_or(15));
        header.set_total_length(length);
        header.set_checksum(ipv4::checksum(&header.to_immutable()));
    }
    whole
}

fn ipv6(packet: &[u8], options: &[u8]) -> Vec<u8> {
    let Some((head, rest)) = packet.split_at_checked(IPV6_HEADER) else { return packet.to_vec() };
    let mut extension = vec![head[NEXT_HEADER], 0];
    extension.extend_from_slice(options);
    extension.resize(extension.len().next_multiple_of(8), 0);
    extension[1] = u8::try_from(extension.len() / 8 - 1).unwrap_or(u8::MAX);
    let mut whole = [head, &extension, rest].concat();
    let length = u16::try_from(whole.len() - IPV6_HEADER).unwrap_or(u16::MAX);
    if let Some(mut header) = MutableIpv6Packet::new(&mut whole) {
        header.set_next_header(IpNextHeaderProtocol(DESTINATION_OPTIONS));
        header.set_payload_length(length);
    }
    whole
}

const MOST: usize = 40;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// Where an IPv6 header names what follows it.
const NEXT_HEADER: usize = 6;
const DESTINATION_OPTIONS: u8 = 60;
