//! Properties: what was written is read, what was read is written, and nothing panics.

use super::received;
use crate::segment::{
    Checksum, Endpoint, Flags, IcmpError, IcmpKind, IpFields, Packet, SackBlock, Segment, SegmentFault,
    TcpOption, decode, encode_fragments, encode_icmp, encode_options, encode_segment, encode_segment_into,
};
use crate::seq::SeqNum;
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets among which option kinds and lengths are common.
fn octets(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![0..12_u8, any::<u8>()], count)
}

pub(super) fn option() -> impl Strategy<Value = TcpOption> {
    let block =
        any::<(u32, u32)>().prop_map(|(left, right)| SackBlock { left: SeqNum(left), right: SeqNum(right) });
    prop_oneof![
        Just(TcpOption::Nop),
        any::<u16>().prop_map(TcpOption::MaximumSegmentSize),
        any::<u8>().prop_map(TcpOption::WindowScale),
        Just(TcpOption::SackPermitted),
        vec(block, 1..4).prop_map(TcpOption::Sack),
        any::<(u32, u32)>().prop_map(|(value, echo)| TcpOption::Timestamps { value, echo }),
        (9..=255_u8, vec(any::<u8>(), 0..12)).prop_map(|(kind, data)| TcpOption::Unknown { kind, data }),
    ]
}

/// Options that fit into a header and decode to themselves.
fn legal_options() -> impl Strategy<Value = Vec<TcpOption>> {
    vec(option(), 0..8).prop_map(|mut options| {
        while encode_options(&options).len() > 40 {
            options.pop();
        }
        options
    })
}

fn any_option() -> impl Strategy<Value = TcpOption> {
    prop_oneof![
        4 => option(),
        1 => Just(TcpOption::EndOfList),
        1 => (any::<u8>(), octets(0..12)).prop_map(|(kind, data)| TcpOption::Unknown { kind, data }),
        1 => octets(0..12).prop_map(TcpOption::Raw),
    ]
}

pub(super) fn ip_fields() -> impl Strategy<Value = IpFields> {
    let ipv4 = any::<(Ipv4Addr, Ipv4Addr, bool, u16)>().prop_map(
        |(source, destination, dont_fragment, identification)| {
            (IpAddr::V4(source), IpAddr::V4(destination), dont_fragment, identification)
        },
    );
    let ipv6 = any::<(Ipv6Addr, Ipv6Addr)>()
        .prop_map(|(source, destination)| (IpAddr::V6(source), IpAddr::V6(destination), true, 0));
    (prop_oneof![ipv4, ipv6], any::<(u8, u8)>()).prop_map(|(family, (ttl, tos))| {
        let (source, destination, dont_fragment, identification) = family;
        IpFields { source, destination, ttl, tos, dont_fragment, identification }
    })
}

/// Any segment that the standard lets a host send, and any value in the fields that it does not bind.
pub(super) fn legal_segment() -> impl Strategy<Value = Segment> {
    let fields = any::<(u16, u16, u32, u32, u8, u16, u16)>();
    (ip_fields(), fields, legal_options(), vec(any::<u8>(), 0..64)).prop_map(
        |(ip, fields, options, payload)| {
            let (source_port, destination_port, seq, ack, flags, window, urgent) = fields;
            let source = Endpoint::new(ip.source, source_port);
            let destination = Endpoint::new(ip.destination, destination_port);
            Segment {
                ip,
                seq: SeqNum(seq),
                ack: SeqNum(ack),
                flags: Flags(flags),
                window,
                urgent,
                options,
                payload,
                ..Segment::between(source, destination)
            }
        },
    )
}

/// Any segment that can be written, lies included.
fn any_segment() -> impl Strategy<Value = Segment> {
    let checksum = prop_oneof![Just(Checksum::Good), any::<u16>().prop_map(Checksum::Raw)];
    (legal_segment(), vec(any_option(), 0..10), 0..16_u8, proptest::option::of(0..16_u8), checksum).prop_map(
        |(segment, options, reserved, data_offset, checksum)| Segment {
            options,
            reserved,
            data_offset,
            checksum,
            ..segment
        },
    )
}

/// Octets of IP header that [`encode_segment`] writes.
fn ip_header(segment: &Segment) -> usize {
    if segment.ip.source.is_ipv4() { 20 } else { 40 }
}

