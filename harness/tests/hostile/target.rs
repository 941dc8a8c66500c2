//! Who sits at the other end of the wire: somebody hostile, or an honest service on a real stack.

use super::lab::{BENCH, DEVICE};
use super::manners::{Manner, Mischief};
use nix::ifaddrs::getifaddrs;
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, bind, send, socket};
use nix::unistd::Pid;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tcpspec::link::{EthernetLink, Family, Hosts, Interface, Link, LinkOptions, MacAddr, MacPolicy, Ring};
use tcpspec_core::segment::{Packet, decode};

/// A thread with something to do until it is ended.
struct Worker<T> {
    over: Arc<AtomicBool>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts `work` in the network namespace of `process`.
    fn start(process: u32, work: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let namespace = File::open(format!("/proc/{process}/ns/net")).expect("its namespace");
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("entered");
            work(&theirs)
        });
        Self { over, thread }
    }

    fn end(self) -> T {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

/// Somebody hostile.
pub(crate) struct Hostile(Worker<Sent>);

/// What somebody hostile has sent.
pub(crate) struct Sent {
    /// Frames.
    pub(crate) frames: u64,
    took: Duration,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.frames as f64 / self.took.as_secs_f64();
        write!(f, "{} frames, {rate:.0} a second", self.frames)
    }
}

impl Hostile {
    pub(crate) fn start(process: u32, manner: Manner) -> Self {
        let bench = Interface::by_name(BENCH).expect("our interface").mac;
        Self(Worker::start(process, move |over| play(manner, bench, over)))
    }

    pub(crate) fn end(self) -> Sent {
        self.0.end()
    }
}

fn play(manner: Manner, bench: MacAddr, over: &AtomicBool) -> Sent {
    let interface = Interface::by_name(DEVICE).expect("an interface");
    let mut wire = Wire { socket: open_raw(), bench, own: interface.mac, frame: Vec::new(), frames: 0 };
    let mut link = open_link(interface, manner);
    link.set_next_hop(Family::V4, bench);
    link.set_next_hop(Family::V6, bench);
    let mut mischief = Mischief::new(manner);
    // From the first frame on: how long the program takes to start says nothing of the rate.
    let mut began = None;
    while !over.load(Ordering::Relaxed) {
        let mut segments = Vec::new();
        // An answer to ARP that it has no room for is sent when it is asked again.
        let _ = link.receive(&mut |_, packet| {
            if let Ok(Packet::Tcp(received)) = decode(packet) {
                segments.push(received.segment);
            }
        });
        let before = wire.frames;
        segments.into_iter().for_each(|segment| mischief.meets(segment, &mut wire));
        mischief.goes_on(&mut wire);
        if wire.frames > before {
            began.get_or_insert_with(Instant::now);
        }
        if !manner.is_unbridled() {
            // Some ten thousand frames a second.
            thread::sleep(Duration::from_millis(1));
        }
    }
    let took = began.map_or(Duration::from_millis(1), |began| began.elapsed());
    Sent { frames: wire.frames, took }
}

/// A link that plays the target, or also everybody else.
fn open_link(interface: Interface, manner: Manner) -> EthernetLink {
    let address = |text: &str| text.parse().expect("a literal address");
    let mut hosts = Hosts::none();
    if manner.is_the_target() {
        hosts = hosts.with_addresses([address("192.0.2.7"), address("2001:db8::7")]);
    }
    if manner == Manner::Claims {
        hosts = hosts.with_range(address("192.0.2.100"), address("192.0.2.199"));
        hosts = hosts.with_range(address("2001:db8::100"), address("2001:db8::1ff"));
    }
    let macs = MacPolicy::Shared(interface.mac);
    let ring = Ring::allocate(4 << 20, interface.mtu).expect("a ring");
    let options = LinkOptions { interface, hosts, macs, vlan: None, promiscuous: false };
    EthernetLink::open(ring, options).expect("a link")
}

/// A socket for frames of any content.
fn open_raw() -> OwnedFd {
    let raw = socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), None).expect("a socket");
    let interfaces = getifaddrs().expect("interfaces");
    let device = interfaces
        .filter(|interface| interface.interface_name == DEVICE)
        .find_map(|interface| interface.address?.as_link_addr().copied());
    bind(raw.as_raw_fd(), &device.expect("our interface")).expect("bound");
    raw
}

/// Sends whatever it is given.
pub(crate) struct Wire {
    socket: OwnedFd,
    bench: MacAddr,
    own: MacAddr,
    frame: Vec<u8>,
    frames: u64,
}

impl Wire {
    /// To the bench, from our own MAC address.
    pub(crate) fn packet(&mut self, packet: &[u8]) {
        let kind = if packet.first().is_some_and(|first| first >> 4 == 4) { 0x0800 } else { 0x86dd };
        self.frame(kind, packet);
    }

    pub(crate) fn frame(&mut self, kind: u16, content: &[u8]) {
        self.frame.clear();
        self.frame.extend(self.bench.octets());
        self.frame.extend(self.own.octets());
        self.frame.extend(kind.to_be_bytes());
        self.frame.extend_from_slice(content);
        self.frame.truncate(14 + 1500);
        // Where there is no room it is lost: nobody here cares.
        if send(self.socket.as_raw_fd(), &self.frame, MsgFlags::MSG_DONTWAIT).is_ok() {
            self.frames += 1;
        }
    }
}

/// An echo service on the device's own stack.
pub(crate) struct Honest(Worker<()>);

impl Honest {
    pub(crate) fn start(process: u32) -> Self {
        let (ready, started) = std::sync::mpsc::channel();
        let worker = Worker::start(process, move |over| {
            let listener = TcpListener::bind("[::]:7").expect("a free port");
            listener.set_nonblocking(true).expect("a socket of our own");
            ready.send(()).expect("somebody waits");
            thread::scope(|scope| {
                while !over.load(Ordering::Relaxed) {
                    match listener.accept() {
                        Ok((connection, _)) => drop(scope.spawn(move || echo(connection, over))),
                        Err(_) => thread::sleep(Duration::from_millis(1)),
                    }
                }
            });
        });
        started.recv().expect("it starts");
        Self(worker)
    }

    pub(crate) fn end(self) {
        self.0.end();
    }
}

/// A process that is stopped for a second, again and again.
pub(crate) struct Frozen {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Frozen {
    pub(crate) fn now_and_then(process: u32) -> Self {
        let process = Pid::from_raw(process.cast_signed());
        let over = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&over);
        let thread = thread::spawn(move || {
            // First of all it shall see that everything is well.
            thread::sleep(Duration::from_secs(2));
            while !theirs.load(Ordering::Relaxed) {
                for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
                    kill(process, signal).expect("a process of our own");
                    thread::sleep(Duration::from_secs(1));
                }
            }
        });
        Self { over, thread }
    }

    /// To be called while the process is not yet waited for.
    pub(crate) fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic");
    }
}

fn echo(mut connection: TcpStream, over: &AtomicBool) {
    let mut octets = [0; 4096];
    let patience = Some(Duration::from_millis(100));
    if connection.set_nonblocking(false).is_err() || connection.set_read_timeout(patience).is_err() {
        return;
    }
    while !over.load(Ordering::Relaxed) {
        match connection.read(&mut octets) {
            Ok(0) => return,
            Ok(count) if connection.write_all(&octets[..count]).is_err() => return,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
}
