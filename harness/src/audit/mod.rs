//! The operator's side of CLOSE-WAIT: what real servers on real machines do with connections that
//! their peer has closed.
//!
//! An application that never closes leaves its connections in CLOSE-WAIT for good: RFC 9293 gives
//! that state no timer. [`close_wait()`] measures whether a server does that, over the network;
//! [`states()`] counts the connections of this machine, and both name the processes that hold
//! sockets in CLOSE-WAIT.

mod close_wait;
mod holders;
mod report;
mod sockets;
mod states;

pub use close_wait::{CloseWaitAudit, Connection, End};
pub use holders::{CloseWaitHolders, Holder};
pub use report::{CloseWaitReport, close_wait};
pub use sockets::BadLine;
pub use states::{StateCount, StatesReport, Total, states};

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: aligned, at most 80 columns, no colours.
    #[default]
    Text,
    /// One JSON object on one line.
    Json,
}

/// Whether the server closed in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Every connection.
    Yes,
    /// Not every connection.
    No,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Not the form of a target.
    #[error("`{0}` is not a target: HOST:PORT, with the address of an IPv6 host in brackets, [::1]:80")]
    Target(String),
    /// A value out of range.
    #[error("{0}")]
    Usage(&'static str),
    /// No connection could be opened.
    #[error("{target} cannot be reached: {why}")]
    Unreachable {
        /// As it was given, and its address where that is known.
        target: String,
        /// What the system said.
        why: String,
    },
    /// This machine refused something that the audit needs.
    #[error("{what}: {error}")]
    Machine {
        /// What it was about.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// The kernel's table has an unknown form.
    #[error("{path}: {line}")]
    Table {
        /// Which table.
        path: &'static str,
        /// Where.
        line: BadLine,
    },
    /// The report could not be written.
    #[error("the report cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl AuditError {
    /// 2 usage, 6 the machine cannot, 7 the target cannot be reached.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Target(_) | Self::Usage(_) => 2,
            Self::Unreachable { .. } => 7,
            Self::Machine { .. } | Self::Table { .. } | Self::Output(_) => 6,
        })
    }
}

impl Kept {
    /// 0 kept, 1 not.
    #[must_use]
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Yes => 0,
            Self::No => 1,
        })
    }
}

/// An IPv4 address inside an IPv6 one (an IPv4 connection of an IPv6 socket) as what it is.
fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
