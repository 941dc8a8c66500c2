//! Two or three network namespaces with wires between them, programs that somebody else wrote in the
//! device's, and the `tcpspec` binary in the bench's. All of it vanishes with the test.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use super::relay::Relay;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::link::Interface;
use tcpspec::target::Namespaces;

/// The bench's namespace is that of the calling thread; the device's, and a router's where there is
/// one, are held by a process each.
pub(crate) struct Lab {
    folder: PathBuf,
    device: Process,
    // Before the namespace that it works in.
    relay: Option<Relay>,
    middle: Option<Process>,
    programs: Vec<Process>,
}

/// A process that ends with this one.
pub(crate) struct Process(Child);

/// What the bench's interface is called, and the device's.
pub(crate) const BENCH: &str = "bench";
pub(crate) const DEVICE: &str = "device";

impl Lab {
    /// One wire between bench and device, which has `192.0.2.7` and `2001:db8::7`.
    pub(crate) fn new() -> Self {
        let lab = Self::bare();
        lab.wire(BENCH, lab.device.id(), DEVICE);
        lab.give_addresses(DEVICE, &["192.0.2.7/24", "2001:db8::7/64"]);
        lab
    }

    /// As [`Lab::new`], but nobody is behind the wire: who shall be there must play it.
    pub(crate) fn without_addresses() -> Self {
        let lab = Self::bare();
        lab.wire(BENCH, lab.device.id(), DEVICE);
        lab.on_device("sysctl", "-q -w net.ipv6.conf.all.disable_ipv6=1");
        lab
    }

    /// The process that holds the device's namespace.
    pub(crate) fn device(&self) -> u32 {
        self.device.id()
    }

    /// As [`Lab::new`], but the device is in VLAN 100: by its kernel, or by a switch before it where that
    /// knows no VLANs.
    pub(crate) fn with_vlan() -> Self {
        let mut lab = Self::bare();
        lab.wire(BENCH, lab.device.id(), DEVICE);
        let vlan = format!("link add link {DEVICE} name tagged type vlan id 100");
        if enter(lab.device.id(), "ip").args(vlan.split(' ')).output().is_ok_and(|done| done.status.success())
        {
            lab.on_device("ip", "link set tagged up");
            offloads_off(lab.device.id(), "tagged");
            lab.give_addresses("tagged", &["192.0.2.7/24", "2001:db8::7/64"]);
            return lab;
        }
        run(Command::new("ip").args(["link", "del", BENCH]));
        let switch = lab.middle();
        lab.give_addresses(DEVICE, &["192.0.2.7/24", "2001:db8::7/64"]);
        let bench = Interface::by_name(BENCH).expect("our interface").mac;
        let shown = lab.on_device("ip", &format!("-o link show {DEVICE}"));
        let device =
            shown.split_whitespace().skip_while(|word| *word != "link/ether").nth(1).unwrap_or_default();
        lab.relay = Some(Relay::start(switch, 100, bench, device.parse().expect("a MAC address")));
        lab
    }

    /// A router between bench and device: `192.0.2.1` and `2001:db8::1` on the bench's wire, the device
    /// at `198.51.100.7` and `2001:db8:2::7` on another.
    pub(crate) fn with_router() -> Self {
        let mut lab = Self::bare();
        let router = lab.middle();
        let addresses = [
            ("192.0.2.1/24", "near"),
            ("2001:db8::1/64", "near"),
            ("198.51.100.1/24", "far"),
            ("2001:db8:2::1/64", "far"),
        ];
        for (address, interface) in addresses {
            add_address(router, address, interface);
        }
        let forwarding = "-q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1";
        run(enter(router, "sysctl").args(forwarding.split(' ')));
        lab.give_addresses(DEVICE, &["198.51.100.7/24", "2001:db8:2::7/64"]);
        // No default route: xinetd asks for the names of its clients, and there is nobody to answer.
        lab.on_device("ip", "route add 192.0.2.0/24 via 198.51.100.1");
        lab.on_device("ip", "route add 2001:db8::/64 via 2001:db8:2::1");
        lab
    }

    /// A third namespace between bench and device, with the interfaces `near` and `far`.
    fn middle(&mut self) -> u32 {
        let process = hold_namespace();
        let middle = process.id();
        self.wire(BENCH, middle, "near");
        let to_device = format!("link add far type veth peer name {DEVICE} netns {}", self.device.id());
        run(enter(middle, "ip").args(to_device.split(' ')));
        run(enter(middle, "ip").args("link set far up".split(' ')));
        offloads_off(middle, "far");
        self.on_device("ip", &format!("link set {DEVICE} up"));
        offloads_off(self.device.id(), DEVICE);
        self.middle = Some(process);
        middle
    }

