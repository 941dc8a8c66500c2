//! A device as the target: the way to it step by step, as a run goes it.

use super::answers::{Knock, converse, round_trips, span};
use super::report::{Found, Report};
use super::{AGAIN, Asker, clock, interface, kernel};
use crate::inputs::Inputs;
use crate::link::{EthernetLink, Hosts, Interface, Link, LinkError};
use crate::run::Stop;
use crate::target::{
    ATTEMPTS, Answer, DeviceBench, DeviceError, PATIENCE, Place, RESOLVED_WITHIN, free_addresses, knock,
    most_hosts, open_link, served,
};
use std::net::IpAddr;
use tcpspec_core::profile::{Device, Profile};
use tcpspec_core::segment::Endpoint;
use tcpspec_core::time::Span;

/// Checks without which nothing can be sent.
const WAY: [&str; 5] = ["rights", "interface", "offloads", "kernel", "buffer"];

/// Looks at everything that a run on this device needs.
///
/// # Errors
/// The built-in cases are invalid.
pub(super) fn examine(
    report: &mut Report,
    asker: &Asker,
    device: &Device,
    inputs: &Inputs,
) -> Result<(), Stop> {
    let profile = &inputs.profile;
    let found = Interface::by_name(&device.interface);
    let places = Place::of(device);
    report.add("profile", Found::Ok(format!("{}: {} is a device", asker.target, profile.name)));
    report.check("rights", &[], || interface::rights(asker));
    report.check("interface", &[], || interface::look(&found, device, asker));
    report.check("offloads", &["interface"], || interface::offloads(&device.interface, asker));
    report.check("kernel", &["interface"], || interface::silence(&places, device, asker));
    let link = match (report.lacks(&WAY[..2]), found) {
        (None, Ok(interface)) => Some(open_link(interface, device)),
        _ => None,
    };
    report.check("buffer", &WAY[..2], || match &link {
        Some(Ok(link)) => kernel::buffer(link),
        Some(Err(error)) => Found::Bench { says: error.to_string(), mend: asker.as_root("tcpspec") },
        None => Found::Skipped("skipped: needs interface".into()),
    });
    match (report.lacks(&WAY), link) {
        (None, Some(Ok(link))) => approach(report, asker, device, inputs, (link, &places))?,
        (lacking, _) => {
            let checks = ["addresses", "next hop"].into_iter();
            let services = served(&device.services).map(|(service, _)| service);
            let behind = checks.chain(services).chain(["closed port", "checksums", "conversation"]);
            behind.for_each(|check| report.skip(check, lacking.unwrap_or("buffer")));
        }
    }
    report.check("clock", &[], || clock::look(profile.tolerance));
    Ok(())
}

