//! `tcpspec doctor` on a device: one thing is broken at a time, the whole report is compared, and where it
//! names a command, that command mends it.

use super::lab::{Lab, run};
use super::mask::{is_about_a_busy_machine, masked};
use super::programs::{profile, with_bench};
use super::runs::Run;
use pretty_assertions::assert_eq;
use std::process::Command;
use std::time::Duration;

const GREEN: i32 = 0;
const UNABLE: i32 = 6;
const UNREACHABLE: i32 = 7;

const WELL: &str = "\
ok      profile       PROFILE: lab is a device
ok      rights        CAP_NET_RAW (root): packet sockets can be opened
ok      interface     bench is up and has a carrier, M, MTU 1500
ok      offloads      nothing that arrives is merged: GRO and LRO are off
ok      kernel        this machine's own answers nobody in the bench's place
ok      buffer        a ring of 32 MiB for 16384 frames, as wanted
ok      addresses     100 of IPv4 and 256 of IPv6 are free for the bench
ok      next hop      192.0.2.7 is at M by ARP after T; 2001:db8::7 is at M by neighbour discovery after T
ok      echo          port 7 answers a SYN: IPv4 after T, IPv6 after T
ok      closed port   port 81 resets a SYN: IPv4 after T, IPv6 after T
ok      checksums     the target finishes those of its segments itself
ok      conversation  handshake, text, close, as a run holds them again and again: IPv4 after T, IPv6 after T
ok      clock         …

The bench can judge PROFILE here and now.
";

/// [`WELL`] with other lines in place of some, each named by its check; those of `without` are skipped for
/// want of the check before them, and `sentence` stands at the end.
fn but(lines: &[&str], (lacking, without): (&str, &[&str]), sentence: &str) -> String {
    let check = |line: &str| line.get(8..20).unwrap_or_default().trim_end().to_owned();
    let mut report = String::new();
    for line in WELL.lines().filter(|line| line.contains("  ")) {
        let other = lines.iter().find(|other| check(other) == check(line));
        match other {
            Some(other) => report += &format!("{other}\n"),
            None if without.contains(&check(line).as_str()) => {
                report += &format!("--      {:12}  skipped: needs {lacking}\n", check(line));
            }
            None => report += &format!("{line}\n"),
        }
    }
    format!("{report}\n{sentence}\n")
}

const CANNOT: &str = "The bench cannot judge PROFILE here and now: 1 check not ok.";
const SILENT: &str = "The bench is ready, but PROFILE does not answer as it must: 1 check not ok.";
const WARNS: &str = "The bench can judge PROFILE here and now, with 1 warning.";
/// What is skipped where nothing can be sent.
const SENDING: [&str; 6] = ["addresses", "next hop", "echo", "closed port", "checksums", "conversation"];

const SERVICES: &str = "echo: 7, closed: 81";

impl Lab {
    fn doctor(&self, profile: &str) -> Run {
        self.ask_doctor(|| Command::new(env!("CARGO_BIN_EXE_tcpspec")), profile)
    }

    /// Another time, where this machine was too busy to be a bench.
    fn ask_doctor(&self, program: impl Fn() -> Command, profile: &str) -> Run {
        for _ in 0..5 {
            let mut command = program();
            command.arg("doctor");
            let said = self.begin(command, profile, &[]).end();
            if !is_about_a_busy_machine(&said.text) {
                let path = self.folder().join("profile.yaml").display().to_string();
                return Run { text: masked(&said.text.replace(&path, "PROFILE")), ..said };
            }
        }
        panic!("this machine is too busy");
    }
}

fn assert_said(run: &Run, code: i32, text: &str) {
    assert_eq!((run.text.as_str(), run.code), (text, Some(code)));
}

fn shell(command: &str) -> String {
    run(Command::new("sh").args(["-c", command]))
}

pub(crate) fn well() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, WELL);
    // What a profile does not name cannot be asked.
    let nothing = lab.doctor(&profile(""));
    let skipped = [
        "--      closed port   the profile names none: trials in CLOSED are left out",
        "--      conversation  the profile names no service to hold one with",
    ];
    let expected = but(&skipped, ("", &[]), "The bench can judge PROFILE here and now.");
    let echo = "ok      echo          port 7 answers a SYN: IPv4 after T, IPv6 after T\n";
    assert_said(&nothing, GREEN, &expected.replace(echo, ""));
}

