//! What `saphyr-parser` sees of a text, and where.

use super::FileName;
use super::Place;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::borrow::Cow;
use std::collections::HashMap;

/// The parts of a text, in their order.
pub(super) struct Marks<'t> {
    pub(super) marks: Vec<Mark<'t>>,
    /// Whether all of the text was followed, and nothing in it has more than one reading: no anchor, tag,
    /// escape, block of text or mark of a document.
    pub(super) are_plain: bool,
}

/// Where `saphyr-parser` saw something begin or end.
pub(super) struct Mark<'t> {
    pub(super) kind: MarkKind<'t>,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) length: u32,
}

pub(super) enum MarkKind<'t> {
    Scalar {
        /// Its text.
        written: Cow<'t, str>,
        /// Without quotes.
        is_bare: bool,
    },
    List,
    Map,
    End,
    /// The index of the mark that it repeats.
    Alias(Option<usize>),
}

/// Everything that the text holds, in its order, up to where `saphyr-parser` no longer follows.
pub(super) fn read_marks(text: &str) -> Marks<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let mut marks = Vec::new();
    let mut anchors = HashMap::new();
    let last_line = text.matches('\n').count() + 1;
    let mut are_plain = true;
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else {
            are_plain = false;
            break;
        };
        let quote = match &event {
            Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => Some('\''),
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => Some('"'),
            _ => None,
        };
        let (kind, anchor, has_tag) = match event {
            Event::Scalar(written, style, anchor, tag) => {
                let is_bare = style == ScalarStyle::Plain;
                are_plain &= !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                (MarkKind::Scalar { written, is_bare }, anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => (MarkKind::List, anchor, tag.is_some()),
            Event::MappingStart(anchor, tag) => (MarkKind::Map, anchor, tag.is_some()),
            Event::SequenceEnd | Event::MappingEnd => (MarkKind::End, 0, false),
            Event::Alias(anchor) => (MarkKind::Alias(anchors.get(&anchor).copied()), 0, false),
            Event::DocumentStart(is_marked) => {
                are_plain &= !is_marked;
                continue;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
        };
        are_plain &= anchor == 0 && !has_tag;
        if anchor != 0 {
            anchors.insert(anchor, marks.len());
        }
        let line = lines.get(span.start.line().saturating_sub(1));
        let quoted = quote.zip(line).and_then(|(quote, line)| quoted_length(line, span.start.col(), quote));
        marks.push(Mark::new(kind, span, quoted).within(text, last_line));
    }
    // What an escape stands for is left to one reader.
    are_plain &= !text.contains('\\');
    Marks { marks, are_plain }
}

/// Characters of the quoted text that starts at `column` of `line`, quotes included, if it ends on
/// that line. (The parser's own span runs on through a comment behind it.)
fn quoted_length(line: &str, column: usize, quote: char) -> Option<usize> {
    let mut characters = line.chars().skip(column).enumerate().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            let is_doubled = quote == '\'' && characters.next_if(|(_, next)| *next == quote).is_some();
            if !is_doubled {
                return Some(at + 1);
            }
        }
    }
    None
}

impl<'t> Mark<'t> {
    fn new(kind: MarkKind<'t>, span: Span, quoted: Option<usize>) -> Self {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let is_on_one_line = span.start.line() == span.end.line();
        let length = match quoted {
            Some(length) => length,
            None if is_on_one_line => span.end.col().saturating_sub(span.start.col()),
            None => 0,
        };
        Self {
            kind,
            line: number(span.start.line()),
            column: number(span.start.col()).saturating_add(1),
            length: number(length),
        }
    }

    /// Where it stands in a file in which so many lines stand before the text.
    pub(super) fn place(&self, file: FileName, lines_before: u32) -> Place {
        Place { file, line: self.line.saturating_add(lines_before), column: self.column, length: self.length }
    }

    /// What is missing at the end of a text without a line feed is missing there: the parser says that it
    /// is on the next line.
    fn within(self, text: &str, last: usize) -> Self {
        if usize::try_from(self.line).is_ok_and(|line| line <= last) {
            return self;
        }
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let end = text.rsplit('\n').next().unwrap_or_default().chars().count();
        Self { line: number(last), column: number(end + 1), length: 0, ..self }
    }
}
