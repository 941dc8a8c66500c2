//! This machine's kernel with everything around it: link, upper tester, socket table, hosts.

use super::{Bench, BenchError, Host, KernelCounters, KernelFacts, KernelTarget, StateTable, TargetError};
use crate::link::{EthernetLink, Link};
use crate::upper_tester::{ProcessUpperTester, UpperTester, UpperTesterError};
use std::net::{IpAddr, SocketAddr};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use tcpspec_core::case::Family;
use tcpspec_core::engine::TableEntry;

/// The kernel target, ready for trials.
pub struct KernelBench {
    target: KernelTarget,
    link: EthernetLink,
    table: StateTable,
    upper: ProcessUpperTester,
    /// The program that is its upper tester: this one.
    program: PathBuf,
    next_host: u32,
    /// Frames that the ends of the link had dropped before anything depended on one: what is sent to an
    /// end that is just being switched on is lost.
    dropped_before: [u64; 2],
}

/// Why it cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KernelBenchError {
    /// No namespace, no link.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No application.
    #[error(transparent)]
    UpperTester(#[from] UpperTesterError),
    /// No thread to make it on.
    #[error("no thread to make the target on: {0}")]
    NoThread(#[source] std::io::Error),
}

impl KernelBench {
    /// Makes the namespaces, and the rest on a thread of its own: most of that is waiting for the kernel,
    /// and the caller has other things to prepare. To be called before the process has a second thread.
    ///
    /// # Errors
    /// The machine does not allow it; the error says what to do.
    pub fn prepare(program: PathBuf) -> Result<KernelPreparation, KernelBenchError> {
        let preparation = KernelTarget::prepare()?;
        let making = thread::Builder::new().name("preparation".into()).spawn(move || {
            let (target, link) = preparation.finish()?;
            let upper = target.in_target(|| ProcessUpperTester::spawn(&program))??;
            let table = target.state_table()?;
            let dropped_before = dropped(&target.counters()?);
            Ok(Self { target, link, table, upper, program, next_host: 0, dropped_before })
        });
        Ok(KernelPreparation { making: making.map_err(KernelBenchError::NoThread)? })
    }

    /// The target itself: its facts and counters.
    #[must_use]
    pub fn target(&self) -> &KernelTarget {
        &self.target
    }
}

/// Frames lost at the bench's end and at the target's.
fn dropped(counters: &KernelCounters) -> [u64; 2] {
    [counters.bench, counters.target].map(|end| end.receive_dropped + end.send_dropped)
}

/// A kernel bench in the making.
pub struct KernelPreparation {
    making: JoinHandle<Result<KernelBench, KernelBenchError>>,
}

impl KernelPreparation {
    /// Link, upper tester and socket table, ready for trials.
    ///
    /// # Errors
    /// The machine does not allow it; the error says what to do.
    pub fn finish(self) -> Result<KernelBench, KernelBenchError> {
        self.making.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl KernelBench {
    /// The target and the link at once, for the bare loop of the measurements.
    pub(crate) fn parts(&mut self) -> (&KernelTarget, &mut EthernetLink) {
        (&self.target, &mut self.link)
    }

    /// The process of the upper tester, for the measurement of its memory.
    pub(crate) fn upper_tester_pid(&self) -> u32 {
        self.upper.pid()
    }
}

impl Bench for KernelBench {
    fn link(&mut self) -> &mut dyn Link {
        &mut self.link
    }

    fn upper_tester(&mut self) -> Option<&mut dyn UpperTester> {
        Some(&mut self.upper)
    }

    fn private_upper_tester(&mut self) -> Result<ProcessUpperTester, BenchError> {
        let spawned = self.target.in_target(|| ProcessUpperTester::spawn(&self.program));
        spawned.map_err(BenchError::of)?.map_err(BenchError::of)
    }

    fn fresh_host(&mut self, family: Family, _ports: u32) -> Option<Host> {
        // One number for both families: an address is never used twice in a run.
        let address = self.target.host(self.next_host, family);
        self.next_host += 1;
        address.map(|address| Host { address, first_port: None })
    }

    fn target_address(&self, family: Family) -> Option<IpAddr> {
        self.target.families().contains(&family).then(|| self.target.target_address(family))
    }

    fn facts(&self) -> Option<&KernelFacts> {
        Some(self.target.facts())
    }

    fn has_table(&self) -> bool {
        true
    }

    fn look_up(&mut self, local: SocketAddr, remote: Option<SocketAddr>) -> Result<TableEntry, BenchError> {
        let found = match remote {
            Some(remote) => {
                let socket = self.table.lookup(local, remote).map_err(BenchError::of)?;
                socket.map(|socket| (socket.state, socket.expires))
            }
            None => {
                let socket = self.table.listening(local).map_err(BenchError::of)?;
                socket.map(|socket| (socket.state, socket.expires))
            }
        };
        Ok(TableEntry {
            state: found.map(|(state, _)| state),
            expires: found.and_then(|(_, expires)| expires),
        })
    }

    fn complaints(&mut self) -> Vec<String> {
        let Ok(counters) = self.target.counters() else { return Vec::new() };
        let [bench, target] = dropped(&counters);
        let lost = [bench - self.dropped_before[0], target - self.dropped_before[1]];
        let mut complaints = Vec::new();
        if lost.iter().sum::<u64>() > 0 {
            complaints.push(format!(
                "the link lost {} frames at the bench's end and {} at the target's",
                lost[0], lost[1]
            ));
        }
        if counters.syn_cookies_sent > 0 {
            complaints.push(format!(
                "the target sent {} SYN cookies: its half-open connections did not fit, and it forgot options",
                counters.syn_cookies_sent
            ));
        }
        complaints
    }

    fn most_connections(&self) -> Option<u32> {
        None
    }
}
