//! `send:` and `icmp:` as packets: what a case leaves unset gets its right value.

use super::Engine;
use super::eval::Undefined;
use crate::case::{ChecksumSpec, Data, Icmp, IcmpName, Nobody, OptionSpec, Send, Word};
use crate::segment::{
    Checksum, Flags, IcmpError, IcmpKind, IpFields, SackBlock, Segment, TcpOption, encode_segment,
};
use crate::seq::SeqNum;
use crate::time::Time;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A segment ready to leave.
pub(super) struct Built {
    pub(super) segment: Segment,
    /// Nothing about it is wrong on purpose: the target may act on it.
    pub(super) legal: bool,
}

impl Engine {
    pub(super) fn build(&mut self, index: usize, spec: &Send, now: Time) -> Result<Built, Undefined> {
        let number = |expr: &Option<_>, bits| expr.as_ref().map(|e| self.field(index, e, bits)).transpose();
        let connection = &self.connections[index];
        let seq = SeqNum(number(&spec.seq, 32)?.unwrap_or(connection.rcv_nxt.0));
        let ack = match (number(&spec.ack, 32)?, spec.flags.contains(Flags::ACK)) {
            (Some(ack), _) => ack,
            (None, true) => match connection.iss {
                Some(_) => connection.snd_nxt.0,
                None => return Err(Undefined("an ACK needs `ack:` before the target's SYN was seen".into())),
            },
            (None, false) => 0,
        };
        let payload = match &spec.data {
            None => Vec::new(),
            Some(data) => {
                // The first octet of text has the number behind a SYN.
                let first = seq + u32::from(spec.flags.contains(Flags::SYN));
                self.octets(index, data, first.distance_from(connection.irs + 1))?
            }
        };
        let options = match &spec.options {
            Some(options) => {
                options.iter().map(|option| self.option(index, option, now)).collect::<Result<_, _>>()?
            }
            None => self.default_options(index, spec.flags, now),
        };
        let destination = match spec.to_address {
            Some(nobody) => address_of(nobody, connection.target.is_ipv6())
                .ok_or_else(|| Undefined("IPv6 has no broadcast".into()))?,
            None => connection.target.ip(),
        };
        let ip = IpFields {
            source: connection.bench.ip(),
            destination,
            ttl: octet(number(&spec.ttl, 8)?.unwrap_or(64)),
            tos: octet(number(&spec.tos, 8)?.unwrap_or(0)),
            dont_fragment: spec.dont_fragment.unwrap_or(true) && spec.fragments.is_none(),
            identification: 0,
        };
        let word = |value: Option<u32>, default: u16| {
            value.map_or(default, |value| u16::try_from(value).expect("checked to have 16 bits"))
        };
        let mut segment = Segment {
            ip,
            source_port: word(number(&spec.from_port, 16)?, connection.bench.port()),
            destination_port: word(number(&spec.to_port, 16)?, connection.target.port()),
            seq,
            ack: SeqNum(ack),
            data_offset: number(&spec.data_offset, 4)?.map(octet),
            reserved: octet(number(&spec.reserved, 4)?.unwrap_or(0)),
            flags: spec.flags,
            window: word(number(&spec.window, 16)?, connection.window),
            checksum: Checksum::Good,
            urgent: word(number(&spec.urgent, 16)?, 0),
            options,
            payload,
        };
        let checksum = match &spec.checksum {
            None | Some(ChecksumSpec::Good) => Checksum::Good,
            Some(ChecksumSpec::Bad) => Checksum::Raw(good_checksum(&segment) ^ 0x0100),
            Some(ChecksumSpec::Value(expr)) => {
                let value = word(Some(self.field(index, expr, 16)?), 0);
                if value == good_checksum(&segment) { Checksum::Good } else { Checksum::Raw(value) }
            }
        };
        segment.checksum = checksum;
        let aside = spec.from_port.is_some() || spec.to_port.is_some() || spec.to_address.is_some();
        let legal = segment.checksum == Checksum::Good && segment.data_offset.is_none() && !aside;
        Ok(Built { segment, legal })
    }

    pub(super) fn octets(&self, index: usize, data: &Data, offset: u32) -> Result<Vec<u8>, Undefined> {
        let stream = self.connections[index].to_target;
        let stretch = |expr| -> Result<Vec<u8>, Undefined> {
            let length = self.field(index, expr, 16)?;
            Ok(stream.octets(offset, length as usize))
        };
        Ok(match data {
            Data::Text(text) => text.as_bytes().to_vec(),
            Data::Stream(length) => stretch(length)?,
            Data::Altered(length) => stretch(length)?.into_iter().map(|octet| !octet).collect(),
        })
    }

    fn option(&self, index: usize, spec: &OptionSpec, now: Time) -> Result<TcpOption, Undefined> {
        let number = |expr, bits| self.field(index, expr, bits);
        Ok(match spec {
            OptionSpec::Mss(value) => {
                TcpOption::MaximumSegmentSize(u16::try_from(number(value, 16)?).expect("16 bits"))
            }
            OptionSpec::WindowScale(value) => TcpOption::WindowScale(octet(number(value, 8)?)),
            OptionSpec::SackPermitted => TcpOption::SackPermitted,
            OptionSpec::Sack(blocks) => TcpOption::Sack(
                blocks
                    .iter()
                    .map(|(left, right)| {
                        Ok(SackBlock { left: SeqNum(number(left, 32)?), right: SeqNum(number(right, 32)?) })
                    })
                    .collect::<Result<_, Undefined>>()?,
            ),
            OptionSpec::Timestamps(None) => self.timestamps_option(index, now),
            OptionSpec::Timestamps(Some((value, echo))) => {
                TcpOption::Timestamps { value: number(value, 32)?, echo: number(echo, 32)? }
            }
            OptionSpec::Nop => TcpOption::Nop,
            OptionSpec::EndOfList => TcpOption::EndOfList,
            OptionSpec::Raw(octets) => TcpOption::Raw(octets.clone()),
        })
    }

