//! Who has this address? ARP (RFC 826, RFC 5227) and neighbour discovery (RFC 4861) as messages.

use pnet::packet::arp::{ArpHardwareTypes, ArpOperation, ArpOperations, ArpPacket, MutableArpPacket};
use pnet::packet::ethernet::EtherTypes;
use pnet::packet::icmpv6::ndp::{
    MutableNeighborAdvertPacket, MutableNeighborSolicitPacket, NdpOptionType, NdpOptionTypes,
    NeighborAdvertFlags, NeighborAdvertPacket, NeighborSolicitPacket,
};
use pnet::packet::icmpv6::{self, Icmpv6Packet, Icmpv6Types, MutableIcmpv6Packet};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv6::{Ipv6Packet, MutableIpv6Packet};
use pnet::util::MacAddr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What somebody on the link asked or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Who has `address`? The asker is unnamed when it only probes whether the address is free.
    Question { address: IpAddr, asker: Option<IpAddr>, mac: Option<MacAddr> },
    /// `address` is at `mac`.
    Answer { address: IpAddr, mac: MacAddr },
}

/// An ARP request; from 0.0.0.0 it is a probe (RFC 5227 section 1.1).
pub(super) fn arp_question(address: Ipv4Addr, from: Ipv4Addr, mac: MacAddr) -> Vec<u8> {
    arp(ArpOperations::Request, (from, mac), (address, MacAddr::zero()))
}

/// An ARP reply: `address` is at `mac`.
pub(super) fn arp_answer(address: Ipv4Addr, mac: MacAddr, to: (Ipv4Addr, MacAddr)) -> Vec<u8> {
    arp(ArpOperations::Reply, (address, mac), to)
}

/// Reads an ARP packet; `None` where it is none, or is about anything but IPv4 on Ethernet.
pub(super) fn read_arp(packet: &[u8]) -> Option<Heard> {
    let arp = ArpPacket::new(packet)?;
    let about_ipv4 = arp.get_hardware_type() == ArpHardwareTypes::Ethernet
        && arp.get_protocol_type() == EtherTypes::Ipv4
        && (arp.get_hw_addr_len(), arp.get_proto_addr_len()) == (6, 4);
    let (sender, mac) = (arp.get_sender_proto_addr(), arp.get_sender_hw_addr());
    match arp.get_operation() {
        ArpOperations::Request if about_ipv4 => Some(Heard::Question {
            address: arp.get_target_proto_addr().into(),
            asker: (!sender.is_unspecified()).then_some(sender.into()),
            mac: Some(mac),
        }),
        ArpOperations::Reply if about_ipv4 => Some(Heard::Answer { address: sender.into(), mac }),
        _ => None,
    }
}

/// A neighbour solicitation, as an IPv6 packet; from `::` it is a duplicate-address probe
/// (RFC 4862 section 5.4.2), which carries no link-layer address (RFC 4861 section 4.3).
pub(super) fn solicitation(address: Ipv6Addr, from: Ipv6Addr, mac: MacAddr) -> Vec<u8> {
    let mut body = vec![0; NDP_MESSAGE];
    if let Some(mut message) = MutableNeighborSolicitPacket::new(&mut body) {
        message.set_icmpv6_type(Icmpv6Types::NeighborSolicit);
        message.set_target_addr(address);
    }
    if !from.is_unspecified() {
        body.extend(link_layer_option(NdpOptionTypes::SourceLLAddr, mac));
    }
    icmpv6_packet(body, from, solicited_node(address))
}

