//! What hostile targets do.

use super::target::Wire;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use tcpspec_core::segment::{
    Checksum, Flags, IcmpError, IcmpKind, Segment, TcpOption, encode_icmp, encode_segment,
};
use tcpspec_core::seq::SeqNum;

/// How a target behaves, once it was greeted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Random octets, as frames, as packets, as segments.
    Garbage,
    /// The same, and no connection is ever opened.
    OnlyGarbage,
    /// Random flags, numbers and options, near the right ones, on the right connection.
    Nonsense,
    /// Everything that it ever sent is sent again, for ever.
    Retransmissions,
    /// ICMP and ICMPv6 errors about all that it gets.
    Icmp,
    /// Questions and answers about addresses.
    Neighbours,
    /// It has every address of the bench.
    Claims,
    /// Full segments on every connection.
    LargeSegments,
    /// Small packets to all of the bench's hosts, from one that is not the target.
    Flood,
    /// It opens connections, and then nothing.
    Dead,
}

impl Manner {
    /// Whether it has the target's addresses.
    pub(crate) fn is_the_target(self) -> bool {
        self != Self::Flood
    }

    /// Whether it sends as much as this machine can.
    pub(crate) fn is_unbridled(self) -> bool {
        matches!(self, Self::Flood | Self::Icmp)
    }

    /// Else the stack beneath it does, or nobody.
    fn opens_connections(self) -> bool {
        !matches!(self, Self::OnlyGarbage | Self::Garbage | Self::Icmp | Self::Neighbours)
    }
}

/// SYNs of the bench before it begins its first trial: one for each family, with one service.
const GREETINGS: usize = 2;

/// Somebody hostile, and what is remembered.
pub(crate) struct Mischief {
    manner: Manner,
    greeted: usize,
    /// The last segments of the bench.
    seen: VecDeque<Segment>,
    /// The last packets to it.
    said: VecDeque<Vec<u8>>,
    random: Random,
}

impl Mischief {
    pub(crate) fn new(manner: Manner) -> Self {
        let random = Random(0x9e37_79b9_7f4a_7c15);
        Self { manner, greeted: 0, seen: VecDeque::new(), said: VecDeque::new(), random }
    }

    /// A segment of the bench came.
    pub(crate) fn meets(&mut self, segment: Segment, wire: &mut Wire) {
        let is_syn = segment.flags.significant() == Flags::SYN;
        self.greeted += usize::from(is_syn);
        if is_syn && self.manner.opens_connections() {
            let syn_ack = Segment {
                seq: SeqNum(self.random.number()),
                ack: segment.end(),
                flags: Flags::SYN | Flags::ACK,
                options: vec![TcpOption::MaximumSegmentSize(1400)],
                ..Segment::between(segment.destination(), segment.source())
            };
            self.say(encode_segment(&syn_ack), wire);
        }
        if !segment.flags.contains(Flags::RST) {
            self.answer(&segment, wire);
            remember(&mut self.seen, segment);
        }
    }

    fn say(&mut self, packet: Vec<u8>, wire: &mut Wire) {
        wire.packet(&packet);
        remember(&mut self.said, packet);
    }

    fn answer(&mut self, segment: &Segment, wire: &mut Wire) {
        match self.manner {
            Manner::OnlyGarbage => self.garbage(segment, wire),
            _ if self.greeted <= GREETINGS => {}
            Manner::Garbage => self.garbage(segment, wire),
            Manner::Nonsense => (0..20).for_each(|_| self.nonsense(segment, wire)),
            Manner::Retransmissions => {
                for flags in [Flags::ACK, Flags::ACK | Flags::FIN] {
                    let text = Segment { flags, payload: vec![b'x'; 100], ..answer_to(segment) };
                    self.say(encode_segment(&text), wire);
                }
            }
            Manner::LargeSegments => {
                let text = Segment { payload: vec![b'x'; 1400], ..answer_to(segment) };
                self.say(encode_segment(&text), wire);
            }
            _ => {}
        }
    }

    /// What it does without being asked.
    pub(crate) fn goes_on(&mut self, wire: &mut Wire) {
        if self.manner == Manner::Flood {
            return (0..64).for_each(|_| self.small_packet(wire));
        }
        if self.greeted <= GREETINGS {
            return;
        }
        match self.manner {
            Manner::Retransmissions | Manner::LargeSegments => {
                for packet in &self.said {
                    wire.packet(packet);
                }
            }
            Manner::Icmp => (0..4).for_each(|_| self.errors(wire)),
            Manner::Neighbours => (0..4).for_each(|_| self.neighbours(wire)),
            _ => {}
        }
    }

    fn any_seen(&mut self) -> Option<Segment> {
        let count = self.seen.len().max(1);
        self.seen.get(self.random.below(count)).cloned()
    }

    fn garbage(&mut self, about: &Segment, wire: &mut Wire) {
        for kind in [0x0800, 0x86dd, 0x0806, 0x8100, 0x88cc, 0] {
            let length = self.random.below(1500);
            wire.frame(kind, &self.random.octets(length));
        }
        for _ in 0..8 {
            // A packet for the right host, of which only the header is right; or not even all of that.
            let mut packet = encode_segment(&answer_to(about));
            let length = self.random.below(100);
            packet.extend(self.random.octets(length));
            let from = if self.random.below(2) == 0 { 20 } else { 1 };
            let addresses = if about.ip.source.is_ipv4() { 12..20 } else { 8..40 };
            for (place, octet) in packet.iter_mut().enumerate().skip(from) {
                if !addresses.contains(&place) && self.random.below(4) == 0 {
                    *octet = self.random.number() as u8;
                }
            }
            wire.packet(&packet);
        }
    }

