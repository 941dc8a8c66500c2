//! A trial ready to be run, and a trial that has been.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tcpspec_core::case::{Capability, Family, Script};
use tcpspec_core::engine::{Engine, TrialConfig};
use tcpspec_core::requirement::Level;
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{Finding, FindingCode, Outcome, Verdict};

/// What all trials of a run share.
#[derive(Clone)]
pub struct Surroundings {
    /// A trial's configuration, but for what is its own.
    pub config: TrialConfig,
    /// What the target can do, and whoever plays the application on it.
    pub capabilities: Arc<BTreeSet<Capability>>,
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
    pub script: Script,
    /// The strongest level among its requirements.
    pub level: Level,
    /// Everything that it may wait for.
    pub longest_wait: Duration,
    /// Its application runs in a process of its own, because the case kills it.
    pub private_application: bool,
    /// The target's port: of an own listener, or of an ordinary service.
    pub target_port: u16,
    /// Shared by all.
    pub surroundings: Arc<Surroundings>,
}

impl Job {
    /// The state machine of one attempt.
    #[must_use]
    pub fn engine(&self, host: IpAddr, target: IpAddr, table: bool) -> Engine {
        let mut config = self.surroundings.config.clone();
        config.seed = self.seed;
        config.bench = host;
        config.target = target;
        config.table = table;
        config.level = self.level;
        // Below the ports that systems give out by themselves.
        config.bench_port = 20_000 + (self.seed % 10_000) as u16;
        // A second attempt has the same: its sockets are asked for after the first one's were released.
        config.target_port = self.target_port;
        Engine::new(config, self.script.clone())
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

/// The same trial, but the bench cannot be believed.
pub(super) fn bench_fault(outcome: Outcome, code: FindingCode, why: &str) -> Outcome {
    let at = outcome.record.events.last().map_or(Time::default(), |event| event.at);
    let finding = Finding {
        code,
        requirement: None,
        did: "ran the trial twice".into(),
        expected: "a bench that sees every frame and acts in time".into(),
        saw: why.to_owned(),
        differences: Vec::new(),
        place: None,
        at,
        event: None,
    };
    let mut findings = vec![finding];
    findings.extend(outcome.findings);
    Outcome { verdict: Verdict::Error, findings, record: outcome.record }
}
