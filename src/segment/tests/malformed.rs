//! Packets that are not as they should be: what is read all the same, and what is refused.

use super::{between, bytes, received};
use crate::segment::{
    Checksum, DecodeError, Flags, Fragment, OptionFault, OptionFaultKind, Packet, Segment, SegmentFault,
    TcpOption, decode, encode_segment, encode_segment_into,
};
use crate::seq::SeqNum;
use pretty_assertions::assert_eq;

fn over_ipv4() -> Segment {
    Segment {
        seq: SeqNum(1),
        flags: Flags::ACK,
        payload: vec![7; 3],
        ..between("198.18.0.1:9", "198.18.0.2:80")
    }
}

fn over_ipv6() -> Segment {
    Segment {
        seq: SeqNum(1),
        flags: Flags::ACK,
        payload: vec![7; 3],
        ..between("[2001:db8::1]:9", "[2001:db8::2]:80")
    }
}

/// An IPv6 packet with `headers` between the IP header and the segment; the first is of `protocol`.
fn with_extensions(protocol: u8, headers: &str) -> Vec<u8> {
    let mut packet = encode_segment(&over_ipv6());
    let headers = bytes(headers);
    packet[5] += u8::try_from(headers.len()).unwrap();
    packet[6] = protocol;
    packet.splice(40..40, headers);
    packet
}

#[test]
fn padding_of_the_link_is_cut() {
    for segment in [over_ipv4(), over_ipv6()] {
        let mut packet = encode_segment(&segment);
        packet.extend([0xee; 6]);
        assert_eq!(received(&packet).segment, segment);
    }
}

#[test]
fn packet_shorter_than_announced_is_refused() {
    for (segment, length) in [(over_ipv4(), 43), (over_ipv6(), 63)] {
        let packet = encode_segment(&segment);
        assert_eq!(decode(&packet[..length - 1]), Err(DecodeError::PacketCut { length, got: length - 1 }));
    }
}

#[test]
fn what_is_no_ip_packet_is_refused() {
    let ipv4 = encode_segment(&over_ipv4());
    let with = |place: usize, value: u8| {
        let mut packet = ipv4.clone();
        packet[place] = value;
        packet
    };
    let cases = [
        (vec![], DecodeError::Empty),
        (with(0, 0x55), DecodeError::NotIp { version: 5 }),
        (ipv4[..19].to_vec(), DecodeError::IpHeaderCut { got: 19 }),
        (encode_segment(&over_ipv6())[..39].to_vec(), DecodeError::IpHeaderCut { got: 39 }),
        (with(0, 0x44), DecodeError::IpLength { header: 16, length: 43 }),
        (with(3, 19), DecodeError::IpLength { header: 20, length: 19 }),
        (with(0, 0x4a)[..30].to_vec(), DecodeError::IpHeaderCut { got: 30 }),
    ];
    for (packet, error) in cases {
        assert_eq!(decode(&packet), Err(error));
    }
}

#[test]
fn less_than_a_header_of_tcp_or_icmp_is_refused() {
    let mut packet = encode_segment(&over_ipv4());
    packet[3] = 39;
    assert_eq!(decode(&packet), Err(DecodeError::SegmentCut { got: 19 }));
    packet[9] = 1;
    packet[3] = 27;
    assert_eq!(decode(&packet), Err(DecodeError::IcmpCut { got: 7 }));
}

#[test]
fn other_protocols_are_named() {
    for (mut packet, place) in [(encode_segment(&over_ipv4()), 9), (encode_segment(&over_ipv6()), 6)] {
        // UDP, and the ICMP of the other family.
        for protocol in [17, if place == 9 { 58 } else { 1 }] {
            packet[place] = protocol;
            let Ok(Packet::Other { protocol: seen, .. }) = decode(&packet) else { panic!("{packet:?}") };
            assert_eq!(seen, protocol);
        }
    }
}

#[test]
fn wrong_ip_checksum_is_a_fault() {
    let mut packet = encode_segment(&over_ipv4());
    let expected = u16::from_be_bytes([packet[10], packet[11]]);
    packet[11] ^= 1;
    let received = received(&packet);
    assert_eq!(received.segment, over_ipv4());
    assert_eq!(received.faults, vec![SegmentFault::IpChecksum { found: expected ^ 1, expected }]);
}

#[test]
fn wrong_checksum_is_told_with_the_right_one() {
    let right = received(&encode_segment(&over_ipv4())).checksum_expected;
    let lie = Segment { checksum: Checksum::Raw(right ^ 0x8000), ..over_ipv4() };
    let received = received(&encode_segment(&lie));
    assert_eq!((received.segment, received.checksum_expected), (lie, right));
}

#[test]
fn both_zeros_are_right_as_a_checksum() {
    // A window that makes the sum 0xffff, so that its complement is 0.
    let right = received(&encode_segment(&Segment { window: 0, ..over_ipv4() })).checksum_expected;
    for zero in [0, 0xffff] {
        let segment = Segment { window: right, checksum: Checksum::Raw(zero), ..over_ipv4() };
        let received = received(&encode_segment(&segment));
        assert_eq!((received.segment.checksum, received.checksum_expected), (Checksum::Good, 0));
    }
}

