//! Options of the IP header.

use super::{between, received};
use crate::segment::{Flags, Segment, encode_segment, with_ip_options};
use pretty_assertions::assert_eq;

const UNKNOWN: [u8; 4] = [0x1e, 4, 0, 0];

fn text(source: &str, destination: &str) -> Segment {
    Segment { flags: Flags::ACK, payload: b"abc".to_vec(), ..between(source, destination) }
}

#[test]
fn ipv4_header_grows_by_its_options_and_the_segment_stays() {
    let segment = text("192.0.2.1:9", "192.0.2.2:80");
    let plain = encode_segment(&segment);
    let packet = with_ip_options(&plain, &UNKNOWN[..3]);
    assert_eq!((packet[0], packet[20..24].to_vec()), (0x46, vec![0x1e, 4, 0, 0]));
    assert_eq!(packet.len(), plain.len() + 4);
    // No fault: the header's checksum and length are right.
    assert_eq!(received(&packet), received(&plain));
}

#[test]
fn ipv6_gets_a_destination_options_header() {
    let segment = text("[2001:db8::1]:9", "[2001:db8::2]:80");
    let plain = encode_segment(&segment);
    let packet = with_ip_options(&plain, &UNKNOWN);
    assert_eq!(packet[6], 60);
    assert_eq!(packet[40..48], [6, 0, 0x1e, 4, 0, 0, 0, 0]);
    assert_eq!(received(&packet), received(&plain));
}

#[test]
fn what_is_no_packet_stays_as_it_is() {
    assert_eq!(with_ip_options(&[], &UNKNOWN), Vec::<u8>::new());
    assert_eq!(with_ip_options(&[0x45, 0], &UNKNOWN), [0x45, 0]);
    assert_eq!(with_ip_options(&[0x60, 0], &UNKNOWN), [0x60, 0]);
}
