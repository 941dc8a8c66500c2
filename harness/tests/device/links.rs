//! Wires of all kinds between bench and device.

use super::lab::Lab;
use super::programs::{ALL, LINUX, MANY, profile, with_bench};
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;

pub(crate) fn device_in_a_vlan_is_reached() {
    let mut lab = Lab::with_vlan();
    lab.serve_inetd();
    lab.serve_nginx();
    let tagged = profile(ALL) + "vlan: 100\n";
    lab.tcpspec(&tagged, &["service/"]).assert_green(40);
    // Untagged frames, and those of another VLAN, reach nobody.
    let sentence = ["192.0.2.7 did not answer ARP within 3 s"];
    lab.tcpspec(&profile(ALL), &["service/"]).assert_refused(7, &sentence);
    lab.tcpspec(&(profile(ALL) + "vlan: 101\n"), &["service/"]).assert_refused(7, &sentence);
}

pub(crate) fn device_behind_a_router_is_reached() {
    let mut lab = Lab::with_router();
    lab.serve_inetd();
    lab.serve_nginx();
    let behind = |gateway: &str| {
        format!(
            "name: lab\nkind: device\ninterface: bench\naddress: {{v4: 198.51.100.7, v6: 2001:db8:2::7}}\n{gateway}\
             bench: {{v4: 192.0.2.100-192.0.2.199, v6: 2001:db8::100-2001:db8::1ff}}\nservices: {{{ALL}}}\n{LINUX}{MANY}"
        )
    };
    let routed = behind("gateway: {v4: 192.0.2.1, v6: 2001:db8::1}\n");
    lab.tcpspec(&routed, &["service/"]).assert_green(40);
    lab.tcpspec(&behind(""), &["service/"]).assert_refused(7, &["198.51.100.7 did not answer ARP"]);
}

pub(crate) fn hosts_with_mac_addresses_of_their_own() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let services = "echo: 7, discard: 9, daytime: 13";
    let hosts =
        |mac: &str| format!("v4: 192.0.2.100-192.0.2.109, v6: 2001:db8::100-2001:db8::109, mac: {mac}");
    let neighbours = |lab: &Lab| -> BTreeSet<String> {
        let table = lab.on_device("ip", "-4 neighbour show dev device");
        let address = |line: &str| Some(line.split_once("lladdr ")?.1.split(' ').next()?.to_owned());
        table.lines().filter_map(address).collect()
    };
    lab.tcpspec(&(with_bench(&hosts("shared"), services) + MANY), &["service/"]).assert_green(30);
    assert_eq!(neighbours(&lab).len(), 1);
    lab.on_device("ip", "neighbour flush dev device");
    lab.tcpspec(&(with_bench(&hosts("per-host"), services) + MANY), &["service/"]).assert_green(30);
    let own: BTreeSet<String> = (100..110).map(|host| format!("02:04:c0:00:02:{host:02x}")).collect();
    assert_eq!(neighbours(&lab), own);
}

pub(crate) fn address_of_somebody_else_is_left_out() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.on_device("ip", "address add 192.0.2.101/24 dev device");
    lab.on_device("ip", "address add 2001:db8::100/64 dev device nodad");
    // The bench's own machine has one of them, too.
    super::lab::run(std::process::Command::new("ip").args("address add 192.0.2.102/24 dev bench".split(' ')));
    let bench = "v4: 192.0.2.100-192.0.2.103, v6: 2001:db8::100-2001:db8::102";
    let run = lab.tcpspec(&with_bench(bench, "discard: 9"), &["service/discard"]);
    run.assert_green(8);
    let remarks = [
        "192.0.2.102 is an address of this machine itself: left out",
        "192.0.2.101 is in use by ",
        "2001:db8::100 is in use by ",
        "bench: 2 IPv4 addresses on bench",
        "bench: 2 IPv6 addresses on bench",
    ];
    assert_eq!(remarks.map(|remark| run.text.contains(remark)), [true; 5], "{}", run.text);
}
