//! Expressions: text to [`Expr`], its type checked on the way.
//!
//! ```text
//! expression = product { ("+" | "-") product }
//! product    = factor { ("*" | "/" | "%") factor }
//! factor     = "-" factor | "(" expression ")" | number | duration | name | "$i"
//! number     = digits | "0x" hexdigits                100, 0x7fffffff, 1_000
//! duration   = { digits [ "." digits ] unit }         1s, 200ms, 1s500ms, 0.2s
//! name       = [ connection "." ] VARIABLE            RCV.NXT, b.RCV.NXT
//!            | label "." field                        fin.seq, target-fin.end
//!            | PROFILE-VALUE                          MSL, RTO.MIN, DELAYED-ACK
//! ```
//!
//! A hyphen without blanks belongs to a name (`DELAYED-ACK`, `target-fin.seq`); a minus between two
//! values has a blank on both sides (`fin.seq - 1`). A minus with a blank before it and none behind
//! begins a new value, so that `timestamps 5 -1` is a list of two.

use super::expr::{Expr, LabelField, Name, Operator, Variable};
use super::text::{Input, Parsed, backtrack, blanks, cut, here, place_within, rest, skip, word};
use super::text_fault::{MAX_DEPTH, TextFault, TextFaultKind};
use super::types::Type;
use super::words::Word;
use crate::profile::Timers;
use crate::yaml::{Place, nearest};
use std::ops::Range;
use std::time::Duration;
use winnow::combinator::{Infix, Prefix, expression as pratt};
use winnow::error::ErrMode;
use winnow::prelude::*;
use winnow::stream::{Location, Stream};

/// An expression with what the reader must know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// The expression.
    pub expr: Expr,
    /// What it gives.
    pub kind: Type,
    /// Whether it can be computed before the run: it names no variable and no label.
    pub constant: bool,
    /// The octets of its text.
    pub range: Range<usize>,
}

/// Reads an expression that is the whole of `text`. `place` is where the scalar stands.
///
/// # Errors
/// The first fault, with its range in `text`.
pub fn parse_expression(text: &str, place: &Place) -> Result<Typed, TextFault> {
    super::text::read(text, place, expression)
}

/// An expression as part of a longer text; stops where it cannot go on.
pub(super) fn expression(input: &mut Input<'_>) -> Parsed<Typed> {
    pratt(operand).prefix(prefix).infix(infix).parse_next(input)
}

type Fold<'a> = Infix<Input<'a>, Typed, ErrMode<TextFault>>;

fn prefix<'a>(input: &mut Input<'a>) -> Parsed<Prefix<Input<'a>, Typed, ErrMode<TextFault>>> {
    if !rest(input).starts_with('-') {
        return cut(TextFaultKind::Missing("a value"), here(input));
    }
    skip(input, 1);
    deeper(input, here)?;
    blanks(input)?;
    Ok(Prefix(30, |input, value| {
        input.state.depth -= 1;
        negated(value)
    }))
}

/// An operator with the blanks around it; nothing is taken where there is none.
fn infix<'a>(input: &mut Input<'a>) -> Parsed<Fold<'a>> {
    let before = input.checkpoint();
    blanks(input)?;
    let blank_before = before != input.checkpoint();
    let ahead = rest(input);
    let range = here(input);
    let fold: Fold<'a> = match ahead.chars().next() {
        Some('+') => Infix::Left(10, |_, a, b| binary(Operator::Add, a, b)),
        Some('-') => {
            let blank_behind = ahead[1..].starts_with(char::is_whitespace);
            match (blank_before, blank_behind) {
                (true, true) => Infix::Left(10, |_, a, b| binary(Operator::Subtract, a, b)),
                // The next value of a list begins here.
                (true, false) => return backtrack(TextFaultKind::MinusWithoutBlanks, range),
                (false, _) => return cut(TextFaultKind::MinusWithoutBlanks, range),
            }
        }
        Some('*') => Infix::Left(20, |_, a, b| binary(Operator::Multiply, a, b)),
        Some('/') => Infix::Left(20, |_, a, b| binary(Operator::Divide, a, b)),
        Some('%') => Infix::Left(20, |_, a, b| binary(Operator::Remainder, a, b)),
        _ => return backtrack(TextFaultKind::Missing("an operator"), range),
    };
    skip(input, 1);
    blanks(input)?;
    Ok(fold)
}

