//! A case file: its cases are found at once, and each is read when somebody asks for it.

use super::id::is_kebab;
use super::outline::{Outline, outline};
use super::raw_case::{RawCase, sentence};
use crate::yaml::{self, Diagnostic, FileName, Place, Problems, Value};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// One file of cases.
#[derive(Debug)]
pub struct CaseFile {
    id: String,
    source: Arc<Source>,
    head: Range<usize>,
    cases: Vec<RawCase>,
}

/// A file's name and text.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: FileName,
    pub(super) text: Cow<'static, str>,
}

impl CaseFile {
    /// Finds the cases of a file and expands their tables. `path` ends in `area/file.yaml`, and
    /// places carry it.
    ///
    /// # Errors
    /// Its name or layout is wrong, or a table.
    pub fn read(path: &str, text: impl Into<Cow<'static, str>>) -> Result<Self, Vec<Diagnostic>> {
        let source = Arc::new(Source { name: FileName::from(path), text: text.into() });
        let id = file_id(source.name).map_err(|problem| vec![problem])?;
        let Outline { head, cases } = outline(source.name, &source.text)?;
        let mut problems = Problems::default();
        let cases = cases.into_iter().map(|piece| RawCase::new(&id, piece, &source, &mut problems)).collect();
        problems.finish(Self { id, source, head, cases })
    }

    /// `area/file`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The path that places carry.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.source.name
    }

    /// Its text, for showing a diagnostic.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// Its cases, in their order.
    #[must_use]
    pub fn cases(&self) -> &[RawCase] {
        &self.cases
    }

    /// What its cases have in common.
    ///
    /// # Errors
    /// It is missing, or unreadable.
    pub fn about(&self) -> Result<String, Diagnostic> {
        let head = yaml::parse_part(self.source.name, 1, &self.source.text[self.head.clone()])?;
        let missing =
            || Diagnostic::new(&Place::start_of(self.source.name), "`about` is missing in this file");
        match head.value {
            Value::Null => Err(missing()),
            _ => head.as_map(&["about"])?.required_as("about", sentence),
        }
    }
}

/// `area/file` of a path that ends in `area/file.yaml`.
fn file_id(path: FileName) -> Result<String, Diagnostic> {
    let refused = |message: &str| {
        let hint = "cases stand in `area/file.yaml`: lower-case words and digits joined by hyphens";
        Err(Diagnostic::new(&Place::start_of(path), message).with_hint(hint.to_owned()))
    };
    let Some(stem) = path.strip_suffix(".yaml") else { return refused("a case file's name ends in `.yaml`") };
    let mut parts = stem.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(file), Some(area)) if is_kebab(file) && is_kebab(area) => Ok(format!("{area}/{file}")),
        (_, None) => refused("this file is in no area"),
        _ => refused("the name of this file or of its area is none for cases"),
    }
}
