//! Conditions on numbers: `any`, `X`, `X..Y`, `not X`.

use crate::case::expr::Expr;
use crate::case::expr_parse::{Typed, expression};
use crate::case::model::Pattern;
use crate::case::text::{Input, Parsed, cut, here, keyword, rest, skip, skip_blanks};
use crate::case::text_fault::TextFaultKind;
use crate::case::types::Type;

/// One condition on a value of type `wanted`.
pub(super) fn pattern(input: &mut Input<'_>, wanted: Type) -> Parsed<Pattern> {
    if keyword(input, "any") {
        return Ok(Pattern::Any);
    }
    if keyword(input, "not") {
        return typed(input, wanted).map(|value| Pattern::Not(value.expr));
    }
    let from = typed(input, wanted)?.expr;
    if !goes_on_as_range(input) {
        return Ok(Pattern::Is(from));
    }
    Ok(Pattern::Range(from, typed(input, wanted)?.expr))
}

/// `X..Y`, both of type `wanted`.
pub(super) fn range(input: &mut Input<'_>, wanted: Type) -> Parsed<(Typed, Typed)> {
    let from = typed(input, wanted)?;
    if !goes_on_as_range(input) {
        return cut(TextFaultKind::Missing("`..` and the other end"), here(input));
    }
    Ok((from, typed(input, wanted)?))
}

/// `A..B C..D`: as many as there are.
pub(super) fn blocks(input: &mut Input<'_>) -> Parsed<Vec<(Expr, Expr)>> {
    let mut blocks = Vec::new();
    while !rest(input).is_empty() {
        let (left, right) = range(input, Type::Seq)?;
        blocks.push((left.expr, right.expr));
    }
    Ok(blocks)
}

/// An expression of type `wanted`, and the blanks behind it.
pub(super) fn typed(input: &mut Input<'_>, wanted: Type) -> Parsed<Typed> {
    let value = expression(input)?;
    if !value.kind.fits(wanted) {
        return cut(TextFaultKind::WrongType { found: value.kind, wanted }, value.range);
    }
    skip_blanks(input);
    Ok(value)
}

fn goes_on_as_range(input: &mut Input<'_>) -> bool {
    let is_range = rest(input).starts_with("..");
    if is_range {
        skip(input, 2);
        skip_blanks(input);
    }
    is_range
}