fn operand(input: &mut Input<'_>) -> Parsed<Typed> {
    let range = here(input);
    match rest(input).chars().next() {
        Some('(') => parenthesized(input),
        Some('$') => loop_index(input),
        Some('0'..='9') => number(input),
        Some('a'..='z' | 'A'..='Z') => name(input),
        Some('-') => backtrack(TextFaultKind::Missing("a value"), range),
        _ => cut(TextFaultKind::Missing("a value"), range),
    }
}

fn parenthesized(input: &mut Input<'_>) -> Parsed<Typed> {
    let start = input.current_token_start();
    deeper(input, here)?;
    skip(input, 1);
    blanks(input)?;
    let mut inner = expression(input)?;
    blanks(input)?;
    if !rest(input).starts_with(')') {
        return cut(TextFaultKind::Missing("`)`"), here(input));
    }
    skip(input, 1);
    input.state.depth -= 1;
    inner.range = start..input.current_token_start();
    Ok(inner)
}

fn deeper<'a>(input: &mut Input<'a>, at: impl Fn(&Input<'a>) -> Range<usize>) -> Parsed<()> {
    if input.state.depth == MAX_DEPTH {
        return cut(TextFaultKind::TooDeep, at(input));
    }
    input.state.depth += 1;
    Ok(())
}

fn loop_index(input: &mut Input<'_>) -> Parsed<Typed> {
    let start = input.current_token_start();
    skip(input, 1);
    let (name, range) = word(input);
    if name != "i" {
        return cut(TextFaultKind::UnknownParameter(name.to_owned()), start..range.end);
    }
    let range = start..range.end;
    let expr = Expr::Name(Name::LoopIndex, place_of(input, &range));
    Ok(Typed { expr, kind: Type::Int, constant: true, range })
}

/// A number or a duration: both begin with a digit.
fn number(input: &mut Input<'_>) -> Parsed<Typed> {
    let start = input.current_token_start();
    let ahead = rest(input);
    let length = ahead.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(ahead.len());
    // `0.2s` goes on behind its point, `1..2` does not.
    let fraction =
        ahead[length..].strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    let length = fraction.map_or(length, |after| {
        let more = after.find(|c: char| !(c.is_alphanumeric() || c == '.')).unwrap_or(after.len());
        let more = after[..more].find("..").unwrap_or(more);
        length + 1 + after[..more].trim_end_matches('.').len()
    });
    let text = &ahead[..length];
    let range = start..start + length;
    let value = match read_number(text) {
        Ok(value) => value,
        Err(kind) => return cut(kind, range),
    };
    skip(input, length);
    let kind = if matches!(value, Expr::Int(_)) { Type::Int } else { Type::Duration };
    Ok(Typed { expr: value, kind, constant: true, range })
}

fn read_number(text: &str) -> Result<Expr, TextFaultKind> {
    let too_large = || TextFaultKind::TooLarge(text.to_owned());
    let plain = |digits: &str| digits.replace('_', "");
    if let Some(digits) = text.strip_prefix("0x") {
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_hexdigit() || c == '_') {
            return Err(TextFaultKind::UnknownWord { word: text.into(), kind: "a number", nearest: None });
        }
        return i64::from_str_radix(&plain(digits), 16).map(Expr::Int).map_err(|_| too_large());
    }
    if text.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return plain(text).parse().map(Expr::Int).map_err(|_| too_large());
    }
    read_duration(text).map(Expr::Duration)
}

/// `1s500ms`, `0.2s`: a sequence of numbers with their units.
pub(super) fn read_duration(text: &str) -> Result<Duration, TextFaultKind> {
    let too_large = || TextFaultKind::TooLarge(text.to_owned());
    let mut left = text;
    let mut total = Duration::ZERO;
    while !left.is_empty() {
        let digits = left.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(left.len());
        let (amount, behind) = left.split_at(digits);
        let letters = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let nanos = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, nanos)| *nanos);
        let nanos = nanos.ok_or_else(|| match unit {
            "" => TextFaultKind::UnknownWord { word: text.into(), kind: "a whole number", nearest: None },
            unit => TextFaultKind::UnknownUnit(unit.to_owned()),
        })?;
        let part = times(amount, nanos).ok_or_else(too_large)?;
        total = total.checked_add(part).ok_or_else(too_large)?;
        left = behind;
    }
    Ok(total)
}

