//! The kernel of this machine as the target, in a namespace of its own behind a veth pair.
//!
//! The bench is a router on that link, with one MAC address and any number of hosts behind it: one
//! permanent neighbour entry per family serves them all, and no kernel owns their addresses.

use super::namespace::{Namespaces, Side};
use super::netlink::{NewEnd, RouteSocket};
use super::state_table::StateTable;
use super::{TargetError, offload};
use crate::link::{
    EthernetLink, Family, Hosts, Interface, LinkError, LinkOptions, MacAddr, MacPolicy, RING_BYTES, Ring,
};
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// This machine's kernel in its own network namespace. Both vanish with this value or with the process,
/// and the link goes down with them.
#[derive(Debug)]
pub struct KernelTarget {
    namespaces: Namespaces,
    families: Vec<Family>,
    facts: KernelFacts,
}

/// A target of which only the namespaces are there; the kernel is making the receive ring.
#[derive(Debug)]
pub struct Preparation {
    namespaces: Namespaces,
    /// `None` where no thread was to be had for it.
    ring: Option<JoinHandle<Result<Ring, LinkError>>>,
}

/// What moves verdicts on this kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFacts {
    /// Such as `6.18.44`.
    pub release: String,
    /// Settings as read inside the target's namespace, by their names for sysctl(8). One that this
    /// kernel does not have is absent.
    pub sysctls: BTreeMap<String, String>,
}

/// What the two interfaces and the target's TCP have counted since they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelCounters {
    /// The bench's end of the link.
    pub bench: VethEnd,
    /// The target's end.
    pub target: VethEnd,
    /// SYN cookies sent by the target: above zero, its half-open connections did not fit.
    pub syn_cookies_sent: u64,
}

/// Frames through one end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VethEnd {
    /// Taken in.
    pub received: u64,
    /// Let out.
    pub sent: u64,
    /// Lost on the way in.
    pub receive_dropped: u64,
    /// Lost on the way out.
    pub send_dropped: u64,
}

impl KernelTarget {
    /// Makes the target and the link to it: [`KernelTarget::prepare`] and [`Preparation::finish`].
    ///
    /// # Errors
    /// The machine does not allow it, or lacks something; the error says what.
    pub fn create() -> Result<(Self, EthernetLink), TargetError> {
        Self::prepare()?.finish()
    }

    /// Makes the namespaces. To be called before the process has a second thread
    /// ([`Namespaces::create`]): the calling thread and those it starts later are in the bench's namespace
    /// afterwards.
    ///
    /// # Errors
    /// The machine does not allow it, or lacks something; the error says what.
    pub fn prepare() -> Result<Preparation, TargetError> {
        let namespaces = Namespaces::create()?;
        // The kernel takes 5 to 20 ms to make a ring, most of it waiting for its other processors:
        // time for the network, and for whatever else the caller has to prepare.
        let ring = thread::Builder::new().spawn(|| Ring::allocate(RING_BYTES, MTU)).ok();
        Ok(Preparation { namespaces, ring })
    }

    /// The families that this kernel has.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The target's address.
    #[must_use]
    pub fn target_address(&self, family: Family) -> IpAddr {
        target_address(family)
    }

    /// The bench's `n`-th host, from 0: 198.18.0.0/15 without what looks like the address of a network
    /// or a broadcast (130,048 hosts), or 2001:db8:1::/48. `None` where there are no more.
    #[must_use]
    pub fn host(&self, n: u32, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => {
                let (network, number) = (n / 254, n % 254 + 1);
                (network < 512)
                    .then(|| Ipv4Addr::from_bits(HOSTS_V4.to_bits() + network * 256 + number).into())
            }
            Family::V6 => Some(Ipv6Addr::from_bits(HOSTS_V6.to_bits() + u128::from(n) + 1).into()),
        }
    }

    /// Runs `work` on this thread in the target's namespace: sockets opened there belong to the target.
    ///
    /// # Errors
    /// The kernel refuses the change of namespace.
    pub fn in_target<T>(&self, work: impl FnOnce() -> T) -> Result<T, TargetError> {
        Ok(self.namespaces.within(Side::Target, work)?)
    }

    /// The target's table of sockets.
    ///
    /// # Errors
    /// The kernel does not show it.
    pub fn state_table(&self) -> Result<StateTable, TargetError> {
        Ok(self.in_target(StateTable::open)??)
    }

    /// Kernel release and settings, as they were when the target was made.
    #[must_use]
    pub fn facts(&self) -> &KernelFacts {
        &self.facts
    }

    /// What the interfaces and the target's TCP have counted so far.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn counters(&self) -> Result<KernelCounters, TargetError> {
        let end = |side, name| self.namespaces.within(side, || VethEnd::read(name))?;
        let netstat = self.in_target(|| read("/proc/thread-self/net/netstat"))??;
        Ok(KernelCounters {
            bench: end(Side::Bench, BENCH_END)?,
            target: end(Side::Target, TARGET_END)?,
            syn_cookies_sent: tcp_counter(&netstat, "SyncookiesSent").unwrap_or(0),
        })
    }
}

