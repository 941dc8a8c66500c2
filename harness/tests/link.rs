//! The real link and the kernel target, against the kernel of this machine. Runs as root, and as an
//! ordinary user where user namespaces are allowed.
//!
//! A program of its own, because namespaces must be made before the process has a second thread:
//! the trials run one after another on the main thread.

mod peer;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use peer::{Peer, Segment, listen, syn};
use pnet::packet::tcp::TcpFlags;
use pretty_assertions::{assert_eq, assert_ne};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::link::{
    Counters, EthernetLink, Family, Hosts, Interface, Link, LinkError, LinkOptions, MacAddr, MacPolicy, Ring,
};
use tcpspec::target::{KernelTarget, SocketState, State, StateTable};

const BOTH: [Family; 2] = [Family::V4, Family::V6];

fn main() {
    match std::env::var(PART).as_deref() {
        Ok("hold") => hold_a_target(),
        Ok("refuse") => be_refused(),
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = vec![
        // First: it looks at the machine from outside every namespace.
        trial("killed_bench_leaves_nothing_behind", killed_bench_leaves_nothing_behind),
        trial("syn_to_closed_port_draws_reset", syn_to_closed_port_draws_reset),
        trial("burst_while_the_reader_sleeps_is_kept", burst_while_the_reader_sleeps_is_kept),
        trial("burst_beyond_the_ring_is_counted", burst_beyond_the_ring_is_counted),
        trial(
            "bulk_data_is_cut_to_the_mtu_with_good_checksums",
            bulk_data_is_cut_to_the_mtu_with_good_checksums,
        ),
        trial("stamp_is_the_moment_of_arrival", stamp_is_the_moment_of_arrival),
        trial("state_table_follows_a_connection", state_table_follows_a_connection),
        trial("state_table_tells_listeners_from_connections", state_table_tells_listeners_from_connections),
        trial("questions_are_answered_for_own_hosts_only", questions_are_answered_for_own_hosts_only),
        trial("address_of_the_target_is_in_use", address_of_the_target_is_in_use),
        trial("tagged_frames_reach_their_vlan_only", tagged_frames_reach_their_vlan_only),
        trial("packets_that_cannot_be_sent_are_refused", packets_that_cannot_be_sent_are_refused),
        trial(
            "half_open_connections_beyond_the_queue_show_as_cookies",
            half_open_beyond_the_queue_show_as_cookies,
        ),
        trial("thread_comes_back_from_the_target", thread_comes_back_from_the_target),
        trial("target_tells_its_release_and_settings", target_tells_its_release_and_settings),
        trial("unknown_interface_names_those_that_exist", unknown_interface_names_those_that_exist),
        trial("link_of_a_vanished_target_is_down", link_of_a_vanished_target_is_down),
        trial("refused_namespace_says_what_helps", refused_namespace_says_what_helps),
        trial("speeds", speeds).with_ignored_flag(true),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// The link goes to the thread that drives the trials, the table with it; the target is shared.
const _: () = {
    const fn moves<T: Send>() {}
    const fn is_shared<T: Sync>() {}
    moves::<EthernetLink>();
    moves::<StateTable>();
    is_shared::<KernelTarget>();
};

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}

fn create() -> (KernelTarget, EthernetLink) {
    KernelTarget::create().unwrap_or_else(|error| panic!("{error}"))
}

fn host(target: &KernelTarget, n: u32, family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(target.host(n, family).expect("few hosts are asked for"), port)
}

fn at_target(target: &KernelTarget, family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(target.target_address(family), port)
}

fn syn_to_closed_port_draws_reset() {
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

fn burst_while_the_reader_sleeps_is_kept() {
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

fn burst_beyond_the_ring_is_counted() {
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

fn bulk_data_is_cut_to_the_mtu_with_good_checksums() {
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

fn stamp_is_the_moment_of_arrival() {
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

fn state_table_follows_a_connection() {
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

fn state_table_tells_listeners_from_connections() {
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

fn questions_are_answered_for_own_hosts_only() {
    let (target, mut link) = create();
    let stop = AtomicBool::new(false);
    let answers = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                link.receive(&mut |_, _| {}).expect("received");
            }
        });
        let mut asker =
            target.in_target(|| second_link("target", Hosts::none(), None)).expect("in the target");
        let wait = Duration::from_millis(100);
        let mut ask = |address: &str, from: &str| {
            let address: IpAddr = address.parse().expect("an address");
            let from = from.parse().expect("an address");
            (asker.resolve(address, from, wait).ok(), asker.is_in_use(address, wait).expect("asked"))
        };
        let answers = [
            ask("198.18.0.5", "192.0.2.1"),
            ask("192.0.2.254", "192.0.2.1"),
            ask("192.0.2.77", "192.0.2.1"),
            ask("2001:db8:1::5", "2001:db8:ffff::1"),
            ask("2001:db8:2::5", "2001:db8:ffff::1"),
        ];
        stop.store(true, Ordering::Relaxed);
        answers
    });
    let router = Some(MacAddr::new(2, 0, 0, 0, 0, 0xfe));
    assert_eq!(answers, [(router, router), (router, router), (None, None), (router, router), (None, None)]);
}

fn address_of_the_target_is_in_use() {
    let (target, mut link) = create();
    let wait = Duration::from_millis(100);
    let seen = BOTH.map(|family| link.is_in_use(target.target_address(family), wait).expect("asked"));
    assert_eq!(seen, [Some(MacAddr::new(2, 0, 0, 0, 0, 1)); 2]);
    let free =
        ["192.0.2.9", "2001:db8:ffff::9"].map(|text| link.is_in_use(text.parse().expect("an address"), wait));
    assert_eq!(free, [Ok(None), Ok(None)]);
    let nobody: IpAddr = "192.0.2.9".parse().expect("an address");
    let error =
        link.resolve(nobody, "192.0.2.254".parse().expect("an address"), wait).expect_err("nobody answers");
    assert_eq!(
        error.to_string(),
        "192.0.2.9 did not answer ARP within 100 ms: is it switched on, and on the same link as bench?"
    );
}

fn tagged_frames_reach_their_vlan_only() {
    let (target, _link) = create();
    let ours: IpAddr = "10.0.0.1".parse().expect("an address");
    let theirs: IpAddr = "10.0.0.2".parse().expect("an address");
    let answers = [Some(7), Some(8), None].map(|vlan| {
        let mut asker = second_link("bench", Hosts::none().with_addresses([ours]), Some(7));
        let hosts = Hosts::none().with_addresses([theirs]);
        let mut other = target.in_target(|| second_link("target", hosts, vlan)).expect("in the target");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    other.receive(&mut |_, _| {}).expect("received");
                }
            });
            let answer = asker.resolve(theirs, ours, Duration::from_millis(50)).ok();
            stop.store(true, Ordering::Relaxed);
            answer
        })
    });
    // 02:04 and the octets of 10.0.0.2: a MAC address per host.
    assert_eq!(answers, [Some(MacAddr::new(2, 4, 10, 0, 0, 2)), None, None]);
}