/// A neighbour advertisement, as an IPv6 packet: `address` is at `mac`. Without a named asker it
/// goes to all nodes (RFC 4861 section 7.2.4).
pub(super) fn advertisement(address: Ipv6Addr, mac: MacAddr, to: Option<Ipv6Addr>) -> Vec<u8> {
    let mut body = vec![0; NDP_MESSAGE];
    if let Some(mut message) = MutableNeighborAdvertPacket::new(&mut body) {
        message.set_icmpv6_type(Icmpv6Types::NeighborAdvert);
        let solicited = if to.is_some() { NeighborAdvertFlags::Solicited } else { 0 };
        message.set_flags(NeighborAdvertFlags::Override | solicited);
        message.set_target_addr(address);
    }
    body.extend(link_layer_option(NdpOptionTypes::TargetLLAddr, mac));
    icmpv6_packet(body, address, to.unwrap_or(ALL_NODES))
}

/// Reads a neighbour solicitation or advertisement out of an IPv6 packet; `None` for any other
/// packet, and for one that fails the checks of RFC 4861 section 7.1: hop limit 255, good checksum.
pub(super) fn read_ndp(packet: &[u8]) -> Option<Heard> {
    let ip = Ipv6Packet::new(packet)?;
    if ip.get_next_header() != IpNextHeaderProtocols::Icmpv6 || ip.get_hop_limit() != 255 {
        return None;
    }
    let body = packet.get(IPV6_HEADER..IPV6_HEADER + usize::from(ip.get_payload_length()))?;
    let message = Icmpv6Packet::new(body)?;
    let (from, to) = (ip.get_source(), ip.get_destination());
    if icmpv6::checksum(&message, &from, &to) != message.get_checksum() || message.get_icmpv6_code().0 != 0 {
        return None;
    }
    match message.get_icmpv6_type() {
        Icmpv6Types::NeighborSolicit => Some(Heard::Question {
            address: NeighborSolicitPacket::new(body)?.get_target_addr().into(),
            asker: (!from.is_unspecified()).then_some(from.into()),
            mac: find_link_layer_option(body.get(NDP_MESSAGE..)?, NdpOptionTypes::SourceLLAddr),
        }),
        Icmpv6Types::NeighborAdvert => Some(Heard::Answer {
            address: NeighborAdvertPacket::new(body)?.get_target_addr().into(),
            mac: find_link_layer_option(body.get(NDP_MESSAGE..)?, NdpOptionTypes::TargetLLAddr)?,
        }),
        _ => None,
    }
}

/// The group that a node with this address listens to (RFC 4291 section 2.7.1).
pub(super) fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

fn arp(operation: ArpOperation, sender: (Ipv4Addr, MacAddr), target: (Ipv4Addr, MacAddr)) -> Vec<u8> {
    let mut packet = vec![0; ArpPacket::minimum_packet_size()];
    if let Some(mut arp) = MutableArpPacket::new(&mut packet) {
        arp.set_hardware_type(ArpHardwareTypes::Ethernet);
        arp.set_protocol_type(EtherTypes::Ipv4);
        arp.set_hw_addr_len(6);
        arp.set_proto_addr_len(4);
        arp.set_operation(operation);
        arp.set_sender_proto_addr(sender.0);
        arp.set_sender_hw_addr(sender.1);
        arp.set_target_proto_addr(target.0);
        arp.set_target_hw_addr(target.1);
    }
    packet
}

fn icmpv6_packet(body: Vec<u8>, from: Ipv6Addr, to: Ipv6Addr) -> Vec<u8> {
    let mut packet = vec![0; IPV6_HEADER];
    if let Some(mut ip) = MutableIpv6Packet::new(&mut packet) {
        ip.set_version(6);
        ip.set_payload_length(body.len() as u16);
        ip.set_next_header(IpNextHeaderProtocols::Icmpv6);
        ip.set_hop_limit(255);
        ip.set_source(from);
        ip.set_destination(to);
    }
    packet.extend(body);
    if let Some(mut message) = MutableIcmpv6Packet::new(&mut packet[IPV6_HEADER..]) {
        let checksum = icmpv6::checksum(&message.to_immutable(), &from, &to);
        message.set_checksum(checksum);
    }
    packet
}

