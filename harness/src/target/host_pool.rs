//! The addresses that the bench may have on a real link, and who uses them.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Addresses of one family. Each is used once before any is used again, and then with other ports:
/// a target may keep the last connection in TIME-WAIT.
#[derive(Clone, Debug, Default)]
pub(super) struct HostPool {
    /// The next to be given first.
    free: VecDeque<Host>,
    /// Those of which the target may remember more than connections: the last to be given.
    marked: VecDeque<Host>,
    busy: BTreeMap<IpAddr, Host>,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    address: IpAddr,
    next_port: u32,
    last_port: u32,
    was_used: bool,
}

/// An address that a trial may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) address: IpAddr,
    pub(super) first_port: u16,
    /// No trial has used it yet.
    pub(super) is_new: bool,
}

impl HostPool {
    /// A pool of these addresses, each with these ports.
    pub(super) fn new(addresses: &[IpAddr], ports: &RangeInclusive<u16>) -> Self {
        let host = |address: &IpAddr| Host {
            address: *address,
            next_port: u32::from(*ports.start()),
            last_port: u32::from(*ports.end()),
            was_used: false,
        };
        Self { free: addresses.iter().map(host).collect(), ..Self::default() }
    }

    /// An address with so many ports that no trial has used; `None` while there is none.
    pub(super) fn take(&mut self, ports: u32) -> Option<Given> {
        let has_ports = |host: &Host| host.next_port + ports <= host.last_port + 1;
        let queue = if self.free.iter().any(has_ports) { &mut self.free } else { &mut self.marked };
        let at = queue.iter().position(has_ports)?;
        let mut host = queue.remove(at)?;
        let given = Given {
            address: host.address,
            first_port: u16::try_from(host.next_port).ok()?,
            is_new: !host.was_used,
        };
        host.next_port += ports;
        host.was_used = true;
        self.busy.insert(host.address, host);
        Some(given)
    }

    /// The trial at this address is over.
    pub(super) fn give_back(&mut self, address: IpAddr, marked: bool) {
        if let Some(host) = self.busy.remove(&address) {
            let queue = if marked { &mut self.marked } else { &mut self.free };
            queue.push_back(host);
        }
    }

    /// How many addresses there are.
    pub(super) fn len(&self) -> usize {
        self.free.len() + self.marked.len() + self.busy.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn host(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn given(last: u8, first_port: u16, is_new: bool) -> Option<Given> {
        Some(Given { address: host(last), first_port, is_new })
    }

    #[test]
    fn addresses_are_used_once_before_any_is_used_again_and_then_with_other_ports() {
        let mut pool = HostPool::new(&[host(1), host(2)], &(100..=199));
        assert_eq!(pool.take(10), given(1, 100, true));
        pool.give_back(host(1), false);
        assert_eq!([pool.take(1), pool.take(5)], [given(2, 100, true), given(1, 110, false)]);
        assert_eq!(pool.take(1), None);
        pool.give_back(host(1), false);
        assert_eq!((pool.take(1), pool.len()), (given(1, 115, false), 2));
    }

    #[test]
    fn marked_addresses_come_last() {
        let mut pool = HostPool::new(&[host(1), host(2)], &(100..=199));
        assert_eq!([pool.take(1), pool.take(1)], [given(1, 100, true), given(2, 100, true)]);
        pool.give_back(host(1), true);
        pool.give_back(host(2), false);
        assert_eq!([pool.take(1), pool.take(1)], [given(2, 101, false), given(1, 101, false)]);
    }

    #[test]
    fn address_without_ports_is_not_given() {
        let mut pool = HostPool::new(&[host(1)], &(65_530..=65_535));
        assert_eq!(pool.take(6), given(1, 65_530, true));
        pool.give_back(host(1), false);
        assert_eq!(pool.take(1), None);
    }
}
