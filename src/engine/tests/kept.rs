//! Packets that a record holds octet by octet.

use super::bench::Bench;
use crate::segment::{Packet, decode};
use crate::verdict::{EventKind, KeptPacket, Record, Sender};
use pretty_assertions::assert_eq;

const STEPS: &str = "given: ESTABLISHED\nsteps:\n  - {send: ACK, data: 100, fragments: 64}\n  - wait: 10ms\n  \
                     - send: ACK\n";

fn record(keep: bool) -> (Record, Vec<Vec<u8>>) {
    let mut bench = Bench::with(STEPS, |config| config.keep_packets = keep).start();
    let mut sent = bench.all_packets();
    // Neither a segment nor anything else that can be read.
    bench.packet(bench.ago(1), b"\x45nonsense");
    bench.pass_time(20);
    sent.extend(bench.all_packets());
    (bench.into_outcome().record, sent)
}

#[test]
fn packets_are_kept_as_they_were_with_the_event_that_tells_of_them() {
    let (record, sent) = record(true);
    let of = |sender| record.packets.iter().filter(move |packet| packet.from == sender);
    let bench: Vec<_> = of(Sender::Bench).map(|packet| packet.octets.clone()).collect();
    assert_eq!(bench[bench.len() - 3..], sent);
    let last = of(Sender::Target).next_back().expect("nonsense was kept");
    assert_eq!(last.octets, b"\x45nonsense");
    for KeptPacket { at, from, event, octets } in &record.packets {
        let event = &record.events[*event];
        assert_eq!(event.at, *at);
        match (decode(octets), &event.kind, from) {
            (Ok(Packet::Tcp(held)), EventKind::Sent(segment), Sender::Bench)
            | (Ok(Packet::Tcp(held)), EventKind::Received { segment, .. }, Sender::Target) => {
                assert_eq!((held.segment.seq, &held.segment.flags), (segment.seq, &segment.flags));
            }
            (Ok(Packet::Fragment(_)), EventKind::Sent(segment), Sender::Bench) => {
                assert_eq!(segment.payload.len(), 100);
            }
            (Err(_), EventKind::ReceivedOther(text), Sender::Target) => {
                assert!(text.starts_with("unreadable"), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nothing_is_kept_that_nobody_asked_for() {
    let (record, sent) = record(false);
    assert_eq!((record.packets, sent.len()), (Vec::new(), 3));
}
