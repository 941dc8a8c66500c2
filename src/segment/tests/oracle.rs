//! An independent implementation, etherparse, agrees on fields, lengths and checksums.

use super::round_trip::{ip_fields, legal_segment};
use crate::segment::{
    Flags, IcmpError, IcmpKind, IpFields, Packet, Segment, TcpOption, decode, encode_icmp, encode_options,
    encode_segment,
};
use etherparse::icmpv4::{self, TimeExceededCode};
use etherparse::icmpv6;
use etherparse::{
    Icmpv4Type, Icmpv6Type, IpEcn, IpHeaders, IpNumber, Ipv4Header, Ipv6Header, PacketBuilder, SlicedPacket,
    TcpHeader, TcpOptionElement, TransportSlice,
};
use proptest::prelude::*;
use std::net::IpAddr;

fn their_ip(ip: &IpFields) -> IpHeaders {
    match (ip.source, ip.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let header = Ipv4Header {
                dscp: (ip.tos >> 2).try_into().unwrap(),
                ecn: IpEcn::try_new(ip.tos & 3).unwrap(),
                identification: ip.identification,
                dont_fragment: ip.dont_fragment,
                ..Ipv4Header::new(0, ip.ttl, IpNumber::TCP, source.octets(), destination.octets()).unwrap()
            };
            IpHeaders::Ipv4(header, Default::default())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = Ipv6Header {
                traffic_class: ip.tos,
                hop_limit: ip.ttl,
                source: source.octets(),
                destination: destination.octets(),
                ..Ipv6Header::default()
            };
            IpHeaders::Ipv6(header, Default::default())
        }
        _ => unreachable!("one family"),
    }
}

fn their_tcp(segment: &Segment) -> TcpHeader {
    let is_set = |flag| segment.flags.contains(flag);
    let mut header = TcpHeader {
        acknowledgment_number: segment.ack.0,
        fin: is_set(Flags::FIN),
        syn: is_set(Flags::SYN),
        rst: is_set(Flags::RST),
        psh: is_set(Flags::PSH),
        ack: is_set(Flags::ACK),
        urg: is_set(Flags::URG),
        ece: is_set(Flags::ECE),
        cwr: is_set(Flags::CWR),
        urgent_pointer: segment.urgent,
        ..TcpHeader::new(segment.source_port, segment.destination_port, segment.seq.0, segment.window)
    };
    header.set_options_raw(&encode_options(&segment.options)).unwrap();
    header
}

fn their_packet(segment: &Segment) -> Vec<u8> {
    let builder = PacketBuilder::ip(their_ip(&segment.ip)).tcp_header(their_tcp(segment));
    let mut packet = Vec::new();
    builder.write(&mut packet, &segment.payload).unwrap();
    packet
}

/// What etherparse should read; `None` for kinds that it does not know.
fn their_option(option: &TcpOption) -> Option<TcpOptionElement> {
    Some(match option {
        TcpOption::Nop => TcpOptionElement::Noop,
        TcpOption::MaximumSegmentSize(octets) => TcpOptionElement::MaximumSegmentSize(*octets),
        TcpOption::WindowScale(shift) => TcpOptionElement::WindowScale(*shift),
        TcpOption::SackPermitted => TcpOptionElement::SelectiveAcknowledgementPermitted,
        TcpOption::Sack(blocks) => {
            let pair = |place: usize| blocks.get(place).map(|block| (block.left.0, block.right.0));
            TcpOptionElement::SelectiveAcknowledgement(pair(0)?, [pair(1), pair(2), pair(3)])
        }
        TcpOption::Timestamps { value, echo } => TcpOptionElement::Timestamp(*value, *echo),
        TcpOption::EndOfList | TcpOption::Unknown { .. } | TcpOption::Raw(_) => return None,
    })
}

