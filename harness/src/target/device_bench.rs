//! Any host on an interface, as its profile describes it, with everything around it.

use super::host_pool::HostPool;
use super::reset::{RESET_WITHIN, reset};
use super::{Bench, BenchError, Host, OffloadError, contact, offload, unfinished_checksums};
use crate::link::{
    EthernetLink, Hosts, Interface, Link, LinkError, LinkOptions, MacPolicy, RING_BYTES, Ring,
};
use crate::upper_tester::{ProcessUpperTester, UpperTester};
use nix::ifaddrs::getifaddrs;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use tcpspec_core::case::Family;
use tcpspec_core::engine::TableEntry;
use tcpspec_core::profile::{self, AddressPool, Device, Limits, Profile};
use tcpspec_core::segment::Endpoint;
use tcpspec_core::time::Span;

/// A device, ready for trials. Nobody plays the application on it but the services that it has.
pub struct DeviceBench {
    link: EthernetLink,
    families: Vec<Side>,
    limits: Limits,
    remarks: Vec<String>,
    /// Program and arguments that bring the device back.
    reset: Option<Vec<String>>,
}

/// What belongs to one family.
struct Side {
    family: Family,
    target: IpAddr,
    /// The target itself, or the router before it.
    next_hop: IpAddr,
    pool: HostPool,
}

/// Why a device cannot be put to the test.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The link does not open, or a packet does not leave.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// The interface spoils what arrives.
    #[error("{0}")]
    Offload(#[from] OffloadError),
    /// The machine would send on what is for the bench.
    #[error(
        "this machine forwards IP{family} packets on {interface}, also those for the bench's hosts, whose MAC \
         address is its own: switch that off with `sysctl -w {setting}=0`, or say `mac: per-host` in the profile"
    )]
    Forwards {
        /// The interface.
        interface: String,
        /// The family.
        family: Family,
        /// What has it forward: a name for sysctl(8).
        setting: String,
    },
    /// The machine would answer for the bench.
    #[error(
        "this machine answers IPv6 packets for the bench's hosts, whose MAC address is its own, that there is no \
         route: switch IPv6 off there with `sysctl -w net.ipv6.conf.{interface}.disable_ipv6=1`, give {interface} an \
         address of that network, or say `mac: per-host` in the profile"
    )]
    Answers {
        /// The interface.
        interface: String,
    },
    /// Every address that the bench may have is somebody else's.
    #[error(
        "the IP{family} addresses that the profile gives the bench are in use by others: give it free ones"
    )]
    NoAddress {
        /// The family.
        family: Family,
    },
    /// A service does not answer.
    #[error(
        "{target} does not answer a SYN to its {service} service, port {port}, within {}: does it run, and does \
         the target's route back lead to the bench's hosts?",
        Span(*waited)
    )]
    Silent {
        /// The target.
        target: IpAddr,
        /// The service.
        service: &'static str,
        /// Its port.
        port: u16,
        /// Time waited.
        waited: Duration,
    },
    /// Nobody listens where a service should.
    #[error("{target} refuses a connection to its {service} service: nothing listens on port {port}")]
    Refused {
        /// The target.
        target: IpAddr,
        /// The service.
        service: &'static str,
        /// Its port.
        port: u16,
    },
    /// The target leaves its checksums unfinished.
    #[error("{}", unfinished_checksums(*.0))]
    UnfinishedChecksums(u64),
}

impl DeviceError {
    /// Whether the target is at fault; else this machine.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Refused { .. } | Self::Link(LinkError::Unresolved { .. }))
    }
}

/// Addresses of one family that the bench plays at most, in one run.
const MOST_HOSTS: usize = 1024;

/// Trials at a time where the profile does not say what the device stands. Queues for connections are
/// as short as 9 (busybox's httpd) or 5; beyond it a device drops a SYN, or answers it with a cookie and
/// forgets it (RFC 4987 section 3.6), and its verdicts would be about the load.
const CAREFUL: u32 = 4;

/// For how long it is asked whether addresses are free: long enough for a device that sleeps between
/// two beacons of its access point.
const CONFLICTS_WITHIN: Duration = Duration::from_millis(900);

/// How often others are asked for in place of those that are taken.
const MOST_ROUNDS: usize = 4;

