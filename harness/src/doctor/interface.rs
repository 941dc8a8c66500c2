//! The interface towards a device: is it there, does it carry frames, and does anything of this machine
//! spoil or answer them?

use super::report::Found;
use super::{AGAIN, Asker};
use crate::link::{Interface, LinkError, Ring};
use crate::target::{DeviceError, OffloadError, Place, check_kernel, check_receiving};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};
use tcpspec_core::case::Family;
use tcpspec_core::profile::Device;

/// Whether this process may open packet sockets: the smallest is opened.
pub(super) fn rights(asker: &Asker) -> Found {
    let by = if asker.is_root { " (root)" } else { "" };
    match Ring::allocate(1, ORDINARY_MTU) {
        Ok(_) => Found::Ok(format!("CAP_NET_RAW{by}: packet sockets can be opened")),
        Err(LinkError::NotPermitted { errno }) => Found::Bench {
            says: format!("opening a packet socket was refused ({errno}): it needs CAP_NET_RAW"),
            mend: asker.as_root(&format!("setcap cap_net_raw,cap_net_admin+ep {}", asker.program.display())),
        },
        Err(error) => Found::Bench { says: error.to_string(), mend: asker.as_root("tcpspec") },
    }
}

/// Whether the interface of the profile is there, up, and long enough.
pub(super) fn look(found: &Result<Interface, LinkError>, device: &Device, asker: &Asker) -> Found {
    let interface = match found {
        Ok(interface) => interface,
        Err(error) => {
            let mend = format!("write another `interface:` into {}", asker.target);
            return Found::Bench { says: error.to_string(), mend };
        }
    };
    let Interface { name, mtu, mac, .. } = interface;
    let set = |what: &str| asker.as_root(&format!("ip link set {name} {what}"));
    if !flags_of(name).contains(InterfaceFlags::IFF_UP) {
        return Found::Bench { says: format!("interface {name} is down"), mend: set("up") };
    }
    if !has_carrier(name) {
        let says = format!("interface {name} has no carrier: nothing is at the other end of its wire");
        let mend = format!("connect {name} with the target, and switch that on");
        return Found::Bench { says, mend };
    }
    if *mtu < ORDINARY_MTU {
        let says = format!(
            "interface {name} carries packets of at most {mtu} octets: trials with longer ones are errors"
        );
        return Found::Warn { says, mend: set(&format!("mtu {ORDINARY_MTU}")) };
    }
    let vlan = device.vlan.map(|vlan| format!(", frames in VLAN {vlan}")).unwrap_or_default();
    Found::Ok(format!("{name} is up and has a carrier, {mac}, MTU {mtu}{vlan}"))
}

/// Whether what arrives is shown as it was sent. A bench leaves the interface to its owner to change.
pub(super) fn offloads(name: &str, asker: &Asker) -> Found {
    match check_receiving(name) {
        Ok(()) => Found::Ok("nothing that arrives is merged: GRO and LRO are off".into()),
        Err(OffloadError::Merges { features, interface }) => Found::Bench {
            says: format!("{interface} merges segments as they arrive ({})", features.join(", ")),
            mend: asker.as_root(&format!("ethtool -K {interface} {} off", features.join(" off "))),
        },
        Err(error) => Found::Bench { says: error.to_string(), mend: format!("ethtool -k {name}") },
    }
}

/// Whether this machine's kernel leaves the packets for the bench's hosts to the bench.
pub(super) fn silence(places: &[Place<'_>], device: &Device, asker: &Asker) -> Found {
    let switch = |setting: String| asker.as_root(&format!("sysctl -w {setting}"));
    let answers = places.iter().find_map(|place| check_kernel(place, device).err());
    let (says, mend) = match answers {
        None => return Found::Ok("this machine's own answers nobody in the bench's place".into()),
        Some(DeviceError::Forwards { family, interface, setting }) => (
            format!(
                "this machine forwards IP{family} packets on {interface}, those for the bench's hosts, too"
            ),
            switch(format!("{setting}=0")),
        ),
        Some(DeviceError::Answers { interface }) => (
            format!(
                "this machine answers IPv6 packets for the bench's hosts on {interface} that there is no route"
            ),
            switch(format!("net.ipv6.conf.{}.disable_ipv6=1", interface.replace('.', "/"))),
        ),
        Some(error) => (error.to_string(), AGAIN.to_owned()),
    };
    Found::Bench { says, mend }
}

/// The network of this interface in which `next_hop` lies: a bench address beyond it is a stranger to the
/// next hop, which then answers it by another way, or not at all.
pub(super) fn strangers(name: &str, next_hop: IpAddr, addresses: &[IpAddr]) -> Vec<IpAddr> {
    let Ok(entries) = getifaddrs() else { return Vec::new() };
    let networks = entries.filter(|entry| entry.interface_name == name).filter_map(|entry| {
        let (address, mask) = (ip(entry.address?)?, ip(entry.netmask?)?);
        Some((bits(address)?, bits(mask)?))
    });
    let of = |address: IpAddr| bits(address).unwrap_or_default();
    let is_v4 = next_hop.is_ipv4();
    let holds = |(address, mask): &(u128, u128)| of(next_hop) & mask == address & mask;
    let family = |(_, mask): &(u128, u128)| is_v4 == (mask >> 32 == 0);
    let Some((network, mask)) = networks.filter(family).find(holds) else { return Vec::new() };
    let last = if is_v4 { u128::from(u32::MAX) } else { u128::MAX };
    let is_stranger = |address: &IpAddr| {
        let number = of(*address);
        let host = number & !mask & last;
        let is_all = is_v4 && mask.count_ones() < 31 && (host == 0 || host == !mask & last);
        number & mask != network & mask || is_all
    };
    addresses.iter().copied().filter(is_stranger).collect()
}

/// Whether the interface has a carrier, or gets one soon: the two ends of a wire take a while to agree.
fn has_carrier(name: &str) -> bool {
    let began = Instant::now();
    while !flags_of(name).contains(InterfaceFlags::IFF_LOWER_UP) {
        if began.elapsed() > CARRIER_WITHIN {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
    true
}

fn flags_of(name: &str) -> InterfaceFlags {
    let Ok(mut entries) = getifaddrs() else { return InterfaceFlags::empty() };
    entries.find(|entry| entry.interface_name == name).map_or(InterfaceFlags::empty(), |entry| entry.flags)
}

fn ip(storage: SockaddrStorage) -> Option<IpAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
}

fn bits(address: IpAddr) -> Option<u128> {
    Some(match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    })
}

/// How a family finds the MAC address of a neighbour.
pub(super) fn resolution(family: Family) -> &'static str {
    match family {
        Family::V4 => "ARP",
        Family::V6 => "neighbour discovery",
    }
}

/// What trials expect a link to carry.
const ORDINARY_MTU: usize = 1500;
/// Gigabit Ethernet over copper takes up to three seconds.
const CARRIER_WITHIN: Duration = Duration::from_secs(3);
