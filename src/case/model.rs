//! A case as typed values. Nothing half-valid gets here: what the reader lets through can be run.

use super::capability::Capability;
use super::expr::Expr;
use super::id::Family;
use crate::app::SocketOption;
use crate::segment::Flags;
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

/// A segment to send. A field left `None` gets its right value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Send {
    /// Control bits.
    pub flags: Flags,
    /// Label.
    pub label: Option<String>,
    /// SEG.SEQ; RCV.NXT otherwise (IRS on the first SYN).
    pub seq: Option<Expr>,
    /// SEG.ACK; SND.NXT otherwise, or 0 without ACK.
    pub ack: Option<Expr>,
    /// The window field, unscaled; as `given` otherwise.
    pub window: Option<Expr>,
    /// The urgent pointer.
    pub urgent: Option<Expr>,
    /// Segment text.
    pub data: Option<Data>,
    /// The whole option list; as negotiated otherwise.
    pub options: Option<Vec<OptionSpec>>,
    /// Data offset in words.
    pub data_offset: Option<Expr>,
    /// The reserved bits.
    pub reserved: Option<Expr>,
    /// The checksum field.
    pub checksum: Option<ChecksumSpec>,
    /// TTL or hop limit.
    pub ttl: Option<Expr>,
    /// The DSCP/ECN octet.
    pub tos: Option<Expr>,
    /// Don't Fragment.
    pub dont_fragment: Option<bool>,
    /// Another destination port: that of nobody.
    pub to_port: Option<Expr>,
    /// Another source port.
    pub from_port: Option<Expr>,
    /// Another destination address: that of nobody in particular.
    pub to_address: Option<Nobody>,
    /// Octets of IPv4 options, or of an IPv6 destination options header behind its two fixed octets.
    pub ip_options: Option<Vec<u8>>,
    /// Cut into IP fragments with so many octets of the segment in each.
    pub fragments: Option<Expr>,
}

/// Text to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// So many octets of the trial's seeded stream, those that belong at SEG.SEQ.
    Stream(Expr),
    /// These octets.
    Text(String),
    /// So many octets that differ from the stream's in every place.
    Altered(Expr),
}

/// Options in a `send`.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionSpec {
    /// `mss 1460`
    Mss(Expr),
    /// `window-scale 7`
    WindowScale(Expr),
    /// `sack-permitted`
    SackPermitted,
    /// `sack [a-b, c-d]`, written `sack a..b c..d`.
    Sack(Vec<(Expr, Expr)>),
    /// `timestamps V E`; without values: the clock and the last echo.
    Timestamps(Option<(Expr, Expr)>),
    /// `nop`
    Nop,
    /// `eol`
    EndOfList,
    /// `raw "fd 00"`: any octets.
    Raw(Vec<u8>),
}

/// The checksum field of a `send`.
#[derive(Clone, Debug, PartialEq)]
pub enum ChecksumSpec {
    /// `good`
    Good,
    /// `bad`: the right one with one bit turned.
    Bad,
    /// A value.
    Value(Expr),
}

/// What a segment must be like. `None` matches anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The control bits: one of these sets, exactly (PSH and ECN bits apart unless named). Empty: any.
    pub flags: Vec<Flags>,
    /// Label.
    pub label: Option<String>,
    /// SEG.SEQ.
    pub seq: Option<Pattern>,
    /// SEG.ACK.
    pub ack: Option<Pattern>,
    /// The window field, unscaled.
    pub window: Option<Pattern>,
    /// The urgent pointer.
    pub urgent: Option<Pattern>,
    /// TTL or hop limit.
    pub ttl: Option<Pattern>,
    /// The DSCP/ECN octet.
    pub tos: Option<Pattern>,
    /// Segment text.
    pub data: Option<DataPattern>,
    /// Options that must be, or must not be there.
    pub options: Vec<OptionPattern>,
    /// Latest arrival (a duration); 1 s plus the profile's delayed-ACK time otherwise.
    pub within: Option<Expr>,
    /// Earliest arrival (a duration).
    pub not_before: Option<Expr>,
    /// The label that both count from; the last step that acted otherwise.
    pub after: Option<String>,
    /// Repetitions and window updates are not passed over.
    pub strict: bool,
    /// Match repetitions too: this expects a retransmission.
    pub again: bool,
    /// Acknowledge every segment of data until one matches; for services whose data has no known length.
    pub drain: bool,
}

/// Several segments that may come in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectAll {
    /// Each of them, once.
    pub segments: Vec<Expect>,
}

/// A condition on a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `any`
    Any,
    /// `X`
    Is(Expr),
    /// `[X, Y]`
    In(Vec<Expr>),
    /// `X..Y`, both ends included; modulo 2^32 for sequence numbers.
    Range(Expr, Expr),
    /// `not X`
    Not(Expr),
}

/// A condition on segment text.
#[derive(Clone, Debug, PartialEq)]
pub enum DataPattern {
    /// So many octets, equal to what the application wrote at that place of its stream.
    Stream(Pattern),
    /// None.
    None,
    /// These octets.
    Text(String),
}

