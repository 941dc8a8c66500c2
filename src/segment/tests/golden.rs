//! Packets that a Linux kernel wrote, octet by octet.

use super::{between, bytes, mss, received};
use crate::segment::{
    Flags, IcmpError, IcmpKind, IpFields, Packet, Segment, TcpOption, decode, encode_fragments, encode_icmp,
    encode_segment,
};
use crate::seq::SeqNum;
use pretty_assertions::assert_eq;

const SYN_OVER_IPV4: &str = "
    4500003c 6a554000 4006443f c6120001 c6120002
    8a380050 a584cb14 00000000 a002faf0 06830000
    020405b4 0402080a 6dc75178 00000000 0103030a";

const SYN_OVER_IPV6: &str = "
    60033427 00280640 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002
    cb0401bb 1a93f9e2 00000000 a002fd20 35350000
    020405a0 0402080a 7f2359ed 00000000 0103030a";

const RST_OVER_IPV4: &str = "
    45000028 00004000 4006aea1 c6120001 c6120009
    00509c40 00000000 01020305 50140000 830a0000";

const TIME_EXCEEDED: &str = "
    45c00044 e01f0000 40010dab c6120001 c6120009
    0b008195 00000000
    45000028 12344000 0106db21 c6120009 c612004d
    9c400050 01020304 00000000 500203e8 7ee90000";

const NO_ROUTE_OVER_IPV6: &str = "
    60010918 00443a40 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000009
    01003ccb 00000000
    60000000 00140640 20010db8 00000000 00000000 00000009 20010db8 00010000 00000000 00000077
    9c400050 01020304 00000000 500203e8 af710000";

fn syn(segment: Segment, seq: u32, window: u16, segment_size: u16, clock: u32) -> Segment {
    Segment {
        seq: SeqNum(seq),
        flags: Flags::SYN,
        window,
        options: vec![
            mss(segment_size),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { value: clock, echo: 0 },
            TcpOption::Nop,
            TcpOption::WindowScale(10),
        ],
        ..segment
    }
}

fn syn_over_ipv4() -> Segment {
    let segment = between("198.18.0.1:35384", "198.18.0.2:80");
    let ip = IpFields { identification: 0x6a55, ..segment.ip.clone() };
    syn(Segment { ip, ..segment }, 0xa584_cb14, 64_240, 1460, 0x6dc7_5178)
}

fn syn_over_ipv6() -> Segment {
    let segment = between("[2001:db8::1]:51972", "[2001:db8::2]:443");
    syn(segment, 0x1a93_f9e2, 64_800, 1440, 0x7f23_59ed)
}

fn rst_over_ipv4() -> Segment {
    Segment {
        ack: SeqNum(0x0102_0305),
        flags: Flags::RST | Flags::ACK,
        window: 0,
        ..between("198.18.0.1:80", "198.18.0.9:40000")
    }
}

#[test]
fn segments_of_a_kernel_are_read() {
    for (packet, segment, checksum) in [
        (SYN_OVER_IPV4, syn_over_ipv4(), 0x0683),
        (SYN_OVER_IPV6, syn_over_ipv6(), 0x3535),
        (RST_OVER_IPV4, rst_over_ipv4(), 0x830a),
    ] {
        let received = received(&bytes(packet));
        assert_eq!(received.segment, segment);
        assert_eq!((received.checksum_expected, received.faults), (checksum, vec![]));
    }
}

#[test]
fn segments_are_written_as_a_kernel_writes_them() {
    assert_eq!(encode_segment(&syn_over_ipv4()), bytes(SYN_OVER_IPV4));
    assert_eq!(encode_segment(&rst_over_ipv4()), bytes(RST_OVER_IPV4));
    let mut packet = bytes(SYN_OVER_IPV6);
    packet[1..4].fill(0); // The flow label, which a segment does not have.
    assert_eq!(encode_segment(&syn_over_ipv6()), packet);
}

#[test]
fn fragments_differ_from_the_whole_in_what_makes_them_fragments() {
    // The first 24 octets of the segment, then the other 16; Don't Fragment is gone.
    let fragments = [
        "4500002c 6a552000 4006644f c6120001 c6120002
         8a380050 a584cb14 00000000 a002faf0 06830000 020405b4",
        "45000024 6a550003 40068454 c6120001 c6120002
         0402080a 6dc75178 00000000 0103030a",
    ];
    assert_eq!(encode_fragments(&syn_over_ipv4(), 24), fragments.map(bytes));
    let segment = syn_over_ipv6();
    let segment = Segment { ip: IpFields { identification: 0x6a55, ..segment.ip.clone() }, ..segment };
    let fragments = [
        "60000000 00202c40 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002
         06000001 00006a55
         cb0401bb 1a93f9e2 00000000 a002fd20 35350000 020405a0",
        "60000000 00182c40 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002
         06000018 00006a55
         0402080a 7f2359ed 00000000 0103030a",
    ];
    assert_eq!(encode_fragments(&segment, 31), fragments.map(bytes));
}

#[test]
fn icmp_errors_of_a_kernel_are_read() {
    let packet = bytes(TIME_EXCEEDED);
    let error = IcmpError {
        source: "198.18.0.1".parse().unwrap(),
        destination: "198.18.0.9".parse().unwrap(),
        kind: IcmpKind::TimeExceeded { code: 0 },
        quote: packet[28..].to_vec(),
    };
    assert_eq!(decode(&packet), Ok(Packet::Icmp(error.clone())));
    let ends = ("198.18.0.9:40000".parse().unwrap(), "198.18.0.77:80".parse().unwrap());
    assert_eq!(error.quoted(), Some((ends.0, ends.1, SeqNum(0x0102_0304))));

    let packet = bytes(NO_ROUTE_OVER_IPV6);
    let error = IcmpError {
        source: "2001:db8::1".parse().unwrap(),
        destination: "2001:db8::9".parse().unwrap(),
        kind: IcmpKind::DestinationUnreachable { code: 0 },
        quote: packet[48..].to_vec(),
    };
    assert_eq!(decode(&packet), Ok(Packet::Icmp(error.clone())));
    let ends = ("[2001:db8::9]:40000".parse().unwrap(), "[2001:db8:1::77]:80".parse().unwrap());
    assert_eq!(error.quoted(), Some((ends.0, ends.1, SeqNum(0x0102_0304))));
}

#[test]
fn icmp_messages_are_written_as_a_kernel_writes_them() {
    for (packet, ip_header) in [(TIME_EXCEEDED, 20), (NO_ROUTE_OVER_IPV6, 40)] {
        let packet = bytes(packet);
        let Ok(Packet::Icmp(error)) = decode(&packet) else { panic!("no ICMP error") };
        let written = encode_icmp(&error).unwrap();
        // The IP headers differ in what a message does not say: type of service, identification, flow label.
        assert_eq!(written[ip_header..], packet[ip_header..]);
    }
}
