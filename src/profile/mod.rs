//! The statement about a target: what it claims, its timers and limits, where it is (the PICS and
//! PIXIT of ISO 9646 in one file).

mod address;
mod read;
mod timers;

#[cfg(test)]
mod tests;

pub use address::{AddressPool, AddressRange};
pub use read::keys;
pub use timers::Timers;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A target as its owner describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name in reports.
    pub name: String,
    /// What it is, in a sentence.
    pub about: Option<String>,
    /// How the bench gets at it.
    pub kind: Kind,
    /// What it says it can do: names of [`FEATURES`].
    pub claims: BTreeSet<String>,
    /// Its timers.
    pub timers: Timers,
    /// How much it stands at a time.
    pub limits: Limits,
    /// How exactly its time is judged.
    pub tolerance: Tolerance,
    /// The ports that a run uses.
    pub ports: Ports,
}

/// How the bench gets at a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The kernel of this machine, in a namespace that the bench makes.
    Kernel,
    /// A stack as a library in this process, on virtual time.
    Simulated,
    /// A host on an interface.
    Device(Box<Device>),
}

/// A host on an interface, and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The bench's interface towards it.
    pub interface: String,
    /// VLAN id of all frames, 1 to 4094.
    pub vlan: Option<u16>,
    /// The target's own addresses: at least one family.
    pub address: Addresses,
    /// The router to hand frames to, where the target is not on this link.
    pub gateway: Addresses,
    /// Who the bench is.
    pub bench: BenchHosts,
    /// What runs on the target.
    pub services: Services,
    /// A program and its arguments that bring the target back.
    pub reset: Option<Vec<String>>,
}

/// One address for each family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4.
    pub v4: Option<Ipv4Addr>,
    /// IPv6.
    pub v6: Option<Ipv6Addr>,
}

/// The addresses that the bench's hosts may have, none of them in use by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchHosts {
    /// IPv4 addresses; none where the target has no IPv4 address.
    pub v4: AddressPool,
    /// IPv6 addresses; none where the target has no IPv6 address.
    pub v6: AddressPool,
    /// What stands in their frames.
    pub mac: MacPolicy,
}

/// The link-layer address of the bench's hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MacPolicy {
    /// One for all, the interface's own: what every switch and access point lets pass.
    #[default]
    Shared,
    /// One for each host.
    PerHost,
}

/// TCP ports of ordinary services on the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// RFC 862.
    pub echo: Option<u16>,
    /// RFC 863.
    pub discard: Option<u16>,
    /// RFC 867.
    pub daytime: Option<u16>,
    /// Any answer to `GET /`.
    pub http: Option<u16>,
    /// A port where nothing listens.
    pub closed: Option<u16>,
}

/// How much a target stands at a time, as far as the profile says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Connections.
    pub connections: Option<u32>,
    /// Connections in SYN-RECEIVED.
    pub half_open: Option<u32>,
    /// Hosts that speak to it.
    pub hosts: Option<u32>,
}

/// How far from the expected a time may be. What the bench measures of its own lateness in a run
/// comes on top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The same for short and long times: the granularity of the target's timers.
    pub absolute: Duration,
    /// A share of the expected time, 0 to 1.
    pub relative: f64,
}

impl Tolerance {
    /// How far from `expected` a time may be.
    #[must_use]
    pub fn around(&self, expected: Duration) -> Duration {
        let share = Duration::try_from_secs_f64(expected.as_secs_f64() * self.relative);
        self.absolute.saturating_add(share.unwrap_or(Duration::MAX))
    }
}

/// The ports that a run may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Of the target, where an upper tester listens and connects from.
    pub target: RangeInclusive<u16>,
    /// Of the bench's hosts.
    pub bench: RangeInclusive<u16>,
}

impl Profile {
    /// Whether the target says that it can do this.
    #[must_use]
    pub fn claims(&self, feature: &str) -> bool {
        self.claims.contains(feature)
    }

    /// A duration that case expressions name, such as `MSL` or `RTO.MIN`
    /// (all of them: [`Timers::VARIABLES`]).
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Duration> {
        self.timers.variable(name)
    }

    /// The device's part, if it is one.
    #[must_use]
    pub fn device(&self) -> Option<&Device> {
        match &self.kind {
            Kind::Device(device) => Some(device),
            Kind::Kernel | Kind::Simulated => None,
        }
    }
}

/// What a target can claim and a case can need, with what it means.
pub const FEATURES: [(&str, &str); 18] = [
    ("challenge-ack", "answers a doubtful RST, SYN or ACK as RFC 5961 says"),
    ("delayed-ack", "holds an acknowledgment back for a while (RFC 9293 section 3.8.6.3)"),
    ("dsack", "reports what came twice in SACK blocks (RFC 2883)"),
    ("ecn", "explicit congestion notification (RFC 3168)"),
    ("fast-open", "data on the SYN with a cookie (RFC 7413)"),
    ("half-duplex-close", "who has called CLOSE cannot read any more (RFC 9293 section 3.6.1)"),
    ("keep-alive", "probes an idle connection if asked to (RFC 9293 section 3.8.4)"),
    ("limited-transmit", "new data on the first duplicate ACKs (RFC 3042)"),
    ("nagle", "holds small segments back (RFC 9293 section 3.7.4)"),
    ("path-mtu-discovery", "follows ICMP messages about the path MTU (RFC 1191, RFC 8201)"),
    ("rack-tlp", "finds losses by time and probes for tail losses (RFC 8985)"),
    ("sack", "selective acknowledgments (RFC 2018)"),
    ("syn-cookies", "answers a SYN without keeping state when its queue is full (RFC 4987)"),
    ("time-wait-reuse", "takes a new SYN in TIME-WAIT (RFC 9293 section 3.6.1, RFC 6191)"),
    ("timestamps", "the Timestamps option (RFC 7323 section 3)"),
    ("urgent", "signals urgent data to the application (RFC 9293 section 3.8.5)"),
    ("user-timeout", "the User Timeout option (RFC 5482)"),
    ("window-scale", "the Window Scale option (RFC 7323 section 2)"),
];

/// The profile of the kernel target: name for places, and text.
pub const LINUX: (&str, &str) = (
    "cases/profiles/linux.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/profiles/linux.yaml")),
);

/// The profile of smoltcp, simulated: name for places, and text.
pub const SMOLTCP: (&str, &str) = (
    "cases/profiles/smoltcp.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/profiles/smoltcp.yaml")),
);

/// A profile to start from, every line explained: name for places, and text.
pub const EXAMPLE_DEVICE: (&str, &str) = (
    "cases/profiles/example-device.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/profiles/example-device.yaml")),
);
