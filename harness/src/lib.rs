//! Everything of `tcpspec` that touches the world: links, targets, runner, reports.

pub mod link;
pub mod target;
