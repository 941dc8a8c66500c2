//! A real link: IP packets in Ethernet frames, for any number of virtual hosts.

use super::clock::Clock;
use super::frame::{self, Arrival, Header};
use super::neighbour::{self, Heard};
use super::{Counters, Family, Hosts, Interface, Link, LinkError, MacPolicy, PacketSocket, Ring, filter};
use pnet::packet::ethernet::EtherTypes;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::util::MacAddr;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};
use tcpspec_core::time::Time;

/// What an [`EthernetLink`] is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// The interface to use.
    pub interface: Interface,
    /// The addresses that the bench plays.
    pub hosts: Hosts,
    /// The MAC addresses of these hosts.
    pub macs: MacPolicy,
    /// The VLAN that the target is in, 1 to 4094; `None` for untagged frames.
    pub vlan: Option<u16>,
    /// Whether the interface must be told to take frames that are not for its own MAC address. A real
    /// one must, unless all hosts are IPv4 and have its address; a veth pair takes all anyway.
    pub promiscuous: bool,
}

/// IP packets in Ethernet frames on one interface.
#[derive(Debug)]
pub struct EthernetLink {
    socket: PacketSocket,
    clock: Clock,
    hosts: Hosts,
    macs: MacPolicy,
    vlan: Option<u16>,
    next_hops: NextHops,
    counters: Counters,
    /// The last frame sent; kept for its memory.
    frame: Vec<u8>,
}

impl EthernetLink {
    /// Opens a link on `options.interface` with `ring` as its receive buffer.
    ///
    /// # Errors
    /// The kernel refuses a step.
    pub fn open(ring: Ring, options: LinkOptions) -> Result<Self, LinkError> {
        let LinkOptions { interface, hosts, macs, vlan, promiscuous } = options;
        let mut socket = PacketSocket::bind(ring, interface, &filter::for_hosts(&hosts))?;
        if promiscuous {
            socket.take_all_frames()?;
        }
        let (clock, next_hops, counters) = (Clock::start(), NextHops::default(), Counters::default());
        Ok(Self { socket, clock, hosts, macs, vlan, next_hops, counters, frame: Vec::new() })
    }

    /// Sends all packets of `family` to `mac` from now on: the target's, or that of a router before it.
    pub fn set_next_hop(&mut self, family: Family, mac: MacAddr) {
        *self.next_hops.of(family) = Some(mac);
    }

    /// Plays `hosts` from now on instead of those before.
    ///
    /// # Errors
    /// The kernel refuses the filter for them.
    pub fn set_hosts(&mut self, hosts: Hosts) -> Result<(), LinkError> {
        self.socket.set_filter(&filter::for_hosts(&hosts))?;
        self.hosts = hosts;
        Ok(())
    }

    /// The packet socket, for the facts about it.
    #[must_use]
    pub fn socket(&self) -> &PacketSocket {
        &self.socket
    }

    /// Asks on behalf of the host `from` which MAC address `next_hop` has, by ARP or neighbour
    /// discovery, again and again for up to `timeout`. Packets that arrive meanwhile are counted as
    /// foreign: this belongs before the first trial.
    ///
    /// # Errors
    /// No answer, or a refused send.
    pub fn resolve(
        &mut self,
        next_hop: IpAddr,
        from: IpAddr,
        timeout: Duration,
    ) -> Result<MacAddr, LinkError> {
        let mac = self.macs.mac_of(from);
        self.build_question(next_hop, from, mac)?;
        let found = self.ask(timeout, |heard| match heard {
            Heard::Answer { address, mac } if address == next_hop => Some(mac),
            _ => None,
        })?;
        let name = &self.socket.interface().name;
        found.ok_or_else(|| LinkError::Unresolved { address: next_hop, name: name.clone(), waited: timeout })
    }

    /// Tells `next_hop` who has the address `host`, by asking on its behalf: that fills the neighbour
    /// cache at the other end before the first segment needs it. No answer is awaited.
    ///
    /// # Errors
    /// A refused send.
    pub fn introduce(&mut self, host: IpAddr, next_hop: IpAddr) -> Result<(), LinkError> {
        self.build_question(next_hop, host, self.macs.mac_of(host))?;
        self.socket.send(&self.frame)
    }

    /// Whether somebody on the link has `address` already: see [`EthernetLink::in_use`].
    ///
    /// # Errors
    /// A refused send.
    pub fn is_in_use(&mut self, address: IpAddr, timeout: Duration) -> Result<Option<MacAddr>, LinkError> {
        Ok(self.in_use(&[address], timeout)?.remove(&address))
    }

