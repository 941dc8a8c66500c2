//! What the small languages inside scalars share: the text with its place, faults that know where
//! they are, words and blanks.

use super::types::Type;
use super::words::Word;
use crate::yaml::Place;
use std::ops::Range;
use winnow::combinator::eof;
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stateful, Stream};
use winnow::token::take_while;

/// What the parsers of this module read.
pub(super) type Input<'a> = Stateful<LocatingSlice<&'a str>, State<'a>>;

/// A parser's outcome.
pub(super) type Parsed<T> = Result<T, ErrMode<TextFault>>;

/// What travels with the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct State<'a> {
    /// The whole scalar.
    pub(super) text: &'a str,
    /// Where it stands.
    pub(super) place: &'a Place,
    /// How many parentheses are open.
    pub(super) depth: u8,
}

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

impl<'a> ParserError<Input<'a>> for TextFault {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        TextFaultKind::Missing("a value").at(here(input))
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// Reads the whole of `text` with `parser`; blanks around it do not count.
///
/// # Errors
/// The first fault, with its range in `text`.
pub(super) fn read<'a, T>(
    text: &'a str,
    place: &'a Place,
    mut parser: impl FnMut(&mut Input<'a>) -> Parsed<T>,
) -> Result<T, TextFault> {
    if text.len() > MAX_LENGTH {
        return Err(TextFaultKind::TooLong.at(0..text.len()));
    }
    let mut input = Stateful { input: LocatingSlice::new(text), state: State { text, place, depth: 0 } };
    let mut whole = |input: &mut Input<'a>| {
        blanks(input)?;
        let value = parser(input)?;
        blanks(input)?;
        end(input)?;
        Ok(value)
    };
    whole(&mut input).map_err(|fault: ErrMode<TextFault>| {
        fault.into_inner().unwrap_or_else(|_| TextFaultKind::Missing("a value").at(0..text.len()))
    })
}

/// The place of a part of a scalar; that of the whole scalar where quotes, escapes or line breaks
/// hide which character is which.
pub(super) fn place_within(text: &str, place: &Place, range: &Range<usize>) -> Place {
    let characters = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let quote = match place.length.checked_sub(characters(text)) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return place.clone(),
    };
    let (Some(before), Some(part)) = (text.get(..range.start), text.get(range.clone())) else {
        return place.clone();
    };
    let column = place.column + quote + characters(before);
    Place { column, length: characters(part).max(1), ..place.clone() }
}

/// A fault that no alternative can mend.
pub(super) fn cut<T>(kind: TextFaultKind, range: Range<usize>) -> Parsed<T> {
    Err(ErrMode::Cut(kind.at(range)))
}

/// A fault that lets other alternatives try.
pub(super) fn backtrack<T>(kind: TextFaultKind, range: Range<usize>) -> Parsed<T> {
    Err(ErrMode::Backtrack(kind.at(range)))
}

/// The place of the next character, one character wide.
pub(super) fn here(input: &Input<'_>) -> Range<usize> {
    let start = input.current_token_start();
    let width = rest(input).chars().next().map_or(0, char::len_utf8);
    start..start + width
}

/// What has not been read yet.
pub(super) fn rest<'a>(input: &Input<'a>) -> &'a str {
    input.input.as_ref()
}

/// Skips blanks.
pub(super) fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., |c: char| c.is_whitespace()).void().parse_next(input)
}

/// Takes `word` where it stands alone, and the blanks behind it.
pub(super) fn keyword(input: &mut Input<'_>, word: &str) -> bool {
    let ahead = rest(input);
    let alone = ahead.strip_prefix(word).is_some_and(|after| !after.starts_with(is_word_char));
    if alone {
        skip(input, word.len());
        skip_blanks(input);
    }
    alone
}

/// Takes a run of word characters, perhaps empty, with its range. A `.` or `-` belongs to it
/// only where a word character follows.
pub(super) fn word<'a>(input: &mut Input<'a>) -> (&'a str, Range<usize>) {
    let start = input.current_token_start();
    let ahead = rest(input);
    let joins = |index: usize| ahead[index + 1..].starts_with(is_plain_word_char);
    let length = ahead
        .char_indices()
        .find(|&(index, c)| !(is_plain_word_char(c) || matches!(c, '.' | '-') && index > 0 && joins(index)))
        .map_or(ahead.len(), |(index, _)| index);
    skip(input, length);
    (&ahead[..length], start..start + length)
}

/// A word out of a fixed set, and the blanks behind it.
pub(super) fn fixed_word<W: Word>(input: &mut Input<'_>) -> Parsed<W> {
    let (text, range) = word(input);
    if text.is_empty() {
        return cut(TextFaultKind::Missing(W::KIND), here(input));
    }
    let Some(meaning) = W::from_word(text) else {
        return cut(unknown_word::<W>(text), range);
    };
    skip_blanks(input);
    Ok(meaning)
}

/// The fault of a word that is not in the set.
pub(super) fn unknown_word<W: Word>(text: &str) -> TextFaultKind {
    let nearest = crate::yaml::nearest(text, W::words()).map(str::to_owned);
    TextFaultKind::UnknownWord { word: text.to_owned(), kind: W::KIND, nearest }
}

/// Text in double quotes with its range, and the blanks behind it. `\"`, `\\`, `\r`, `\n` and `\t`
/// are escapes.
pub(super) fn quoted(input: &mut Input<'_>) -> Parsed<(String, Range<usize>)> {
    let start = input.current_token_start();
    let ahead = rest(input);
    let mut characters = ahead.char_indices();
    if characters.next().map(|(_, c)| c) != Some('"') {
        return cut(TextFaultKind::Missing("text in double quotes"), here(input));
    }
    let mut text = String::new();
    while let Some((index, c)) = characters.next() {
        match c {
            '"' => {
                skip(input, index + 1);
                skip_blanks(input);
                return Ok((text, start..start + index + 1));
            }
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some(c @ ('"' | '\\')) => text.push(c),
                Some('r') => text.push('\r'),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(c) => {
                    let at = start + index;
                    return cut(TextFaultKind::UnknownEscape(c), at..at + 1 + c.len_utf8());
                }
                None => break,
            },
            c => text.push(c),
        }
    }
    skip(input, ahead.len());
    cut(TextFaultKind::Missing("the closing quote"), here(input))
}

/// Steps over so many octets of what has not been read yet.
pub(super) fn skip(input: &mut Input<'_>, octets: usize) {
    let octets = octets.min(input.eof_offset());
    input.next_slice(octets);
}

/// Steps over blanks.
pub(super) fn skip_blanks(input: &mut Input<'_>) {
    let ahead = rest(input);
    skip(input, ahead.len() - ahead.trim_start().len());
}

fn end(input: &mut Input<'_>) -> Parsed<()> {
    let start = input.current_token_start();
    let left = rest(input).trim_end();
    if left.is_empty() {
        return eof.void().parse_next(input);
    }
    let kind = match left.strip_prefix('-') {
        Some(_) => TextFaultKind::MinusWithoutBlanks,
        None => TextFaultKind::TrailingText(left.to_owned()),
    };
    cut(kind, start..start + left.len())
}

fn is_word_char(c: char) -> bool {
    is_plain_word_char(c) || matches!(c, '.' | '-')
}

fn is_plain_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The longest text that is read: bounds the depth of what is built from it.
pub(super) const MAX_LENGTH: usize = 500;
/// The most parentheses that may be open at once.
pub(super) const MAX_DEPTH: u8 = 20;