impl Preparation {
    /// Makes the interfaces and the addresses, on any thread that was started after the namespaces were
    /// made, and returns when packets really pass in both families. The link is handed out apart from the
    /// target, because one thread drives the link while others act as the application on the target.
    ///
    /// # Errors
    /// No ring, or nothing passes; the error says what.
    pub fn finish(self) -> Result<(KernelTarget, EthernetLink), TargetError> {
        let Self { namespaces, ring } = self;
        let (families, interface) = build_network(&namespaces)?;
        let facts = namespaces.within(Side::Target, KernelFacts::read)??;
        let target = KernelTarget { namespaces, families, facts };
        let ring = match ring {
            Some(ring) => ring.join().unwrap_or_else(|panic| resume_unwind(panic))?,
            None => Ring::allocate(RING_BYTES, MTU)?,
        };
        let macs = MacPolicy::Shared(ROUTER_MAC);
        let options = LinkOptions { interface, hosts: all_hosts(), macs, vlan: None, promiscuous: false };
        let mut link = EthernetLink::open(ring, options)?;
        for family in &target.families {
            // The proof that the link carries packets: the kernel takes it into use a moment after it
            // was switched on.
            let mac = link.resolve(target_address(*family), gateway(*family), LINK_UP_PATIENCE)?;
            link.set_next_hop(*family, mac);
        }
        Ok((target, link))
    }
}

/// Makes the veth pair and everything on it, and returns the families that work and the bench's end.
fn build_network(namespaces: &Namespaces) -> Result<(Vec<Family>, Interface), TargetError> {
    let mut bench = RouteSocket::open()?;
    let mut target = namespaces.within(Side::Target, RouteSocket::open)??;
    bench.create_veth(
        NewEnd { name: BENCH_END, mac: BENCH_MAC },
        NewEnd { name: TARGET_END, mac: TARGET_MAC },
        namespaces.descriptor(Side::Target),
        MTU as u32,
    )?;
    let bench_end = Interface::by_name(BENCH_END)?;
    let (target_end, families) = namespaces.within(Side::Target, || {
        let families = if Path::new(IPV6_SETTINGS).exists() { BOTH.to_vec() } else { vec![Family::V4] };
        quieten_ipv6();
        (Interface::by_name(TARGET_END), families)
    })?;
    let target_end = target_end?;

    offload::switch_off(BENCH_END)?;
    namespaces.within(Side::Target, || offload::switch_off(TARGET_END))??;
    if families.contains(&Family::V6) {
        bench.disable_address_generation(bench_end.index)?;
        target.disable_address_generation(target_end.index)?;
    }
    // The bench's end first: the target's then finds a carrier and is ready at once.
    bench.set_up(bench_end.index)?;
    target.set_up(LOOPBACK)?;
    target.set_up(target_end.index)?;
    for family in &families {
        let prefix = if *family == Family::V4 { 24 } else { 64 };
        target.add_address(target_end.index, target_address(*family), prefix)?;
        target.add_neighbour(target_end.index, gateway(*family), ROUTER_MAC)?;
        target.add_default_route(target_end.index, gateway(*family))?;
    }
    Ok((families, bench_end))
}

/// Keeps the target's IPv6 from talking by itself. In a container these files may be read-only;
/// then the flags of address and interface do most of it alone.
fn quieten_ipv6() {
    for (setting, value) in [
        ("disable_ipv6", "0"),
        ("accept_ra", "0"),
        ("autoconf", "0"),
        ("router_solicitations", "0"),
        ("dad_transmits", "0"),
    ] {
        let _ = fs::write(format!("{IPV6_SETTINGS}/conf/{TARGET_END}/{setting}"), value);
    }
}