/// A condition on one option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionPattern {
    /// `mss`, `mss 1460`, `mss 536..1460`
    Mss(Pattern),
    /// `window-scale`, with or without a value.
    WindowScale(Pattern),
    /// `sack-permitted`
    SackPermitted,
    /// `sack a..b c..d`: these blocks first, in this order.
    Sack(Vec<(Expr, Expr)>),
    /// `timestamps`, or `timestamps V E` with patterns for value and echo.
    Timestamps(Pattern, Pattern),
    /// `no mss`, `no timestamps`, …
    Absent(OptionName),
}

/// The options that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionName {
    /// Maximum segment size.
    Mss,
    /// Window scale.
    WindowScale,
    /// SACK permitted.
    SackPermitted,
    /// SACK.
    Sack,
    /// Timestamps.
    Timestamps,
}

/// Alternatives, named.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOf {
    /// Name and steps; each begins with `expect` or `silence`, at most one with `silence`.
    pub alternatives: Vec<(String, Arc<[Step]>)>,
    /// The one that a SHOULD names.
    pub prefer: Option<String>,
}

/// The application acts, or must observe.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// What.
    pub action: AppAction,
    /// Longest wait for observations and completions (a duration); 1 s plus delayed-ACK time otherwise.
    pub within: Option<Expr>,
    /// Label: `name.time` is when the call was made.
    pub label: Option<String>,
}

/// `app:` actions.
#[derive(Clone, Debug, PartialEq)]
pub enum AppAction {
    /// `listen`
    Listen,
    /// `accept`: a connection is taken off the listener.
    Accept,
    /// `connect`: begin; the outcome is observed by `expect connected` or `expect refused`.
    Connect,
    /// `connect to multicast`: to an address that can be no peer's; the call must fail.
    ConnectToNobody(Nobody),
    /// `send 100` or `send "text"`.
    Send(Data),
    /// `send urgent 3`: these octets, the last of them urgent.
    SendUrgent(Data),
    /// `receive 100`: exactly these octets of our stream arrive, unaltered.
    Receive(Data),
    /// `shutdown`: no more to send.
    Shutdown,
    /// `close`
    Close,
    /// `close listener`
    CloseListener,
    /// `abort`
    Abort,
    /// `kill`: the process dies.
    Kill,
    /// `set nodelay on`
    Set(SocketOption),
    /// `expect connected`
    ExpectConnected,
    /// `expect eof`: the stream ends in order.
    ExpectEof,
    /// `expect reset`
    ExpectReset,
    /// `expect refused`
    ExpectRefused,
    /// `expect timeout`
    ExpectTimeout,
    /// `expect error`: the connection reports an error that is none of these, and lives on.
    ExpectError,
    /// `expect urgent`: urgent data is there to be read.
    ExpectUrgent,
    /// `expect no-urgent`: none is, within the wait.
    ExpectNoUrgent,
    /// `expect nothing`: neither data nor an end within the wait.
    ExpectNothing,
    /// `expect no-connection`: nothing can be accepted within the wait.
    ExpectNoConnection,
}

/// Addresses that can be no peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nobody {
    /// 224.0.0.1, ff02::1.
    Multicast,
    /// 255.255.255.255: v4 only.
    Broadcast,
}

/// An ICMP error.
#[derive(Clone, Debug, PartialEq)]
pub struct Icmp {
    /// Which, independent of the family.
    pub kind: IcmpName,
    /// The next hop's MTU, for `packet-too-big`.
    pub mtu: Option<Expr>,
    /// The label of the quoted segment of the target.
    pub quote: String,
}

/// ICMP errors by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcmpName {
    /// Network unreachable (v4 code 0), no route (v6 code 0).
    NetworkUnreachable,
    /// Host unreachable (v4 code 1), address unreachable (v6 code 3).
    HostUnreachable,
    /// Protocol unreachable (v4 code 2), next header unrecognized (v6 parameter problem 1).
    ProtocolUnreachable,
    /// Port unreachable.
    PortUnreachable,
    /// Fragmentation needed, packet too big.
    PacketTooBig,
    /// Source route failed (v4 only).
    SourceRouteFailed,
    /// Time exceeded in transit.
    TimeExceeded,
    /// Parameter problem.
    ParameterProblem,
    /// Source quench (v4 only; RFC 6633).
    SourceQuench,
}

/// A series of retransmissions of one labelled segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Retransmissions {
    /// Label of the original.
    pub of: String,
    /// How many repetitions at least.
    pub at_least: u32,
    /// Bounds of the first interval (durations).
    pub first: Option<(Expr, Expr)>,
    /// Each later interval divided by the one before it.
    pub growth: Option<Growth>,
    /// Longest wait for the whole series (a duration).
    pub within: Expr,
}

/// How intervals grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The factor: 2 for doubling.
    pub factor: f64,
    /// Relative tolerance of each ratio: 0.25 for 25 %. With `at_least` only its lower edge counts.
    pub within: f64,
    /// The interval (counted from 1) with which the comparison begins; a tail-loss probe
    /// (RFC 8985) may come before it.
    pub from: u32,
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
