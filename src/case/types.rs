//! The types of expressions: what goes with what.

use super::expr::{LabelField, Operator, Variable};
use std::fmt;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A plain number.
    Int,
    /// A sequence number or timestamp value: arithmetic modulo 2^32.
    Seq,
    /// A span of time.
    Duration,
    /// A point in time: usable only in differences.
    Time,
}

impl Type {
    /// Whether a value of this type may stand where `wanted` is needed: a plain number may stand
    /// for a sequence number.
    #[must_use]
    pub fn fits(self, wanted: Self) -> bool {
        self == wanted || (self, wanted) == (Self::Int, Self::Seq)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "a number",
            Self::Seq => "a sequence number",
            Self::Duration => "a duration",
            Self::Time => "a point in time",
        })
    }
}

impl Operator {
    /// What it gives between two types; `None` where it means nothing.
    #[must_use]
    pub const fn result(self, left: Type, right: Type) -> Option<Type> {
        use Type::{Duration, Int, Seq, Time};
        Some(match (left, self, right) {
            (Int, _, Int) => Int,
            (Seq, Self::Add | Self::Subtract, Int) | (Int, Self::Add, Seq) => Seq,
            // The distance from the right one to the left one.
            (Seq, Self::Subtract, Seq) | (Seq, Self::Remainder, Int) => Int,
            (Duration, Self::Divide, Duration) => Int,
            (Duration, Self::Add | Self::Subtract, Duration)
            | (Duration, Self::Multiply | Self::Divide, Int)
            | (Int, Self::Multiply, Duration)
            | (Time, Self::Subtract, Time) => Duration,
            (Time, Self::Add | Self::Subtract, Duration) | (Duration, Self::Add, Time) => Time,
            _ => return None,
        })
    }
}

impl Variable {
    /// What it gives.
    #[must_use]
    pub const fn kind(self) -> Type {
        match self {
            Self::SndWnd | Self::RcvWnd | Self::RcvMss | Self::SndMss => Type::Int,
            Self::SndUna
            | Self::SndNxt
            | Self::Iss
            | Self::RcvNxt
            | Self::Irs
            | Self::TsVal
            | Self::TsRecent => Type::Seq,
        }
    }
}

impl LabelField {
    /// What it gives.
    #[must_use]
    pub const fn kind(self) -> Type {
        match self {
            Self::Len | Self::Window => Type::Int,
            Self::Time => Type::Time,
            Self::Seq | Self::Ack | Self::End | Self::TsVal | Self::TsEcr => Type::Seq,
        }
    }
}
