//! Which addresses the bench plays, and with which MAC addresses.

use pnet::util::MacAddr;
use std::net::IpAddr;
use std::ops::RangeInclusive;
pub use tcpspec_core::case::Family;

/// The addresses of the bench's virtual hosts: what is sent to them is received, and questions for
/// them are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    ranges: Vec<RangeInclusive<IpAddr>>,
}

impl Hosts {
    /// No host at all: ARP and neighbour discovery are heard, nothing is answered.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds every address from `first` to `last`, both included; nothing where they are of two
    /// families or in the wrong order.
    #[must_use]
    pub fn with_range(mut self, first: IpAddr, last: IpAddr) -> Self {
        if Family::of(first) == Family::of(last) && first <= last {
            self.ranges.push(first..=last);
        }
        self
    }

    /// Adds single addresses.
    #[must_use]
    pub fn with_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.ranges.extend(addresses.into_iter().map(|address| address..=address));
        self
    }

    /// Whether `address` is one of ours.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }

    /// The ranges, in the order in which they were added.
    #[must_use]
    pub fn ranges(&self) -> &[RangeInclusive<IpAddr>] {
        &self.ranges
    }
}

/// The MAC address that a virtual host sends from and answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacPolicy {
    /// One for all hosts, as behind a router.
    Shared(MacAddr),
    /// A locally administered one per host, derived from its address.
    PerHost,
}

impl MacPolicy {
    /// The MAC address of the host at `address`.
    #[must_use]
    pub fn mac_of(self, address: IpAddr) -> MacAddr {
        let (kind, [a, b, c, d]) = match (self, address) {
            (Self::Shared(mac), _) => return mac,
            (Self::PerHost, IpAddr::V4(v4)) => (4, v4.octets()),
            (Self::PerHost, IpAddr::V6(v6)) => (6, fold(v6.octets())),
        };
        MacAddr::new(0x02, kind, a, b, c, d)
    }
}

/// FNV-1a: neighbouring addresses, whichever octets they differ in, get different values.
fn fold(octets: [u8; 16]) -> [u8; 4] {
    octets
        .iter()
        .fold(0x811c_9dc5_u32, |hash, octet| (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    #[test]
    fn ranges_and_single_addresses_are_owned_and_their_neighbours_are_not() {
        let hosts = Hosts::none()
            .with_range(ip("198.18.0.0"), ip("198.19.255.255"))
            .with_range(ip("2001:db8:1::"), ip("2001:db8:1:ffff:ffff:ffff:ffff:ffff"))
            .with_addresses([ip("192.0.2.254")]);
        let asked = [
            "198.17.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.20.0.0",
            "192.0.2.254",
            "192.0.2.253",
            "2001:db8::ffff",
            "2001:db8:1::7",
            "2001:db8:2::",
        ];
        let owned: Vec<&str> = asked.into_iter().filter(|text| hosts.owns(ip(text))).collect();
        assert_eq!(owned, ["198.18.0.0", "198.19.255.255", "192.0.2.254", "2001:db8:1::7"]);
    }

    #[test]
    fn range_of_two_families_or_upside_down_owns_nothing() {
        let hosts = Hosts::none()
            .with_range(ip("198.18.0.0"), ip("2001:db8::1"))
            .with_range(ip("198.18.0.9"), ip("198.18.0.1"));
        assert_eq!(hosts, Hosts::none());
    }

    #[test]
    fn mac_policy_shares_one_or_derives_a_local_unicast_one_from_the_address() {
        let shared = MacAddr::new(2, 0, 0, 0, 0, 9);
        assert_eq!(MacPolicy::Shared(shared).mac_of(ip("198.18.0.1")), shared);
        assert_eq!(MacPolicy::PerHost.mac_of(ip("198.18.0.1")), MacAddr::new(2, 4, 198, 18, 0, 1));
        let first = MacPolicy::PerHost.mac_of(ip("2001:db8:1::1"));
        let second = MacPolicy::PerHost.mac_of(ip("2001:db8:1::2"));
        assert_ne!(first, second);
        assert_eq!([first.is_local(), first.is_unicast()], [true, true]);
    }
}