    /// What was offered, on a SYN; what was negotiated, on any other segment but a RST.
    fn default_options(&self, index: usize, flags: Flags, now: Time) -> Vec<TcpOption> {
        let connection = &self.connections[index];
        if flags.contains(Flags::RST) {
            return Vec::new();
        }
        if !flags.contains(Flags::SYN) {
            if !connection.timestamps() {
                return Vec::new();
            }
            return vec![TcpOption::Nop, TcpOption::Nop, self.timestamps_option(index, now)];
        }
        let answers = connection.theirs.filter(|_| flags.contains(Flags::ACK));
        let offer = answers.map_or(connection.offer, |theirs| connection.offer.answering(theirs));
        let mut options: Vec<_> = offer.mss.map(TcpOption::MaximumSegmentSize).into_iter().collect();
        options.extend(offer.window_scale.map(TcpOption::WindowScale));
        if offer.sack {
            options.push(TcpOption::SackPermitted);
        }
        if offer.timestamps {
            options.push(self.timestamps_option(index, now));
        }
        options
    }

    /// A clock of one tick a millisecond (RFC 7323 section 5.4 allows 1 ms to 1 s), from a seeded
    /// start, and the target's last value.
    fn timestamps_option(&self, index: usize, now: Time) -> TcpOption {
        let ticks = (now.0 / 1_000_000) as u32;
        let start = (self.config.seed >> 16) as u32;
        TcpOption::Timestamps { value: start.wrapping_add(ticks), echo: self.connections[index].ts_val }
    }

    pub(super) fn build_icmp(&self, index: usize, spec: &Icmp) -> Result<IcmpError, Undefined> {
        let labelled = self
            .labels
            .get(&spec.quote)
            .ok_or_else(|| Undefined(format!("nothing was labelled `{}` yet", spec.quote)))?;
        let segment = labelled
            .segment
            .as_ref()
            .ok_or_else(|| Undefined(format!("`{}` is not a segment", spec.quote)))?;
        let mtu = spec.mtu.as_ref().map(|mtu| self.field(index, mtu, 32)).transpose()?;
        let v6 = segment.ip.source.is_ipv6();
        let kind = icmp_kind(spec.kind, v6, mtu)
            .ok_or_else(|| Undefined(format!("{} has no form in IPv6", spec.kind.word())))?;
        Ok(IcmpError::about(segment, segment.ip.destination, kind))
    }
}

/// An address that is nobody's in particular; IPv6 has no broadcast.
pub(super) fn address_of(nobody: Nobody, v6: bool) -> Option<IpAddr> {
    match (nobody, v6) {
        // All systems, all nodes: every host listens there.
        (Nobody::Multicast, false) => Some(Ipv4Addr::new(224, 0, 0, 1).into()),
        (Nobody::Multicast, true) => Some(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into()),
        (Nobody::Broadcast, false) => Some(Ipv4Addr::BROADCAST.into()),
        (Nobody::Broadcast, true) => None,
    }
}

fn icmp_kind(name: IcmpName, v6: bool, mtu: Option<u32>) -> Option<IcmpKind> {
    let unreachable = |v4_code, v6_code| {
        Some(IcmpKind::DestinationUnreachable { code: if v6 { v6_code } else { v4_code } })
    };
    match name {
        IcmpName::NetworkUnreachable => unreachable(0, 0),
        IcmpName::HostUnreachable => unreachable(1, 3),
        IcmpName::ProtocolUnreachable if v6 => Some(IcmpKind::ParameterProblem { code: 1, pointer: 6 }),
        IcmpName::ProtocolUnreachable => unreachable(2, 0),
        IcmpName::PortUnreachable => unreachable(3, 4),
        IcmpName::PacketTooBig => Some(IcmpKind::PacketTooBig { mtu: mtu.unwrap_or(1280) }),
        IcmpName::SourceRouteFailed if v6 => None,
        IcmpName::SourceRouteFailed => unreachable(5, 0),
        IcmpName::TimeExceeded => Some(IcmpKind::TimeExceeded { code: 0 }),
        IcmpName::ParameterProblem => Some(IcmpKind::ParameterProblem { code: 0, pointer: 8 }),
        IcmpName::SourceQuench if v6 => None,
        IcmpName::SourceQuench => Some(IcmpKind::SourceQuench),
    }
}

/// The checksum that the encoder would write.
fn good_checksum(segment: &Segment) -> u16 {
    let octets = encode_segment(&Segment { checksum: Checksum::Good, ..segment.clone() });
    let header = if segment.ip.source.is_ipv6() { 40 } else { 20 };
    u16::from_be_bytes([octets[header + 16], octets[header + 17]])
}

fn octet(value: u32) -> u8 {
    u8::try_from(value).expect("checked to have 8 bits")
}