impl KernelFacts {
    /// To be called inside the target's namespace.
    fn read() -> Result<Self, TargetError> {
        let release = read("/proc/sys/kernel/osrelease")?.trim().to_owned();
        let sysctls = SYSCTLS.iter().filter_map(|name| {
            let path = format!("/proc/sys/{}", name.replace('.', "/"));
            let value = fs::read_to_string(path).ok()?;
            Some(((*name).to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        });
        Ok(Self { release, sysctls: sysctls.collect() })
    }
}

impl VethEnd {
    /// To be called inside the namespace of the interface.
    fn read(name: &str) -> Result<Self, TargetError> {
        let index = Interface::by_name(name)?.index;
        let statistics = RouteSocket::open()?.statistics(index)?;
        Ok(Self {
            received: statistics.rx_packets,
            sent: statistics.tx_packets,
            receive_dropped: statistics.rx_dropped,
            send_dropped: statistics.tx_dropped,
        })
    }
}

/// One number of the `TcpExt` pair of lines in /proc/net/netstat.
fn tcp_counter(netstat: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let place = names.split_whitespace().position(|each| each == name)?;
    values.split_whitespace().nth(place)?.parse().ok()
}

fn read(path: &str) -> Result<String, TargetError> {
    fs::read_to_string(path)
        .map_err(|error| TargetError::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

fn target_address(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, 1).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1).into(),
    }
}

/// The bench, as the target's router.
fn gateway(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, 254).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0xfe).into(),
    }
}

/// The hosts behind the router, the router itself, and the broadcast addresses: a target that
/// answers a segment from one of those must be caught at it.
fn all_hosts() -> Hosts {
    Hosts::none()
        .with_range(HOSTS_V4.into(), Ipv4Addr::new(198, 19, 255, 255).into())
        .with_range(HOSTS_V6.into(), Ipv6Addr::from_bits(HOSTS_V6.to_bits() | u128::MAX >> 48).into())
        .with_addresses(BOTH.map(gateway))
        .with_addresses([Ipv4Addr::new(192, 0, 2, 255).into(), Ipv4Addr::BROADCAST.into()])
}

/// RFC 2544: for benchmarks of networks, used by nobody else.
const HOSTS_V4: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
/// RFC 3849: for documentation.
const HOSTS_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0);
const BOTH: [Family; 2] = [Family::V4, Family::V6];
const MTU: usize = 1500;
const BENCH_END: &str = "bench";
const TARGET_END: &str = "target";
const TARGET_MAC: MacAddr = MacAddr(0x02, 0, 0, 0, 0, 0x01);
/// The router is not at the interface's own address: so the bench's kernel takes every packet as
/// somebody else's and never looks into it.
const ROUTER_MAC: MacAddr = MacAddr(0x02, 0, 0, 0, 0, 0xfe);
const BENCH_MAC: MacAddr = MacAddr(0x02, 0, 0, 0, 0, 0x02);
/// `lo` is the first interface of every namespace.
const LOOPBACK: u32 = 1;
const IPV6_SETTINGS: &str = "/proc/sys/net/ipv6";
/// It takes microseconds, or some milliseconds on a loaded machine.
const LINK_UP_PATIENCE: Duration = Duration::from_secs(5);
/// The settings that move verdicts.
const SYSCTLS: [&str; 13] = [
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.target.rp_filter",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_invalid_ratelimit",
    "net.ipv4.tcp_min_snd_mss",
    "net.ipv4.tcp_rfc1337",
    "net.ipv4.tcp_rto_min_us",
    "net.ipv4.tcp_stdurg",
    "net.ipv4.tcp_syn_linear_timeouts",
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
];

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn counter_is_found_by_its_name() {
        let netstat = "TcpExt: SyncookiesSent SyncookiesRecv\nTcpExt: 871 3\nIpExt: InNoRoutes\nIpExt: 5\n";
        let found = ["SyncookiesSent", "SyncookiesRecv", "InNoRoutes"].map(|name| tcp_counter(netstat, name));
        assert_eq!(found, [Some(871), Some(3), None]);
    }

    #[test]
    fn router_hosts_and_broadcasts_are_ours_and_the_target_is_not() {
        let hosts = all_hosts();
        let owned = [
            "192.0.2.254",
            "192.0.2.255",
            "255.255.255.255",
            "198.19.255.254",
            "2001:db8:1:ffff::1",
            "2001:db8:ffff::fe",
            "192.0.2.1",
            "2001:db8:ffff::1",
            "2001:db8:2::1",
        ]
        .map(|text| hosts.owns(text.parse().expect("a literal address")));
        assert_eq!(owned, [true, true, true, true, true, true, false, false, false]);
    }
}
