//! Ethernet frames, built and taken apart.

use super::Hosts;
use super::neighbour::{self, Heard};
use super::sys::SlotView;
use pnet::packet::ethernet::{EtherType, EtherTypes, EthernetPacket, MutableEthernetPacket};
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::vlan::{MutableVlanPacket, VlanPacket};
use pnet::util::MacAddr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An Ethernet header, without the VLAN tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) to: MacAddr,
    pub(super) from: MacAddr,
    pub(super) kind: EtherType,
}

/// Writes a whole frame into `frame`, whose old content goes.
pub(super) fn build(frame: &mut Vec<u8>, vlan: Option<u16>, header: Header, packet: &[u8]) {
    frame.clear();
    frame.resize(ETHERNET_HEADER, 0);
    if let Some(mut ethernet) = MutableEthernetPacket::new(frame) {
        ethernet.set_destination(header.to);
        ethernet.set_source(header.from);
        ethernet.set_ethertype(if vlan.is_some() { EtherTypes::Vlan } else { header.kind });
    }
    if let Some(identifier) = vlan {
        frame.resize(ETHERNET_HEADER + VLAN_TAG, 0);
        if let Some(mut tag) = MutableVlanPacket::new(&mut frame[ETHERNET_HEADER..]) {
            tag.set_vlan_identifier(identifier);
            tag.set_ethertype(header.kind);
        }
    }
    frame.extend_from_slice(packet);
}

/// What a frame is to this link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival<'a> {
    /// An IP packet for one of our hosts.
    Packet(&'a [u8]),
    /// A question or answer about addresses.
    Neighbour(Heard),
    /// Longer than a slot.
    Truncated,
    /// Somebody else's.
    Foreign,
}

/// Decides what the frame in a slot is.
pub(super) fn classify<'a>(slot: &SlotView<'a>, hosts: &Hosts, vlan: Option<u16>) -> Arrival<'a> {
    if slot.wire_length > slot.bytes.len() {
        return Arrival::Truncated;
    }
    let Some((tag, kind, packet)) = strip(slot) else { return Arrival::Foreign };
    // VLAN 0 is no VLAN: a frame that only has a priority (IEEE 802.1Q).
    if tag.filter(|tag| *tag != 0) != vlan {
        return Arrival::Foreign;
    }
    let heard = match kind {
        EtherTypes::Arp => neighbour::read_arp(packet),
        EtherTypes::Ipv6 => neighbour::read_ndp(packet),
        _ => None,
    };
    if let Some(heard) = heard {
        return Arrival::Neighbour(heard);
    }
    let (destination, length) = match kind {
        EtherTypes::Ipv4 => match Ipv4Packet::new(packet) {
            Some(ip) => (IpAddr::V4(ip.get_destination()), usize::from(ip.get_total_length())),
            None => return Arrival::Foreign,
        },
        EtherTypes::Ipv6 => match Ipv6Packet::new(packet) {
            Some(ip) => {
                (IpAddr::V6(ip.get_destination()), IPV6_HEADER + usize::from(ip.get_payload_length()))
            }
            None => return Arrival::Foreign,
        },
        _ => return Arrival::Foreign,
    };
    if !hosts.owns(destination) {
        return Arrival::Foreign;
    }
    // What follows the packet is padding of a short frame. A packet that claims to be longer than
    // its frame is handed over as it is, for the decoder to complain about.
    Arrival::Packet(packet.get(..length).unwrap_or(packet))
}

/// VLAN identifier, type and content of a frame. The kernel has usually taken the tag out already.
fn strip<'a>(slot: &SlotView<'a>) -> Option<(Option<u16>, EtherType, &'a [u8])> {
    let ethernet = EthernetPacket::new(slot.bytes)?;
    let content = &slot.bytes[ETHERNET_HEADER..];
    match (slot.vlan_tag, ethernet.get_ethertype()) {
        (None, EtherTypes::Vlan) => {
            let tag = VlanPacket::new(content)?;
            Some((Some(tag.get_vlan_identifier()), tag.get_ethertype(), &content[VLAN_TAG..]))
        }
        (tag, kind) => Some((tag.map(|tag| tag & 0x0fff), kind, content)),
    }
}

/// The MAC address of an IPv4 group (RFC 1112 section 6.4).
pub(super) fn multicast_mac_v4(group: Ipv4Addr) -> MacAddr {
    let [_, b, c, d] = group.octets();
    MacAddr::new(0x01, 0x00, 0x5e, b & 0x7f, c, d)
}