    fn nonsense(&mut self, about: &Segment, wire: &mut Wire) {
        let answer = answer_to(about);
        let near = |random: &mut Random| match random.below(8) {
            0 => random.number(),
            1 => 0x8000_0000,
            2 => 65_535,
            _ => (random.below(5) as u32).wrapping_sub(2),
        };
        let options = self.random.below(40);
        let options = self.random.octets(options);
        let length = if self.random.below(2) == 0 { 0 } else { self.random.below(1300) };
        let segment = Segment {
            seq: answer.seq + near(&mut self.random),
            ack: answer.ack + near(&mut self.random),
            flags: Flags(self.random.number() as u8),
            window: self.random.number() as u16,
            urgent: self.random.number() as u16,
            reserved: if self.random.below(8) == 0 { self.random.below(16) as u8 } else { 0 },
            data_offset: (self.random.below(8) == 0).then(|| self.random.below(16) as u8),
            checksum: if self.random.below(8) == 0 { Checksum::Raw(7) } else { Checksum::Good },
            options: tcpspec_core::segment::decode_options(&options).0,
            payload: self.random.octets(length),
            ..answer
        };
        wire.packet(&encode_segment(&segment));
    }

    fn errors(&mut self, wire: &mut Wire) {
        let Some(about) = self.any_seen() else { return };
        let code = self.random.below(16) as u8;
        let kinds = [
            IcmpKind::DestinationUnreachable { code },
            IcmpKind::PacketTooBig { mtu: self.random.below(1500) as u32 },
            IcmpKind::TimeExceeded { code },
            IcmpKind::ParameterProblem { code, pointer: 13 },
            IcmpKind::SourceQuench,
        ];
        for kind in kinds {
            if let Ok(packet) = encode_icmp(&IcmpError::about(&about, about.ip.destination, kind)) {
                wire.packet(&packet);
            }
        }
    }

    /// Questions for the bench's hosts, and claims to be one of them.
    fn neighbours(&mut self, wire: &mut Wire) {
        let host = [192, 0, 2, 100 + self.random.below(100) as u8];
        let (mac, asker) = (self.random.octets(6), [192, 0, 2, self.random.number() as u8]);
        for (operation, sender, target) in [(1, asker, host), (2, host, asker), (1, host, host)] {
            let mut arp = vec![0, 1, 8, 0, 6, 4, 0, operation];
            arp.extend_from_slice(&mac);
            arp.extend(sender);
            arp.extend([0; 6]);
            arp.extend(target);
            wire.frame(0x0806, &arp);
        }
        let host = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x100 + self.random.below(0x100) as u16]);
        let asker = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, self.random.number() as u16]);
        for (kind, from, to) in [(135, asker, host), (136, host, asker)] {
            wire.packet(&neighbour_message(kind, from, to, if kind == 135 { to } else { from }, &mac));
        }
    }

    fn small_packet(&mut self, wire: &mut Wire) {
        let host = Ipv4Addr::new(192, 0, 2, 100 + self.random.below(100) as u8);
        let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, UDP, 0, 0, 192, 0, 2, 66];
        packet.extend(host.octets());
        packet.extend([0, 9, 0, 9, 0, 8, 0, 0]);
        wire.packet(&packet);
    }
}

/// An ACK with the right numbers, from the target.
fn answer_to(segment: &Segment) -> Segment {
    Segment {
        seq: segment.ack,
        ack: segment.end(),
        flags: Flags::ACK,
        ..Segment::between(segment.destination(), segment.source())
    }
}

/// A solicitation or advertisement, with a good checksum.
fn neighbour_message(kind: u8, from: IpAddr, to: IpAddr, about: IpAddr, mac: &[u8]) -> Vec<u8> {
    let octets = |address: IpAddr| match address {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
    };
    let mut body = vec![kind, 0, 0, 0, 0x60, 0, 0, 0];
    body.extend(octets(about));
    body.extend([if kind == 135 { 1 } else { 2 }, 1]);
    body.extend_from_slice(mac);
    let length = body.len() as u8;
    let pseudo = [&octets(from)[..], &octets(to), &[0, 0, 0, length, 0, 0, 0, ICMPV6], &body].concat();
    let sum: u32 = pseudo.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
    body[2..4].copy_from_slice(&checksum.to_be_bytes());
    let header = [0x60, 0, 0, 0, 0, length, ICMPV6, 255];
    [&header[..], &octets(from), &octets(to), &body].concat()
}

/// Numbers that look random: xorshift.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    fn below(&mut self, bound: usize) -> usize {
        self.number() as usize % bound.max(1)
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.number() as u8).collect()
    }
}

/// Keeps only what came last.
fn remember<T>(memory: &mut VecDeque<T>, new: T) {
    memory.push_back(new);
    if memory.len() > 32 {
        memory.pop_front();
    }
}

const UDP: u8 = 17;
const ICMPV6: u8 = 58;
