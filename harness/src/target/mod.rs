//! Targets: the TCP stacks that can be put to the test.

mod bench;
mod contact;
mod device_bench;
mod host_pool;
pub mod kernel;
mod kernel_bench;
pub mod namespace;
mod netlink;
mod offload;
pub mod reset;
pub mod simulated;
pub mod state_table;

pub use bench::{Bench, BenchError, Host};
pub(crate) use contact::{ATTEMPTS, Answer, PATIENCE, knock, served};
pub use device_bench::{DeviceBench, DeviceError};
pub(crate) use device_bench::{Place, RESOLVED_WITHIN, check_kernel, free_addresses, most_hosts, open_link};
pub use kernel::{KernelCounters, KernelFacts, KernelTarget, Preparation, VethEnd};
pub use kernel_bench::{KernelBench, KernelBenchError, KernelPreparation};
pub(crate) use namespace::rules_its_network;
pub use namespace::{NamespaceError, Namespaces, Side};
pub use netlink::NetlinkError;
pub use offload::OffloadError;
pub(crate) use offload::{check_receiving, unfinished_checksums};
pub use state_table::{SocketEntry, SocketState, StateTable, StateTableError};

use crate::link::LinkError;
pub use tcpspec_core::state::State;

/// Why a target cannot be made ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No namespace to put it into.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// The kernel refused to configure interfaces, addresses or routes.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// An offload that spoils raw capture is still on.
    #[error(transparent)]
    Offload(#[from] OffloadError),
    /// The link to it does not open or does not carry packets.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Its socket table cannot be read.
    #[error(transparent)]
    StateTable(#[from] StateTableError),
    /// A file of its counters or settings cannot be read.
    #[error("cannot read {path} ({reason})")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}