pub(crate) fn commands_mend_what_is_wrong_with_the_bench() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let broken = [
        (
            "ip link set bench down",
            "not ok  interface     interface bench is down\n        mend: ip link set bench up",
            ("interface", [&["offloads", "kernel", "buffer"][..], &SENDING].concat()),
        ),
        (
            "ethtool -K bench gro on",
            "not ok  offloads      bench merges segments as they arrive (generic-receive-offload)\n        \
             mend: ethtool -K bench generic-receive-offload off",
            ("offloads", SENDING.to_vec()),
        ),
        (
            "sysctl -q -w net.ipv4.conf.bench.forwarding=1",
            "not ok  kernel        this machine forwards IPv4 packets on bench, those for the bench's hosts, too\n        \
             mend: sysctl -w net.ipv4.conf.bench.forwarding=0",
            ("kernel", SENDING.to_vec()),
        ),
        (
            "sysctl -q -w net.ipv6.conf.bench.disable_ipv6=0",
            "not ok  kernel        this machine answers IPv6 packets for the bench's hosts on bench that there is no \
             route\n        mend: sysctl -w net.ipv6.conf.bench.disable_ipv6=1",
            ("kernel", SENDING.to_vec()),
        ),
    ];
    for (command, line, (lacking, without)) in broken {
        shell(command);
        let said = lab.doctor(&profile(SERVICES));
        assert_said(&said, UNABLE, &but(&[line], (lacking, &without), CANNOT));
        let (_, mend) = line.split_once("mend: ").expect("a command");
        shell(mend);
        assert_said(&lab.doctor(&profile(SERVICES)), GREEN, WELL);
    }
    // Of IPv6 all is forwarded, whatever the interface says.
    shell("sysctl -q -w net.ipv6.conf.bench.disable_ipv6=0 net.ipv6.conf.all.forwarding=1");
    let line = "not ok  kernel        this machine forwards IPv6 packets on bench, those for the bench's hosts, too\n        \
                mend: sysctl -w net.ipv6.conf.all.forwarding=0";
    assert_said(&lab.doctor(&profile(SERVICES)), UNABLE, &but(&[line], ("kernel", &SENDING), CANNOT));
    shell("sysctl -w net.ipv6.conf.all.forwarding=0");
    // Then it would answer them: one command for each.
    assert!(
        lab.doctor(&profile(SERVICES)).text.contains("mend: sysctl -w net.ipv6.conf.bench.disable_ipv6=1")
    );
}

pub(crate) fn what_costs_some_verdicts_is_a_warning() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    shell("ip link set bench mtu 1400");
    let line = "warn    interface     interface bench carries packets of at most 1400 octets: trials with longer ones \
                are errors\n        mend: ip link set bench mtu 1500";
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, &but(&[line], ("", &[]), WARNS));
    shell("ip link set bench mtu 1500");
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, WELL);
}

pub(crate) fn interface_that_is_missing_or_has_no_carrier() {
    let lab = Lab::new();
    let without = [&["offloads", "kernel", "buffer"][..], &SENDING].concat();
    let missing = profile(SERVICES).replace("interface: bench", "interface: eth9");
    let said = lab.doctor(&missing);
    let present = said.text.lines().find_map(|line| line.split_once("there are: ")).expect("a list").1;
    let line = format!(
        "not ok  interface     there is no interface \"eth9\" here; there are: {present}\n        \
         mend: write another `interface:` into PROFILE"
    );
    assert_said(&said, UNABLE, &but(&[&line], ("interface", &without), CANNOT));
    lab.on_device("ip", "link set device down");
    let line = "not ok  interface     interface bench has no carrier: nothing is at the other end of its wire\n        \
                mend: connect bench with the target, and switch that on";
    assert_said(&lab.doctor(&profile(SERVICES)), UNABLE, &but(&[line], ("interface", &without), CANNOT));
}

