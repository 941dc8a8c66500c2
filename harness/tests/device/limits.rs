//! Devices that stand little.

use super::lab::Lab;
use super::programs::{ALL, limited, with_bench};
use pretty_assertions::assert_eq;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Trials that wait for nothing.
const SHORT: [&str; 3] = ["service/echo", "service/discard/text", "acceptance/acknowledgment/ack-of"];

pub(crate) fn few_addresses_are_used_again() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.serve_nginx();
    let run = lab.tcpspec(&with_bench("v4: 192.0.2.100-192.0.2.101, v6: 2001:db8::100", ALL), &SHORT);
    run.assert_green(20);
    let remarks = [
        "bench: 2 IPv4 addresses on bench; each is used again when its trial has ended, and then with other ports",
        "bench: 1 IPv6 address on bench; each is used again",
    ];
    assert_eq!(remarks.map(|remark| run.text.contains(remark)), [true; 2], "{}", run.text);
    // The limit of the profile on hosts, split between the families, has the same effect.
    let run = lab.tcpspec(&limited(ALL, "limits: {hosts: 4}\n"), &SHORT);
    run.assert_green(20);
    assert!(run.text.contains("bench: 2 IPv6 addresses on bench; each is used again"), "{}", run.text);
}

/// Trials that keep a connection for a second.
const LASTING: [&str; 3] = ["service/daytime", "service/http/four", "reset/received/rst-left"];

pub(crate) fn no_more_connections_than_the_device_stands() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.serve_nginx();
    let most = |limits: &str| {
        let (over, most) = (AtomicBool::new(false), AtomicUsize::new(0));
        let count = lab.connection_counter();
        thread::scope(|scope| {
            let (over, most) = (&over, &most);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    most.fetch_max(count(), Ordering::Relaxed);
                    thread::sleep(Duration::from_micros(200));
                }
            });
            let run = lab.tcpspec(&limited(ALL, limits), &LASTING);
            over.store(true, Ordering::Relaxed);
            assert_eq!((run.count("error"), run.count("inconclusive")), (0, 0), "{}", run.text);
        });
        most.into_inner()
    };
    let limits =
        ["", "limits: {connections: 6}\n", "limits: {half-open: 2}\n", "limits: {connections: 32}\n"];
    let [unsaid, bounded, half_open, free] = limits.map(most);
    assert!((2..=4).contains(&unsaid), "{unsaid} where the profile is silent");
    assert!((2..=6).contains(&bounded), "{bounded} with a limit of 6");
    assert!((1..=2).contains(&half_open), "{half_open} with a limit of 2");
    assert!((9..=32).contains(&free), "{free} with a limit of 32");
}

pub(crate) fn case_that_takes_more_is_skipped() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let measure = ["time-wait/lasting/lasts-two", "service/daytime"];
    let run = lab.tcpspec(&limited("daytime: 13", "limits: {connections: 16}\n"), &measure);
    run.assert_green(8);
    let skipped = run.skipped();
    assert!(skipped.contains_key("lab stands 16 connections, this takes 17"), "{skipped:?}");
}
