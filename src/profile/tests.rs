//! Profiles as their authors write them.

use super::*;
use crate::yaml::render;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use std::net::IpAddr;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// What is wrong with a profile, as pictures.
fn refusals(text: &str) -> String {
    let problems = Profile::read("p.yaml", text).expect_err("a refusal");
    problems.iter().map(|problem| render(problem, text)).collect::<Vec<_>>().join("\n\n")
}

/// The messages alone, with their lines.
fn messages(text: &str) -> Vec<(u32, String)> {
    let problems = Profile::read("p.yaml", text).expect_err("a refusal");
    problems.into_iter().map(|problem| (problem.place.line, problem.message)).collect()
}

const DEVICE: &str = "\
name: d
kind: device
claims: []
interface: eth1
address: {v4: 192.0.2.7}
bench: {v4: 192.0.2.10-192.0.2.12}
";

#[test]
fn smoltcp_s_profile_says_what_smoltcp_does() {
    let profile = Profile::read(SMOLTCP.0, SMOLTCP.1).expect("a right file");
    assert_eq!((profile.name.as_str(), profile.kind), ("smoltcp", Kind::Simulated));
    let claims =
        set(&["challenge-ack", "delayed-ack", "keep-alive", "nagle", "sack", "timestamps", "window-scale"]);
    assert_eq!(profile.claims, claims);
    let (msl, delayed_ack) = (Duration::from_secs(5), Duration::from_millis(10));
    assert_eq!(profile.timers, Timers { msl, delayed_ack, ..Timers::default() });
}

#[test]
fn the_kernel_profile_says_what_linux_does() {
    let seconds = Duration::from_secs;
    assert_eq!(
        Profile::read(LINUX.0, LINUX.1),
        Ok(Profile {
            name: "linux".into(),
            about: Some("The Linux kernel of this machine, in a namespace of its own".into()),
            kind: Kind::Kernel,
            claims: set(&[
                "challenge-ack",
                "delayed-ack",
                "dsack",
                "ecn",
                "half-duplex-close",
                "keep-alive",
                "limited-transmit",
                "nagle",
                "path-mtu-discovery",
                "rack-tlp",
                "sack",
                "syn-cookies",
                "time-wait-reuse",
                "timestamps",
                "urgent",
                "window-scale",
            ]),
            timers: Timers {
                msl: seconds(30),
                rto_min: Duration::from_millis(200),
                rto_initial: seconds(1),
                rto_max: seconds(120),
                delayed_ack: Duration::from_millis(200),
                r2: seconds(924),
                r2_syn: seconds(131),
                keep_alive: seconds(7200),
            },
            limits: Limits::default(),
            tolerance: Tolerance { absolute: Duration::from_millis(50), relative: 0.05 },
            ports: Ports::default(),
        })
    );
}

#[test]
fn the_example_shows_every_key_and_the_defaults() {
    let range = |first: &str, last: &str| AddressRange {
        first: first.parse().expect("an address"),
        last: last.parse().expect("an address"),
    };
    let profile = Profile::read(EXAMPLE_DEVICE.0, EXAMPLE_DEVICE.1).expect("a right file");
    let bench = profile.device().map(|device| device.bench.clone()).expect("a device");
    assert_eq!((bench.v4.len(), bench.v6.len(), bench.mac), (101, 256, MacPolicy::Shared));
    assert!(bench.v6.contains("2001:db8::1ff".parse().expect("an address")));
    assert!(!bench.v4.contains(range("192.0.2.200", "192.0.2.200").first));
    assert_eq!(bench.v4.iter().nth(100), "192.0.2.220".parse::<IpAddr>().ok());
    assert_eq!(
        profile,
        Profile {
            name: "example-device".into(),
            about: Some("A sensor with firmware 4.2 and an echo server".into()),
            kind: Kind::Device(Box::new(Device {
                interface: "eth1".into(),
                vlan: Some(100),
                address: Addresses {
                    v4: Some(Ipv4Addr::new(192, 0, 2, 7)),
                    v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7)),
                },
                gateway: Addresses {
                    v4: Some(Ipv4Addr::new(192, 0, 2, 1)),
                    v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
                },
                bench,
                services: Services {
                    echo: Some(7),
                    discard: Some(9),
                    daytime: Some(13),
                    http: Some(80),
                    closed: Some(81),
                },
                reset: Some(vec!["./power-cycle".into(), "--outlet".into(), "3".into()]),
            })),
            claims: set(&["delayed-ack", "sack", "timestamps", "window-scale"]),
            // The example promises that the timers, ports and tolerance it shows are the defaults.
            timers: Timers::default(),
            limits: Limits { connections: Some(8), half_open: Some(4), hosts: Some(16) },
            tolerance: Tolerance::default(),
            ports: Ports::default(),
        }
    );
}

