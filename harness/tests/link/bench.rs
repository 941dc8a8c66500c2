//! A target, a link to it, and who is where.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tcpspec::link::{EthernetLink, Family, Hosts, Interface, Link, LinkOptions, MacPolicy, Ring};
use tcpspec::target::KernelTarget;

pub(crate) const BOTH: [Family; 2] = [Family::V4, Family::V6];

pub(crate) fn create() -> (KernelTarget, EthernetLink) {
    KernelTarget::create().unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn host(target: &KernelTarget, n: u32, family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(target.host(n, family).expect("few hosts are asked for"), port)
}

pub(crate) fn at_target(target: &KernelTarget, family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(target.target_address(family), port)
}

/// A link of its own on an interface of the calling thread's namespace, with a ring of the smallest size.
pub(crate) fn second_link(interface: &str, hosts: Hosts, vlan: Option<u16>) -> EthernetLink {
    let interface = Interface::by_name(interface).expect("the interface");
    let ring = Ring::allocate(1, interface.mtu).expect("a ring");
    let options = LinkOptions { interface, hosts, macs: MacPolicy::PerHost, vlan, promiscuous: false };
    EthernetLink::open(ring, options).expect("a link")
}

/// Takes packets until there are `wanted`, or none has come for a while.
pub(crate) fn receive(link: &mut EthernetLink, wanted: usize) -> usize {
    let (mut taken, mut last) = (0, Instant::now());
    while taken < wanted && last.elapsed() < Duration::from_secs(1) {
        let before = taken;
        link.receive(&mut |_, _| taken += 1).expect("received");
        if taken > before {
            last = Instant::now();
        }
    }
    taken
}
