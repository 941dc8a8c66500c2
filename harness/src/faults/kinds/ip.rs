//! The IP header, and the ports (RFC 9293 section 3.9.2; RFC 1122 section 3.2).

use super::Kind;
use super::words::*;
use crate::faults::rule::Fate;
use std::net::IpAddr;
use tcpspec_core::app::SocketOption;
use tcpspec_core::segment::Packet;

pub(super) const KINDS: &[Kind] = &[
    ("ttl-of-one", || {
        says(|s, _| {
            s.ip.ttl = 1;
            Fate::Pass
        })
    }),
    ("ttl-setting-ignored", || {
        wishing(|option| {
            if let SocketOption::TimeToLive(hops) = option {
                *hops = 64;
            }
        })
    }),
    ("type-of-service-setting-ignored", || {
        wishing(|option| {
            if let SocketOption::TypeOfService(octet) = option {
                *octet = 0;
            }
        })
    }),
    ("low-ttl-segment-dropped", || hears(|s, _| drop_if(s.ip.ttl <= 1))),
    ("answers-to-many", || {
        hears(|s, at| {
            if has(s, F::SYN) && for_many(s.ip.destination) {
                at.reset(s);
            }
            Fate::Pass
        })
    }),
    ("wrong-source-address", || {
        says(|s, _| {
            s.ip.source = neighbour(s.ip.source);
            Fate::Pass
        })
    }),
    ("wrong-source-port", || {
        says(|s, _| {
            s.source_port ^= 1;
            Fate::Pass
        })
    }),
    ("fragments-dropped", || Middle::default().loses(|packet| matches!(packet, Packet::Fragment(_)))),
    ("congestion-marked-segment-dropped", || hears(|s, _| drop_if(s.ip.tos & 0b11 != 0))),
];

fn neighbour(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) ^ 1).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) ^ 1).into()),
    }
}