#[test]
fn the_example_names_every_feature() {
    let comments: String = EXAMPLE_DEVICE.1.lines().filter(|line| line.starts_with('#')).collect();
    let unnamed: Vec<&str> =
        FEATURES.iter().map(|(name, _)| *name).filter(|name| !comments.contains(name)).collect();
    assert_eq!(unnamed, [""; 0]);
}

#[test]
fn variables_have_the_names_of_case_expressions() {
    let profile = Profile::read(LINUX.0, LINUX.1).expect("a right file");
    let variables = Timers::VARIABLES.map(|name| (name, profile.variable(name)));
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(
        variables,
        [
            ("MSL", seconds(30)),
            ("RTO.MIN", millis(200)),
            ("RTO.INITIAL", seconds(1)),
            ("RTO.MAX", seconds(120)),
            ("DELAYED-ACK", millis(200)),
            ("R2", seconds(924)),
            ("R2.SYN", seconds(131)),
            ("KEEP-ALIVE", seconds(7200)),
        ]
    );
    assert_eq!((profile.variable("msl"), profile.variable("RCV.NXT")), (None, None));
}

#[test]
fn a_tolerance_grows_with_the_expected_time() {
    let tolerance = Tolerance { absolute: Duration::from_millis(50), relative: 0.05 };
    let around = [0, 1, 60].map(|seconds| tolerance.around(Duration::from_secs(seconds)));
    assert_eq!(around, [50, 100, 3050].map(Duration::from_millis));
    assert_eq!(tolerance.around(Duration::MAX), Duration::MAX.mul_f64(0.05) + tolerance.absolute);
}

#[test]
fn a_small_profile_is_enough() {
    let profile =
        Profile::read("p.yaml", "name: lwip\nkind: simulated\nclaims: [sack]\n").expect("a right file");
    assert_eq!(
        (profile.kind.clone(), profile.claims("sack"), profile.claims("ecn")),
        (Kind::Simulated, true, false)
    );
    let device = Profile::read("p.yaml", DEVICE).expect("a right file");
    let hosts: Vec<IpAddr> =
        device.device().map(|device| device.bench.v4.iter().collect()).unwrap_or_default();
    assert_eq!(hosts, [10, 11, 12].map(|last| IpAddr::from([192, 0, 2, last])));
}