pub(crate) fn bench_without_rights() {
    let lab = Lab::new();
    let without_rights = || {
        let mut command = Command::new("unshare");
        command.args(["--user", env!("CARGO_BIN_EXE_tcpspec")]);
        command
    };
    let line = format!(
        "not ok  rights        opening a packet socket was refused (EPERM: Operation not permitted): it needs \
         CAP_NET_RAW\n        mend: sudo setcap cap_net_raw,cap_net_admin+ep {}",
        env!("CARGO_BIN_EXE_tcpspec")
    );
    let without = [&["buffer"][..], &SENDING].concat();
    let said = lab.ask_doctor(without_rights, &profile(SERVICES));
    assert_said(&said, UNABLE, &but(&[&line], ("rights", &without), CANNOT));
}

pub(crate) fn addresses_of_others() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let line = |what: &str| {
        format!(
            "warn    addresses     {what}\n        \
             mend: give `bench:` in PROFILE addresses of the target's network that nobody has"
        )
    };
    shell("ip address add 192.0.2.100/24 dev bench");
    let own = line("192.0.2.100 is an address of this machine itself: left out");
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, &but(&[&own], ("", &[]), WARNS));
    shell("ip address del 192.0.2.100/24 dev bench");
    // No interface has it, and this machine would all the same reset what comes for it.
    shell("ip link set lo up && ip route add local 192.0.2.101 dev lo");
    let routed = line("192.0.2.101 has a route of the kind `local` on this machine: left out");
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, &but(&[&routed], ("", &[]), WARNS));
    shell("ip route del local 192.0.2.101 dev lo");
    // One that lies elsewhere is answered by another way.
    shell("ip address add 192.0.2.3/24 dev bench");
    let elsewhere = with_bench("v4: [192.0.2.100, 192.0.3.1, 192.0.2.255], v6: 2001:db8::100", SERVICES);
    let stranger = line("192.0.3.1 and 1 more can be no hosts of the network that bench is in");
    let said = lab.doctor(&(elsewhere + "limits: {hosts: 6}\n"));
    assert!(said.text.contains(&stranger), "{}", said.text);
    shell("ip address del 192.0.2.3/24 dev bench");
    lab.on_device("ip", "address add 192.0.2.102/24 dev device");
    let used = line("192.0.2.102 is in use by M: left out");
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, &but(&[&used], ("", &[]), WARNS));
    let all = with_bench("v4: 192.0.2.102, v6: 2001:db8::100", SERVICES);
    let line = "not ok  addresses     the IPv4 addresses that the profile gives the bench are in use by others: give it \
                free ones; 192.0.2.102 is in use by M: left out\n        \
                mend: give `bench:` in PROFILE addresses of the target's network that nobody has";
    let expected = but(&[line], ("addresses", &SENDING[1..]), CANNOT);
    assert_said(&lab.doctor(&all), UNABLE, &expected);
}

pub(crate) fn dead_host() {
    let lab = Lab::new();
    let line = "not ok  next hop      192.0.2.8 did not answer ARP within 3 s: is it switched on, and on the same link as \
                bench?\n        mend: switch it on, or correct `address:`, `interface:` or `vlan:` in PROFILE";
    let elsewhere = profile(SERVICES).replace("v4: 192.0.2.7", "v4: 192.0.2.8");
    let said = lab.doctor(&elsewhere);
    assert_said(&said, UNREACHABLE, &but(&[line], ("next hop", &SENDING[2..]), SILENT));
    assert!(said.took < Duration::from_secs(20), "{:?}", said.took);
}

