//! What can be wrong inside a scalar, and what would be right.

use super::types::Type;
use std::ops::Range;

/// Something wrong inside a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// The octets of the scalar that are wrong.
    pub range: Range<usize>,
    /// What is wrong with them.
    pub kind: TextFaultKind,
}

/// What can be wrong inside a scalar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFaultKind {
    /// The text ends, or goes on with something else.
    #[error("{0} is missing here")]
    Missing(&'static str),
    /// The text should have ended.
    #[error("`{0}` is too much here")]
    TrailingText(String),
    /// Longer than any sensible expression.
    #[error("this is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// Too many open parentheses.
    #[error("more than {MAX_DEPTH} parentheses are open here")]
    TooDeep,
    /// A number that 64 bits do not hold.
    #[error("`{0}` is too large")]
    TooLarge(String),
    /// `1sec`.
    #[error("`{0}` is not a unit of time")]
    UnknownUnit(String),
    /// `a -b`, `a- b`.
    #[error("a minus between two values needs a blank on both sides")]
    MinusWithoutBlanks,
    /// Neither a variable nor a value of the profile.
    #[error("`{name}` is neither a variable nor a value of the profile")]
    UnknownName {
        /// As written.
        name: String,
        /// The nearest right name.
        nearest: Option<String>,
    },
    /// `fin.sequence`.
    #[error("a segment has no field `{name}`")]
    UnknownField {
        /// As written.
        name: String,
        /// The nearest right name.
        nearest: Option<String>,
    },
    /// `fin` without a field.
    #[error("`{0}` alone is not a value")]
    LabelAlone(String),
    /// `$name` that no table fills.
    #[error("`${0}` is not in the table of this case")]
    UnknownParameter(String),
    /// An operator between values that do not go together.
    #[error("{left} {operator} {right} means nothing")]
    Mismatch {
        /// What stands left of it.
        left: Type,
        /// `+`
        operator: char,
        /// What stands right of it.
        right: Type,
    },
    /// `-1s`, `-RCV.NXT`.
    #[error("{0} cannot be negated")]
    NotNegatable(Type),
    /// A division by a literal zero.
    #[error("this divides by zero")]
    DivisionByZero,
    /// A value of another type than the key needs.
    #[error("this is {found}, {wanted} is needed")]
    WrongType {
        /// What it is.
        found: Type,
        /// What it should be.
        wanted: Type,
    },
    /// A wait that is only known during the run.
    #[error("this must be known before the run: no variable and no label")]
    NotConstant,
    /// A word outside a list of words.
    #[error("`{word}` is not {kind}")]
    UnknownWord {
        /// As written.
        word: String,
        /// What it should be: `an option`.
        kind: &'static str,
        /// The nearest right word.
        nearest: Option<String>,
    },
    /// Text in quotes that is no list of octets.
    #[error("these are not octets: pairs of hexadecimal digits such as \"fd 00\"")]
    NotOctets,
    /// An escape in quoted text that means nothing.
    #[error("`\\{0}` means nothing here")]
    UnknownEscape(char),
    /// A number outside its bounds.
    #[error("expected a number from {least} to {most}")]
    OutOfBounds {
        /// The smallest that is allowed.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A span that a socket option cannot hold.
    #[error("this option counts whole seconds, at least one")]
    NotWholeSeconds,
}

impl TextFaultKind {
    /// What would be right, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownName { nearest, .. }
            | Self::UnknownField { nearest, .. }
            | Self::UnknownWord { nearest, .. } => {
                nearest.as_ref().map(|word| format!("did you mean `{word}`?"))
            }
            Self::UnknownUnit(_) => Some("units: ns, us, ms, s, m, h, d".into()),
            Self::LabelAlone(label) => Some(format!("name a field of it: `{label}.seq`")),
            Self::WrongType { found: Type::Int, wanted: Type::Duration } => {
                Some("a duration has a unit: `1s`, `200ms`, `2 * MSL`".into())
            }
            Self::MinusWithoutBlanks => Some("without blanks a hyphen belongs to the name".into()),
            _ => None,
        }
    }

    /// The same fault at a range.
    #[must_use]
    pub fn at(self, range: Range<usize>) -> TextFault {
        TextFault { range, kind: self }
    }
}

/// The longest text that is read: bounds the depth of what is built from it.
pub(super) const MAX_LENGTH: usize = 500;
/// The most parentheses that may be open at once.
pub(super) const MAX_DEPTH: u8 = 20;
