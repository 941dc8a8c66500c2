//! What is wrong, where, and what to do about it; and its picture with a caret.

use super::FileName;
use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use std::fmt;
use std::ops::Range;

/// Where something stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file as its reader named it.
    pub file: FileName,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters on that line that belong to it; 0 where only the start is known.
    pub length: u32,
}

impl Place {
    /// The start of `file`: for what concerns the file as a whole.
    #[must_use]
    pub fn start_of(file: FileName) -> Self {
        Self { file, line: 1, column: 1, length: 0 }
    }

    /// The octets of `source` that it covers, always on character boundaries and on one line.
    fn span(&self, source: &str) -> Range<usize> {
        let lines_before = usize::try_from(self.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut from = 0;
        for _ in 0..lines_before {
            match source[from..].find('\n') {
                Some(at) => from += at + 1,
                None => return source.len()..source.len(),
            }
        }
        let line = source[from..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let offset = |characters: u32| {
            let characters = usize::try_from(characters).unwrap_or(usize::MAX);
            line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at)
        };
        let start = offset(self.column.saturating_sub(1));
        let end = offset(self.column.saturating_sub(1).saturating_add(self.length.max(1)));
        from + start..from + end
    }
}

/// `file:line:column`, as editors and terminals link it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Diagnostic {
    /// One sentence without a full stop.
    pub message: String,
    /// What the caret points at.
    pub place: Place,
    /// What to write instead.
    pub hint: Option<String>,
    /// What else belongs to it.
    pub notes: Vec<Note>,
}

/// A remark beside a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The remark.
    pub message: String,
    /// What it is about, where that is elsewhere.
    pub place: Option<Place>,
}

impl Diagnostic {
    /// A message at a place.
    pub fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: place.clone(), hint: None, notes: Vec::new() }
    }

    /// With advice, if there is any.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With a remark about another place.
    #[must_use]
    pub fn with_note_at(mut self, place: &Place, message: impl Into<String>) -> Self {
        self.notes.push(Note { message: message.into(), place: Some(place.clone()) });
        self
    }

    /// With a remark.
    #[must_use]
    pub fn with_note(mut self, message: impl Into<String>) -> Self {
        self.notes.push(Note { message: message.into(), place: None });
        self
    }
}

/// The diagnostic as text: message, `file:line:column`, the line with a caret, notes, hint.
/// `source` is the text of the file that its place names.
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: &str) -> String {
    render_with(&Renderer::plain(), diagnostic, source)
}

/// [`render`] with terminal colours.
#[must_use]
pub fn render_coloured(diagnostic: &Diagnostic, source: &str) -> String {
    render_with(&Renderer::styled(), diagnostic, source)
}

fn render_with(renderer: &Renderer, diagnostic: &Diagnostic, source: &str) -> String {
    let place = &diagnostic.place;
    let title = Level::ERROR.primary_title(&diagnostic.message);
    let here = AnnotationKind::Primary.span(place.span(source));
    let is_beside = |note: &&Note| note.place.as_ref().is_some_and(|other| other.file == place.file);
    let beside = diagnostic.notes.iter().filter(is_beside).map(|note| annotation(note, source));

    let mut group = if source.is_empty() {
        title.element(Origin::path(&*place.file).line(1).char_column(1))
    } else {
        let snippet = Snippet::source(source).path(&*place.file);
        title.element(snippet.annotation(here).annotations(beside))
    };
    for note in diagnostic.notes.iter().filter(|note| !is_beside(note)) {
        let text = match &note.place {
            Some(elsewhere) => format!("{} ({elsewhere})", note.message),
            None => note.message.clone(),
        };
        group = group.element(Level::NOTE.message(text));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(hint));
    }
    renderer.render(&[group])
}

fn annotation<'a>(note: &'a Note, source: &str) -> Annotation<'a> {
    let span = note.place.as_ref().map_or(0..0, |place| place.span(source));
    AnnotationKind::Context.span(span).label(&note.message)
}
