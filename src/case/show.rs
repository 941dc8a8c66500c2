//! Expressions as text again, with no more parentheses than needed.

use super::expr::{Expr, Name, Operator};
use std::fmt;
use std::time::Duration;

impl Operator {
    /// As written.
    #[must_use]
    pub const fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
            Self::Remainder => '%',
        }
    }

    const fn precedence(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 1,
            Self::Multiply | Self::Divide | Self::Remainder => 2,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_within(self, 0, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { connection: Some(connection), variable } => write!(f, "{connection}.{variable}"),
            Self::Variable { connection: None, variable } => variable.fmt(f),
            Self::Label { label, field } => write!(f, "{label}.{field}"),
            Self::Profile(name) => f.write_str(name),
            Self::LoopIndex => f.write_str("$i"),
        }
    }
}

/// In parentheses where what stands around binds more tightly (`least`: 1 for `+ -`, 2 for `* / %`,
/// 3 for a sign).
fn write_within(expr: &Expr, least: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match expr {
        Expr::Int(value) => write!(f, "{value}"),
        Expr::Duration(duration) => write_duration(*duration, f),
        Expr::Name(name, _) => write!(f, "{name}"),
        Expr::Negated(inner) => {
            f.write_str("-")?;
            write_within(inner, 3, f)
        }
        Expr::Binary(operator, left, right) => {
            let precedence = operator.precedence();
            let enclosed = precedence < least;
            if enclosed {
                f.write_str("(")?;
            }
            write_within(left, precedence, f)?;
            write!(f, " {} ", operator.symbol())?;
            write_within(right, precedence + 1, f)?;
            if enclosed {
                f.write_str(")")?;
            }
            Ok(())
        }
    }
}

/// `1s500ms`: whole numbers of each unit.
fn write_duration(duration: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let parts = [
        (duration.as_secs(), "s"),
        (u64::from(duration.subsec_millis()), "ms"),
        (u64::from(duration.subsec_micros() % 1_000), "us"),
        (u64::from(duration.subsec_nanos() % 1_000), "ns"),
    ];
    if duration.is_zero() {
        return f.write_str("0s");
    }
    parts.iter().filter(|(amount, _)| *amount > 0).try_for_each(|(amount, unit)| write!(f, "{amount}{unit}"))
}