#[test]
fn faults_of_options_are_listed() {
    let segment = Segment { options: vec![TcpOption::Raw(vec![1, 3, 0, 9])], ..over_ipv4() };
    let received = received(&encode_segment(&segment));
    let what = OptionFaultKind::LengthTooSmall { kind: 3, length: 0 };
    assert_eq!(received.faults, vec![SegmentFault::Option(OptionFault { offset: 1, what })]);
    assert_eq!(received.segment.options, vec![TcpOption::Nop, TcpOption::Raw(vec![3, 0, 9])]);
}

#[test]
fn options_of_ipv4_are_skipped() {
    let mut packet = encode_segment(&over_ipv4());
    packet[0] = 0x46;
    packet[3] += 4;
    packet.splice(20..20, [0x94, 4, 0, 0]); // Router alert.
    assert_eq!(received(&packet).segment, over_ipv4());
}

#[test]
fn extension_headers_are_walked() {
    let hop_by_hop_then_routing_then_destination = "
        2b00 050200000100
        3c01 0400 00000000 0000000000000000
        0600 010400000000";
    let packet = with_extensions(0, hop_by_hop_then_routing_then_destination);
    assert_eq!(received(&packet).segment, over_ipv6());
    let whole_behind_fragment_header = "0600 0000 12345678";
    assert_eq!(received(&with_extensions(44, whole_behind_fragment_header)).segment, over_ipv6());
}

#[test]
fn extension_header_beyond_the_packet_is_refused() {
    let packet = with_extensions(60, "0604 010400000000");
    assert_eq!(decode(&packet), Err(DecodeError::ExtensionHeaderCut { protocol: 60, got: 31 }));
    let mut packet = with_extensions(44, "0600 0000 12345678");
    packet[5] = 7;
    assert_eq!(decode(&packet), Err(DecodeError::ExtensionHeaderCut { protocol: 44, got: 7 }));
}

#[test]
fn fragments_are_recognized() {
    let fragment = |segment: Segment, identification, offset, more| {
        let (source, destination) = (segment.ip.source, segment.ip.destination);
        Packet::Fragment(Fragment { source, destination, protocol: 6, identification, offset, more })
    };
    let over_ipv4_at = |flags_and_offset: [u8; 2]| {
        let mut packet = encode_segment(&over_ipv4());
        packet[6..8].copy_from_slice(&flags_and_offset);
        decode(&packet)
    };
    assert_eq!(over_ipv4_at([0x20, 0]), Ok(fragment(over_ipv4(), 0, 0, true)));
    assert_eq!(over_ipv4_at([0x1f, 0xff]), Ok(fragment(over_ipv4(), 0, 65_528, false)));

    let over_ipv6_at = |place: &str| decode(&with_extensions(44, &format!("0600 {place} 12345678")));
    assert_eq!(over_ipv6_at("0001"), Ok(fragment(over_ipv6(), 0x1234_5678, 0, true)));
    assert_eq!(over_ipv6_at("000f"), Ok(fragment(over_ipv6(), 0x1234_5678, 8, true)));
    assert_eq!(over_ipv6_at("fff8"), Ok(fragment(over_ipv6(), 0x1234_5678, 65_528, false)));
}

#[test]
fn too_much_text_is_left_out_of_a_packet_that_is_right_otherwise() {
    for (segment, length) in [(over_ipv4(), 65_535), (over_ipv6(), 65_575)] {
        let long = Segment { payload: vec![0xff; 200_000], ..segment };
        let packet = encode_segment(&long);
        assert_eq!(packet.len(), length);
        let mut frame = vec![0; 14];
        encode_segment_into(&long, &mut frame);
        assert_eq!(frame[14..], packet);
        let received = received(&packet);
        assert_eq!((received.segment.checksum, received.faults), (Checksum::Good, vec![]));
    }
}

#[test]
fn options_longer_than_a_header_run_into_the_text() {
    let segment = Segment { options: vec![TcpOption::Nop; 44], ..over_ipv4() };
    let received = received(&encode_segment(&segment));
    assert_eq!(received.segment.options, vec![TcpOption::Nop; 40]);
    assert_eq!(received.segment.payload, [1, 1, 1, 1, 7, 7, 7]);
}

#[test]
fn addresses_of_two_families_become_ipv6() {
    let segment = between("198.18.0.1:9", "[2001:db8::2]:80");
    assert_eq!(
        received(&encode_segment(&segment)).segment,
        between("[::ffff:198.18.0.1]:9", "[2001:db8::2]:80")
    );
}

#[test]
fn faults_are_told_in_words() {
    let fault = SegmentFault::DataOffset { words: 4, length: 20 };
    assert_eq!(fault.to_string(), "data offset 4 does not fit a segment of 20 octets");
    let error = DecodeError::PacketCut { length: 40, got: 30 };
    assert_eq!(error.to_string(), "the packet has 30 octets of the 40 that its header announces");
}
