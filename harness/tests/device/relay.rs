//! A switch port for kernels without VLANs: it takes frames of one VLAN on one wire and hands their
//! packets on to another wire without a tag, and back.

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tcpspec::link::{EthernetLink, Family, Hosts, Interface, Link, LinkOptions, MacAddr, MacPolicy, Ring};

/// A relay under way; it ends when it is dropped.
pub(crate) struct Relay {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// In the namespace of `process`, between its interfaces `near` (tagged) and `far`, for a device
    /// and hosts with these MAC addresses.
    pub(crate) fn start(process: u32, vlan: u16, bench: MacAddr, device: MacAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (ready, started) = std::sync::mpsc::channel();
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                let namespace = File::open(format!("/proc/{process}/ns/net")).expect("its namespace");
                setns(namespace, CloneFlags::CLONE_NEWNET).expect("entered");
                let mut near = open("near", Some(vlan), &["192.0.2.7", "2001:db8::7"], bench);
                let mut far =
                    open("far", None, &["192.0.2.100-192.0.2.199", "2001:db8::100-2001:db8::1ff"], device);
                ready.send(()).expect("somebody waits");
                while !over.load(Ordering::Relaxed) {
                    hand_on(&mut near, &mut far);
                    hand_on(&mut far, &mut near);
                    thread::sleep(Duration::from_micros(100));
                }
            }
        });
        started.recv().expect("it starts");
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || thread::panicking());
    }
}

/// A link that plays these hosts, and sends to that MAC address.
fn open(name: &str, vlan: Option<u16>, hosts: &[&str], to: MacAddr) -> EthernetLink {
    let interface = Interface::by_name(name).expect("an interface");
    let address = |text: &str| text.parse().expect("a literal address");
    let hosts = hosts.iter().fold(Hosts::none(), |all, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        all.with_range(address(first), address(last))
    });
    let macs = MacPolicy::Shared(interface.mac);
    let ring = Ring::allocate(1 << 20, interface.mtu).expect("a ring");
    let options = LinkOptions { interface, hosts, macs, vlan, promiscuous: false };
    let mut link = EthernetLink::open(ring, options).expect("a link");
    Family::ALL.into_iter().for_each(|family| link.set_next_hop(family, to));
    link
}

fn hand_on(from: &mut EthernetLink, to: &mut EthernetLink) {
    let mut packets = Vec::new();
    from.receive(&mut |_, packet| packets.push(packet.to_vec())).expect("received");
    packets.iter().for_each(|packet| to.send(packet).expect("sent"));
}
