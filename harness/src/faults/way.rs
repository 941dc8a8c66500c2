//! What a fault hands on, now or later.

use super::Fault;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppReport, CommandId};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::time::Time;

/// Something on its way to one of the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An IP packet to the target.
    ToTarget(Vec<u8>),
    /// An IP packet to the bench.
    ToBench(Vec<u8>),
    /// A command to the application.
    ToApplication(CommandId, AppCommand),
    /// The application's word to the bench.
    FromApplication(AppReport),
}

impl Delivery {
    /// Whether it comes from the target's side.
    #[must_use]
    pub fn is_for_the_bench(&self) -> bool {
        matches!(self, Self::ToBench(_) | Self::FromApplication(_))
    }
}

/// What a fault hands on: each delivery with its delay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way(Vec<(Duration, Delivery)>);

impl Way {
    /// A packet to the target, at once.
    pub fn target(&mut self, packet: Vec<u8>) {
        self.later(Duration::ZERO, Delivery::ToTarget(packet));
    }

    /// A packet to the bench, at once.
    pub fn bench(&mut self, packet: Vec<u8>) {
        self.later(Duration::ZERO, Delivery::ToBench(packet));
    }

    /// A command to the application, at once.
    pub fn application(&mut self, id: CommandId, command: AppCommand) {
        self.later(Duration::ZERO, Delivery::ToApplication(id, command));
    }

    /// A report to the bench, at once.
    pub fn report(&mut self, report: AppReport) {
        self.later(Duration::ZERO, Delivery::FromApplication(report));
    }

    /// Anything, after a while. Not handed to the fault again.
    pub fn later(&mut self, after: Duration, delivery: Delivery) {
        self.0.push((after, delivery));
    }
}

/// The way between a trial and its target: through a fault, or straight.
#[derive(Default)]
pub struct Conduit {
    fault: Option<Box<dyn Fault>>,
    due: BinaryHeap<Reverse<(Time, u64)>>,
    delayed: BTreeMap<u64, Delivery>,
    next: u64,
}

impl Conduit {
    /// Through this fault.
    #[must_use]
    pub fn through(fault: Box<dyn Fault>) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Something that one side gave; what is to be delivered now because of it, in order.
    pub fn pass(&mut self, now: Time, delivery: Delivery) -> Vec<Delivery> {
        let Some(fault) = &mut self.fault else { return vec![delivery] };
        let mut way = Way::default();
        match delivery {
            Delivery::ToTarget(packet) => fault.to_target(now, &packet, &mut way),
            Delivery::ToBench(packet) => fault.to_bench(now, &packet, &mut way),
            Delivery::ToApplication(id, command) => fault.command(now, id, command, &mut way),
            Delivery::FromApplication(report) => fault.report(now, report, &mut way),
        }
        let mut at_once = Vec::new();
        for (after, delivery) in way.0 {
            if after.is_zero() {
                at_once.push(delivery);
            } else {
                self.due.push(Reverse((now + after, self.next)));
                self.delayed.insert(self.next, delivery);
                self.next += 1;
            }
        }
        at_once
    }

    /// What the target's socket table says, as the fault lets it be seen.
    pub fn table(&mut self, now: Time, entry: TableEntry) -> TableEntry {
        match &mut self.fault {
            Some(fault) => fault.table(now, entry),
            None => entry,
        }
    }

    /// When the next delayed delivery is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// The next delivery that is due by now, with its moment.
    pub fn take_due(&mut self, now: Time) -> Option<(Time, Delivery)> {
        loop {
            let Reverse((at, number)) = *self.due.peek()?;
            if at > now {
                return None;
            }
            self.due.pop();
            let delivery = self.delayed.remove(&number)?;
            if self.fault.as_mut().is_none_or(|fault| fault.still_due(at, &delivery)) {
                return Some((at, delivery));
            }
        }
    }

    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_straight(&self) -> bool {
        self.fault.is_none()
    }
}
