//! Tests of segments, bytes and back: real packets, round trips, an independent parser.

mod golden;
mod icmp;
mod ip_options;
mod malformed;
mod options;
mod oracle;
mod round_trip;
mod summary;

use super::{Endpoint, Received, Segment, TcpOption};
use crate::segment::{Packet, decode};

/// From octets as people write them: hexadecimal digits, white space between them as it helps.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("two digits")).collect()
}

fn between(source: &str, destination: &str) -> Segment {
    let endpoint = |text: &str| text.parse::<Endpoint>().expect("an address and a port");
    Segment::between(endpoint(source), endpoint(destination))
}

fn received(packet: &[u8]) -> Received {
    match decode(packet) {
        Ok(Packet::Tcp(received)) => received,
        other => panic!("no segment, but {other:?}"),
    }
}

fn mss(octets: u16) -> TcpOption {
    TcpOption::MaximumSegmentSize(octets)
}