proptest! {
    #[test]
    fn legal_segment_is_written_as_they_write_it(segment in legal_segment()) {
        prop_assert_eq!(encode_segment(&segment), their_packet(&segment));
    }

    #[test]
    fn what_they_write_is_read(segment in legal_segment()) {
        let Ok(Packet::Tcp(received)) = decode(&their_packet(&segment)) else { panic!("no segment") };
        prop_assert_eq!(received.segment, segment);
    }

    #[test]
    fn options_mean_the_same_to_them(segment in legal_segment()) {
        let known: Vec<_> =
            segment.options.into_iter().filter(|option| their_option(option).is_some()).collect();
        let expected: Vec<_> = known.iter().filter_map(their_option).collect();
        let octets = encode_options(&known);
        let read: Result<Vec<_>, _> = etherparse::TcpOptionsIterator::from_slice(&octets).collect();
        prop_assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn icmp_error_is_what_they_write(
        ip in ip_fields(), quote in proptest::collection::vec(any::<u8>(), 0..60),
        mtu in 0..=u16::MAX, pointer in any::<u8>()
    ) {
        let (source, destination) = (ip.source, ip.destination);
        let ip = IpFields { tos: 0, ttl: 64, dont_fragment: false, identification: 0, ..ip };
        let kinds = [
            IcmpKind::DestinationUnreachable { code: 3 },
            IcmpKind::PacketTooBig { mtu: u32::from(mtu) },
            IcmpKind::TimeExceeded { code: 1 },
            IcmpKind::ParameterProblem { code: 0, pointer: u32::from(pointer) },
        ];
        for kind in kinds {
            let builder = PacketBuilder::ip(their_ip(&ip));
            let mut theirs = Vec::new();
            if source.is_ipv4() {
                builder.icmpv4(their_icmpv4(kind)).write(&mut theirs, &quote).unwrap();
            } else {
                builder.icmpv6(their_icmpv6(kind)).write(&mut theirs, &quote).unwrap();
            }
            let error = IcmpError { source, destination, kind, quote: quote.clone() };
            prop_assert_eq!(encode_icmp(&error).unwrap(), theirs);
        }
    }

    #[test]
    fn they_read_the_same_fields(segment in legal_segment()) {
        let packet = encode_segment(&segment);
        let sliced = SlicedPacket::from_ip(&packet).unwrap();
        let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { panic!("no segment") };
        let mut expected = their_tcp(&segment);
        expected.checksum = tcp.checksum();
        prop_assert_eq!(tcp.to_header(), expected);
        prop_assert_eq!(tcp.payload(), segment.payload);
    }
}

fn their_icmpv4(kind: IcmpKind) -> Icmpv4Type {
    match kind {
        IcmpKind::DestinationUnreachable { .. } => {
            Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::Port)
        }
        IcmpKind::PacketTooBig { mtu } => {
            let next_hop_mtu = u16::try_from(mtu).unwrap();
            Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::FragmentationNeeded {
                next_hop_mtu,
            })
        }
        IcmpKind::TimeExceeded { .. } => {
            Icmpv4Type::TimeExceeded(TimeExceededCode::FragmentReassemblyTimeExceeded)
        }
        IcmpKind::ParameterProblem { pointer, .. } => {
            let pointer = u8::try_from(pointer).unwrap();
            Icmpv4Type::ParameterProblem(icmpv4::ParameterProblemHeader::PointerIndicatesError(pointer))
        }
        IcmpKind::SourceQuench => unreachable!("not asked for"),
    }
}

fn their_icmpv6(kind: IcmpKind) -> Icmpv6Type {
    match kind {
        IcmpKind::DestinationUnreachable { .. } => {
            Icmpv6Type::DestinationUnreachable(icmpv6::DestUnreachableCode::Address)
        }
        IcmpKind::PacketTooBig { mtu } => Icmpv6Type::PacketTooBig { mtu },
        IcmpKind::TimeExceeded { .. } => {
            Icmpv6Type::TimeExceeded(icmpv6::TimeExceededCode::FragmentReassemblyTimeExceeded)
        }
        IcmpKind::ParameterProblem { pointer, .. } => {
            Icmpv6Type::ParameterProblem(icmpv6::ParameterProblemHeader {
                code: icmpv6::ParameterProblemCode::ErroneousHeaderField,
                pointer,
            })
        }
        IcmpKind::SourceQuench => unreachable!("not asked for"),
    }
}