    fn bare() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // This thread is in a namespace of its own from here on; the other one is not needed.
        Namespaces::create().unwrap_or_else(|error| panic!("{error}"));
        let name = format!("tcpspec-device-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a new folder");
        Self { folder, device: hold_namespace(), relay: None, middle: None, programs: Vec::new() }
    }

    fn wire(&self, bench: &str, other: u32, name: &str) {
        run(Command::new("ip")
            .args(format!("link add {bench} type veth peer name {name} netns {other}").split(' ')));
        // Else this machine itself would answer for hosts that have its MAC address.
        fs::write(format!("/proc/sys/net/ipv6/conf/{bench}/disable_ipv6"), "1")
            .expect("a setting of our own");
        run(Command::new("ip").args(["link", "set", bench, "up"]));
        run(enter(other, "ip").args(["link", "set", name, "up"]));
        offloads_off(other, name);
    }

    fn give_addresses(&self, interface: &str, addresses: &[&str]) {
        self.on_device("ip", "link set lo up");
        addresses.iter().for_each(|address| add_address(self.device.id(), address, interface));
    }

    /// Runs a program in the device's namespace; its words are separated by blanks.
    pub(crate) fn on_device(&self, program: &str, arguments: &str) -> String {
        run(enter(self.device.id(), program).args(arguments.split(' ')))
    }

    /// The words of a command that runs a program in the device's namespace.
    pub(crate) fn words_on_device(&self, program: &str, arguments: &str) -> Vec<String> {
        let mut command = enter(self.device.id(), program);
        command.args(arguments.split(' '));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// Starts a server in the device's namespace and waits until it listens on these ports.
    pub(crate) fn serve(&mut self, program: &str, arguments: &[&str], ports: &[u16]) -> &Process {
        let mut command = enter(self.device.id(), program);
        command.args(arguments).current_dir(&self.folder);
        self.programs.push(Process::spawn(command));
        let start = Instant::now();
        while !ports.iter().all(|port| self.listens(*port)) {
            assert!(start.elapsed() < Duration::from_secs(10), "{program} does not listen on {ports:?}");
            thread::sleep(Duration::from_millis(10));
        }
        self.programs.last().expect("just pushed")
    }

    fn listens(&self, port: u16) -> bool {
        let is_listener = |line: &str| line.contains(&format!(":{port:04X} ")) && line.contains(" 0A ");
        self.socket_tables().lines().any(is_listener)
    }

    /// What counts the connections of the device, in any state.
    pub(crate) fn connection_counter(&self) -> impl Fn() -> usize + Send + use<> {
        let device = self.device.id();
        move || connections_in(device)
    }

    fn socket_tables(&self) -> String {
        socket_tables_of(self.device.id())
    }

    /// Writes a file into the folder of this lab.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// The folder of this lab.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Process {
    /// Starts it so that it dies with this process, whatever ends it.
    pub(crate) fn spawn(command: Command) -> Self {
        let mut whole = Command::new("setpriv");
        whole.args(["--pdeathsig", "KILL"]).arg(command.get_program()).args(command.get_args());
        whole.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
        whole.stdin(Stdio::null()).stdout(Stdio::null());
        Self(whole.spawn().expect("setpriv (util-linux) starts"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id() as i32), signal).expect("a process of our own");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its good end and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

fn enter(process: u32, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["-t", &process.to_string(), "--net", "--", program]);
    command
}

/// A process that does nothing in a network namespace of its own.
fn hold_namespace() -> Process {
    let mut command = Command::new("unshare");
    command.args(["--net", "sleep", "infinity"]);
    let process = Process::spawn(command);
    let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
    let start = Instant::now();
    while namespace(&process.id().to_string()) == namespace("thread-self") {
        assert!(start.elapsed() < Duration::from_secs(10), "unshare (util-linux) makes no namespace");
        thread::sleep(Duration::from_millis(1));
    }
    process
}

fn add_address(process: u32, address: &str, interface: &str) {
    let mut command = enter(process, "ip");
    command.args(["address", "add", address, "dev", interface]);
    if address.contains("::") {
        command.arg("nodad");
    }
    run(&mut command);
}

/// What a real wire would do by itself: segments leave as they are, with checksums.
fn offloads_off(process: u32, interface: &str) {
    run(enter(process, "ethtool").args(["-K", interface]).args("tx off tso off gso off gro off".split(' ')));
}

/// A table is not read in one moment: what two readings show was there between them.
fn connections_in(process: u32) -> usize {
    let ends = || -> BTreeSet<String> {
        let tables = socket_tables_of(process);
        let end = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
            (local != "local_address" && state != "0A").then(|| format!("{local} {remote}"))
        };
        tables.lines().filter_map(end).collect()
    };
    let first = ends();
    ends().intersection(&first).count()
}

fn socket_tables_of(process: u32) -> String {
    let table = |name| fs::read_to_string(format!("/proc/{process}/net/{name}")).unwrap_or_default();
    table("tcp") + &table("tcp6")
}