fn link_layer_option(kind: NdpOptionType, mac: MacAddr) -> [u8; 8] {
    let [a, b, c, d, e, f] = mac.octets();
    [kind.0, 1, a, b, c, d, e, f]
}

/// By hand: `pnet`'s own iterator overflows on an option of 32 or more units of eight octets.
fn find_link_layer_option(mut options: &[u8], wanted: NdpOptionType) -> Option<MacAddr> {
    while let [kind, units, ..] = *options {
        let (option, rest) = options.split_at_checked(usize::from(units) * 8)?;
        match *option {
            [_, _, a, b, c, d, e, f] if kind == wanted.0 => return Some(MacAddr::new(a, b, c, d, e, f)),
            // RFC 4861 section 4.6: a message with an option of length zero is discarded.
            [] => return None,
            _ => options = rest,
        }
    }
    None
}

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const IPV6_HEADER: usize = 40;
/// A solicitation or advertisement without options.
const NDP_MESSAGE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const MAC: MacAddr = MacAddr(2, 0, 0, 0, 0, 9);
    const OTHER: MacAddr = MacAddr(2, 0, 0, 0, 0, 8);
    const V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const ASKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
    const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x12, 0x3456);
    const ASKER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

    #[test]
    fn questions_are_read_back_as_asked() {
        let heard = [
            read_arp(&arp_question(V4, ASKER, MAC)),
            read_arp(&arp_question(V4, Ipv4Addr::UNSPECIFIED, MAC)),
            read_ndp(&solicitation(V6, ASKER6, MAC)),
            read_ndp(&solicitation(V6, Ipv6Addr::UNSPECIFIED, MAC)),
        ];
        let question = |address, asker, mac| Some(Heard::Question { address, asker, mac });
        assert_eq!(
            heard,
            [
                question(V4.into(), Some(ASKER.into()), Some(MAC)),
                question(V4.into(), None, Some(MAC)),
                question(V6.into(), Some(ASKER6.into()), Some(MAC)),
                question(V6.into(), None, None),
            ]
        );
    }

    #[test]
    fn answers_are_read_back_as_told() {
        let heard = [
            read_arp(&arp_answer(V4, MAC, (ASKER, OTHER))),
            read_ndp(&advertisement(V6, MAC, Some(ASKER6))),
            read_ndp(&advertisement(V6, MAC, None)),
        ];
        let answer = |address| Some(Heard::Answer { address, mac: MAC });
        assert_eq!(heard, [answer(V4.into()), answer(V6.into()), answer(V6.into())]);
    }

    #[test]
    fn solicitation_goes_to_the_solicited_node_group() {
        let packet = solicitation(V6, ASKER6, MAC);
        let ip = Ipv6Packet::new(&packet).expect("a whole header");
        assert_eq!(ip.get_destination(), "ff02::1:ff12:3456".parse::<Ipv6Addr>().expect("an address"));
    }

    #[test]
    fn forwarded_or_damaged_solicitation_is_not_heard() {
        let good = solicitation(V6, ASKER6, MAC);
        let mut forwarded = good.clone();
        forwarded[7] = 254;
        let mut damaged = good.clone();
        damaged[60] ^= 1;
        assert_eq!(
            [read_ndp(&forwarded), read_ndp(&damaged), read_ndp(&good[..50]), read_ndp(&[])],
            [None; 4]
        );
    }

    #[test]
    fn lying_option_lengths_end_the_search() {
        let target = NdpOptionTypes::TargetLLAddr;
        let mut behind_another = vec![14, 1, 0, 0, 0, 0, 0, 0];
        behind_another.extend(link_layer_option(target, MAC));
        let found = [&behind_another[..], &[2, 0, 1, 2, 3, 4, 5, 6], &[2, 255, 1, 2, 3, 4, 5, 6], &[2], &[]]
            .map(|options| find_link_layer_option(options, target));
        assert_eq!(found, [Some(MAC), None, None, None, None]);
    }
}
