//! Who is who on the link: ARP, neighbour discovery, VLANs, interfaces.

use super::bench::{BOTH, create, second_link};
use pretty_assertions::assert_eq;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tcpspec::link::{Hosts, Interface, Link, MacAddr};

pub(crate) fn questions_are_answered_for_own_hosts_only() {
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

pub(crate) fn address_of_the_target_is_in_use() {
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

pub(crate) fn tagged_frames_reach_their_vlan_only() {
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

pub(crate) fn unknown_interface_names_those_that_exist() {
    let (_target, _link) = create();
    let error = Interface::by_name("eth9").expect_err("no such interface");
    assert_eq!(error.to_string(), "there is no interface \"eth9\" here; there are: lo, bench");
    let error = Interface::by_name("lo").expect_err("not Ethernet");
    assert_eq!(
        error.to_string(),
        "interface lo is not Ethernet (hardware type 772), and the bench speaks only Ethernet"
    );
}
