//! When there can be no run: one sentence, and the code that says whose fault it is.

use super::lab::{BENCH, Lab, run};
use super::programs::{profile, with_bench};
use std::fs;
use std::process::Command;

const UNABLE: i32 = 6;
const UNREACHABLE: i32 = 7;

pub(crate) fn bench_without_rights_says_so() {
    let lab = Lab::new();
    let refused = lab.tcpspec_without_rights(&profile("echo: 7"));
    refused.assert_refused(UNABLE, &["needs CAP_NET_RAW", "run as root", "setcap cap_net_raw"]);
}

pub(crate) fn interface_that_is_missing_or_down() {
    let lab = Lab::new();
    let missing = profile("echo: 7").replace("interface: bench", "interface: eth9");
    let sentence = ["there is no interface \"eth9\" here; there are: ", "bench", "lo"];
    lab.tcpspec(&missing, &[]).assert_refused(UNABLE, &sentence);
    run(Command::new("ip").args(["link", "set", BENCH, "down"]));
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNABLE, &["interface bench is down"]);
}

pub(crate) fn interface_that_spoils_what_arrives() {
    let lab = Lab::new();
    run(Command::new("ethtool").args(["-K", BENCH, "gro", "on"]));
    let sentence = ["merges segments as they arrive", "`ethtool -K bench generic-receive-offload off`"];
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNABLE, &sentence);
    // What it says helps.
    run(Command::new("ethtool").args(["-K", BENCH, "generic-receive-offload", "off"]));
    fs::write("/proc/sys/net/ipv4/conf/bench/forwarding", "1").expect("a setting of our own namespace");
    let sentence =
        ["forwards IPv4 packets on bench", "`sysctl -w net.ipv4.conf.bench.forwarding=0`", "`mac: per-host`"];
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNABLE, &sentence);
    fs::write("/proc/sys/net/ipv4/conf/bench/forwarding", "0").expect("a setting of our own namespace");
    fs::write("/proc/sys/net/ipv6/conf/bench/disable_ipv6", "0").expect("a setting of our own namespace");
    let sentence = [
        "answers IPv6 packets for the bench's hosts",
        "`sysctl -w net.ipv6.conf.bench.disable_ipv6=1`",
        "`mac: per-host`",
    ];
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNABLE, &sentence);
}

pub(crate) fn unfinished_checksums_are_told() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.on_device("ethtool", "-K device tx on");
    let sentence =
        ["checksum that the target's stack left to its interface", "`ethtool -K INTERFACE tx off`"];
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNABLE, &sentence);
}

pub(crate) fn addresses_that_are_all_taken() {
    let lab = Lab::new();
    lab.on_device("ip", "address add 192.0.2.100/24 dev device");
    let refused = lab.tcpspec(&with_bench("v4: 192.0.2.100, v6: 2001:db8::100", "echo: 7"), &[]);
    refused.assert_refused(
        UNABLE,
        &["the IPv4 addresses that the profile gives the bench are in use by others"],
    );
}

pub(crate) fn device_that_does_not_answer() {
    let mut lab = Lab::new();
    let elsewhere = profile("echo: 7").replace("v4: 192.0.2.7", "v4: 192.0.2.8");
    let sentence =
        ["192.0.2.8 did not answer ARP within 3 s: is it switched on, and on the same link as bench?"];
    lab.tcpspec(&elsewhere, &[]).assert_refused(UNREACHABLE, &sentence);
    let elsewhere = profile("echo: 7").replace("v6: 2001:db8::7", "v6: 2001:db8::8");
    // IPv4 comes first: there must be somebody.
    lab.serve_inetd();
    let sentence = ["2001:db8::8 did not answer neighbour discovery within 3 s"];
    lab.tcpspec(&elsewhere, &[]).assert_refused(UNREACHABLE, &sentence);
    let sentence = ["192.0.2.7 refuses a connection to its http service: nothing listens on port 80"];
    lab.tcpspec(&profile("echo: 7, http: 80"), &[]).assert_refused(UNREACHABLE, &sentence);
    lab.on_device("ip", "route add blackhole 192.0.2.100/32");
    let sentence = ["192.0.2.7 does not answer a SYN to its echo service, port 7, within 3 s"];
    lab.tcpspec(&profile("echo: 7"), &[]).assert_refused(UNREACHABLE, &sentence);
}
