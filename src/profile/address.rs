//! Addresses that the bench's hosts may have: single ones and ranges.

use crate::yaml::{Diagnostic, Node, Value};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses of one family, in the order of the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPool {
    ranges: Vec<AddressRange>,
}

/// Addresses from `first` to `last`, both included and of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// The lowest.
    pub first: IpAddr,
    /// The highest; the same for a single address.
    pub last: IpAddr,
}

impl AddressPool {
    /// The addresses, in order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.ranges.iter().flat_map(|range| {
            let is_v4 = range.first.is_ipv4();
            (number(range.first)..=number(range.last)).map(move |number| address(number, is_v4))
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u128 {
        let sizes =
            self.ranges.iter().map(|range| (number(range.last) - number(range.first)).saturating_add(1));
        sizes.fold(0, u128::saturating_add)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }

    /// Reads `192.0.2.10-192.0.2.90`, one address, or a list of both.
    pub(super) fn read(node: &Node, family: Family) -> Result<Self, Diagnostic> {
        let mut pool = Self::default();
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for node in nodes {
            let range = AddressRange::read(node, family)?;
            if let Some(other) = pool.ranges.iter().find(|other| other.overlaps(&range)) {
                return Err(node.problem(format!("{range} and {other} have addresses in common")));
            }
            pool.ranges.push(range);
        }
        if pool.is_empty() {
            return Err(node.problem("the bench needs at least one address"));
        }
        Ok(pool)
    }
}

impl AddressRange {
    fn contains(&self, address: IpAddr) -> bool {
        self.overlaps(&Self { first: address, last: address })
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4() && self.first <= other.last && other.first <= self.last
    }

    fn read(node: &Node, family: Family) -> Result<Self, Diagnostic> {
        let text = node.as_text()?;
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first = host_address(node, first.trim(), family)?;
        let last = host_address(node, last.trim(), family)?;
        if first > last {
            return Err(node.problem("the range ends before it begins"));
        }
        Ok(Self { first, last })
    }
}

/// `192.0.2.10`, or `192.0.2.10-192.0.2.90`.
impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.first != self.last { write!(f, "-{}", self.last) } else { Ok(()) }
    }
}

/// Which addresses are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// An address that a host can have.
pub(super) fn host_address(node: &Node, text: &str, family: Family) -> Result<IpAddr, Diagnostic> {
    let (name, example) = match family {
        Family::V4 => ("IPv4", "192.0.2.10"),
        Family::V6 => ("IPv6", "2001:db8::10"),
    };
    let address = text.parse::<IpAddr>().ok().filter(|address| address.is_ipv4() == (family == Family::V4));
    let Some(address) = address else {
        let hint = format!("write {example}, without prefix length");
        return Err(node.problem(format!("`{text}` is no {name} address")).with_hint(hint));
    };
    let is_broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    if address.is_unspecified() || address.is_loopback() || address.is_multicast() || is_broadcast {
        return Err(node.problem(format!("no host on a link can have the address {address}")));
    }
    Ok(address)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn address(number: u128, is_v4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(number) if is_v4 => Ipv4Addr::from(number).into(),
        _ => Ipv6Addr::from(number).into(),
    }
}
