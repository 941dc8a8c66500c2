//! Invariants that hold for every segment of every trial, whatever the case is about.
//!
//! The referee never judges what a segment of ours ought to have provoked; that is for cases. It
//! asks of each segment that arrives whether a conformant stack could have sent it at all, given
//! everything that was exchanged before. Where the standard leaves room, or where it cannot be
//! known from outside what the target made of an unusual segment of ours, the referee is silent:
//! it must never accuse a conformant stack.
//!
//! It relies on the bench for three things: it is told of every segment, in the order of the link;
//! frames are not lost unnoticed; and the target's segments do not overtake each other.

mod connection;
mod coverage;
mod ecn;
mod header;
mod numbers;
mod offers;
mod options;
mod ours;
mod payload;
mod reset;
mod rules;
mod sack;
mod send_windows;
mod size;
mod timestamps;
mod urgent;
mod watch;
mod window;

#[cfg(test)]
mod tests;

pub use rules::{Violation, requirements};
pub use watch::Watch;
