//! The record of a trial: everything that happened, in order, stamped.

use crate::app::{AppCommand, AppOutcome};
use crate::segment::{IcmpError, Segment};
use crate::state::State;
use crate::time::Time;
use crate::yaml::Place;
use std::time::Duration;

/// Everything that happened in one trial.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Record {
    /// In the order in which the engine learned of it.
    pub events: Vec<Event>,
    /// Every packet octet by octet, where [`TrialConfig::keep_packets`] asks for it.
    ///
    /// [`TrialConfig::keep_packets`]: crate::engine::TrialConfig::keep_packets
    pub packets: Vec<KeptPacket>,
}

/// A packet as it was on the wire, from its IP header on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPacket {
    /// When: as the event that tells of it.
    pub at: Time,
    /// Who sent it.
    pub from: Sender,
    /// Index of the event that tells of it. Two fragments have one event.
    pub event: usize,
    /// The octets.
    pub octets: Vec<u8>,
}

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The bench.
    Bench,
    /// The target, or a host on the way.
    Target,
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When: the kernel's stamp for what arrived, the bench's clock for what we did.
    pub at: Time,
    /// The connection concerned; empty: the trial as a whole.
    pub connection: String,
    /// The step under way.
    pub origin: Option<Origin>,
    /// What.
    pub kind: EventKind,
}

/// The step under way when something happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Its place.
    pub place: Place,
    /// Its text in short.
    pub text: String,
    /// Whether it belongs to the way into the first state.
    pub preparing: bool,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// We sent a segment.
    Sent(Box<Segment>),
    /// We sent an ICMP error.
    SentIcmp(IcmpError),
    /// A segment arrived.
    Received {
        /// The segment.
        segment: Box<Segment>,
        /// Why no step looked at it, where none did: `a repetition`, `a window update`.
        passed_over: Option<&'static str>,
    },
    /// Something else arrived.
    ReceivedOther(String),
    /// The application was asked.
    Asked(AppCommand),
    /// The application answered.
    Answered(AppOutcome),
    /// The target's own table said.
    Table {
        /// The state, `None`: no such socket.
        state: Option<State>,
        /// What remains of its timer.
        expires: Option<Duration>,
    },
    /// Nothing came until now, where something was expected or silence demanded.
    Nothing,
    /// A remark: the alternative taken, the intervals measured.
    Note(String),
}
