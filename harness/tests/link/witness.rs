//! What the target's side tells beside the wire: socket table, counters, facts.

use super::bench::{BOTH, at_target, create, host};
use super::peer::{Peer, listen, syn};
use pretty_assertions::{assert_eq, assert_ne};
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tcpspec::link::{Family, Link};
use tcpspec::target::{SocketState, State};

pub(crate) fn state_table_follows_a_connection() {
    let (target, mut link) = create();
    let mut table = target.state_table().expect("a state table");
    for family in BOTH {
        let (here, there) = (host(&target, 0, family, 4000), at_target(&target, family, 7000));
        let listener = listen(&target, there);
        let mut states = vec![table.lookup(there, here).expect("looked up")];
        // Waits for a change, since the kernel may take in a segment a moment after it was sent.
        let mut look = || {
            let known = states.last().copied().flatten();
            let deadline = Instant::now() + Duration::from_secs(1);
            let mut seen = known;
            while seen.map(|seen| seen.state) == known.map(|known| known.state) && Instant::now() < deadline {
                seen = table.lookup(there, here).expect("looked up");
            }
            states.push(seen);
        };
        let mut peer = Peer::new(&mut link, here, there);
        peer.open();
        look();
        peer.acknowledge();
        look();
        drop(listener.accept().expect("accepted"));
        look();
        peer.next();
        peer.acknowledge();
        look();
        peer.finish();
        look();
        let names: Vec<Option<State>> = states.iter().map(|state| state.map(|state| state.state)).collect();
        assert_eq!(
            names,
            [
                None,
                Some(State::SynReceived),
                Some(State::Established),
                Some(State::FinWait1),
                Some(State::FinWait2),
                Some(State::TimeWait),
            ]
        );
        let Some(SocketState { expires: Some(remaining), .. }) = states[5] else {
            panic!("TIME-WAIT has a timer")
        };
        assert!((55..=60).contains(&remaining.as_secs()), "TIME-WAIT ends in {remaining:?}");
    }
}

pub(crate) fn state_table_tells_listeners_from_connections() {
    let (target, mut link) = create();
    let mut table = target.state_table().expect("a state table");
    // One listener for both families, as most servers have.
    let any: SocketAddr = "[::]:7000".parse().expect("an address");
    let listener = listen(&target, any);
    let (here, there) = (host(&target, 0, Family::V4, 4000), at_target(&target, Family::V4, 7000));
    assert_eq!(table.lookup(there, here).expect("looked up"), None);
    let entry = table.listening(there).expect("looked up").expect("a listener");
    assert_eq!((entry.local, entry.state), (any, State::Listen));
    assert_eq!(table.listening(at_target(&target, Family::V4, 7001)).expect("looked up"), None);

    let mut peer = Peer::new(&mut link, here, there);
    peer.connect();
    let (mut stream, _) = listener.accept().expect("accepted");
    assert_eq!(
        table.lookup(there, here).expect("looked up").map(|state| state.state),
        Some(State::Established)
    );
    let mut dumped: Vec<_> = BOTH
        .iter()
        .flat_map(|family| table.dump(*family).expect("dumped"))
        .map(|entry| (entry.local, entry.remote, entry.state))
        .collect();
    dumped.sort_by_key(|entry| entry.0);
    let nobody: SocketAddr = "[::]:0".parse().expect("an address");
    assert_eq!(dumped, [(there, here, State::Established), (any, nobody, State::Listen)]);

    // Two words for one thing: what the table calls unread is what the application can read.
    peer.send(b"hello");
    let unread = table.dump(Family::V6).expect("dumped").into_iter().map(|entry| entry.receive_queue).max();
    assert_eq!(unread, Some(5));
    let mut read = [0; 5];
    stream.read_exact(&mut read).expect("read");
    assert_eq!(&read, b"hello");
    let mixed = table.lookup(there, host(&target, 0, Family::V6, 1));
    assert!(mixed.is_err(), "{mixed:?}");
}

pub(crate) fn half_open_beyond_the_queue_show_as_cookies() {
    let (target, mut link) = create();
    assert_eq!(target.counters().expect("counters").syn_cookies_sent, 0);
    let there = at_target(&target, Family::V4, 7000);
    let listener = listen(&target, there);
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(1).expect("a backlog"))
        .expect("shortened");
    for port in 0..20 {
        link.send(&syn(host(&target, 0, Family::V4, 4000 + port), there, 1)).expect("sent");
    }
    assert_ne!(target.counters().expect("counters").syn_cookies_sent, 0);
}

pub(crate) fn target_tells_its_release_and_settings() {
    let (target, _link) = create();
    let facts = target.facts();
    assert_eq!(facts.release, fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release").trim());
    let names: Vec<&str> = facts.sysctls.keys().map(String::as_str).collect();
    for name in ["net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_syn_linear_timeouts"] {
        let here = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok();
        assert_eq!(names.contains(&name), here.is_some(), "{name}");
    }
    for name in
        ["net.ipv4.tcp_timestamps", "net.ipv4.conf.target.rp_filter", "net.ipv4.tcp_congestion_control"]
    {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert_eq!(target.families(), BOTH);
    let hosts =
        [0, 253, 254, 130_047, 130_048].map(|n| target.host(n, Family::V4).map(|host| host.to_string()));
    let expected =
        ["198.18.0.1", "198.18.0.254", "198.18.1.1", "198.19.255.254"].map(|text| Some(text.to_owned()));
    assert_eq!((&hosts[..4], &hosts[4]), (&expected[..], &None));
    assert_eq!(target.host(0xffff, Family::V6), Some("2001:db8:1::1:0".parse().expect("an address")));
}
