//! Sending, receiving, and how much of it waits.

use crate::bench::*;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use pretty_assertions::assert_eq;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tcpspec::upper_tester::{Flushed, UpperTester};
use tcpspec_core::app::{AppOutcome, CommandId};

#[test]
fn octets_that_come_in_pieces_are_received_as_one() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    peer.set_nodelay(true).unwrap();
    let id = bench.ask(1, &receive(5, LONG));
    for piece in ["h", "el", "lo!"] {
        peer.write_all(piece.as_bytes()).unwrap();
        bench.pump(SHORT).unwrap();
    }
    assert_eq!(bench.outcome(1, id), AppOutcome::Data(b"hello".to_vec()));
    assert_eq!(bench.does(&receive(1, LONG)), AppOutcome::Data(b"!".to_vec()));
    assert_eq!(bench.does(&receive(0, LONG)), AppOutcome::Data(vec![]));
}

#[test]
fn receive_gives_what_there_is_when_its_time_is_over() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    assert_eq!(bench.does(&receive(5, SHORT)), AppOutcome::NothingYet);
    peer.write_all(b"hel").unwrap();
    assert_eq!(bench.does(&receive(5, SHORT)), AppOutcome::Data(b"hel".to_vec()));
    assert_eq!(bench.does(&receive(5, Duration::ZERO)), AppOutcome::NothingYet);
}

#[test]
fn a_wait_is_given_up_neither_early_nor_late() {
    let mut bench = Bench::new();
    let _peer = bench.accepted(own_address());
    let asked = Instant::now();
    assert_eq!(bench.does(&receive(5, Duration::from_millis(200))), AppOutcome::NothingYet);
    let waited = asked.elapsed();
    assert!(waited >= Duration::from_millis(200), "{waited:?}");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn two_receives_get_their_octets_in_the_order_in_which_they_asked() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    let asked = [4, 3, 2].map(|length| bench.ask(1, &receive(length, LONG)));
    bench.pump(Duration::ZERO).unwrap();
    peer.write_all(b"aaaabbbcc").unwrap();
    let outcomes = asked.map(|id| bench.outcome(1, id));
    assert_eq!(outcomes, ["aaaa", "bbb", "cc"].map(|data| AppOutcome::Data(data.into())));
}

#[test]
fn send_of_more_than_the_buffers_hold_is_done_when_the_peer_has_read_on() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    let data: Vec<u8> = (0..12_000_000_u32).map(|n| (n % 251) as u8).collect();
    let id = bench.ask(1, &send(&data));
    let started = Instant::now();
    while bench.tester.flush() != Ok(Flushed::All) || started.elapsed() < Duration::from_millis(500) {
        bench.pump(SHORT).unwrap();
    }
    assert_eq!(bench.reports.get(&(1, id)), None);
    let mut seen = vec![0; data.len()];
    peer.read_exact(&mut seen).unwrap();
    assert_eq!(bench.outcome(1, id), AppOutcome::Done);
    assert!(seen == data, "the octets differ");
}

#[test]
fn more_octets_than_one_command_may_name_are_refused() {
    let mut bench = Bench::new();
    let _peer = bench.accepted(own_address());
    let outcome = bench.does(&receive(usize::MAX, LONG));
    let want = format!("{} octets in one command: at most 16777216", usize::MAX);
    assert_eq!(outcome, AppOutcome::Broken(want));
}

#[test]
fn a_thousand_connections_at_once_each_get_their_own_octets() {
    // The peers' ends are ours; the agent sees to its own limit.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mut bench = Bench::new();
    let base = own_address();
    let address = |n: u16| SocketAddr::new(base.ip(), 10_000 + n);
    let trials = 1_000_u16;
    let mut asked = Vec::new();
    for n in 0..trials {
        bench.ask(u64::from(n), &listen("listener", address(n)));
        asked.push(bench.ask(u64::from(n), &accept("main", 3 * LONG)));
    }
    for n in 0..trials {
        let id = CommandId(2 * u32::from(n) + 1);
        assert_eq!(bench.outcome(u64::from(n), id), AppOutcome::Done);
    }
    let mut peers: Vec<_> = (0..trials).map(|n| TcpStream::connect(address(n)).unwrap()).collect();
    for (n, (id, peer)) in asked.into_iter().zip(&peers).enumerate() {
        assert_eq!(bench.outcome(n as u64, id), AppOutcome::Accepted(peer.local_addr().unwrap()));
    }
    let waiting: Vec<_> = (0..trials).map(|n| bench.ask(u64::from(n), &receive(4, 3 * LONG))).collect();
    bench.pump(Duration::ZERO).unwrap();
    for (n, peer) in peers.iter_mut().enumerate() {
        peer.write_all(&(n as u32).to_be_bytes()).unwrap();
    }
    for (n, id) in waiting.into_iter().enumerate() {
        let want = AppOutcome::Data((n as u32).to_be_bytes().to_vec());
        assert_eq!(bench.outcome(n as u64, id), want);
    }
    (0..trials).for_each(|n| bench.tester.release(u64::from(n)));
    bench.pump(Duration::ZERO).unwrap();
    for peer in peers {
        peer.set_read_timeout(Some(LONG)).unwrap();
        assert_eq!(read_all(peer), Err(ErrorKind::ConnectionReset));
    }
}
