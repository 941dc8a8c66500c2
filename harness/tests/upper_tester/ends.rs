//! How connections end, by either side.

use crate::bench::*;
use pretty_assertions::assert_eq;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;
use tcpspec::upper_tester::UpperTester;
use tcpspec_core::app::{AppCommand, AppOutcome, SocketOption};

#[test]
fn the_end_of_the_stream_comes_after_its_last_octets() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    let id = bench.ask(1, &receive(10, LONG));
    peer.write_all(b"bye").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(bench.outcome(1, id), AppOutcome::EndOfStream(b"bye".to_vec()));
    assert_eq!(bench.does(&receive(10, LONG)), AppOutcome::EndOfStream(vec![]));
}

#[test]
fn await_end_shows_waiting_data_without_taking_them() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    let id = bench.ask(1, &await_end(LONG));
    peer.write_all(b"data").unwrap();
    assert_eq!(bench.outcome(1, id), AppOutcome::Data(b"data".to_vec()));
    assert_eq!(bench.does(&receive(4, LONG)), AppOutcome::Data(b"data".to_vec()));
    assert_eq!(bench.does(&await_end(SHORT)), AppOutcome::NothingYet);
}

#[test]
fn a_reset_after_the_end_of_the_stream_is_seen_as_well() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(bench.does(&await_end(LONG)), AppOutcome::EndOfStream(vec![]));
    assert_eq!(bench.does(&await_end(SHORT)), AppOutcome::NothingYet);
    let id = bench.ask(1, &await_end(LONG));
    bench.pump(SHORT).unwrap();
    reset(peer);
    assert_eq!(bench.outcome(1, id), AppOutcome::Reset);
}

#[test]
fn a_reset_is_observed_by_every_command_from_then_on() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    let (end, data) = (bench.ask(1, &await_end(LONG)), bench.ask(1, &receive(1, LONG)));
    bench.pump(SHORT).unwrap();
    reset(peer);
    assert_eq!([end, data].map(|id| bench.outcome(1, id)), [AppOutcome::Reset, AppOutcome::Reset]);
    let later = [await_end(LONG), receive(1, LONG), send(b"late"), await_connected(LONG)];
    assert_eq!(later.map(|command| bench.does(&command)), [(); 4].map(|()| AppOutcome::Reset));
}

#[test]
fn octets_before_a_reset_are_received_and_then_the_reset() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    peer.write_all(b"abc").unwrap();
    // Makes sure that they are there before the reset, which would overtake nothing on loopback.
    assert_eq!(bench.does(&await_end(LONG)), AppOutcome::Data(b"abc".to_vec()));
    reset(peer);
    assert_eq!(bench.does(&await_end(LONG)), AppOutcome::Reset);
    assert_eq!(bench.does(&receive(10, LONG)), AppOutcome::Data(b"abc".to_vec()));
    assert_eq!(bench.does(&receive(10, LONG)), AppOutcome::Reset);
}

#[test]
fn the_stack_gives_up_on_a_peer_that_takes_nothing() {
    let mut bench = Bench::new();
    let _peer = bench.accepted(own_address());
    let patience = SocketOption::UserTimeout(Duration::from_millis(300));
    assert_eq!(bench.does(&AppCommand::Set { socket: name("main"), option: patience }), AppOutcome::Done);
    // Its window closes, and the probes of it change nothing.
    assert_eq!(bench.does(&send(&vec![0; 12_000_000])), AppOutcome::TimedOut);
    assert_eq!(bench.does(&await_end(LONG)), AppOutcome::TimedOut);
}

#[test]
fn shutdown_ends_our_direction_and_leaves_the_other() {
    let mut bench = Bench::new();
    let mut peer = bench.accepted(own_address());
    assert_eq!(bench.does(&send(b"last words")), AppOutcome::Done);
    assert_eq!(bench.does(&shutdown()), AppOutcome::Done);
    peer.write_all(b"heard").unwrap();
    assert_eq!(bench.does(&receive(5, LONG)), AppOutcome::Data(b"heard".to_vec()));
    // Its own doing, not a reset by the peer.
    assert_eq!(bench.does(&send(b"more")), AppOutcome::Error("EPIPE".to_owned()));
    assert_eq!(read_all(peer), Ok(b"last words".to_vec()));
}

#[test]
fn close_ends_the_stream_frees_the_name_and_answers_who_waits() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    let id = bench.ask(1, &receive(1, LONG));
    assert_eq!(bench.does(&close("main")), AppOutcome::Done);
    assert_eq!(bench.outcome(1, id), AppOutcome::NothingYet);
    assert_eq!(read_all(peer), Ok(vec![]));
    assert_eq!(bench.does(&close("main")), broken("there is no socket named \"main\""));
}

#[test]
fn abort_resets_the_peer() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    assert_eq!(bench.does(&abort()), AppOutcome::Done);
    assert_eq!(read_all(peer), Err(ErrorKind::ConnectionReset));
}

#[test]
fn release_resets_what_the_trial_holds_and_nothing_else() {
    let mut bench = Bench::new();
    let (one, other) = (own_address(), own_address());
    let peer = bench.accepted(one);
    let waiting = bench.ask(1, &accept("second", Duration::from_millis(100)));
    let listening = bench.ask(2, &listen("listener", other));
    assert_eq!(bench.outcome(2, listening), AppOutcome::Done);
    bench.tester.release(1);
    bench.pump(Duration::from_millis(10)).unwrap();
    assert_eq!(read_all(peer), Err(ErrorKind::ConnectionReset));
    assert_eq!(
        TcpStream::connect(one).map_err(|error| error.kind()).err(),
        Some(ErrorKind::ConnectionRefused)
    );
    assert!(TcpStream::connect(other).is_ok());
    // The accept was not answered, though its time is over; and the names are free again.
    bench.pump(Duration::from_millis(300)).unwrap();
    assert_eq!(bench.reports.get(&(1, waiting)), None);
    assert_eq!(bench.does(&listen("listener", one)), AppOutcome::Done);
}