/// The MAC address of an IPv6 group (RFC 2464 section 7).
pub(super) fn multicast_mac_v6(group: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = group.octets();
    MacAddr::new(0x33, 0x33, a, b, c, d)
}

const ETHERNET_HEADER: usize = 14;
const VLAN_TAG: usize = 4;
const IPV6_HEADER: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const HEADER: Header =
        Header { to: MacAddr(2, 0, 0, 0, 0, 1), from: MacAddr(2, 0, 0, 0, 0, 2), kind: EtherTypes::Ipv4 };

    fn hosts() -> Hosts {
        Hosts::none().with_addresses([IpAddr::from([198, 18, 0, 1])])
    }

    /// 20 octets of IPv4 header and `content`, to 198.18.0.`host`.
    fn packet(host: u8, total_length: u8, content: usize) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, total_length];
        packet.resize(16, 0);
        packet.extend([198, 18, 0, host]);
        packet.resize(20 + content, 0xaa);
        packet
    }

    fn framed(vlan: Option<u16>, packet: &[u8]) -> Vec<u8> {
        let mut frame = vec![0xff; 3];
        build(&mut frame, vlan, HEADER, packet);
        frame
    }

    fn slot(bytes: &[u8], vlan_tag: Option<u16>) -> SlotView<'_> {
        SlotView { bytes, wire_length: bytes.len(), stamp: 0, vlan_tag, unfinished_checksum: false }
    }

    #[test]
    fn frame_has_header_then_tag_then_packet() {
        assert_eq!(framed(None, &[0x45]), [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45]);
        assert_eq!(
            framed(Some(0x234), &[0x45]),
            [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x02, 0x34, 8, 0, 0x45]
        );
    }

    #[test]
    fn packet_for_a_host_arrives_without_padding_and_one_for_another_does_not() {
        let ours = packet(1, 22, 2);
        let padded = framed(None, &packet(1, 22, 26));
        assert_eq!(classify(&slot(&padded, None), &hosts(), None), Arrival::Packet(&ours));
        let theirs = framed(None, &packet(2, 22, 2));
        assert_eq!(classify(&slot(&theirs, None), &hosts(), None), Arrival::Foreign);
    }

    #[test]
    fn packet_that_claims_more_than_its_frame_arrives_whole() {
        let lying = packet(1, 200, 2);
        let frame = framed(None, &lying);
        assert_eq!(classify(&slot(&frame, None), &hosts(), None), Arrival::Packet(&lying));
    }

    #[test]
    fn tag_in_the_frame_and_tag_taken_out_by_the_kernel_are_the_same() {
        let ours = packet(1, 22, 2);
        let (tagged, bare) = (framed(Some(7), &ours), framed(None, &ours));
        // 0xe007 is VLAN 7 with the highest priority, 0xe000 only a priority.
        let arrivals = [
            (&tagged, None, Some(7)),
            (&bare, Some(0xe007), Some(7)),
            (&bare, Some(0xe000), None),
            (&tagged, None, None),
            (&bare, None, Some(7)),
            (&bare, Some(8), Some(7)),
        ]
        .map(|(frame, tag, vlan)| classify(&slot(frame, tag), &hosts(), vlan) == Arrival::Packet(&ours));
        assert_eq!(arrivals, [true, true, true, false, false, false]);
    }

    #[test]
    fn frame_cut_by_the_ring_is_truncated_and_scraps_are_foreign() {
        let frame = framed(None, &packet(1, 22, 2));
        let cut = SlotView { wire_length: 9_000, ..slot(&frame, None) };
        assert_eq!(classify(&cut, &hosts(), None), Arrival::Truncated);
        for length in 0..frame.len() - 2 {
            assert_eq!(classify(&slot(&frame[..length], None), &hosts(), None), Arrival::Foreign);
        }
    }

    #[test]
    fn groups_have_their_standard_mac_addresses() {
        assert_eq!(multicast_mac_v4(Ipv4Addr::new(239, 255, 1, 2)), MacAddr::new(1, 0, 0x5e, 0x7f, 1, 2));
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x0001);
        assert_eq!(multicast_mac_v6(group), MacAddr::new(0x33, 0x33, 0xff, 0, 0, 1));
    }
}
