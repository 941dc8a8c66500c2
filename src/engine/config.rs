//! What a trial is told about its surroundings.

use crate::case::{Capability, Fixtures};
use crate::profile::{Timers, Tolerance};
use crate::requirement::{Catalogue, Level};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// What a trial is told about its surroundings.
#[derive(Clone)]
pub struct TrialConfig {
    /// Ports, initial sequence numbers and payloads follow from it.
    pub seed: u64,
    /// This trial's own host.
    pub bench: IpAddr,
    /// The target.
    pub target: IpAddr,
    /// Our port of the first connection; the next has the next one.
    pub bench_port: u16,
    /// The target's port of the first connection; the next has the next one.
    pub target_port: u16,
    /// The largest IP packet that the link carries.
    pub link_mtu: u16,
    /// Whether the target's socket table can be asked.
    pub table: bool,
    /// The target's timers, by which cases are judged.
    pub timers: Timers,
    /// How far a time may be off.
    pub tolerance: Tolerance,
    /// The strongest level among the case's requirements.
    pub level: Level,
    /// Levels of the requirements that single steps name, and of the referee's.
    pub catalogue: Arc<Catalogue>,
    /// The paths into the eleven states.
    pub fixtures: Arc<Fixtures>,
    /// What the target and its upper tester can do.
    pub capabilities: Arc<BTreeSet<Capability>>,
    /// What the application on the target writes is known: an upper tester tells it.
    pub agent: bool,
    /// The record holds every packet octet by octet.
    pub keep_packets: bool,
}

/// Who writes on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Application {
    /// An upper tester: what a case tells it.
    Told,
    /// An echo service: what it was sent.
    Echo,
    /// Another service: what it likes.
    Unknown,
}

impl TrialConfig {
    pub(super) fn application(&self) -> Application {
        let has = |capability| self.capabilities.contains(&capability);
        if self.agent {
            Application::Told
        } else if has(Capability::Echo) && !has(Capability::Daytime) && !has(Capability::Http) {
            // Of the services that are left only this one writes anything.
            Application::Echo
        } else {
            Application::Unknown
        }
    }
}
