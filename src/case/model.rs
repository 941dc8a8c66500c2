//! A case as typed values. Nothing half-valid gets here: what the reader lets through can be run.

mod app;
mod expect;
mod send;

pub use app::*;
pub use expect::*;
pub use send::*;

use super::capability::Capability;
use super::expr::Expr;
use super::id::Family;
use crate::app::SocketOption;
use crate::state::State;
use crate::yaml::Place;
use std::sync::Arc;

/// One behaviour, read and checked, before its table is expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `area/file/case-name`: stable for ever.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// One line: what the target must do.
    pub title: String,
    /// Ids of the catalogue, at least one.
    pub requirements: Vec<String>,
    /// Why it matters to those who use the target.
    pub effect: String,
    /// Capabilities that it names itself (others follow from its steps).
    pub needs: Vec<Capability>,
    /// The families of addresses that it runs on.
    pub families: Vec<Family>,
    /// Run only with `--include-ignored`: its wait is over a minute and more.
    pub slow: bool,
    /// Faults that make it fail.
    pub faults: Vec<String>,
    /// Cases of other suites that it covers: ids of TC8.
    pub also: Vec<String>,
    /// The rows of its table; one empty row where it has none.
    pub rows: Vec<Row>,
}

/// One row of a case's table.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Row {
    /// `state=FIN-WAIT-1:seq=2`, empty for a case without a table. Characters safe unquoted in a shell.
    pub suffix: String,
    /// `$name` and what it stands for, as shown to people.
    pub bindings: Vec<(String, String)>,
}

/// What one trial does: a case with one row put in.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The connections and the state each starts from, in the order written; `main` if unnamed.
    pub given: Vec<Given>,
    /// What happens then.
    pub steps: Arc<[Step]>,
    /// The state each named connection must be in at the end.
    pub then: Vec<Then>,
    /// Repetitions and window updates count as segments that matter.
    pub strict: bool,
    /// What the bench acknowledges by itself.
    pub acks: Acks,
    /// All connections share one listener and target port.
    pub same_target_port: bool,
}

/// `then:` for one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Then {
    /// Which.
    pub connection: String,
    /// Where it must be.
    pub state: State,
    /// Where that is written.
    pub place: Place,
}

/// What the bench acknowledges unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Acks {
    /// Nothing.
    #[default]
    None,
    /// Every segment that occupies sequence space.
    All,
    /// Every n-th of them.
    Every(u32),
}

/// The state that a connection starts from, and how it gets there.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Its name.
    pub connection: String,
    /// The state.
    pub state: State,
    /// The path, where the case wants a certain one.
    pub by: Option<Opening>,
    /// Our initial sequence number; seeded otherwise.
    pub irs: Option<Expr>,
    /// The MSS that we announce; what the link carries otherwise. `Some(None)`: no MSS option.
    pub mss: Option<Option<u16>>,
    /// The window scale that we offer.
    pub window_scale: Option<u8>,
    /// Whether we offer SACK.
    pub sack: bool,
    /// Whether we offer timestamps.
    pub timestamps: bool,
    /// The window field that we send (unscaled); 65535 otherwise.
    pub window: Option<u16>,
    /// Octets that the application has sent and we have acknowledged, once established.
    pub sent: u32,
    /// Octets that the application has sent and we have not acknowledged.
    pub unacked: u32,
    /// Backlog of the listener.
    pub backlog: Option<u32>,
    /// Options of the target's socket, set before listen or connect.
    pub socket_options: Vec<SocketOption>,
    /// Where it is written.
    pub place: Place,
}

/// Ways into a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Opening {
    /// The target listens, we send the SYN.
    Passive,
    /// The target connects.
    Active,
    /// Both send a SYN.
    Simultaneous,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it is written.
    pub place: Place,
    /// Its text in short, for ladders and messages: `expect: FIN ACK`.
    pub text: String,
    /// The connection that it acts on.
    pub connection: String,
    /// The requirement that this very step shows, where the case names one for it.
    pub requirement: Option<String>,
    /// What it does.
    pub kind: StepKind,
}

/// The verbs.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// One segment to the target.
    Send(Box<Send>),
    /// The next segment that matters.
    Expect(Box<Expect>),
    /// A number of segments in any order.
    ExpectAll(ExpectAll),
    /// Nothing that matters for so long (a duration).
    Silence(Expr),
    /// Alternatives that the RFC allows.
    OneOf(OneOf),
    /// The application acts or must observe.
    App(App),
    /// An ICMP error quoting a labelled segment of the target.
    Icmp(Icmp),
    /// A series of retransmissions.
    Retransmissions(Retransmissions),
    /// A quantity with a procedure of its own.
    Measure(Measure),
    /// A question on the wire that changes nothing.
    Probe(Probe),
    /// The state that the connection must be in now, by every witness there is (as `then:`).
    State(State),
    /// A pause (a duration).
    Wait(Expr),
    /// A bounded loop.
    Repeat {
        /// How often.
        times: Expr,
        /// What.
        steps: Arc<[Step]>,
    },
    /// From here on the bench acknowledges so.
    Acks(Acks),
}

/// Alternatives, named.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOf {
    /// Name and steps; each begins with `expect` or `silence`, at most one with `silence`.
    pub alternatives: Vec<(String, Arc<[Step]>)>,
    /// The one that a SHOULD names.
    pub prefer: Option<String>,
}

/// A measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Which.
    pub quantity: Quantity,
    /// What it must be (a duration).
    pub is: Expr,
    /// Relative tolerance: 0.05 for 5 %.
    pub tolerance: f64,
}

/// Quantities that have a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// How long TIME-WAIT lasts: many connections, each asked once.
    TimeWait,
}

/// Questions on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// The connection exists and is synchronized: one old octet draws an ACK with current numbers.
    Alive,
    /// There is no such connection and no listener: an ACK draws a RST.
    Closed,
    /// A SYN from another port draws a SYN ACK.
    Listening,
    /// A bare SYN with a lower sequence number draws an ACK: still in TIME-WAIT.
    TimeWait,
    /// The connection itself is gone, whether or not something listens: one old octet with ACK draws a RST.
    Gone,
}
