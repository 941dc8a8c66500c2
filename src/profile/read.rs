//! The file of a profile -> a profile.

use super::address::{AddressPool, Family, host_address};
use super::timers::TIMERS;
use super::{
    Addresses, BenchHosts, Device, FEATURES, Kind, Limits, MacPolicy, Ports, Profile, Services, Timers,
    Tolerance,
};
use crate::yaml::{self, Diagnostic, Fields, Node, Problems, Value, did_you_mean};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

impl Profile {
    /// Reads a profile; `file` is the name that places carry.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let root = yaml::parse(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Problems::default();
        match profile(&root, &mut problems) {
            Some(profile) => problems.finish(profile),
            None => Err(problems.into()),
        }
    }
}

/// Keys that any profile has.
const COMMON: [&str; 8] = ["name", "about", "kind", "claims", "timers", "limits", "tolerance", "ports"];

/// Keys of a device only.
const DEVICE: [&str; 7] = ["interface", "vlan", "address", "gateway", "bench", "services", "reset"];

/// The keys of any profile, and those of a device only: for those who describe profiles to editors.
#[must_use]
pub fn keys() -> [&'static [&'static str]; 2] {
    [&COMMON, &DEVICE]
}

fn profile(root: &Node, problems: &mut Problems) -> Option<Profile> {
    let fields = Fields::read(root, &[COMMON.as_slice(), &DEVICE].concat(), problems)?;
    let name = problems.note(fields.required_as("name", text));
    let claims = problems.note(fields.required_as("claims", claims));
    let about = problems.note(fields.optional_as("about", text)).flatten();
    let timers = optional(&fields, "timers", timers, problems).unwrap_or_default();
    let limits = optional(&fields, "limits", limits, problems).unwrap_or_default();
    let ports = optional(&fields, "ports", ports, problems).unwrap_or_default();
    let tolerance = optional(&fields, "tolerance", tolerance, problems).unwrap_or_default();
    let kind = kind(&fields, problems);
    Some(Profile { name: name?, about, kind: kind?, claims: claims?, timers, limits, tolerance, ports })
}

/// A map that may be absent; `None` then, and where it could not be read.
fn optional<T>(
    fields: &Fields<'_>,
    name: &str,
    read: fn(&Node, &mut Problems) -> Option<T>,
    problems: &mut Problems,
) -> Option<T> {
    fields.optional(name).and_then(|node| read(node, problems))
}

fn kind(fields: &Fields<'_>, problems: &mut Problems) -> Option<Kind> {
    let node = problems.note(fields.required("kind"))?;
    let word = problems.note(node.as_text())?;
    match word {
        "device" => return device(fields, problems).map(|device| Kind::Device(Box::new(device))),
        "kernel" | "simulated" => {}
        _ => {
            let hint = did_you_mean(word, &["kernel", "simulated", "device"]);
            problems.push(node.problem(format!("`{word}` is no kind of target")).with_hint(hint));
            return None;
        }
    }
    for name in DEVICE {
        if let Some(node) = fields.optional(name) {
            let message = format!("`{name}` is for a device: the bench makes the link to a {word} target");
            problems.push(node.problem(message));
        }
    }
    Some(if word == "kernel" { Kind::Kernel } else { Kind::Simulated })
}

fn device(fields: &Fields<'_>, problems: &mut Problems) -> Option<Device> {
    let interface = problems.note(fields.required_as("interface", interface));
    let vlan = problems.note(fields.optional_as("vlan", |node| node.as_number(1..=4094_u16))).flatten();
    let address = problems.note(fields.required_as("address", addresses));
    let gateway = problems.note(fields.optional_as("gateway", addresses)).flatten().unwrap_or_default();
    let services = optional(fields, "services", services, problems).unwrap_or_default();
    let reset = problems.note(fields.optional_as("reset", command)).flatten();
    let bench = problems.note(fields.required("bench"));
    let bench = bench.and_then(|node| bench_hosts(node, address?, gateway, problems));
    Some(Device { interface: interface?, vlan, address: address?, gateway, bench: bench?, services, reset })
}

