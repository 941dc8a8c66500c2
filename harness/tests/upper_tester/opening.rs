//! Listening, accepting, connecting.

use crate::bench::*;
use pretty_assertions::assert_eq;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use tcpspec::upper_tester::{Flushed, UpperTester};
use tcpspec_core::app::{AppCommand, AppOutcome, SocketOption};

#[test]
fn a_connection_that_arrives_while_accept_waits_is_accepted() {
    let mut bench = Bench::new();
    let local = own_address();
    let (listening, accepting) =
        (bench.ask(1, &listen("listener", local)), bench.ask(1, &accept("main", LONG)));
    assert_eq!(bench.outcome(1, listening), AppOutcome::Done);
    let peer = TcpStream::connect(local).unwrap();
    assert_eq!(bench.outcome(1, accepting), AppOutcome::Accepted(peer.local_addr().unwrap()));
    assert_eq!(bench.does(&accept("second", SHORT)), AppOutcome::NothingYet);
}

#[test]
fn ipv6_is_served_beside_ipv4_on_the_same_port() {
    let mut bench = Bench::new();
    let port = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let any = |ip: &str| SocketAddr::new(ip.parse().unwrap(), port);
    // An IPv6 socket that is not IPv6 only would hold the port for both.
    assert_eq!(bench.does(&listen("listener", any("::"))), AppOutcome::Done);
    assert_eq!(bench.does(&listen("all of ipv4", any("0.0.0.0"))), AppOutcome::Done);
    let mut peer = TcpStream::connect(any("::1")).unwrap();
    assert_eq!(bench.does(&accept("main", LONG)), AppOutcome::Accepted(peer.local_addr().unwrap()));
    peer.write_all(b"six").unwrap();
    assert_eq!(bench.does(&receive(3, LONG)), AppOutcome::Data(b"six".to_vec()));
}

#[test]
fn accepts_are_served_in_the_order_in_which_they_were_asked() {
    let mut bench = Bench::new();
    let local = own_address();
    assert_eq!(bench.does(&listen("listener", local)), AppOutcome::Done);
    let asked: Vec<_> = (0..3).map(|n| bench.ask(1, &accept(&format!("connection {n}"), LONG))).collect();
    assert_eq!(bench.tester.flush(), Ok(Flushed::All));
    let peers: Vec<_> = (0..3).map(|_| TcpStream::connect(local).unwrap()).collect();
    let accepted: Vec<_> = asked.into_iter().map(|id| bench.outcome(1, id)).collect();
    let want: Vec<_> = peers.iter().map(|peer| AppOutcome::Accepted(peer.local_addr().unwrap())).collect();
    assert_eq!(accepted, want);
}

#[test]
fn connect_says_its_local_address_and_then_that_it_is_done() {
    let mut bench = Bench::new();
    let listener = TcpListener::bind(own_address()).unwrap();
    let remote = listener.local_addr().unwrap();
    let AppOutcome::Connecting(local) = bench.does(&connect(SocketAddr::new(remote.ip(), 0), remote)) else {
        panic!("it did not begin")
    };
    let (_stream, peer) = listener.accept().unwrap();
    assert_eq!((local.ip(), local), (remote.ip(), peer));
    assert_eq!(bench.does(&await_connected(LONG)), AppOutcome::Done);
    assert_eq!(bench.does(&await_connected(LONG)), AppOutcome::Done);
}

#[test]
fn connect_takes_the_local_port_that_it_is_told() {
    let mut bench = Bench::new();
    let listener = TcpListener::bind(own_address()).unwrap();
    let local = SocketAddr::new(own_address().ip(), 4321);
    let remote = listener.local_addr().unwrap();
    assert_eq!(bench.does(&connect(local, remote)), AppOutcome::Connecting(local));
    assert_eq!(listener.accept().unwrap().1, local);
}

#[test]
fn connect_to_a_closed_port_is_refused() {
    let mut bench = Bench::new();
    let remote = own_address();
    let outcome = bench.does(&connect(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), remote));
    assert!(matches!(outcome, AppOutcome::Connecting(_) | AppOutcome::Refused), "{outcome:?}");
    assert_eq!(bench.does(&await_connected(LONG)), AppOutcome::Refused);
    assert_eq!(bench.does(&await_end(LONG)), AppOutcome::Refused);
}

#[test]
fn connect_to_one_who_never_answers_is_not_there_yet() {
    let mut bench = Bench::new();
    // A queue of one place, taken: Linux drops further SYNs.
    let remote = own_address();
    let full = AppCommand::Listen { socket: name("full"), local: remote, backlog: 0, options: vec![] };
    assert_eq!(bench.does(&full), AppOutcome::Done);
    let _first = TcpStream::connect(remote).unwrap();
    let outcome = bench.does(&connect(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), remote));
    assert!(matches!(outcome, AppOutcome::Connecting(_)), "{outcome:?}");
    assert_eq!(bench.does(&await_connected(SHORT)), AppOutcome::NothingYet);
    assert_eq!(bench.does(&await_end(SHORT)), AppOutcome::NothingYet);
}

#[test]
fn errors_of_the_stack_keep_their_names() {
    let mut bench = Bench::new();
    let local = own_address();
    assert_eq!(bench.does(&listen("listener", local)), AppOutcome::Done);
    let error = |errno: &str| AppOutcome::Error(errno.to_owned());
    assert_eq!(bench.does(&listen("second", local)), error("EADDRINUSE"));
    // 192.0.2.0/24 is for documentation: nobody's address, so not this machine's.
    assert_eq!(bench.does(&listen("other", "192.0.2.1:80".parse().unwrap())), error("EADDRNOTAVAIL"));
    let tiny = AppCommand::Set { socket: name("listener"), option: SocketOption::MaximumSegment(1) };
    assert_eq!(bench.does(&tiny), error("EINVAL"));
    // A failed attempt leaves no name behind.
    assert_eq!(bench.does(&close("second")), broken("there is no socket named \"second\""));
}
