//! How a fault is put together.

use super::Middle;
use crate::faults::connection::Connection;
use crate::faults::rule::{Afterwards, CommandRule, IcmpRule, Played, ReportRule, Rule};
use tcpspec_core::app::{AppCommand, AppOutcome, SocketOption};
use tcpspec_core::segment::{Packet, Segment};
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

impl Middle {
    pub(in crate::faults) fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// A rule for what the target says.
    pub(in crate::faults) fn says(self, rule: Rule) -> Self {
        Self { says: Some(rule), ..self }
    }

    /// A rule for what the target hears.
    pub(in crate::faults) fn hears(self, rule: Rule) -> Self {
        Self { hears: Some(rule), ..self }
    }

    /// A rule for the ICMP errors that the target hears.
    pub(in crate::faults) fn icmp(self, rule: IcmpRule) -> Self {
        Self { icmp: Some(rule), ..self }
    }

    /// A rule for what the application is asked.
    pub(in crate::faults) fn command(self, rule: CommandRule) -> Self {
        Self { command: Some(rule), ..self }
    }

    /// A rule for what the application observes.
    pub(in crate::faults) fn report(self, rule: ReportRule) -> Self {
        Self { report: Some(rule), ..self }
    }

    /// A rule for what the application is asked, whatever the connection; for options of a socket see
    /// [`wishing`].
    pub(in crate::faults) fn wish(self, rule: fn(&mut AppCommand)) -> Self {
        Self { wish: Some(rule), ..self }
    }

    /// A rule for what the application is told, whatever the connection.
    pub(in crate::faults) fn answer(self, rule: fn(&mut AppOutcome, &AppCommand)) -> Self {
        Self { answer: Some(rule), ..self }
    }

    /// When the target's part in a connection ends, and what the fault plays from then on.
    pub(in crate::faults) fn ends(self, rule: fn(&Connection, Time) -> Option<Played>) -> Self {
        Self { ends: Some(rule), ..self }
    }

    /// Packets that the target does not hear, segments or not.
    pub(in crate::faults) fn loses(self, rule: fn(&Packet) -> bool) -> Self {
        Self { loses: Some(rule), ..self }
    }

    /// What the socket table says in place of a state.
    pub(in crate::faults) fn table(self, rule: fn(State) -> State) -> Self {
        Self { table: Some(rule), ..self }
    }

    /// What the application is made to ask for after what it asks for, and how long after.
    pub(in crate::faults) fn afterwards(self, rule: Afterwards) -> Self {
        Self { afterwards: Some(rule), ..self }
    }

    /// What is sent to the bench later is sent only if this still holds then.
    pub(in crate::faults) fn if_still(self, due: fn(&Segment, &Connection) -> bool) -> Self {
        Self { due: Some(due), ..self }
    }
}

/// A fault whose target says something else.
pub(in crate::faults) fn says(rule: Rule) -> Middle {
    Middle::default().says(rule)
}

/// A fault whose target hears something else.
pub(in crate::faults) fn hears(rule: Rule) -> Middle {
    Middle::default().hears(rule)
}

/// A fault whose sockets have other options than the application sets.
pub(in crate::faults) fn wishing(rule: fn(&mut SocketOption)) -> Middle {
    Middle { option: Some(rule), ..Middle::default() }
}