/// Everything for which frames are sent.
fn approach(
    report: &mut Report,
    asker: &Asker,
    device: &Device,
    inputs: &Inputs,
    (mut link, places): (EthernetLink, &[Place<'_>]),
) -> Result<(), Stop> {
    let profile = &inputs.profile;
    let addresses = take_addresses(report, asker, device, profile, &mut link, places);
    report.check("next hop", &["addresses"], || next_hops(&mut link, places, &addresses, asker));
    let mut visit = Visit { report, asker, link: &mut link, places, addresses: &addresses, profile };
    visit.services(device);
    report.check("checksums", &["next hop"], || match link.counters() {
        Ok(counters) if counters.unfinished_checksums > 0 => Found::Bench {
            says: format!(
                "{} segments of the target came with unfinished ones",
                counters.unfinished_checksums
            ),
            mend: "on the target, for its interface: ethtool -K INTERFACE tx off".into(),
        },
        Ok(_) => Found::Ok("the target finishes those of its segments itself".into()),
        Err(error) => Found::Bench { says: error.to_string(), mend: AGAIN.into() },
    });
    let questions = inputs.plan(0)?.questions.plain;
    let Some(port) = questions.first().map(|question| question.target_port) else {
        let why = "the profile names no service to hold one with";
        report.add("conversation", Found::Skipped(why.into()));
        return Ok(());
    };
    let services: Vec<_> = served(&device.services).collect();
    let service = services.iter().find(|(_, at)| *at == port).map_or("next hop", |(service, _)| *service);
    report.check("conversation", &["next hop", service, "checksums"], || {
        let mut bench = DeviceBench::ready(link, places, &addresses, profile);
        let mend = format!(
            "see that port {port} of the target is the {service} service that {} says, and that nobody else has \
             the bench's addresses",
            asker.target
        );
        converse(&mut bench, &questions, mend)
    });
    Ok(())
}

/// The addresses that the bench plays from now on, for each place.
fn take_addresses(
    report: &mut Report,
    asker: &Asker,
    device: &Device,
    profile: &Profile,
    link: &mut EthernetLink,
    places: &[Place<'_>],
) -> Vec<Vec<IpAddr>> {
    let mut remarks = Vec::new();
    let most = most_hosts(usize::MAX, &profile.limits, places.len());
    let taken = free_addresses(link, places, most, &mut remarks).and_then(|addresses| {
        link.set_hosts(Hosts::none().with_addresses(addresses.iter().flatten().copied()))?;
        Ok(addresses)
    });
    let mend = format!("give `bench:` in {} addresses of the target's network that nobody has", asker.target);
    let (found, addresses) = match taken {
        Err(error) => {
            let mend = if matches!(error, DeviceError::NoAddress { .. }) { mend } else { AGAIN.into() };
            let also: String = remarks.iter().map(|remark| format!("; {remark}")).collect();
            (Found::Bench { says: format!("{error}{also}"), mend }, Vec::new())
        }
        Ok(addresses) => {
            for (place, addresses) in places.iter().zip(&addresses) {
                let strangers = interface::strangers(&device.interface, place.next_hop, addresses);
                remarks.extend(strangers.first().map(|stranger| {
                    let (many, interface) = (strangers.len(), &device.interface);
                    let among = if many > 1 { format!(" and {} more", many - 1) } else { String::new() };
                    format!("{stranger}{among} can be no hosts of the network that {interface} is in")
                }));
            }
            let count = |(place, addresses): (&Place<'_>, &Vec<IpAddr>)| {
                format!("{} of IP{}", addresses.len(), place.family)
            };
            let counts: Vec<_> = places.iter().zip(&addresses).map(count).collect();
            let found = match remarks.is_empty() {
                true => Found::Ok(format!("{} are free for the bench", counts.join(" and "))),
                false => Found::Warn { says: remarks.join("; "), mend },
            };
            (found, addresses)
        }
    };
    report.add("addresses", found);
    addresses
}

/// Where frames go: asked for by ARP and neighbour discovery.
fn next_hops(
    link: &mut EthernetLink,
    places: &[Place<'_>],
    addresses: &[Vec<IpAddr>],
    asker: &Asker,
) -> Found {
    let mut says = Vec::new();
    for (place, addresses) in places.iter().zip(addresses) {
        let began = crate::clock::monotonic();
        let way = if place.next_hop == place.target { "" } else { ", the router to the target," };
        match link.resolve(place.next_hop, addresses[0], RESOLVED_WITHIN) {
            Ok(mac) => {
                link.set_next_hop(place.family, mac);
                let after = span(crate::clock::monotonic().since(began));
                let by = interface::resolution(place.family);
                says.push(format!("{}{way} is at {mac} by {by} after {after}", place.next_hop));
            }
            Err(error @ LinkError::Unresolved { .. }) => {
                let file = &asker.target;
                let what = if way.is_empty() { "address" } else { "gateway" };
                let mend = format!("switch it on, or correct `{what}:`, `interface:` or `vlan:` in {file}");
                return Found::Target { says: error.to_string(), mend };
            }
            Err(error) => return Found::Bench { says: error.to_string(), mend: AGAIN.into() },
        }
    }
    Found::Ok(says.join("; "))
}

/// The ports of the target, one after another, in every family.
struct Visit<'v> {
    report: &'v mut Report,
    asker: &'v Asker,
    link: &'v mut EthernetLink,
    places: &'v [Place<'v>],
    addresses: &'v [Vec<IpAddr>],
    profile: &'v Profile,
}

impl Visit<'_> {
    fn services(&mut self, device: &Device) {
        let mut number = 0;
        // A target that lets nothing pass is asked everything else only once.
        let mut attempts = ATTEMPTS;
        for (service, port) in served(&device.services) {
            let knocks = self.knock(port, number, attempts);
            let found = self.judge(service, port, &knocks, attempts);
            if knocks.iter().any(|(_, knock)| *knock == Ok(Answer::Nothing)) {
                attempts = 1;
            }
            self.report.check(service, &["next hop"], || found);
            number += 1;
        }
        let Some(port) = device.services.closed else {
            let why = "the profile names none: trials in CLOSED are left out";
            self.report.add("closed port", Found::Skipped(why.into()));
            return;
        };
        let knocks = self.knock(port, number, attempts);
        let found = self.judge_closed(port, &knocks, attempts);
        self.report.check("closed port", &["next hop"], || found);
    }

    /// A SYN to this port in each family, from ports that no other knock has.
    fn knock(&mut self, port: u16, number: u16, attempts: u16) -> Vec<Knock> {
        if self.report.lacks(&["next hop"]).is_some() {
            return Vec::new();
        }
        let first = *self.profile.ports.bench.start() + number * ATTEMPTS;
        let mut knocks = Vec::new();
        for (place, addresses) in self.places.iter().zip(self.addresses) {
            let (us, them) = (Endpoint::new(addresses[0], first), Endpoint::new(place.target, port));
            knocks.push((place.family, knock(self.link, us, them, attempts)));
        }
        knocks
    }

    fn judge(&self, service: &str, port: u16, knocks: &[Knock], attempts: u16) -> Found {
        let file = &self.asker.target;
        for ((family, knock), place) in knocks.iter().zip(self.places) {
            let target = place.target;
            let (says, mend) = match knock {
                Ok(Answer::Open(_)) => continue,
                Ok(Answer::Refused(_)) => (
                    format!("{target} resets a SYN to port {port}: nothing listens there over IP{family}"),
                    format!("start it on the target, or take `{service}: {port}` out of {file}"),
                ),
                Ok(Answer::Nothing) => (
                    format!("{target} does not answer a SYN to port {port} within {}", waited(attempts)),
                    format!(
                        "on the target, let its firewall pass TCP port {port}, and see that its route to {} leads here",
                        self.first_address(place)
                    ),
                ),
                Err(error) => return Found::Bench { says: error.to_string(), mend: AGAIN.into() },
            };
            return Found::Target { says, mend };
        }
        Found::Ok(format!("port {port} answers a SYN: {}", trips(knocks)))
    }

    fn judge_closed(&self, port: u16, knocks: &[Knock], attempts: u16) -> Found {
        let file = &self.asker.target;
        for ((_, knock), place) in knocks.iter().zip(self.places) {
            let target = place.target;
            let (says, mend) = match knock {
                Ok(Answer::Refused(_)) => continue,
                Ok(Answer::Open(_)) => (
                    format!("somebody listens on port {port} of {target}"),
                    format!("give `closed:` in {file} a port where nobody listens"),
                ),
                Ok(Answer::Nothing) => (
                    format!("{target} does not reset a SYN to port {port} within {}", waited(attempts)),
                    format!(
                        "on the target, let its firewall pass TCP port {port}, or take `closed:` out of {file}"
                    ),
                ),
                Err(error) => return Found::Bench { says: error.to_string(), mend: AGAIN.into() },
            };
            return Found::Target { says, mend };
        }
        Found::Ok(format!("port {port} resets a SYN: {}", trips(knocks)))
    }

    fn first_address(&self, place: &Place<'_>) -> IpAddr {
        let of_place = self.places.iter().zip(self.addresses).find(|(other, _)| other.family == place.family);
        of_place.and_then(|(_, addresses)| addresses.first()).copied().unwrap_or(place.next_hop)
    }
}

fn trips(knocks: &[Knock]) -> String {
    round_trips(knocks.iter().filter_map(|(family, knock)| match knock {
        Ok(Answer::Open(after) | Answer::Refused(after)) => Some((*family, *after)),
        _ => None,
    }))
}

/// How long so many SYNs are waited for.
fn waited(attempts: u16) -> Span {
    Span(PATIENCE * u32::from(attempts))
}