fn bench_hosts(
    node: &Node,
    target: Addresses,
    gateway: Addresses,
    problems: &mut Problems,
) -> Option<BenchHosts> {
    let fields = Fields::read(node, &["v4", "v6", "mac"], problems)?;
    let taken = |family| match family {
        Family::V4 => [target.v4, gateway.v4].map(|address| address.map(IpAddr::V4)),
        Family::V6 => [target.v6, gateway.v6].map(|address| address.map(IpAddr::V6)),
    };
    let mut pool = |name, family| {
        let [target, gateway] = taken(family);
        let Some(node) = fields.optional(name) else {
            if target.is_some() {
                let message = format!("`{name}` is missing here: the target has such an address");
                problems.push(node.problem(message));
            }
            return None;
        };
        let pool = problems.note(AddressPool::read(node, family))?;
        for (whose, address) in [("target", target), ("gateway", gateway)] {
            if let Some(address) = address.filter(|address| pool.contains(*address)) {
                problems.push(node.problem(format!("{address} is the {whose}'s own address")));
            }
        }
        if target.is_none() {
            problems.push(
                node.problem(format!("the target has no address of this family under `address: {name}`")),
            );
        }
        Some(pool)
    };
    let v4 = pool("v4", Family::V4).unwrap_or_default();
    let v6 = pool("v6", Family::V6).unwrap_or_default();
    let mac = problems.note(fields.optional_as("mac", mac_policy)).flatten().unwrap_or_default();
    Some(BenchHosts { v4, v6, mac })
}

fn mac_policy(node: &Node) -> Result<MacPolicy, Diagnostic> {
    match node.as_text()? {
        "shared" => Ok(MacPolicy::Shared),
        "per-host" => Ok(MacPolicy::PerHost),
        word => Err(node
            .problem(format!("`{word}` is no MAC policy"))
            .with_hint(did_you_mean(word, &["shared", "per-host"]))),
    }
}

fn addresses(node: &Node) -> Result<Addresses, Diagnostic> {
    let fields = node.as_map(&["v4", "v6"])?;
    let read =
        |name, family| fields.optional_as(name, |node: &Node| host_address(node, node.as_text()?, family));
    let v4 = read("v4", Family::V4)?.and_then(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    let v6 = read("v6", Family::V6)?.and_then(|address| match address {
        IpAddr::V6(address) => Some(address),
        IpAddr::V4(_) => None,
    });
    if v4.is_none() && v6.is_none() {
        return Err(node.problem("expected `v4`, `v6` or both"));
    }
    Ok(Addresses { v4, v6 })
}

fn services(node: &Node, problems: &mut Problems) -> Option<Services> {
    let fields = Fields::read(node, &["echo", "discard", "daytime", "http", "closed"], problems)?;
    let mut port = |name| problems.note(fields.optional_as(name, port)).flatten();
    let services = Services {
        echo: port("echo"),
        discard: port("discard"),
        daytime: port("daytime"),
        http: port("http"),
        closed: port("closed"),
    };
    let open = [services.echo, services.discard, services.daytime, services.http];
    if services.closed.is_some() && open.contains(&services.closed) {
        let node = fields.optional("closed").unwrap_or(node);
        problems.push(node.problem("a service listens on the port that shall be closed"));
    }
    Some(services)
}

fn claims(node: &Node) -> Result<BTreeSet<String>, Diagnostic> {
    let names = FEATURES.map(|(name, _)| name);
    let mut claims = BTreeSet::new();
    for node in node.as_list()? {
        let name = node.as_text()?;
        if !names.contains(&name) {
            let hint = did_you_mean(name, &names);
            return Err(node
                .problem(format!("`{name}` is no feature that a target can claim"))
                .with_hint(hint));
        }
        if !claims.insert(name.to_owned()) {
            return Err(node.problem(format!("`{name}` is claimed twice")));
        }
    }
    Ok(claims)
}

fn timers(node: &Node, problems: &mut Problems) -> Option<Timers> {
    let fields = Fields::read(node, &TIMERS.map(|timer| timer.key), problems)?;
    let mut timers = Timers::default();
    for timer in &TIMERS {
        if let Some(stated) = problems.note(fields.optional_as(timer.key, lasting)).flatten() {
            *(timer.field)(&mut timers) = stated;
        }
    }
    if timers.rto_min > timers.rto_max {
        let node = fields.optional("rto-max").unwrap_or(node);
        problems.push(node.problem("the retransmission timeout's upper bound is below its lower bound"));
    }
    Some(timers)
}

fn limits(node: &Node, problems: &mut Problems) -> Option<Limits> {
    let fields = Fields::read(node, &["connections", "half-open", "hosts"], problems)?;
    let mut limit =
        |name| problems.note(fields.optional_as(name, |node| node.as_number(1..=u32::MAX))).flatten();
    Some(Limits { connections: limit("connections"), half_open: limit("half-open"), hosts: limit("hosts") })
}

fn tolerance(node: &Node, problems: &mut Problems) -> Option<Tolerance> {
    let fields = Fields::read(node, &["absolute", "relative"], problems)?;
    let absolute = problems.note(fields.optional_as("absolute", Node::as_duration)).flatten();
    let relative = problems.note(fields.optional_as("relative", Node::as_percent)).flatten();
    let standard = Tolerance::default();
    Some(Tolerance {
        absolute: absolute.unwrap_or(standard.absolute),
        relative: relative.unwrap_or(standard.relative),
    })
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { absolute: Duration::from_millis(50), relative: 0.05 }
    }
}