/// `amount` (digits, perhaps with a fraction) times a unit; what is below a nanosecond is dropped.
fn times(amount: &str, unit_nanos: u64) -> Option<Duration> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit_nanos)?;
    let mut nanos = 0;
    let mut place_value = unit_nanos;
    for digit in fraction.chars() {
        place_value /= 10;
        nanos += u64::from(digit.to_digit(10)?) * place_value;
    }
    Some(Duration::from_nanos(whole.checked_add(nanos)?))
}

fn name(input: &mut Input<'_>) -> Parsed<Typed> {
    let (text, range) = word(input);
    let (name, kind) = match read_name(text) {
        Ok(found) => found,
        Err(kind) => {
            // Of `fin.seqq` only the field is wrong.
            let wrong = match &kind {
                TextFaultKind::UnknownField { name, .. } => name.len(),
                _ => text.len(),
            };
            return cut(kind, range.end - wrong..range.end);
        }
    };
    let constant = matches!(name, Name::Profile(_));
    Ok(Typed { expr: Expr::Name(name, place_of(input, &range)), kind, constant, range })
}

fn read_name(text: &str) -> Result<(Name, Type), TextFaultKind> {
    if let Some(variable) = Variable::from_word(text) {
        return Ok((Name::Variable { connection: None, variable }, variable.kind()));
    }
    if Timers::VARIABLES.contains(&text) {
        return Ok((Name::Profile(text.to_owned()), Type::Duration));
    }
    match text.split_once('.') {
        Some((owner, name)) if owner.starts_with(|c: char| c.is_ascii_lowercase()) => {
            of_owner(owner, name, text)
        }
        None if text.starts_with(|c: char| c.is_ascii_lowercase()) => {
            Err(TextFaultKind::LabelAlone(text.to_owned()))
        }
        _ => Err(unknown_name(text)),
    }
    .map_err(|fault| match text.rsplit_once('-') {
        Some((before, _)) if read_name(before).is_ok() => TextFaultKind::MinusWithoutBlanks,
        _ => fault,
    })
}

/// `fin.seq` or `b.RCV.NXT`.
fn of_owner(owner: &str, name: &str, text: &str) -> Result<(Name, Type), TextFaultKind> {
    if let Some(variable) = Variable::from_word(name) {
        return Ok((Name::Variable { connection: Some(owner.to_owned()), variable }, variable.kind()));
    }
    if let Some(field) = LabelField::from_word(name) {
        return Ok((Name::Label { label: owner.to_owned(), field }, field.kind()));
    }
    if Variable::from_word(&text.to_uppercase()).is_some()
        || name.starts_with(|c: char| c.is_ascii_uppercase())
    {
        return Err(unknown_name(text));
    }
    let nearest = nearest(name, LabelField::words()).map(str::to_owned);
    Err(TextFaultKind::UnknownField { name: name.to_owned(), nearest })
}

fn unknown_name(name: &str) -> TextFaultKind {
    let nearest = nearest(name, Variable::words().chain(Timers::VARIABLES)).map(str::to_owned);
    TextFaultKind::UnknownName { name: name.to_owned(), nearest }
}

fn negated(value: Typed) -> Parsed<Typed> {
    if value.kind != Type::Int {
        return cut(TextFaultKind::NotNegatable(value.kind), value.range);
    }
    Ok(Typed { expr: Expr::Negated(Box::new(value.expr)), ..value })
}

fn binary(operator: Operator, left: Typed, right: Typed) -> Parsed<Typed> {
    let range = left.range.start..right.range.end;
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    if divides && right.expr == Expr::Int(0) {
        return cut(TextFaultKind::DivisionByZero, right.range);
    }
    let Some(kind) = operator.result(left.kind, right.kind) else {
        let mismatch =
            TextFaultKind::Mismatch { left: left.kind, operator: operator.symbol(), right: right.kind };
        return cut(mismatch, range);
    };
    let constant = left.constant && right.constant;
    let expr = Expr::Binary(operator, Box::new(left.expr), Box::new(right.expr));
    Ok(Typed { expr, kind, constant, range })
}

fn place_of(input: &Input<'_>, range: &Range<usize>) -> Place {
    place_within(input.state.text, input.state.place, range)
}

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

#[cfg(test)]
mod tests;
