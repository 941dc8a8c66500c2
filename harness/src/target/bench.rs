//! What the driver needs of a target, whatever kind it is.

use crate::link::Link;
use crate::upper_tester::{ProcessUpperTester, UpperTester};
use std::net::{IpAddr, SocketAddr};
use tcpspec_core::case::Family;
use tcpspec_core::engine::TableEntry;

/// Something about the bench failed: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BenchError(pub String);

impl BenchError {
    /// Any error as a sentence.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Where a trial is run from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// An address that no other trial uses now.
    pub address: IpAddr,
    /// The first of its ports that the trial may use, where the address was used before; any else.
    pub first_port: Option<u16>,
}

/// A target with everything around it.
pub trait Bench: Send {
    /// Frames in and out.
    fn link(&mut self) -> &mut dyn Link;

    /// The application on the target, where somebody plays it.
    fn upper_tester(&mut self) -> Option<&mut dyn UpperTester>;

    /// An application of its own for one trial, in a process that can be killed.
    ///
    /// # Errors
    /// Where there is no agent, or its process cannot be started.
    fn private_upper_tester(&mut self) -> Result<ProcessUpperTester, BenchError>;

    /// An address for a trial that takes so many ports there; one that no trial has used, while there
    /// are such. `None` while all are in use, once all are used up, or without such a family.
    fn fresh_host(&mut self, family: Family, ports: u32) -> Option<Host>;

    /// The trial at that address is over. `marked`: the target may remember the host for longer than
    /// its connections, as it does a path MTU.
    fn give_back(&mut self, _address: IpAddr, _marked: bool) {}

    /// What moves verdicts on the kernel under test, where it is one.
    fn facts(&self) -> Option<&super::KernelFacts> {
        None
    }

    /// What is worth saying of this bench before the first trial, a line each.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// The target's address.
    fn target_address(&self, family: Family) -> Option<IpAddr>;

    /// Whether [`Bench::look_up`] can tell anything.
    fn has_table(&self) -> bool;

    /// The target's own state of a connection (or of a listener, without `remote`).
    ///
    /// # Errors
    /// Where the table cannot be read.
    fn look_up(&mut self, local: SocketAddr, remote: Option<SocketAddr>) -> Result<TableEntry, BenchError>;

    /// What has gone wrong between bench and target so far that no trial could see, in sentences.
    fn complaints(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Whether [`Bench::reset`] can bring the target back.
    fn can_reset(&self) -> bool {
        false
    }

    /// Brings a target back that has stopped answering; returns when the command has ended.
    ///
    /// # Errors
    /// There is none, or it failed.
    fn reset(&mut self) -> Result<(), BenchError> {
        Err(BenchError("this target has no reset command".into()))
    }

    /// How many connections the target stands at a time; `None`: any number.
    fn most_connections(&self) -> Option<u32>;
}
