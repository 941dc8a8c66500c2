//! Urgent data, both ways.

use crate::bench::*;
use nix::sys::socket::{MsgFlags, recv, send};
use pretty_assertions::assert_eq;
use std::os::fd::AsRawFd;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, SocketOption};

fn await_urgent(within: Duration) -> AppCommand {
    AppCommand::AwaitUrgent { socket: "main".to_owned(), within }
}

#[test]
fn urgent_data_is_noticed_until_it_is_read() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    let inline = AppCommand::Set { socket: "main".to_owned(), option: SocketOption::UrgentInline(true) };
    assert_eq!(bench.does(&inline), AppOutcome::Done);
    assert_eq!(bench.does(&await_urgent(SHORT)), AppOutcome::NothingYet);
    let id = bench.ask(1, &await_urgent(LONG));
    bench.pump(SHORT).unwrap();
    send(peer.as_raw_fd(), b"abc", MsgFlags::MSG_OOB).unwrap();
    assert_eq!(bench.outcome(1, id), AppOutcome::Done);
    assert_eq!(bench.does(&receive(2, LONG)), AppOutcome::Data(b"ab".to_vec()));
    assert_eq!(bench.does(&await_urgent(LONG)), AppOutcome::Done);
    assert_eq!(bench.does(&receive(1, LONG)), AppOutcome::Data(b"c".to_vec()));
    assert_eq!(bench.does(&await_urgent(SHORT)), AppOutcome::NothingYet);
}

#[test]
fn what_is_sent_as_urgent_is_urgent_at_the_peer() {
    let mut bench = Bench::new();
    let peer = bench.accepted(own_address());
    let urgent = AppCommand::SendUrgent { socket: "main".to_owned(), data: b"abc".to_vec() };
    assert_eq!(bench.does(&urgent), AppOutcome::Done);
    let mut octet = [0; 4];
    // On loopback it is there when the call returns.
    assert_eq!(recv(peer.as_raw_fd(), &mut octet, MsgFlags::MSG_OOB), Ok(1));
    assert_eq!(octet[0], b'c');
}
