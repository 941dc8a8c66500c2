//! A trial ready to be run, and a trial that has been.

use crate::faults::{Conduit, Recipe};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tcpspec_core::case::{Capability, Family, Script};
use tcpspec_core::engine::{Engine, TrialConfig};
use tcpspec_core::requirement::Level;
use tcpspec_core::verdict::Outcome;

/// What all trials of a run share.
#[derive(Clone)]
pub struct Surroundings {
    /// A trial's configuration, but for what is its own.
    pub config: TrialConfig,
    /// The families in which the target has an address.
    pub families: Vec<Family>,
}

/// A trial ready to be run.
#[derive(Clone)]
pub struct Job {
    /// Place in the plan.
    pub index: usize,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Seed of this trial.
    pub seed: u64,
    /// What it does.
    pub script: Arc<Script>,
    /// The strongest level among its requirements.
    pub level: Level,
    /// Everything that it may wait for.
    pub longest_wait: Duration,
    /// Its application runs in a process of its own, because the case kills it.
    pub private_application: bool,
    /// The target's port: of an own listener, or of an ordinary service.
    pub target_port: u16,
    /// What the target, and whoever plays its application, can do at that port.
    pub capabilities: Arc<BTreeSet<Capability>>,
    /// It tells the target a path MTU, which the target keeps for its host.
    pub marks_host: bool,
    /// Connections that it has at a time.
    pub connections: u32,
    /// The fault that stands between it and its target.
    pub fault: Option<Recipe>,
    /// Shared by all.
    pub surroundings: Arc<Surroundings>,
}

impl Job {
    /// The bench's first port, where any will do: below those that systems give out by themselves.
    #[must_use]
    pub fn bench_port(&self) -> u16 {
        20_000 + (self.seed % 10_000) as u16
    }

    /// The way to the target in one attempt.
    #[must_use]
    pub fn conduit(&self) -> Conduit {
        self.fault.as_ref().map(|fault| fault.conduit(self.seed)).unwrap_or_default()
    }

    /// The state machine of one attempt, from this host and its ports from that one on.
    #[must_use]
    pub fn engine(&self, bench: SocketAddr, target: IpAddr, table: bool) -> Engine {
        let mut config = self.surroundings.config.clone();
        config.seed = self.seed;
        config.bench = bench.ip();
        config.bench_port = bench.port();
        config.target = target;
        config.table = table;
        config.level = self.level;
        config.capabilities = Arc::clone(&self.capabilities);
        // A second attempt has the same: its sockets are asked for after the first one's were released.
        config.target_port = self.target_port;
        Engine::new(config, Arc::clone(&self.script))
    }
}

/// A trial that has been run.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Place in the plan.
    pub index: usize,
    /// What it says.
    pub outcome: Outcome,
    /// From its first packet to its verdict.
    pub took: Duration,
    /// 2 where it was repeated.
    pub attempts: u32,
    /// The latest that the bench acted in it.
    pub latest: Duration,
}
