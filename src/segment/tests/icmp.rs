//! ICMP errors: what is quoted, and what cannot be said.

use super::between;
use crate::segment::{
    DecodeError, IcmpError, IcmpKind, NoSourceQuenchInIpv6, Packet, Segment, decode, encode_fragments,
    encode_icmp,
};
use crate::seq::SeqNum;
use pretty_assertions::assert_eq;

fn over_ipv4() -> Segment {
    Segment { seq: SeqNum(77), payload: vec![1; 1460], ..between("198.18.0.1:1025", "198.18.0.2:80") }
}

fn over_ipv6() -> Segment {
    Segment { seq: SeqNum(77), payload: vec![1; 1440], ..between("[2001:db8::1]:1025", "[2001:db8::2]:80") }
}

fn about(segment: &Segment, kind: IcmpKind) -> IcmpError {
    IcmpError::about(segment, segment.ip.destination, kind)
}

#[test]
fn long_segment_is_quoted_up_to_the_usual_length() {
    let kind = IcmpKind::PacketTooBig { mtu: 600 };
    for (segment, length) in [(over_ipv4(), 576), (over_ipv6(), 1280)] {
        let error = about(&segment, kind);
        assert_eq!(encode_icmp(&error).unwrap().len(), length);
        assert_eq!(error.destination, segment.ip.source);
        assert_eq!(error.quoted(), Some((segment.source(), segment.destination(), segment.seq)));
    }
}

#[test]
fn eight_octets_of_a_segment_name_it_and_seven_do_not() {
    for (segment, header) in [(over_ipv4(), 20), (over_ipv6(), 40)] {
        let mut error = about(&segment, IcmpKind::TimeExceeded { code: 0 });
        error.quote.truncate(header + 8);
        assert_eq!(error.quoted(), Some((segment.source(), segment.destination(), segment.seq)));
        error.quote.truncate(header + 7);
        assert_eq!(error.quoted(), None);
    }
}

#[test]
fn quoted_fragment_names_the_segment_only_if_it_is_the_first() {
    for segment in [over_ipv4(), over_ipv6()] {
        let quoted = |quote| {
            let kind = IcmpKind::TimeExceeded { code: 1 };
            IcmpError { quote, ..about(&segment, kind) }.quoted()
        };
        let [first, second] = encode_fragments(&segment, 64).try_into().expect("two fragments");
        assert_eq!(quoted(first), Some((segment.source(), segment.destination(), segment.seq)));
        assert_eq!(quoted(second), None);
    }
}

#[test]
fn source_quench_exists_in_ipv4_only() {
    let error = about(&over_ipv4(), IcmpKind::SourceQuench);
    assert_eq!(decode(&encode_icmp(&error).unwrap()), Ok(Packet::Icmp(error)));
    assert_eq!(encode_icmp(&about(&over_ipv6(), IcmpKind::SourceQuench)), Err(NoSourceQuenchInIpv6));
}

#[test]
fn numbers_too_large_for_ipv4_are_written_as_its_largest() {
    for (kind, written) in [
        (IcmpKind::PacketTooBig { mtu: 100_000 }, IcmpKind::PacketTooBig { mtu: 65_535 }),
        (
            IcmpKind::ParameterProblem { code: 0, pointer: 300 },
            IcmpKind::ParameterProblem { code: 0, pointer: 255 },
        ),
        // RFC 1191: a router that does not know of the field.
        (IcmpKind::DestinationUnreachable { code: 4 }, IcmpKind::PacketTooBig { mtu: 0 }),
    ] {
        let error = about(&over_ipv4(), kind);
        let packet = encode_icmp(&error).unwrap();
        assert_eq!(decode(&packet), Ok(Packet::Icmp(IcmpError { kind: written, ..error })));
    }
}

#[test]
fn message_that_is_no_error_is_left_to_others() {
    let error = about(&over_ipv6(), IcmpKind::TimeExceeded { code: 0 });
    let mut packet = encode_icmp(&error).unwrap();
    packet[40] = 135; // Neighbor solicitation; the checksum follows.
    let sum = u16::from_be_bytes([packet[42], packet[43]]) - ((135 - 3) << 8);
    packet[42..44].copy_from_slice(&sum.to_be_bytes());
    let other = Packet::Other { source: error.source, destination: error.destination, protocol: 58 };
    assert_eq!(decode(&packet), Ok(other));
}

#[test]
fn wrong_checksum_is_an_error() {
    for segment in [over_ipv4(), over_ipv6()] {
        let mut packet = encode_icmp(&about(&segment, IcmpKind::TimeExceeded { code: 0 })).unwrap();
        let header = if segment.ip.source.is_ipv4() { 20 } else { 40 };
        let expected = u16::from_be_bytes([packet[header + 2], packet[header + 3]]);
        packet[header + 3] ^= 1;
        let found = expected ^ 1;
        assert_eq!(decode(&packet), Err(DecodeError::IcmpChecksum { found, expected }));
    }
}
