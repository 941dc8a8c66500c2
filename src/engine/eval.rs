//! What an expression is worth at this point of a trial.

use super::Engine;
use super::labels::Labelled;
use crate::case::{Expr, LabelField, Name, Operator, Variable};
use std::time::Duration;

/// A value of the case language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// An integer, or a sequence number before it is cut to 32 bits.
    Int(i64),
    /// A span, possibly negative: nanoseconds.
    Span(i64),
    /// A point in time, in nanoseconds.
    Instant(i64),
}

/// Why an expression has no value here: a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undefined(pub(super) String);

impl Engine {
    /// The value as a number modulo 2^32.
    pub(super) fn number(&self, connection: usize, expr: &Expr) -> Result<u32, Undefined> {
        match self.value(connection, expr)? {
            // Two's complement: exactly arithmetic modulo 2^32.
            Value::Int(value) => Ok(value as u32),
            Value::Span(_) | Value::Instant(_) => Err(Undefined(format!("`{expr}` is a time, not a number"))),
        }
    }

    /// The value as a field of `bits` bits.
    pub(super) fn field(&self, connection: usize, expr: &Expr, bits: u32) -> Result<u32, Undefined> {
        let value = self.number(connection, expr)?;
        if bits < 32 && value >> bits != 0 {
            return Err(Undefined(format!("`{expr}` is {value}, more than a field of {bits} bits holds")));
        }
        Ok(value)
    }

    /// The value as a span of time.
    pub(super) fn span(&self, connection: usize, expr: &Expr) -> Result<Duration, Undefined> {
        match self.value(connection, expr)? {
            Value::Span(nanos) => u64::try_from(nanos)
                .map(Duration::from_nanos)
                .map_err(|_| Undefined(format!("`{expr}` is a negative time"))),
            _ => Err(Undefined(format!("`{expr}` is not a span of time"))),
        }
    }

    fn value(&self, connection: usize, expr: &Expr) -> Result<Value, Undefined> {
        match expr {
            Expr::Int(value) => Ok(Value::Int(*value)),
            Expr::Duration(span) => Ok(Value::Span(nanos(*span))),
            Expr::Name(name, _) => self.named(connection, name),
            Expr::Negated(inner) => match self.value(connection, inner)? {
                Value::Int(value) => Ok(Value::Int(value.wrapping_neg())),
                Value::Span(value) => Ok(Value::Span(value.wrapping_neg())),
                Value::Instant(_) => Err(Undefined(format!("a point in time cannot be negated: `{expr}`"))),
            },
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.value(connection, left)?, self.value(connection, right)?);
                combine(*operator, left, right).ok_or_else(|| Undefined(format!("`{expr}` has no value")))
            }
        }
    }

    fn named(&self, connection: usize, name: &Name) -> Result<Value, Undefined> {
        match name {
            Name::Variable { connection: other, variable } => {
                let index = match other {
                    Some(name) => self.connection_named(name)?,
                    None => connection,
                };
                self.connections[index]
                    .variable(*variable)
                    .map(|value| Value::Int(i64::from(value)))
                    .ok_or_else(|| Undefined(format!("{variable} has no value {}", lacking(*variable))))
            }
            Name::Label { label, field } => {
                let labelled = self
                    .labels
                    .get(label)
                    .ok_or_else(|| Undefined(format!("nothing was labelled `{label}` yet")))?;
                label_field(labelled, *field)
                    .ok_or_else(|| Undefined(format!("`{label}` has no {field}: it is not such a segment")))
            }
            Name::Profile(name) => self
                .config
                .timers
                .variable(name)
                .map(|span| Value::Span(nanos(span)))
                .ok_or_else(|| Undefined(format!("the profile has no value for {name}"))),
            Name::LoopIndex => self
                .loop_index()
                .map(|index| Value::Int(i64::from(index)))
                .ok_or_else(|| Undefined("`$i` outside of `repeat`".into())),
        }
    }
}

/// Why a variable has no value.
const fn lacking(variable: Variable) -> &'static str {
    match variable {
        Variable::TsVal | Variable::TsRecent => "where timestamps were not agreed",
        _ => "before the target's SYN",
    }
}

fn label_field(labelled: &Labelled, field: LabelField) -> Option<Value> {
    if field == LabelField::Time {
        return Some(Value::Instant(i64::try_from(labelled.after.0).unwrap_or(i64::MAX)));
    }
    let segment = labelled.segment.as_ref()?;
    let number = match field {
        LabelField::Seq => segment.seq.0,
        LabelField::Ack => segment.ack.0,
        LabelField::Len => segment.len(),
        LabelField::End => segment.end().0,
        LabelField::Window => u32::from(segment.window),
        LabelField::TsVal => segment.timestamps()?.0,
        LabelField::TsEcr => segment.timestamps()?.1,
        LabelField::Time => return None,
    };
    Some(Value::Int(i64::from(number)))
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

fn combine(operator: Operator, left: Value, right: Value) -> Option<Value> {
    use Operator::{Add, Divide, Multiply, Remainder, Subtract};
    use Value::{Instant, Int, Span};
    Some(match (operator, left, right) {
        (Add, Int(a), Int(b)) => Int(a.checked_add(b)?),
        (Add, Span(a), Span(b)) => Span(a.checked_add(b)?),
        (Add, Instant(a), Span(b)) | (Add, Span(a), Instant(b)) => Instant(a.checked_add(b)?),
        (Subtract, Int(a), Int(b)) => Int(a.checked_sub(b)?),
        (Subtract, Span(a), Span(b)) | (Subtract, Instant(a), Instant(b)) => Span(a.checked_sub(b)?),
        (Subtract, Instant(a), Span(b)) => Instant(a.checked_sub(b)?),
        (Multiply, Int(a), Int(b)) => Int(a.checked_mul(b)?),
        (Multiply, Span(a), Int(b)) | (Multiply, Int(a), Span(b)) => Span(a.checked_mul(b)?),
        (Divide, Int(a), Int(b)) => Int(a.checked_div(b)?),
        (Divide, Span(a), Int(b)) => Span(a.checked_div(b)?),
        (Divide, Span(a), Span(b)) => Int(a.checked_div(b)?),
        (Remainder, Int(a), Int(b)) => Int(a.checked_rem(b)?),
        _ => return None,
    })
}
