//! What the target must send.

use crate::case::expr::Expr;
use crate::segment::Flags;

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