    /// Which of `addresses` somebody on the link has already, and with which MAC addresses (zero where
    /// that is not told): ARP probes (RFC 5227 section 2.1.1) and duplicate address detection (RFC 4862
    /// section 5.4), all at once and three times within `timeout`. To be asked before addresses are
    /// played. Packets that arrive meanwhile are counted as foreign.
    ///
    /// # Errors
    /// A refused send.
    pub fn in_use(
        &mut self,
        addresses: &[IpAddr],
        timeout: Duration,
    ) -> Result<BTreeMap<IpAddr, MacAddr>, LinkError> {
        let mut free: BTreeSet<IpAddr> = addresses.iter().copied().collect();
        let mut used = BTreeMap::new();
        let start = Instant::now();
        for round in 1..=PROBES {
            for address in &free {
                let nobody = match address {
                    IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                    IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                };
                self.build_question(*address, nobody, self.macs.mac_of(*address))?;
                self.socket.send(&self.frame)?;
            }
            let end = timeout * round / PROBES;
            while start.elapsed() < end && !free.is_empty() {
                self.socket.wait(end.saturating_sub(start.elapsed()))?;
                let mut conflicts = Vec::new();
                self.drain(&mut |_, _| {}, &mut |heard| conflicts.extend(conflict(heard)), false)?;
                for (address, mac) in conflicts {
                    // A switch may send our own probe back.
                    if mac != self.macs.mac_of(address) && free.remove(&address) {
                        used.insert(address, mac);
                    }
                }
            }
        }
        Ok(used)
    }

    /// Builds the frame that asks who has `address`.
    fn build_question(&mut self, address: IpAddr, from: IpAddr, mac: MacAddr) -> Result<(), LinkError> {
        let (to, kind, packet) = match (address, from) {
            (IpAddr::V4(address), IpAddr::V4(from)) => {
                (MacAddr::broadcast(), EtherTypes::Arp, neighbour::arp_question(address, from, mac))
            }
            (IpAddr::V6(address), IpAddr::V6(from)) => {
                let group = neighbour::solicited_node(address);
                (
                    frame::multicast_mac_v6(group),
                    EtherTypes::Ipv6,
                    neighbour::solicitation(address, from, mac),
                )
            }
            _ => return Err(LinkError::MixedFamilies { address, from }),
        };
        frame::build(&mut self.frame, self.vlan, Header { to, from: mac, kind }, &packet);
        Ok(())
    }