pub(crate) fn ports_that_are_not_as_the_profile_says() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let line = "not ok  echo          192.0.2.7 resets a SYN to port 70: nothing listens there over IPv4\n        \
                mend: start it on the target, or take `echo: 70` out of PROFILE";
    let said = lab.doctor(&profile("echo: 70, closed: 81"));
    assert_said(&said, UNREACHABLE, &but(&[line], ("echo", &["conversation"]), SILENT));
    let line = "not ok  closed port   somebody listens on port 13 of 192.0.2.7\n        \
                mend: give `closed:` in PROFILE a port where nobody listens";
    let said = lab.doctor(&profile("echo: 7, closed: 13"));
    assert_said(&said, UNREACHABLE, &but(&[line], ("", &[]), SILENT));
    // Who finds no way back answers nobody.
    lab.on_device("ip", "route add blackhole 192.0.2.100/32");
    let lines = [
        "not ok  echo          192.0.2.7 does not answer a SYN to port 7 within 3 s\n        \
         mend: on the target, let its firewall pass TCP port 7, and see that its route to 192.0.2.100 leads here",
        "not ok  closed port   192.0.2.7 does not reset a SYN to port 81 within 1 s\n        \
         mend: on the target, let its firewall pass TCP port 81, or take `closed:` out of PROFILE",
    ];
    let sentence = SILENT.replace("1 check", "2 checks");
    let said = lab.doctor(&profile(SERVICES));
    assert_said(&said, UNREACHABLE, &but(&lines, ("echo", &["conversation"]), &sentence));
    lab.on_device("ip", "route del blackhole 192.0.2.100/32");
    lab.on_device("ethtool", "-K device tx on");
    let said = lab.doctor(&profile(SERVICES));
    let line = "not ok  checksums     N segments of the target came with unfinished ones\n        \
                mend: on the target, for its interface: ethtool -K INTERFACE tx off";
    let expected = but(&[line], ("checksums", &["conversation"]), CANNOT);
    let count = said.text.split("checksums     ").nth(1).and_then(|rest| rest.split(' ').next());
    let count = count.and_then(|count| count.parse::<u32>().ok()).unwrap_or_default();
    assert!(count > 0, "{}", said.text);
    assert_said(&said, UNABLE, &expected.replace("     N segments", &format!("     {count} segments")));
    lab.on_device("ethtool", "-K device tx off");
    assert_said(&lab.doctor(&profile(SERVICES)), GREEN, WELL);
}

pub(crate) fn service_that_is_another() {
    let mut lab = Lab::new();
    lab.serve_inetd_and_script("cat >/dev/null\necho late\n");
    // The time is told before our text is acknowledged, or behind it; the script waits for our FIN.
    let behind = "expected FIN ACK seq=ISS + 1 ack=fin.end; saw ";
    for (port, expected) in [(13, &["expected ACK ack=text.end; saw ", behind][..]), (80, &[behind])] {
        let said = lab.doctor(&profile(&format!("discard: {port}, closed: 81")));
        let why = said.text.split("over IPv4: ").nth(1).and_then(|rest| rest.lines().next());
        let why = why.filter(|why| expected.iter().any(|expected| why.starts_with(expected)));
        let line = format!(
            "not ok  conversation  over IPv4: {}\n        mend: see that port {port} of the target is the discard \
             service that PROFILE says, and that nobody else has the bench's addresses",
            why.unwrap_or("one of what is expected")
        );
        let service = format!("discard       port {port}");
        let expected = but(&[&line], ("", &[]), SILENT).replace("echo          port 7", &service);
        assert_said(&said, UNREACHABLE, &expected);
    }
}

pub(crate) fn device_behind_a_router() {
    let mut lab = Lab::with_router();
    lab.serve_inetd();
    let profile = profile(SERVICES).replace(
        "address: {v4: 192.0.2.7, v6: 2001:db8::7}",
        "address: {v4: 198.51.100.7, v6: 2001:db8:2::7}",
    );
    let line = "ok      next hop      192.0.2.1, the router to the target, is at M by ARP after T; 2001:db8::1, the router \
                to the target, is at M by neighbour discovery after T";
    let routed = profile.clone() + "gateway: {v4: 192.0.2.1, v6: 2001:db8::1}\n";
    let well = "The bench can judge PROFILE here and now.";
    assert_said(&lab.doctor(&routed), GREEN, &but(&[line], ("", &[]), well));
    let line = "not ok  next hop      192.0.2.9 did not answer ARP within 3 s: is it switched on, and on the same link as \
                bench?\n        mend: switch it on, or correct `gateway:`, `interface:` or `vlan:` in PROFILE";
    let elsewhere = profile + "gateway: {v4: 192.0.2.9, v6: 2001:db8::1}\n";
    assert_said(&lab.doctor(&elsewhere), UNREACHABLE, &but(&[line], ("next hop", &SENDING[2..]), SILENT));
}
