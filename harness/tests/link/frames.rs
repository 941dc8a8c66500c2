//! Frames in and out: what is kept, what is counted, when it came, what is refused.

use super::bench::{BOTH, at_target, create, host, receive, second_link};
use super::peer::{Peer, Segment, listen, syn};
use pnet::packet::tcp::TcpFlags;
use pretty_assertions::assert_eq;
use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::link::{Counters, Family, Hosts, Link, LinkError};

pub(crate) fn syn_to_closed_port_draws_reset() {
    let (target, mut link) = create();
    for family in BOTH {
        let (here, there) = (host(&target, 0, family, 4000), at_target(&target, family, 9));
        link.send(&syn(here, there, 1000)).expect("sent");
        let segment = Peer::new(&mut link, here, there).next();
        // RFC 9293 section 3.10.7.1: SEQ=0, ACK=SEG.SEQ+SEG.LEN, RST and ACK.
        let (flags, packet_length) =
            (TcpFlags::RST | TcpFlags::ACK, if family == Family::V4 { 40 } else { 60 });
        assert_eq!(segment, Segment { seq: 0, ack: 1001, flags, length: 0, packet_length });
    }
    let counters = link.counters().expect("counters");
    assert_eq!(counters, Counters { received: 2, foreign: counters.foreign, ..Counters::default() });
}

pub(crate) fn burst_while_the_reader_sleeps_is_kept() {
    const BURST: u16 = 5_000;
    let (target, mut link) = create();
    let there = at_target(&target, Family::V4, 9);
    for port in 0..BURST {
        link.send(&syn(host(&target, 1, Family::V4, 1024 + port), there, 1)).expect("sent");
    }
    thread::sleep(Duration::from_millis(50));
    let resets = receive(&mut link, BURST.into());
    let counters = link.counters().expect("counters");
    assert_eq!((resets, counters.received, counters.dropped), (BURST.into(), u64::from(BURST), 0));
    let veth = target.counters().expect("counters of the interfaces");
    assert_eq!((veth.bench.receive_dropped, veth.target.receive_dropped), (0, 0));
}

pub(crate) fn burst_beyond_the_ring_is_counted() {
    const BURST: u16 = 200;
    let (target, mut link) = create();
    let mut small =
        second_link("bench", Hosts::none().with_addresses([host(&target, 0, Family::V4, 0).ip()]), None);
    let slots = small.socket().ring().slots() as u64;
    for port in 0..BURST {
        link.send(&syn(host(&target, 0, Family::V4, 1024 + port), at_target(&target, Family::V4, 9), 1))
            .expect("sent");
    }
    // The large ring has them all: so the small one has seen them all.
    assert_eq!(receive(&mut link, BURST.into()), usize::from(BURST));
    let taken = receive(&mut small, slots as usize) as u64;
    let counters = small.counters().expect("counters");
    assert_eq!((taken, counters.received, counters.dropped), (slots, slots, u64::from(BURST) - slots));
    // Read a second time, the counter does not begin anew.
    assert_eq!(small.counters().expect("counters").dropped, u64::from(BURST) - slots);
}

pub(crate) fn bulk_data_is_cut_to_the_mtu_with_good_checksums() {
    const BULK: usize = 400_000;
    let (target, mut link) = create();
    for family in BOTH {
        let (here, there) = (host(&target, 0, family, 4000), at_target(&target, family, 7000));
        let listener = listen(&target, there);
        let mut peer = Peer::new(&mut link, here, there);
        peer.connect();
        let (mut stream, _) = listener.accept().expect("accepted");
        let writer = thread::spawn(move || stream.write_all(&vec![0x5a; BULK]).expect("written"));
        let (mut received, mut longest) = (0, 0);
        while received < BULK {
            // Fails on a bad checksum.
            let segment = peer.next();
            received += segment.length as usize;
            longest = longest.max(segment.packet_length);
            peer.acknowledge();
        }
        writer.join().expect("the writer ends");
        assert_eq!(longest, 1500);
    }
    assert_eq!(link.counters().expect("counters").unfinished_checksums, 0);
}

pub(crate) fn stamp_is_the_moment_of_arrival() {
    let (target, mut link) = create();
    let (here, there) = (host(&target, 0, Family::V4, 4000), at_target(&target, Family::V4, 9));
    let mut best = u64::MAX;
    for port in 0..20 {
        let here = SocketAddr::new(here.ip(), here.port() + port);
        let before = monotonic();
        link.send(&syn(here, there, 1)).expect("sent");
        let after = monotonic();
        // The reader comes late: the stamp must not.
        thread::sleep(Duration::from_millis(5));
        let mut stamps = Vec::new();
        link.receive(&mut |stamp, _| stamps.push(stamp.0)).expect("received");
        assert_eq!(stamps.len(), 1);
        best = best.min(before.saturating_sub(stamps[0]).max(stamps[0].saturating_sub(after)));
    }
    // The best of several: any one of them may be disturbed on a busy machine.
    assert!(best < 1_000_000, "stamps are at least {best} ns from the moment of sending");
    assert_eq!(link.counters().expect("counters").clock_steps, 0);
}

pub(crate) fn packets_that_cannot_be_sent_are_refused() {
    let (_target, mut link) = create();
    let mut long = vec![0x45; 1501];
    let errors = [
        link.send(&long).map_err(|error| error.to_string()),
        link.send(&[0x12, 0x34]).map_err(|error| error.to_string()),
        link.send(&[]).map_err(|error| error.to_string()),
    ];
    assert_eq!(
        errors,
        [
            Err("a packet of 1501 octets does not fit interface bench, whose MTU is 1500".to_owned()),
            Err("not an IP packet: it begins with 0x12".to_owned()),
            Err("not an IP packet: it is empty".to_owned()),
        ]
    );
    // Broken headers are none of the link's business.
    long.truncate(1500);
    assert_eq!((link.send(&long), link.send(&[0x60])), (Ok(()), Ok(())));
    let mut fresh = second_link("bench", Hosts::none(), None);
    assert_eq!(fresh.send(&[0x45; 20]), Err(LinkError::NoNextHop { family: Family::V4 }));
}

pub(crate) fn link_of_a_vanished_target_is_down() {
    let (target, mut link) = create();
    let packet = syn(host(&target, 0, Family::V4, 4000), at_target(&target, Family::V4, 9), 1);
    drop(target);
    // The kernel takes a namespace down in its own time.
    let deadline = Instant::now() + Duration::from_secs(5);
    while link.counters().is_ok() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(link.send(&packet), Err(LinkError::Down { name: "bench".to_owned() }));
}

fn monotonic() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).expect("a clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}