    /// Sends the frame just built until something heard is what is `wanted`, or `timeout` has passed.
    /// The pauses begin short, because a link that has just come up may swallow the first frames.
    fn ask<T>(
        &mut self,
        timeout: Duration,
        wanted: impl Fn(Heard) -> Option<T>,
    ) -> Result<Option<T>, LinkError> {
        let question = self.frame.clone();
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            self.socket.send(&question)?;
            let again = start.elapsed() + pause;
            while start.elapsed() < again.min(timeout) {
                self.socket.wait(again.min(timeout).saturating_sub(start.elapsed()))?;
                let mut found = None;
                self.drain(
                    &mut |_, _| {},
                    &mut |heard| found = found.take().or_else(|| wanted(heard)),
                    false,
                )?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            if start.elapsed() >= timeout {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Empties the ring. What is not for our hosts is counted as foreign, and so is everything else
    /// where nobody is `listening`.
    fn drain(
        &mut self,
        each: &mut dyn FnMut(Time, &[u8]),
        hear: &mut dyn FnMut(Heard),
        listening: bool,
    ) -> Result<(), LinkError> {
        self.clock.update();
        let mut questions = Vec::new();
        // Bounded, so that a flood cannot keep the caller here for ever.
        for _ in 0..self.socket.ring().slots() {
            let (clock, hosts, vlan, counters) = (&self.clock, &self.hosts, self.vlan, &mut self.counters);
            let taken = self.socket.take(|slot| match frame::classify(&slot, hosts, vlan) {
                Arrival::Packet(packet) if listening => {
                    counters.received += 1;
                    counters.unfinished_checksums += u64::from(slot.unfinished_checksum);
                    each(clock.monotonic(slot.stamp), packet);
                }
                Arrival::Neighbour(heard) => {
                    hear(heard);
                    match heard {
                        Heard::Question { address, .. } if hosts.owns(address) => questions.push(heard),
                        _ => counters.foreign += 1,
                    }
                }
                Arrival::Truncated => counters.truncated += 1,
                Arrival::Packet(_) | Arrival::Foreign => counters.foreign += 1,
            });
            if taken.is_none() {
                break;
            }
        }
        questions.into_iter().try_for_each(|question| self.answer(question))
    }

    /// Tells who asked that `address` is here.
    fn answer(&mut self, question: Heard) -> Result<(), LinkError> {
        let Heard::Question { address, asker, mac: asker_mac } = question else { return Ok(()) };
        let mac = self.macs.mac_of(address);
        let (to, kind, packet) = match (address, asker) {
            (IpAddr::V4(address), asker) => {
                let Some(asker_mac) = asker_mac else { return Ok(()) };
                let asker = match asker {
                    Some(IpAddr::V4(asker)) => asker,
                    _ => Ipv4Addr::UNSPECIFIED,
                };
                (asker_mac, EtherTypes::Arp, neighbour::arp_answer(address, mac, (asker, asker_mac)))
            }
            (IpAddr::V6(address), Some(IpAddr::V6(asker))) => {
                // A unicast solicitation may leave its own address out; then the next hop is meant.
                let Some(to) = asker_mac.or(*self.next_hops.of(Family::V6)) else { return Ok(()) };
                (to, EtherTypes::Ipv6, neighbour::advertisement(address, mac, Some(asker)))
            }
            (IpAddr::V6(address), _) => {
                let packet = neighbour::advertisement(address, mac, None);
                (
                    frame::multicast_mac_v6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)),
                    EtherTypes::Ipv6,
                    packet,
                )
            }
        };
        frame::build(&mut self.frame, self.vlan, Header { to, from: mac, kind }, &packet);
        self.socket.send(&self.frame)
    }

    /// Where a packet goes: what is sent to a group goes to the group's MAC address, everything else
    /// to the next hop.
    fn header_for(&mut self, packet: &[u8]) -> Result<Header, LinkError> {
        let (family, kind, source, destination) = match packet.first().map(|octet| octet >> 4) {
            Some(4) => {
                // Only the two addresses are read, so that a header may say anything else.
                let ip = Ipv4Packet::new(packet);
                let addresses = ip.map(|ip| (IpAddr::V4(ip.get_source()), IpAddr::V4(ip.get_destination())));
                (Family::V4, EtherTypes::Ipv4, addresses.map(|pair| pair.0), addresses.map(|pair| pair.1))
            }
            Some(6) => {
                let ip = Ipv6Packet::new(packet);
                let addresses = ip.map(|ip| (IpAddr::V6(ip.get_source()), IpAddr::V6(ip.get_destination())));
                (Family::V6, EtherTypes::Ipv6, addresses.map(|pair| pair.0), addresses.map(|pair| pair.1))
            }
            _ => return Err(LinkError::NotIp { first: packet.first().copied() }),
        };
        let from = match self.macs {
            MacPolicy::Shared(mac) => mac,
            // A packet too short to have a source is sent as the interface itself.
            MacPolicy::PerHost => {
                source.map_or(self.socket.interface().mac, |source| self.macs.mac_of(source))
            }
        };
        let to = match destination {
            Some(IpAddr::V4(group)) if group.is_multicast() => frame::multicast_mac_v4(group),
            Some(IpAddr::V4(Ipv4Addr::BROADCAST)) => MacAddr::broadcast(),
            Some(IpAddr::V6(group)) if group.is_multicast() => frame::multicast_mac_v6(group),
            _ => self.next_hops.of(family).ok_or(LinkError::NoNextHop { family })?,
        };
        Ok(Header { to, from, kind })
    }
}

impl Link for EthernetLink {
    fn send(&mut self, packet: &[u8]) -> Result<(), LinkError> {
        let header = self.header_for(packet)?;
        let Interface { name, mtu, .. } = self.socket.interface();
        if packet.len() > *mtu {
            return Err(LinkError::TooLong { length: packet.len(), name: name.clone(), mtu: *mtu });
        }
        frame::build(&mut self.frame, self.vlan, header, packet);
        self.socket.send(&self.frame)
    }

    fn receive(&mut self, each: &mut dyn FnMut(Time, &[u8])) -> Result<(), LinkError> {
        self.drain(each, &mut |_| {}, true)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }

    fn counters(&mut self) -> Result<Counters, LinkError> {
        self.counters.dropped = self.socket.dropped()?;
        self.counters.clock_steps = self.clock.steps();
        Ok(self.counters)
    }
}

/// The address that somebody else has, or is about to take, and where it is.
fn conflict(heard: Heard) -> Option<(IpAddr, MacAddr)> {
    match heard {
        Heard::Answer { address, mac } => Some((address, mac)),
        // RFC 5227 section 2.1.1: a packet from that address is a conflict, and so is a probe of
        // another host for it.
        Heard::Question { asker: Some(asker), mac, .. } => Some((asker, mac.unwrap_or(MacAddr::zero()))),
        Heard::Question { address, asker: None, mac } => Some((address, mac.unwrap_or(MacAddr::zero()))),
    }
}

/// The MAC address of the next hop per family.
#[derive(Debug, Default)]
struct NextHops {
    v4: Option<MacAddr>,
    v6: Option<MacAddr>,
}

impl NextHops {
    fn of(&mut self, family: Family) -> &mut Option<MacAddr> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

/// RFC 5227 section 1.1, PROBE_NUM. Its pauses of seconds are for hosts that nobody has planned.
const PROBES: u32 = 3;
/// Pauses between questions double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
