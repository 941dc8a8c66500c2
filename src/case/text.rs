//! What the small languages inside scalars share: the text with its place, faults that know where
//! they are, words and blanks.

use super::text_fault::{MAX_LENGTH, TextFault, TextFaultKind};
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
