//! Packets that a record holds octet by octet.

use super::bench::Bench;
use crate::engine::Input;
use crate::segment::{Packet, decode};
use crate::verdict::{EventKind, KeptPacket, Record, Sender};
use pretty_assertions::assert_eq;
use std::time::Duration;

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

#[test]
fn of_a_flood_the_packets_are_kept_that_the_record_tells_of() {
    let keys = "given: ESTABLISHED\nacks: all\nsteps:\n  - app: send 65535";
    let mut bench = Bench::with(keys, |config| config.keep_packets = true).start();
    let before = bench.engine.record.packets.len();
    for _ in 0..30_000 {
        let now = bench.now;
        bench.engine.step(now, Input::Packet { stamp: now, octets: b"nonsense" });
        bench.now += Duration::from_micros(1);
    }
    let Record { events, packets } = bench.into_outcome().record;
    let kept = packets.iter().filter(|packet| packet.octets == b"nonsense").count();
    assert!(kept > 900 && packets.len() <= 1_000 + before, "{kept} of {}", packets.len());
    assert!(packets.iter().all(|packet| packet.event < events.len()));
}