fn packets_that_cannot_be_sent_are_refused() {
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

fn half_open_beyond_the_queue_show_as_cookies() {
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

fn thread_comes_back_from_the_target() {
    let (target, _link) = create();
    let here = namespace();
    let there = target.in_target(namespace).expect("in the target");
    assert_ne!(there, here);
    let panicked = std::panic::catch_unwind(|| target.in_target(|| panic!("on purpose"))).is_err();
    assert_eq!((panicked, namespace()), (true, here.clone()));
    let nested = target.in_target(|| target.in_target(namespace).expect("nested") == namespace());
    assert_eq!((nested.expect("in the target"), namespace()), (true, here.clone()));
    assert_eq!(thread::scope(|scope| scope.spawn(namespace).join().expect("ends")), here);
}

fn target_tells_its_release_and_settings() {
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

fn unknown_interface_names_those_that_exist() {
    let (_target, _link) = create();
    let error = Interface::by_name("eth9").expect_err("no such interface");
    assert_eq!(error.to_string(), "there is no interface \"eth9\" here; there are: lo, bench");
    let error = Interface::by_name("lo").expect_err("not Ethernet");
    assert_eq!(
        error.to_string(),
        "interface lo is not Ethernet (hardware type 772), and the bench speaks only Ethernet"
    );
}

fn link_of_a_vanished_target_is_down() {
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

fn refused_namespace_says_what_helps() {
    let child = Command::new(std::env::current_exe().expect("this program")).env(PART, "refuse").output();
    let said = String::from_utf8(child.expect("started").stdout).expect("text");
    assert_eq!(
        said,
        "cannot make a private network for the target: a network namespace was refused (ENOSPC: No space left on \
         device); there are too many already: raise the limit `user.max_net_namespaces`\n"
    );
}

/// The other end of [`refused_namespace_says_what_helps`]: a user namespace that forbids itself what is
/// needed. The limit holds for it alone.
fn be_refused() -> ! {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER).expect("a user namespace");
    for (file, text) in [
        ("self/setgroups", "deny".to_owned()),
        ("self/uid_map", format!("0 {user} 1")),
        ("self/gid_map", format!("0 {group} 1")),
        ("sys/user/max_net_namespaces", "0".to_owned()),
    ] {
        fs::write(format!("/proc/{file}"), text).expect(file);
    }
    let error = KernelTarget::create().expect_err("refused");
    println!("{error}");
    std::process::exit(0)
}

fn killed_bench_leaves_nothing_behind() {
    let outside =
        || (namespaces_of_the_machine(), fs::read_to_string("/proc/thread-self/net/dev").map(names_of));
    let before = outside();
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .env(PART, "hold")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    assert_ne!(outside().0, before.0, "the target's namespaces can be seen while it lives");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGKILL).expect("killed");
    child.wait().expect("ended");
    let deadline = Instant::now() + Duration::from_secs(5);
    while outside().0 != before.0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let after = outside();
    assert_eq!((after.0, after.1.expect("interfaces")), (before.0, before.1.expect("interfaces")));
}

/// The other end of [`killed_bench_leaves_nothing_behind`].
fn hold_a_target() -> ! {
    let _target = create();
    println!("ready");
    loop {
        thread::park();
    }
}

/// Every network namespace that a process of this machine is in, as far as this user may see.
fn namespaces_of_the_machine() -> BTreeSet<String> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read_link(process.path().join("ns/net")).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

fn names_of(interfaces: String) -> Vec<String> {
    interfaces
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim().to_owned())
        .collect()
}

fn namespace() -> String {
    fs::read_link("/proc/thread-self/ns/net").expect("a namespace").to_string_lossy().into_owned()
}

/// A link of its own on an interface of the calling thread's namespace, with a ring of the smallest size.
fn second_link(interface: &str, hosts: Hosts, vlan: Option<u16>) -> EthernetLink {
    let interface = Interface::by_name(interface).expect("the interface");
    let ring = Ring::allocate(1, interface.mtu).expect("a ring");
    let options = LinkOptions { interface, hosts, macs: MacPolicy::PerHost, vlan, promiscuous: false };
    EthernetLink::open(ring, options).expect("a link")
}

/// Takes packets until there are `wanted`, or none has come for a while.
fn receive(link: &mut EthernetLink, wanted: usize) -> usize {
    let (mut taken, mut last) = (0, Instant::now());
    while taken < wanted && last.elapsed() < Duration::from_secs(1) {
        let before = taken;
        link.receive(&mut |_, _| taken += 1).expect("received");
        if taken > before {
            last = Instant::now();
        }
    }
    taken
}

fn monotonic() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).expect("a clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}

/// Not a test but a measurement: `cargo test --release --test link -- --ignored`.
fn speeds() {
    println!();
    for _ in 0..5 {
        let start = Instant::now();
        let preparation = KernelTarget::prepare().unwrap_or_else(|error| panic!("{error}"));
        let prepared = start.elapsed();
        let made = preparation.finish().unwrap_or_else(|error| panic!("{error}"));
        let (prepared, made_in) = (prepared.as_secs_f64() * 1e3, start.elapsed().as_secs_f64() * 1e3);
        println!("create() {made_in:.1} ms, of which prepare() {prepared:.1} ms");
        drop(made);
    }
    let (target, mut link) = create();
    for family in BOTH {
        const ROUNDS: u32 = 50_000;
        let there = at_target(&target, family, 9);
        let packets: Vec<_> = (0..100).map(|n| syn(host(&target, n, family, 4000), there, 1)).collect();
        let start = Instant::now();
        for round in 0..ROUNDS {
            link.send(&packets[round as usize % 100]).expect("sent");
            let mut answered = false;
            while !answered {
                link.receive(&mut |_, _| answered = true).expect("received");
            }
        }
        println!("{family} SYN -> RST {:.0} rounds/s", f64::from(ROUNDS) / start.elapsed().as_secs_f64());
    }
    let before = link.counters().expect("counters").foreign;
    thread::sleep(Duration::from_secs(3));
    receive(&mut link, 1);
    println!("foreign {before} -> {}", link.counters().expect("counters").foreign);
    let mut table = target.state_table().expect("a state table");
    for family in BOTH {
        const LOOKUPS: u32 = 20_000;
        let (here, there) = (host(&target, 0, family, 4000), at_target(&target, family, 7000));
        let _listener = listen(&target, there);
        Peer::new(&mut link, here, there).connect();
        for (what, here) in [("hit", here), ("miss", host(&target, 1, family, 1))] {
            let start = Instant::now();
            for _ in 0..LOOKUPS {
                table.lookup(there, here).expect("looked up");
            }
            println!(
                "{family} lookup ({what}) {:.2} µs",
                start.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKUPS)
            );
        }
    }
}

/// Which part this program plays when a trial starts it anew.
const PART: &str = "TCPSPEC_TEST_PART";
