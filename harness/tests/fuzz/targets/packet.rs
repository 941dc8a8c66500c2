//! IP packets: what is read is written again as it was, and etherparse reads the same.

use etherparse::{NetSlice, SlicedPacket, TcpSlice, TransportSlice};
use tcpspec_core::segment::{
    Checksum, Packet, Received, SegmentFault, decode, encode_icmp, encode_segment, encode_segment_into,
};

pub(crate) fn run(packet: &[u8]) {
    let read = decode(packet);
    match &read {
        Ok(Packet::Tcp(received)) => written_again(received),
        Ok(Packet::Icmp(error)) => {
            let _ = error.quoted();
            let packet = encode_icmp(error).expect("it was read in this family");
            assert_eq!(decode(&packet).as_ref(), Ok(&Packet::Icmp(error.clone())));
        }
        Ok(Packet::Fragment(_) | Packet::Other { .. }) => {}
        Err(error) => drop(error.to_string()),
    }
    if let Some((sliced, tcp)) = their_reading(packet) {
        let Ok(Packet::Tcp(received)) = &read else { panic!("they read a segment, we {read:?}") };
        compare(received, &sliced, &tcp);
    } else if let Ok(Packet::Tcp(received)) = &read {
        let is_unreadable = |fault: &SegmentFault| matches!(fault, SegmentFault::DataOffset { .. });
        let has_extensions = received.segment.ip.source.is_ipv6() && packet[6] != TCP;
        assert!(
            has_extensions || received.faults.iter().any(is_unreadable),
            "we read a segment that they do not: {:?}",
            SlicedPacket::from_ip(packet)
        );
    }
}

/// Reading what was written of it gives the same, the IP header's own fault apart.
fn written_again(received: &Received) {
    let segment = &received.segment;
    drop(format!("{segment} {}", segment.summary(Some((segment.seq, segment.ack)))));
    received.faults.iter().for_each(|fault| drop(fault.to_string()));
    let packet = encode_segment(segment);
    let Ok(Packet::Tcp(mut again)) = decode(&packet) else { panic!("{segment:?} is no segment any more") };
    again.faults.extend(received.faults.iter().filter(|fault| is_of_ip(fault)).cloned());
    assert_eq!(&again, received);
    let mut behind = b"before".to_vec();
    encode_segment_into(segment, &mut behind);
    assert_eq!(behind, [&b"before"[..], &packet].concat());
}

fn is_of_ip(fault: &SegmentFault) -> bool {
    matches!(fault, SegmentFault::IpChecksum { .. })
}

/// What etherparse makes of it, where that is a segment and both mean the same packet.
fn their_reading(packet: &[u8]) -> Option<(SlicedPacket<'_>, TcpSlice<'_>)> {
    let sliced = SlicedPacket::from_ip(packet).ok()?;
    let is_foreign = match sliced.net.as_ref()? {
        // They look behind an authentication header, and take a length of 0 for "all that is there".
        NetSlice::Ipv4(ip) => ip.extensions().auth.is_some(),
        NetSlice::Ipv6(ip) => {
            ip.header().payload_length() == 0
                || ip
                    .extensions()
                    .clone()
                    .into_iter()
                    .any(|header| matches!(header, etherparse::Ipv6ExtensionSlice::Authentication(_)))
        }
        _ => true,
    };
    match sliced.transport.clone()? {
        TransportSlice::Tcp(tcp) if !is_foreign => Some((sliced, tcp)),
        _ => None,
    }
}

fn compare(received: &Received, sliced: &SlicedPacket<'_>, tcp: &TcpSlice<'_>) {
    let segment = &received.segment;
    let flags = [tcp.fin(), tcp.syn(), tcp.rst(), tcp.psh(), tcp.ack(), tcp.urg(), tcp.ece(), tcp.cwr()];
    let flags = flags.iter().rev().fold(0, |octet, is_set| octet << 1 | u8::from(*is_set));
    assert_eq!(
        (segment.source_port, segment.destination_port, segment.seq.0, segment.ack.0),
        (tcp.source_port(), tcp.destination_port(), tcp.sequence_number(), tcp.acknowledgment_number())
    );
    assert_eq!(
        (segment.flags.0, segment.window, segment.urgent, segment.data_offset),
        (flags, tcp.window_size(), tcp.urgent_pointer(), None)
    );
    assert_eq!(segment.payload, tcp.payload());
    super::options::compare(&segment.options, tcp.options());
    let (ip, checksum) = match sliced.net.as_ref().expect("a packet") {
        NetSlice::Ipv4(theirs) => {
            let ip = theirs.header();
            let fields = (ip.ttl(), ip.dcp().value() << 2 | ip.ecn().value(), ip.dont_fragment());
            let addresses = (ip.source_addr().into(), ip.destination_addr().into());
            ((addresses, fields), tcp.calc_checksum_ipv4(ip.source(), ip.destination()))
        }
        NetSlice::Ipv6(theirs) => {
            let ip = theirs.header();
            let addresses = (ip.source_addr().into(), ip.destination_addr().into());
            let fields = (ip.hop_limit(), ip.traffic_class(), true);
            ((addresses, fields), tcp.calc_checksum_ipv6(ip.source(), ip.destination()))
        }
        _ => unreachable!("IP packets only"),
    };
    let ours = &segment.ip;
    assert_eq!(((ours.source, ours.destination), (ours.ttl, ours.tos, ours.dont_fragment)), ip);
    // In ones' complement both zeros are one.
    let checksum = checksum.expect("it fits");
    assert_eq!(received.checksum_expected % u16::MAX, checksum % u16::MAX);
    let is_good = tcp.checksum() % u16::MAX == checksum % u16::MAX;
    assert_eq!(segment.checksum, if is_good { Checksum::Good } else { Checksum::Raw(tcp.checksum()) });
}

const TCP: u8 = 6;
