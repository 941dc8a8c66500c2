//! A scalar of the file as a typed value, its faults as diagnostics with their place.

use super::pattern::{pattern, typed};
use crate::case::expr::Expr;
use crate::case::expr_parse::Typed;
use crate::case::model::{Acks, Growth, Pattern};
use crate::case::text::{Input, Parsed, place_within, read};
use crate::case::text_fault::{TextFault, TextFaultKind};
use crate::case::types::Type;
use crate::case::words::Word;
use crate::segment::Flags;
use crate::yaml::{Diagnostic, Node, Value};

/// Reads the whole scalar with a parser of its text.
pub(super) fn text<'n, T>(
    node: &'n Node,
    parser: impl FnMut(&mut Input<'n>) -> Parsed<T>,
) -> Result<T, Diagnostic> {
    let text = node.as_scalar()?;
    read(text, &node.place, parser).map_err(|fault| diagnostic(node, &fault))
}

/// An expression of type `wanted`.
pub(in crate::case) fn value(node: &Node, wanted: Type) -> Result<Expr, Diagnostic> {
    text(node, |input| typed(input, wanted)).map(|value| value.expr)
}

/// A number that fits a field of so many bits, where that is known before the run.
pub(in crate::case) fn field(node: &Node, bits: u32) -> Result<Expr, Diagnostic> {
    let expr = value(node, Type::Int)?;
    let most = (1_i64 << bits) - 1;
    match expr {
        Expr::Int(value) if value > most => {
            Err(node.problem(format!("{value} does not fit: the field has {bits} bits, at most {most}")))
        }
        expr => Ok(expr),
    }
}

/// An expression of type `wanted` that is known before the run.
pub(in crate::case) fn constant(node: &Node, wanted: Type) -> Result<Expr, Diagnostic> {
    text(node, |input| known(input, wanted)).map(|value| value.expr)
}

/// A range of durations that is known before the run.
pub(in crate::case) fn constant_range(node: &Node) -> Result<(Expr, Expr), Diagnostic> {
    text(node, |input| {
        let (from, to) = super::pattern::range(input, Type::Duration)?;
        Ok((be_constant(from)?.expr, be_constant(to)?.expr))
    })
}

/// A condition: one in text, or a list of values.
pub(in crate::case) fn condition(node: &Node, wanted: Type) -> Result<Pattern, Diagnostic> {
    let Value::List(elements) = &node.value else { return text(node, |input| pattern(input, wanted)) };
    if elements.is_empty() {
        return Err(node.problem("an empty list matches nothing"));
    }
    elements.iter().map(|element| value(element, wanted)).collect::<Result<_, _>>().map(Pattern::In)
}

/// A word out of a fixed set.
pub(in crate::case) fn word<W: Word>(node: &Node) -> Result<W, Diagnostic> {
    text(node, crate::case::text::fixed_word)
}

/// Control bits: `FIN ACK`, `none`.
pub(in crate::case) fn flags(node: &Node) -> Result<Flags, Diagnostic> {
    node.as_scalar()?.parse::<Flags>().map_err(|fault| {
        let hint = "control bits: FIN SYN RST PSH ACK URG ECE CWR, in upper case with blanks between";
        node.problem(fault.to_string()).with_hint(hint.to_owned())
    })
}

/// `none`, `all`, `every 2`.
pub(in crate::case) fn acks(node: &Node) -> Result<Acks, Diagnostic> {
    let wanted = || node.problem("expected `none`, `all`, or `every 2`");
    match node.as_scalar()? {
        "none" => Ok(Acks::None),
        "all" => Ok(Acks::All),
        other => {
            let number = other.strip_prefix("every ").and_then(|number| number.trim().parse().ok());
            number.filter(|number| (1..=1000).contains(number)).map(Acks::Every).ok_or_else(wanted)
        }
    }
}

/// `2 within 25% from 2`; `from` may be left out.
pub(in crate::case) fn growth(node: &Node) -> Result<Growth, Diagnostic> {
    let words: Vec<&str> = node.as_scalar()?.split_whitespace().collect();
    let (factor, within, from) = match words[..] {
        [factor, "within", within] => (factor, within, "1"),
        [factor, "within", within, "from", from] => (factor, within, from),
        _ => return Err(growth_problem(node)),
    };
    let positive = |text: &str| text.parse::<f64>().ok().filter(|number| (0.001..1000.0).contains(number));
    let percent = within.strip_suffix('%').and_then(positive).filter(|percent| *percent <= 100.0);
    let from = from.parse().ok().filter(|from| (1..=100).contains(from));
    match (positive(factor), percent, from) {
        (Some(factor), Some(percent), Some(from)) => Ok(Growth { factor, within: percent / 100.0, from }),
        _ => Err(growth_problem(node)),
    }
}

/// A name that a case gives to something: lower-case words joined by hyphens.
pub(in crate::case) fn name(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_scalar()?;
    check_name(text).map_err(|message| node.problem(message))?;
    Ok(text.to_owned())
}

/// Why a name given by a case is none.
pub(in crate::case) fn check_name(text: &str) -> Result<(), String> {
    let starts_with_letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    if starts_with_letter && crate::case::id::is_kebab(text) {
        return Ok(());
    }
    Err(format!("`{text}` is not a name: lower-case words and digits joined by hyphens, a letter first"))
}

/// A fault inside a scalar as a diagnostic at its place.
pub(in crate::case) fn diagnostic(node: &Node, fault: &TextFault) -> Diagnostic {
    let place = place_within(node.raw(), &node.place, &fault.range);
    Diagnostic::new(&place, fault.kind.to_string()).with_hint(fault.kind.hint())
}

fn known(input: &mut Input<'_>, wanted: Type) -> Parsed<Typed> {
    typed(input, wanted).and_then(be_constant)
}

fn be_constant(value: Typed) -> Parsed<Typed> {
    match value.constant {
        true => Ok(value),
        false => crate::case::text::cut(TextFaultKind::NotConstant, value.range),
    }
}

fn growth_problem(node: &Node) -> Diagnostic {
    node.problem("expected a factor with its tolerance")
        .with_hint("write `2 within 25%`, or `2 within 25% from 2`".to_owned())
}