/// How long a next hop may take to say where it is.
pub(crate) const RESOLVED_WITHIN: Duration = Duration::from_secs(3);

impl DeviceBench {
    /// Opens the device's interface, takes up to `hosts` addresses of each family for the bench, those
    /// that nobody else has, and makes sure that the target answers.
    ///
    /// # Errors
    /// This machine does not allow it, or the target does not answer.
    pub fn open(profile: &Profile, device: &Device, hosts: usize) -> Result<Self, DeviceError> {
        let interface = Interface::by_name(&device.interface)?;
        offload::check_receiving(&interface.name)?;
        let places = Place::of(device);
        places.iter().try_for_each(|place| check_kernel(place, device))?;
        let mut remarks = Vec::new();
        let mut link = open_link(interface, device)?;
        let most = most_hosts(hosts, &profile.limits, places.len());
        let addresses = free_addresses(&mut link, &places, most, &mut remarks)?;
        link.set_hosts(Hosts::none().with_addresses(addresses.iter().flatten().copied()))?;
        let mut families = Vec::new();
        for (place, addresses) in places.iter().zip(&addresses) {
            let mac = link.resolve(place.next_hop, addresses[0], RESOLVED_WITHIN)?;
            link.set_next_hop(place.family, mac);
            let mut side = Side::new(place, addresses, profile);
            side.greet(&mut link, &device.services)?;
            families.push(side);
        }
        let unfinished = link.counters()?.unfinished_checksums;
        if unfinished > 0 {
            return Err(DeviceError::UnfinishedChecksums(unfinished));
        }
        remarks.extend(families.iter().map(|side| side.remark(hosts, &device.interface)));
        if profile.limits.connections.is_none() && profile.limits.half_open.is_none() {
            remarks.push(format!(
                "{CAREFUL} trials at a time: `limits: {{connections: N}}` in the profile says that the device stands more"
            ));
        }
        Ok(Self { link, families, limits: profile.limits, remarks, reset: device.reset.clone() })
    }

    /// The bench behind a link on which everything is made ready: `addresses` are played, one group for each
    /// of `places`, and the next hops are known.
    pub(crate) fn ready(
        link: EthernetLink,
        places: &[Place<'_>],
        addresses: &[Vec<IpAddr>],
        profile: &Profile,
    ) -> Self {
        let mut families = Vec::new();
        for (place, addresses) in places.iter().zip(addresses) {
            let mut side = Side::new(place, addresses, profile);
            // Those from which its ports were knocked at.
            if let Some(given) = side.pool.take(contact::PORTS) {
                side.pool.give_back(given.address, false);
            }
            families.push(side);
        }
        Self { link, families, limits: profile.limits, remarks: Vec::new(), reset: None }
    }

    fn side(&mut self, family: Family) -> Option<&mut Side> {
        self.families.iter_mut().find(|side| side.family == family)
    }
}

/// Where the target is, in one family, and who the bench may be.
pub(crate) struct Place<'d> {
    pub(crate) family: Family,
    pub(crate) target: IpAddr,
    /// The target itself, or the router before it.
    pub(crate) next_hop: IpAddr,
    pool: &'d AddressPool,
}

