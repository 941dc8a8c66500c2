//! What goes into a trial and what comes out of it. The engine itself has no socket and no clock.

use crate::app::{AppCommand, AppReport, CommandId};
use crate::segment::Endpoint;
use crate::state::State;
use crate::time::Time;
use std::time::Duration;

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// The trial begins.
    Start,
    /// An IP packet for this trial's host arrived.
    Packet {
        /// The kernel's receive stamp.
        stamp: Time,
        /// The packet, from the IP header on.
        octets: &'a [u8],
    },
    /// The upper tester answered.
    App(AppReport),
    /// The target's socket table answered the oldest open [`Action::Lookup`].
    Table(TableEntry),
    /// [`super::Engine::next_wake`] has passed, and everything stamped before it was handed in.
    Timer,
}

/// What the target's table says of one four-tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// `None`: no such socket.
    pub state: Option<State>,
    /// What remains of its timer, where the table tells.
    pub expires: Option<Duration>,
}

/// Something to do, in order, at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send this IP packet.
    Send(Vec<u8>),
    /// Hand this to the upper tester.
    App {
        /// The number its report must carry.
        id: CommandId,
        /// The command.
        command: AppCommand,
    },
    /// Ask the target's socket table, and hand in [`Input::Table`].
    Lookup {
        /// The target's end.
        local: Endpoint,
        /// Our end; `None`: a listener.
        remote: Option<Endpoint>,
    },
}