fn ports(node: &Node, problems: &mut Problems) -> Option<Ports> {
    let fields = Fields::read(node, &["target", "bench"], problems)?;
    let target = problems.note(fields.optional_as("target", port_range)).flatten();
    let bench = problems.note(fields.optional_as("bench", port_range)).flatten();
    let standard = Ports::default();
    Some(Ports { target: target.unwrap_or(standard.target), bench: bench.unwrap_or(standard.bench) })
}

/// Above the well-known ports, below those that Linux gives out by itself from 60999 downwards.
impl Default for Ports {
    fn default() -> Self {
        Self { target: 10_000..=29_999, bench: 30_000..=59_999 }
    }
}

fn port_range(node: &Node) -> Result<RangeInclusive<u16>, Diagnostic> {
    let wrong = || node.problem("expected a range of ports").with_hint("write 10000-29999".to_owned());
    let (first, last) = node.as_scalar()?.split_once('-').ok_or_else(wrong)?;
    let (first, last) = (first.trim().parse::<u16>(), last.trim().parse::<u16>());
    match (first, last) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(first..=last),
        _ => Err(wrong()),
    }
}

fn port(node: &Node) -> Result<u16, Diagnostic> {
    node.as_number(1..=u16::MAX)
}

fn interface(node: &Node) -> Result<String, Diagnostic> {
    let name = node.as_text()?;
    // Linux: IFNAMSIZ less the final zero.
    let is_name = (1..=15).contains(&name.len()) && !name.contains(|c: char| c == '/' || c.is_whitespace());
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(node.problem(format!("`{name}` is no name of an interface")))
    }
}

fn command(node: &Node) -> Result<Vec<String>, Diagnostic> {
    if let Value::Text(command) = &node.value {
        let hint = format!("write [sh, -c, '{command}']");
        return Err(node.problem("expected a list: the program and its arguments").with_hint(hint));
    }
    let words = node.as_list()?.iter().map(|word| word.as_scalar().map(str::to_owned));
    let words: Vec<String> = words.collect::<Result<_, _>>()?;
    if words.is_empty() { Err(node.problem("expected a program and its arguments")) } else { Ok(words) }
}

/// A duration above zero.
fn lasting(node: &Node) -> Result<Duration, Diagnostic> {
    let duration = node.as_duration()?;
    if duration.is_zero() { Err(node.problem("this timer cannot be zero")) } else { Ok(duration) }
}

fn text(node: &Node) -> Result<String, Diagnostic> {
    node.as_text().map(str::to_owned)
}