proptest! {
    #[test]
    fn legal_segment_reads_back_without_fault(segment in legal_segment()) {
        let received = received(&encode_segment(&segment));
        prop_assert_eq!(received.segment, segment);
        prop_assert_eq!(received.faults, vec![]);
    }

    #[test]
    fn reserved_bits_and_wrong_checksum_read_back(
        segment in legal_segment(), reserved in 0..16_u8, lie in 1..0xffff_u16
    ) {
        let right = received(&encode_segment(&Segment { reserved, ..segment.clone() })).checksum_expected;
        let segment = Segment { reserved, checksum: Checksum::Raw(right.wrapping_add(lie)), ..segment };
        let received = received(&encode_segment(&segment));
        // Adding 1 to 0xffff gives the other zero, which is as right.
        prop_assume!(right.wrapping_add(lie) % 0xffff != right % 0xffff);
        prop_assert_eq!(received.checksum_expected, right);
        prop_assert_eq!(received.segment, segment);
        prop_assert_eq!(received.faults, vec![]);
    }

    #[test]
    fn impossible_data_offset_reads_back_and_is_a_fault(segment in legal_segment(), words in 0..16_u8) {
        let length = 20 + segment.payload.len();
        prop_assume!(!(20..=length).contains(&(usize::from(words) * 4)));
        let segment = Segment { options: vec![], data_offset: Some(words), ..segment };
        let received = received(&encode_segment(&segment));
        prop_assert_eq!(received.segment, segment);
        prop_assert_eq!(received.faults, vec![SegmentFault::DataOffset { words, length }]);
    }

    #[test]
    fn any_segment_is_written_again_as_it_was_read(segment in any_segment()) {
        let packet = encode_segment(&segment);
        let received = received(&packet);
        prop_assume!(segment.checksum != Checksum::Raw(0xffff) || received.checksum_expected != 0);
        prop_assert_eq!(encode_segment(&received.segment), packet);
    }

    #[test]
    fn any_octets_behind_an_ip_header_are_written_again_as_they_were_read(
        segment in legal_segment(), octets in octets(20..140)
    ) {
        let start = ip_header(&segment);
        let mut packet = encode_segment(&Segment {
            options: vec![],
            payload: octets[20..].to_vec(),
            ..segment
        });
        packet[start..].copy_from_slice(&octets);
        prop_assert_eq!(encode_segment(&received(&packet).segment), packet);
    }

    #[test]
    fn appending_leaves_what_was_there(segment in any_segment(), before in vec(any::<u8>(), 0..20)) {
        let mut buffer = before.clone();
        encode_segment_into(&segment, &mut buffer);
        prop_assert_eq!(buffer, [before, encode_segment(&segment)].concat());
    }

    #[test]
    fn decoding_any_octets_does_not_panic(packet in octets(0..200), version in prop_oneof![Just(4), Just(6)]) {
        let _ = decode(&packet);
        let mut packet = packet;
        if let Some(first) = packet.first_mut() {
            *first = version << 4 | 5;
        }
        let _ = decode(&packet);
        let error = IcmpError {
            source: Ipv4Addr::LOCALHOST.into(),
            destination: Ipv4Addr::LOCALHOST.into(),
            kind: IcmpKind::SourceQuench,
            quote: packet,
        };
        let _ = error.quoted();
    }

    #[test]
    fn decoding_a_spoilt_packet_does_not_panic(
        segment in any_segment(),
        spoilt in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        with_error in any::<bool>(),
    ) {
        let mut packet = encode_segment(&segment);
        if with_error {
            let error = IcmpError::about(&segment, segment.ip.destination, IcmpKind::PacketTooBig { mtu: 600 });
            packet = encode_icmp(&error).expect("both families have it");
        }
        for (place, value) in spoilt {
            let place = place.index(packet.len());
            packet[place] = value;
        }
        if let Ok(Packet::Icmp(error)) = decode(&packet) {
            let _ = error.quoted();
        }
        let _ = decode(&packet[..cut.index(packet.len())]);
    }

    #[test]
    fn fragments_carry_the_segment_between_them(segment in legal_segment(), first in 0..120_usize) {
        let start = ip_header(&segment);
        let whole = encode_segment(&segment)[start..].to_vec();
        let packets = encode_fragments(&segment, first);
        let first = (first / 8 * 8).max(8);
        if whole.len() <= first {
            prop_assert_eq!(packets, vec![encode_segment(&segment)]);
            return Ok(());
        }
        let start = if start == 40 { 48 } else { start };
        let parts: Vec<_> = packets.iter().map(|packet| packet[start..].to_vec()).collect();
        prop_assert_eq!(parts, vec![whole[..first].to_vec(), whole[first..].to_vec()]);
        let seen: Vec<_> = packets
            .iter()
            .map(|packet| match decode(packet) {
                Ok(Packet::Fragment(part)) => {
                    (part.source, part.destination, part.protocol, part.identification, part.offset, part.more)
                }
                other => panic!("no fragment, but {other:?}"),
            })
            .collect();
        let ip = &segment.ip;
        let part = |offset: usize, more| {
            let offset = u16::try_from(offset).expect("a small packet");
            (ip.source, ip.destination, 6, u32::from(ip.identification), offset, more)
        };
        prop_assert_eq!(seen, vec![part(0, true), part(first, false)]);
    }

    #[test]
    fn icmp_error_reads_back_and_names_the_segment(
        segment in legal_segment(), code in 5..16_u8, pointer in 0..256_u32, mtu in 0..65_536_u32
    ) {
        let kinds = [
            IcmpKind::DestinationUnreachable { code },
            IcmpKind::PacketTooBig { mtu },
            IcmpKind::TimeExceeded { code },
            IcmpKind::ParameterProblem { code, pointer },
        ];
        for kind in kinds {
            let error = IcmpError::about(&segment, segment.ip.destination, kind);
            prop_assert_eq!(error.quoted(), Some((segment.source(), segment.destination(), segment.seq)));
            let packet = encode_icmp(&error).expect("both families have it");
            prop_assert_eq!(decode(&packet), Ok(Packet::Icmp(error)));
        }
    }
}
