//! Where `saphyr-parser` sees the parts of a text.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::borrow::Cow;
use std::collections::HashMap;

/// Where `saphyr-parser` saw something begin or end.
pub(super) struct Mark<'t> {
    pub(super) kind: MarkKind<'t>,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) length: u32,
}

pub(super) enum MarkKind<'t> {
    Scalar(Cow<'t, str>),
    List,
    Map,
    End,
    /// The index of the mark that it repeats.
    Alias(Option<usize>),
}

/// Everything that the text holds, in its order, up to where `saphyr-parser` no longer follows.
pub(super) fn read_marks(text: &str) -> Vec<Mark<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut marks = Vec::new();
    let mut anchors = HashMap::new();
    let last_line = text.matches('\n').count() + 1;
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let quote = match &event {
            Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => Some('\''),
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => Some('"'),
            _ => None,
        };
        let (kind, anchor) = match event {
            Event::Scalar(written, _, anchor, _) => (MarkKind::Scalar(written), anchor),
            Event::SequenceStart(anchor, _) => (MarkKind::List, anchor),
            Event::MappingStart(anchor, _) => (MarkKind::Map, anchor),
            Event::SequenceEnd | Event::MappingEnd => (MarkKind::End, 0),
            Event::Alias(anchor) => (MarkKind::Alias(anchors.get(&anchor).copied()), 0),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, marks.len());
        }
        let line = lines.get(span.start.line().saturating_sub(1));
        let quoted = quote.zip(line).and_then(|(quote, line)| quoted_length(line, span.start.col(), quote));
        marks.push(Mark::new(kind, span, quoted).within(text, last_line));
    }
    marks
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
