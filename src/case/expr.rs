//! Expressions of the case language: `RCV.NXT + RCV.WND - 1`, `fin.end`, `2*MSL`, `100`.
//!
//! Sequence numbers are integers modulo 2^32; durations carry a unit; a bare number is never a
//! duration.

use crate::yaml::Place;
use std::time::Duration;

/// An expression as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `100`, `0x7fff`.
    Int(i64),
    /// `1s`, `200ms`.
    Duration(Duration),
    /// A name, with the place where it stands.
    Name(Name, Place),
    /// `-x`.
    Negated(Box<Expr>),
    /// `a + b`.
    Binary(Operator, Box<Expr>, Box<Expr>),
}

/// Binary operators, in the usual precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, rounding towards zero.
    Divide,
    /// `%`
    Remainder,
}

/// What a name can stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A variable of the target's control block: `RCV.NXT`, or `b.RCV.NXT` of connection `b`.
    Variable {
        /// The connection; `None`: the one that the step acts on.
        connection: Option<String>,
        /// Which.
        variable: Variable,
    },
    /// A field of a labelled segment: `fin.seq`.
    Label {
        /// The label bound by `as:`.
        label: String,
        /// The field.
        field: LabelField,
    },
    /// A value of the profile: `MSL`, `RTO.MIN`.
    Profile(String),
    /// `$i` of the innermost `repeat`, counted from 0.
    LoopIndex,
}

/// RFC 9293 section 3.3.1, always the target's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// SND.UNA: the oldest octet of the target's that we have not acknowledged.
    SndUna,
    /// SND.NXT: behind the last octet that the target sent.
    SndNxt,
    /// SND.WND: the window that we offer to the target, in octets.
    SndWnd,
    /// ISS of the target.
    Iss,
    /// RCV.NXT: behind the last octet of ours that the target acknowledged.
    RcvNxt,
    /// RCV.WND: the window that the target offered last, in octets.
    RcvWnd,
    /// IRS: our initial sequence number.
    Irs,
    /// The MSS that the target announced (536, or 1220 in IPv6, where it did not: RFC 9293 section 3.7.1).
    RcvMss,
    /// The MSS that we announced.
    SndMss,
    /// The target's last timestamp value (TSval).
    TsVal,
    /// Our last timestamp value sent to the target (its TS.Recent).
    TsRecent,
}

/// Fields of a labelled segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LabelField {
    /// SEG.SEQ.
    Seq,
    /// SEG.ACK.
    Ack,
    /// SEG.LEN.
    Len,
    /// SEG.SEQ + SEG.LEN.
    End,
    /// The window field, unscaled.
    Window,
    /// When it was sent, or stamped on arrival: usable only in differences.
    Time,
    /// TSval.
    TsVal,
    /// TSecr.
    TsEcr,
}
