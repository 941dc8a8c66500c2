//! Deliberate misbehaviour between the bench and a good target, to prove that a case can fail.
//!
//! A [`Fault`] stands between one trial and its target: it sees every packet in both directions and
//! every word with the application, and hands on what it likes, when it likes. Bench and target know
//! nothing of it, so that it works over any target.

#![allow(clippy::wrong_self_convention, reason = "`to_bench` and `from_target` are directions here")]

mod connection;
mod hole;
mod kinds;
pub mod matrix;
mod middle;
mod recipe;
mod rule;
mod view;
mod way;

pub use hole::{Hole, Seen};
pub use recipe::{Make, Recipe};
pub use way::{Conduit, Delivery, Way};

use tcpspec_core::app::{AppCommand, AppReport, CommandId};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::time::Time;

/// One misbehaviour during one trial, with the state that it needs. Whatever is handed in is lost
/// unless it is put on the [`Way`]; the default of every method is to hand it on unchanged.
pub trait Fault: Send {
    /// An IP packet from the bench.
    fn to_target(&mut self, _now: Time, packet: &[u8], way: &mut Way) {
        way.target(packet.to_vec());
    }

    /// An IP packet from the target.
    fn to_bench(&mut self, _now: Time, packet: &[u8], way: &mut Way) {
        way.bench(packet.to_vec());
    }

    /// What the bench asks of the application on the target.
    fn command(&mut self, _now: Time, id: CommandId, command: AppCommand, way: &mut Way) {
        way.application(id, command);
    }

    /// What the application says.
    fn report(&mut self, _now: Time, report: AppReport, way: &mut Way) {
        way.report(report);
    }

    /// What the target's socket table says.
    fn table(&mut self, _now: Time, entry: TableEntry) -> TableEntry {
        entry
    }

    /// Whether a delayed delivery shall still be made, now that its moment has come.
    fn still_due(&mut self, _now: Time, _delivery: &Delivery) -> bool {
        true
    }
}

/// The fault of that name, fresh for one attempt of a trial of that seed.
#[must_use]
pub fn fault(name: &str, seed: u64) -> Option<Box<dyn Fault>> {
    let (_, make) = kinds::all().find(|(known, _)| *known == name)?;
    Some(Box::new(make().seeded(seed)))
}

/// The name of every fault, in the order of `cases/faults.yaml`.
pub fn names() -> impl Iterator<Item = &'static str> {
    kinds::all().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests;