impl<'d> Place<'d> {
    /// One for each family that the device has.
    pub(crate) fn of(device: &'d Device) -> Vec<Self> {
        let v4 = device.address.v4.map(IpAddr::from);
        let v6 = device.address.v6.map(IpAddr::from);
        let gateways = (device.gateway.v4.map(IpAddr::from), device.gateway.v6.map(IpAddr::from));
        let place = |family, target: Option<IpAddr>, gateway: Option<IpAddr>, pool| {
            let target = target?;
            Some(Self { family, target, next_hop: gateway.unwrap_or(target), pool })
        };
        [
            place(Family::V4, v4, gateways.0, &device.bench.v4),
            place(Family::V6, v6, gateways.1, &device.bench.v6),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Opens the link, on which the bench plays nobody yet.
///
/// # Errors
/// The rights for it are missing, or the interface is down.
pub(crate) fn open_link(interface: Interface, device: &Device) -> Result<EthernetLink, LinkError> {
    let macs = match device.bench.mac {
        profile::MacPolicy::Shared => MacPolicy::Shared(interface.mac),
        profile::MacPolicy::PerHost => MacPolicy::PerHost,
    };
    let ring = Ring::allocate(RING_BYTES, interface.mtu)?;
    // Questions for IPv6 hosts go to groups, which a real interface does not take by itself.
    let promiscuous = macs == MacPolicy::PerHost || device.address.v6.is_some();
    let options = LinkOptions { interface, hosts: Hosts::none(), macs, vlan: device.vlan, promiscuous };
    let mut link = EthernetLink::open(ring, options)?;
    // An interface that is down is opened all the same, and tells it only when asked.
    link.counters()?;
    Ok(link)
}

/// How many connections the device stands at a time. Any trial may leave one half open for a moment:
/// the narrower limit counts for all.
fn stands(limits: &Limits) -> u32 {
    limits.connections.into_iter().chain(limits.half_open).min().unwrap_or(CAREFUL)
}

/// How many hosts of each family the bench plays.
pub(crate) fn most_hosts(wanted: usize, limits: &Limits, families: usize) -> usize {
    let stood = limits.hosts.map_or(usize::MAX, |hosts| hosts as usize / families.max(1));
    wanted.min(stood).clamp(1, MOST_HOSTS)
}

/// Up to `most` addresses of the profile for each place, which nobody has, neither on the link nor on
/// this machine; a remark on each that somebody has.
///
/// # Errors
/// There is none in a family, or a packet does not leave.
pub(crate) fn free_addresses(
    link: &mut EthernetLink,
    places: &[Place<'_>],
    most: usize,
    remarks: &mut Vec<String>,
) -> Result<Vec<Vec<IpAddr>>, DeviceError> {
    let own = own_addresses();
    for address in own.iter().filter(|address| places.iter().any(|place| place.pool.contains(**address))) {
        remarks.push(format!("{address} is an address of this machine itself: left out"));
    }
    let is_not_own = |address: &IpAddr| !own.contains(address);
    let mut candidates: Vec<_> = places.iter().map(|place| place.pool.iter().filter(is_not_own)).collect();
    let mut free = vec![Vec::new(); places.len()];
    // In place of those that are taken others are asked for, until the pools are through.
    for _ in 0..MOST_ROUNDS {
        let batches: Vec<Vec<IpAddr>> = candidates
            .iter_mut()
            .zip(&free)
            .map(|(candidates, free)| candidates.take(most - free.len()).collect())
            .collect();
        if batches.iter().all(Vec::is_empty) {
            break;
        }
        let used = link.in_use(&batches.concat(), CONFLICTS_WITHIN)?;
        for (address, mac) in &used {
            remarks.push(format!("{address} is in use by {mac}: left out"));
        }
        for (free, batch) in free.iter_mut().zip(batches) {
            for address in batch.into_iter().filter(|address| !used.contains_key(address)) {
                if leads_here(address) {
                    remarks
                        .push(format!("{address} has a route of the kind `local` on this machine: left out"));
                } else {
                    free.push(address);
                }
            }
        }
    }
    match places.iter().zip(&free).find(|(_, free)| free.is_empty()) {
        Some((place, _)) => Err(DeviceError::NoAddress { family: place.family }),
        None => Ok(free),
    }
}

/// The addresses of this machine's own interfaces; our own probes would not find them.
fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let address = |storage: nix::sys::socket::SockaddrStorage| {
        let v4 = storage.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
    };
    interfaces.filter_map(|interface| address(interface.address?)).collect()
}

/// Whether this machine's kernel takes packets for `address` as its own: from such an address it speaks
/// itself.
fn leads_here(address: IpAddr) -> bool {
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let speaks_from = || {
        let socket = UdpSocket::bind((any, 0))?;
        // Nothing is sent by that.
        socket.connect((address, 9))?;
        socket.local_addr()
    };
    speaks_from().is_ok_and(|from| from.ip() == address)
}

/// Where the hosts have this machine's own MAC address, its kernel takes their packets, too: it must drop
/// them silently.
///
/// # Errors
/// It would not.
pub(crate) fn check_kernel(place: &Place<'_>, device: &Device) -> Result<(), DeviceError> {
    if device.bench.mac == profile::MacPolicy::PerHost {
        return Ok(());
    }
    let (family, interface) = (place.family, device.interface.clone());
    let is_set = |setting: &str| {
        let path = format!("/proc/sys/{}", setting.replace('.', "/"));
        fs::read_to_string(path).is_ok_and(|value| value.trim() != "0")
    };
    // An interface may have a dot in its name.
    let of_interface = |name| {
        let path = format!("/proc/sys/net/ip{family}/conf/{interface}/{name}");
        fs::read_to_string(path).is_ok_and(|value| value.trim() != "0")
    };
    if family == Family::V6 && of_interface("disable_ipv6") {
        return Ok(());
    }
    // Of IPv6 Linux forwards all or nothing.
    let all = "net.ipv6.conf.all.forwarding".to_owned();
    if family == Family::V6 && is_set(&all) {
        return Err(DeviceError::Forwards { interface, family, setting: all });
    }
    if of_interface("forwarding") {
        let setting = format!("net.ip{family}.conf.{}.forwarding", interface.replace('.', "/"));
        return Err(DeviceError::Forwards { interface, family, setting });
    }
    // Without a route Linux tells the sender so (net/ipv6/route.c, ip6_pkt_discard()), which IPv4 does
    // only where it forwards.
    let host = place.pool.iter().next().filter(|_| family == Family::V6);
    let route = |host| {
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
        socket.connect(SocketAddr::new(host, 9))
    };
    match host.map(route) {
        Some(Err(_)) => Err(DeviceError::Answers { interface }),
        _ => Ok(()),
    }
}

impl Side {
    fn new(place: &Place<'_>, addresses: &[IpAddr], profile: &Profile) -> Self {
        let pool = HostPool::new(addresses, &profile.ports.bench);
        Self { family: place.family, target: place.target, next_hop: place.next_hop, pool }
    }

    fn greet(&mut self, link: &mut EthernetLink, services: &profile::Services) -> Result<(), DeviceError> {
        let Some(given) = self.pool.take(contact::PORTS) else { return Ok(()) };
        let bench = Endpoint::new(given.address, given.first_port);
        let answered = contact::greet(link, bench, self.target, services);
        self.pool.give_back(given.address, false);
        answered
    }

    fn remark(&self, wanted: usize, interface: &str) -> String {
        let (count, family) = (self.pool.len(), self.family);
        let again = if count < wanted {
            "; each is used again when its trial has ended, and then with other ports"
        } else {
            ""
        };
        let s = if count == 1 { "" } else { "es" };
        format!("{count} IP{family} address{s} on {interface}{again}")
    }
}

impl Bench for DeviceBench {
    fn link(&mut self) -> &mut dyn Link {
        &mut self.link
    }

    fn upper_tester(&mut self) -> Option<&mut dyn UpperTester> {
        None
    }

    fn private_upper_tester(&mut self) -> Result<ProcessUpperTester, BenchError> {
        Err(BenchError("nobody plays the application on a device".into()))
    }

    fn fresh_host(&mut self, family: Family, ports: u32) -> Option<Host> {
        let side = self.side(family)?;
        let given = side.pool.take(ports)?;
        let next_hop = side.next_hop;
        if given.is_new {
            // A courtesy: a target that does not hear it asks by itself.
            let _ = self.link.introduce(given.address, next_hop);
        }
        Some(Host { address: given.address, first_port: Some(given.first_port) })
    }

    fn give_back(&mut self, address: IpAddr, marked: bool) {
        if let Some(side) = self.side(Family::of(address)) {
            side.pool.give_back(address, marked);
        }
    }

    fn can_reset(&self) -> bool {
        self.reset.is_some()
    }

    fn reset(&mut self) -> Result<(), BenchError> {
        let command = self.reset.as_deref().unwrap_or_default();
        reset(command, RESET_WITHIN).map(drop).map_err(BenchError::of)
    }

    fn target_address(&self, family: Family) -> Option<IpAddr> {
        self.families.iter().find(|side| side.family == family).map(|side| side.target)
    }

    fn has_table(&self) -> bool {
        false
    }

    fn look_up(&mut self, _: SocketAddr, _: Option<SocketAddr>) -> Result<TableEntry, BenchError> {
        Err(BenchError("a device does not show its socket table".into()))
    }

    fn most_connections(&self) -> Option<u32> {
        Some(stands(&self.limits))
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }
}
