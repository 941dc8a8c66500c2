//! ARP and neighbour discovery: what is heard can be said, and etherparse hears the same.

use etherparse::{ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType};
use pnet::util::MacAddr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wire::Heard;

#[path = "../../../src/link/neighbour.rs"]
mod wire;

pub(crate) fn run(packet: &[u8]) {
    let heard = wire::read_arp(packet);
    assert_eq!(heard, their_arp(packet));
    match heard {
        Some(Heard::Question { address: IpAddr::V4(address), asker, mac: Some(mac) }) => {
            let Some(IpAddr::V4(asker)) = asker.or(Some(Ipv4Addr::UNSPECIFIED.into())) else {
                panic!("ARP is about IPv4")
            };
            assert_eq!(wire::read_arp(&wire::arp_question(address, asker, mac)), heard);
        }
        Some(Heard::Answer { address: IpAddr::V4(address), mac }) => {
            let told = wire::arp_answer(address, mac, (Ipv4Addr::LOCALHOST, MacAddr::zero()));
            assert_eq!(wire::read_arp(&told), heard);
        }
        Some(other) => panic!("ARP tells IPv4 and a MAC address, not {other:?}"),
        None => {}
    }
    let heard = wire::read_ndp(packet);
    match heard {
        Some(Heard::Question {
            address: IpAddr::V6(address),
            asker: Some(IpAddr::V6(asker)),
            mac: Some(mac),
        }) => {
            assert_eq!(wire::read_ndp(&wire::solicitation(address, asker, mac)), heard);
        }
        Some(Heard::Question { address: IpAddr::V6(_), asker: None | Some(IpAddr::V6(_)), .. }) | None => {}
        Some(Heard::Answer { address: IpAddr::V6(address), mac }) => {
            assert_eq!(wire::read_ndp(&wire::advertisement(address, mac, None)), heard);
            let asker = Some(Ipv6Addr::LOCALHOST);
            assert_eq!(wire::read_ndp(&wire::advertisement(address, mac, asker)), heard);
        }
        Some(other) => panic!("neighbour discovery is about IPv6, not {other:?}"),
    }
}

fn their_arp(packet: &[u8]) -> Option<Heard> {
    let arp = ArpPacketSlice::from_slice(packet).ok()?;
    if (arp.hw_addr_type(), arp.proto_addr_type()) != (ArpHardwareId::ETHERNET, EtherType::IPV4) {
        return None;
    }
    let address = |octets: &[u8]| Some(IpAddr::from(<[u8; 4]>::try_from(octets).ok()?));
    let sender = address(arp.sender_protocol_addr())?;
    let target = address(arp.target_protocol_addr())?;
    let mac = MacAddr::from(<[u8; 6]>::try_from(arp.sender_hw_addr()).ok()?);
    let asker = (!sender.is_unspecified()).then_some(sender);
    match arp.operation() {
        ArpOperation::REQUEST => Some(Heard::Question { address: target, asker, mac: Some(mac) }),
        ArpOperation::REPLY => Some(Heard::Answer { address: sender, mac }),
        _ => None,
    }
}
