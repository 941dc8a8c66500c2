//! Values that are known before a run.

use super::expr::{Expr, Name, Operator};
use std::time::Duration;

/// What surrounds an expression that is worked out before the run.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Values of the profile.
    pub(super) profile: &'a dyn Fn(&str) -> Option<Duration>,
    /// `$i` of the innermost `repeat`.
    pub(super) turn: Option<i64>,
}

/// A value: a number, or nanoseconds.
#[derive(Clone, Copy)]
enum Value {
    Int(i64),
    Span(i128),
}

impl Known<'_> {
    /// The expression as a number; `None` where it is none, or not known.
    pub(super) fn number(self, expr: &Expr) -> Option<i64> {
        match self.value(expr)? {
            Value::Int(value) => Some(value),
            Value::Span(_) => None,
        }
    }

    /// The expression as a span of time, zero where it is negative; `None` where it is none, or not
    /// known.
    pub(super) fn span(self, expr: &Expr) -> Option<Duration> {
        match self.value(expr)? {
            Value::Span(nanos) => Some(Duration::from_nanos(u64::try_from(nanos.max(0)).ok()?)),
            Value::Int(_) => None,
        }
    }

    fn value(self, expr: &Expr) -> Option<Value> {
        Some(match expr {
            Expr::Int(value) => Value::Int(*value),
            Expr::Duration(span) => Value::Span(nanos(*span)),
            Expr::Name(Name::Profile(name), _) => Value::Span(nanos((self.profile)(name)?)),
            Expr::Name(Name::LoopIndex, _) => Value::Int(self.turn?),
            Expr::Name(Name::Variable { .. } | Name::Label { .. }, _) => return None,
            Expr::Negated(inner) => match self.value(inner)? {
                Value::Int(value) => Value::Int(value.checked_neg()?),
                Value::Span(value) => Value::Span(-value),
            },
            Expr::Binary(operator, left, right) => combine(*operator, self.value(left)?, self.value(right)?)?,
        })
    }
}

fn combine(operator: Operator, left: Value, right: Value) -> Option<Value> {
    use Operator::{Add, Divide, Multiply, Remainder, Subtract};
    use Value::{Int, Span};
    Some(match (operator, left, right) {
        (Add, Int(a), Int(b)) => Int(a.checked_add(b)?),
        (Subtract, Int(a), Int(b)) => Int(a.checked_sub(b)?),
        (Multiply, Int(a), Int(b)) => Int(a.checked_mul(b)?),
        (Divide, Int(a), Int(b)) => Int(a.checked_div(b)?),
        (Remainder, Int(a), Int(b)) => Int(a.checked_rem(b)?),
        (Add, Span(a), Span(b)) => Span(a.checked_add(b)?),
        (Subtract, Span(a), Span(b)) => Span(a.checked_sub(b)?),
        (Multiply, Span(a), Int(b)) | (Multiply, Int(b), Span(a)) => Span(a.checked_mul(b.into())?),
        (Divide, Span(a), Int(b)) => Span(a.checked_div(b.into())?),
        (Divide, Span(a), Span(b)) => Int(i64::try_from(a.checked_div(b)?).ok()?),
        _ => return None,
    })
}

fn nanos(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::parse_expression;
    use crate::yaml::Place;
    use pretty_assertions::assert_eq;

    #[test]
    fn constants_are_worked_out_with_profile_and_turn() {
        let profile = |name: &str| (name == "MSL").then_some(Duration::from_secs(30));
        let known = Known { profile: &profile, turn: Some(3) };
        let expr = |text: &str| parse_expression(text, &Place::start_of("x".into())).expect(text).expr;
        let spans = ["2 * MSL + 500ms", "MSL / 4", "1s - MSL", "$i * 100ms", "RTO.MIN", "3"]
            .map(|text| known.span(&expr(text)).map(|span| span.as_millis()));
        assert_eq!(spans, [Some(60_500), Some(7_500), Some(0), Some(300), None, None]);
        let numbers =
            ["$i + 1", "MSL / 1s", "-2 * 3", "7 % 4", "9223372036854775807 + 1", "RCV.NXT", "1 / (1 - 1)"]
                .map(|text| known.number(&expr(text)));
        assert_eq!(numbers, [Some(4), Some(30), Some(-6), Some(3), None, None, None]);
    }
}