#[test]
fn all_that_is_wrong_is_shown_at_once() {
    assert_snapshot!(refusals("\
name: linux
kind: kernel
claims: [timestamp]
timers: {rto.min: 200ms, msl: 30}
tolerance: {relative: 0.05}
interface: eth0
"), @r#"
    error: `timestamp` is no feature that a target can claim
     --> p.yaml:3:10
      |
    3 | claims: [timestamp]
      |          ^^^^^^^^^
      |
      = help: did you mean `timestamps`?

    error: `rto.min` is not a key of this map
     --> p.yaml:4:10
      |
    4 | timers: {rto.min: 200ms, msl: 30}
      |          ^^^^^^^
      |
      = help: did you mean `rto-min`?

    error: a duration needs a unit
     --> p.yaml:4:31
      |
    4 | timers: {rto.min: 200ms, msl: 30}
      |                               ^^
      |
      = help: write 30s, or 30ms

    error: expected a percentage
     --> p.yaml:5:23
      |
    5 | tolerance: {relative: 0.05}
      |                       ^^^^
      |
      = help: write 5%

    error: `interface` is for a device: the bench makes the link to a kernel target
     --> p.yaml:6:12
      |
    6 | interface: eth0
      |            ^^^^
    "#);
}

#[test]
fn an_unknown_kind_names_the_kinds() {
    assert_snapshot!(refusals("name: a\nkind: vm\nclaims: []\n"), @r#"
    error: `vm` is no kind of target
     --> p.yaml:2:7
      |
    2 | kind: vm
      |       ^^
      |
      = help: possible here: kernel, simulated, device
    "#);
}

#[test]
fn a_prefix_length_or_a_foreign_address_is_refused() {
    let broken = |from: &str, to: &str| refusals(&DEVICE.replace(from, to));
    assert_snapshot!(broken("{v4: 192.0.2.7}", "{v4: 192.0.2.7/24}"), @r#"
    error: `192.0.2.7/24` is no IPv4 address
     --> p.yaml:5:15
      |
    5 | address: {v4: 192.0.2.7/24}
      |               ^^^^^^^^^^^^
      |
      = help: write 192.0.2.10, without prefix length
    "#);
    assert_snapshot!(broken("192.0.2.10-192.0.2.12", "192.0.2.5-192.0.2.9"), @r#"
    error: 192.0.2.7 is the target's own address
     --> p.yaml:6:13
      |
    6 | bench: {v4: 192.0.2.5-192.0.2.9}
      |             ^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn addresses_that_cannot_be_are_refused() {
    let bench = |text: &str| messages(&DEVICE.replace("{v4: 192.0.2.10-192.0.2.12}", text));
    let on_line_6 = |message: &str| vec![(6, message.to_owned())];
    assert_eq!(
        [
            bench("{v4: [192.0.2.10-192.0.2.20, 192.0.2.20]}"),
            bench("{v4: 192.0.2.20-192.0.2.10}"),
            bench("{v4: 224.0.0.1}"),
            bench("{v4: []}"),
            bench("{v4: 2001:db8::1}"),
            bench("{mac: shared}"),
            bench("{v4: 192.0.2.10, v6: 2001:db8::1}"),
            bench("{v4: 192.0.2.10, mac: perhost}"),
        ],
        [
            on_line_6("192.0.2.20 and 192.0.2.10-192.0.2.20 have addresses in common"),
            on_line_6("the range ends before it begins"),
            on_line_6("no host on a link can have the address 224.0.0.1"),
            on_line_6("the bench needs at least one address"),
            on_line_6("`2001:db8::1` is no IPv4 address"),
            on_line_6("`v4` is missing here: the target has such an address"),
            on_line_6("the target has no address of this family under `address: v6`"),
            on_line_6("`perhost` is no MAC policy"),
        ]
    );
}

#[test]
fn numbers_out_of_range_are_refused() {
    let with = |line: &str| messages(&format!("{DEVICE}{line}\n"));
    let on_line_7 = |message: &str| vec![(7, message.to_owned())];
    assert_eq!(
        [
            with("vlan: 4095"),
            with("services: {echo: 0}"),
            with("services: {echo: 7, closed: 7}"),
            with("limits: {connections: 0}"),
            with("ports: {target: 2000-1000}"),
            with("ports: {bench: 70000}"),
            with("timers: {rto-min: 2s, rto-max: 1s}"),
            with("timers: {msl: 0s}"),
            with("reset: reboot now"),
            with("reset: []"),
        ],
        [
            on_line_7("expected a number from 1 to 4094"),
            on_line_7("expected a number from 1 to 65535"),
            on_line_7("a service listens on the port that shall be closed"),
            on_line_7("expected a number from 1 to 4294967295"),
            on_line_7("expected a range of ports"),
            on_line_7("expected a range of ports"),
            on_line_7("the retransmission timeout's upper bound is below its lower bound"),
            on_line_7("this timer cannot be zero"),
            on_line_7("expected a list: the program and its arguments"),
            on_line_7("expected a program and its arguments"),
        ]
    );
}

#[test]
fn a_device_without_a_place_is_refused() {
    assert_eq!(
        messages("name: d\nkind: device\nclaims: []\naddress: {}\n"),
        [
            (1, "`interface` is missing here".to_owned()),
            (4, "expected `v4`, `v6` or both".to_owned()),
            (1, "`bench` is missing here".to_owned()),
        ]
    );
}

proptest! {
    #[test]
    fn arbitrary_profiles_never_panic(parts in proptest::collection::vec(prop_oneof![
        Just("name: a\n"), Just("kind: device\n"), Just("kind: kernel\n"), Just("claims: []\n"), Just("claims: [sack, 5]\n"),
        Just("interface: eth0\n"), Just("address: {v4: 1.2.3.4}\n"), Just("address: {v6: '::2'}\n"), Just("vlan: -1\n"),
        Just("bench: {v4: 1.2.3.5-255.255.255.254}\n"), Just("bench: {v6: '::3-ffff::'}\n"), Just("bench: []\n"),
        Just("timers: {msl: 9999999999999y}\n"), Just("tolerance: {relative: nan%}\n"), Just("reset: [1]\n"),
        Just("ports: {target: 1-65535}\n"), Just("\t"), Just("- x\n")], 0..9)) {
        let text = parts.concat();
        match Profile::read("p.yaml", &text) {
            Ok(profile) => {
                if let Some(device) = profile.device() {
                    let _ = (device.bench.v4.len(), device.bench.v6.iter().next());
                }
            }
            Err(problems) => problems.iter().for_each(|problem| drop(render(problem, &text))),
        }
    }
}
