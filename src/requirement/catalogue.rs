//! The catalogue as a whole: found by id, read only where asked for.

use super::read::{self, Rows};
use super::{Level, Requirement};
use crate::yaml::{self, Diagnostic, FileName, Place, Problems, nearest};
use std::collections::HashMap;
use std::sync::OnceLock;

/// The catalogue files, by the name that places carry, and their text.
pub const FILES: [(&str, &str); 3] = [
    (
        "cases/requirements/rfc9293.yaml",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/requirements/rfc9293.yaml")),
    ),
    (
        "cases/requirements/rfc9293-events.yaml",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/requirements/rfc9293-events.yaml")),
    ),
    (
        "cases/requirements/extensions.yaml",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/requirements/extensions.yaml")),
    ),
];

/// All requirements, in the order of their files.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug)]
enum Entry {
    /// Read already.
    Read(Requirement),
    /// Known by its id; read from its lines when somebody asks.
    Indexed { id: &'static str, lines: Lines, read: OnceLock<Option<Requirement>> },
}

/// The lines of one row in an embedded file.
#[derive(Debug)]
struct Lines {
    file: FileName,
    first: u32,
    text: &'static str,
    kind: Rows,
    rfc: Option<u16>,
}

impl Catalogue {
    /// The catalogue inside this program. Only an index is made (well under a millisecond); a row
    /// is read when it is asked for. That every row can be read is checked by a test and by
    /// [`Catalogue::check`].
    #[must_use]
    pub fn embedded() -> Self {
        let rows = FILES.iter().map(|(_, text)| text.matches("\n- id: ").count());
        let mut entries = Vec::with_capacity(rows.sum());
        for (name, text) in FILES {
            index(FileName::from(name), text, &mut entries);
        }
        Self::of(entries)
    }

    /// The catalogue of other files (name and text of each), read completely.
    ///
    /// # Errors
    /// Everything that [`Catalogue::check`] finds.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self::of(strict(files)?.into_iter().map(Entry::Read).collect()))
    }

    /// Everything that is wrong with catalogue files: what is no YAML, unknown or missing keys,
    /// unknown words, ids that stand twice in one or several of them.
    #[must_use]
    pub fn check(files: &[(&str, &str)]) -> Vec<Diagnostic> {
        strict(files).err().unwrap_or_default()
    }

    /// The requirement of this name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.entries[*self.by_id.get(id)?].requirement()
    }

    /// Its level, without reading all of it.
    #[must_use]
    pub fn level(&self, id: &str) -> Option<Level> {
        let entry = &self.entries[*self.by_id.get(id)?];
        entry.level().or_else(|| entry.requirement().map(|requirement| requirement.level))
    }

    /// Whether there is a requirement of this name.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// The name that was probably meant.
    #[must_use]
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.ids())
    }

    /// All names, in the order of the files.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(Entry::id)
    }

    /// All requirements, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.entries.iter().filter_map(Entry::requirement)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn of(entries: Vec<Entry>) -> Self {
        let by_id = entries.iter().enumerate().map(|(at, entry)| (entry.id().to_owned(), at)).collect();
        Self { entries, by_id }
    }
}

impl Entry {
    fn id(&self) -> &str {
        match self {
            Self::Read(requirement) => &requirement.id,
            Self::Indexed { id, .. } => id,
        }
    }

    /// The level where it can be told from the lines.
    fn level(&self) -> Option<Level> {
        match self {
            Self::Read(requirement) => Some(requirement.level),
            Self::Indexed { lines, .. } => {
                let word = lines.text.lines().find_map(|line| line.strip_prefix("  level: "));
                match lines.kind {
                    Rows::Events if word.is_none() => Some(Level::Must),
                    // Behind some stands why.
                    _ => word?.split(" #").next()?.trim_end().parse().ok(),
                }
            }
        }
    }

    fn requirement(&self) -> Option<&Requirement> {
        match self {
            Self::Read(requirement) => Some(requirement),
            Self::Indexed { lines, read, .. } => read.get_or_init(|| lines.requirement()).as_ref(),
        }
    }
}

impl Lines {
    fn requirement(&self) -> Option<Requirement> {
        let list = yaml::parse_part(self.file, self.first, self.text).ok()?;
        let row = list.as_list().ok()?.first()?;
        read::requirement(row, self.kind, self.rfc).ok()
    }
}

/// The rows of a catalogue file, found by their first lines (`- id: …`) and not yet read. That its
/// files are laid out for this is shown by the test that compares it with the strict reading.
fn index(file: FileName, text: &'static str, entries: &mut Vec<Entry>) {
    let (mut kind, mut rfc) = (None, None);
    let mut open = None;
    let mut at = 0;
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        let is_top_key = line.starts_with(|first: char| first.is_ascii_alphabetic());
        let id = line.strip_prefix("- id: ").map(str::trim).filter(|_| kind.is_some());
        if is_top_key || id.is_some() {
            entries.extend(open.take().map(|row| indexed(file, row, &text[..at], rfc)));
        }
        if let Some(rest) = line.strip_prefix("rfc:") {
            rfc = rest.trim().parse().ok();
        }
        if is_top_key {
            kind = match line.trim_end() {
                "requirements:" => Some(Rows::Requirements),
                "rows:" => Some(Rows::Events),
                _ => None,
            };
        }
        open = id.zip(kind).map(|(id, kind)| Start { id, kind, line: number, at }).or(open);
        at += line.len();
    }
    entries.extend(open.map(|row| indexed(file, row, text, rfc)));
}

/// Where a row starts.
struct Start {
    id: &'static str,
    kind: Rows,
    line: u32,
    at: usize,
}

fn indexed(file: FileName, row: Start, up_to: &'static str, rfc: Option<u16>) -> Entry {
    let lines = Lines { file, first: row.line, text: &up_to[row.at..], kind: row.kind, rfc };
    Entry::Indexed { id: row.id, lines, read: OnceLock::new() }
}

/// Every row of all files, or all that is wrong with them.
fn strict(files: &[(&str, &str)]) -> Result<Vec<Requirement>, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let mut rows: Vec<Requirement> = Vec::new();
    let mut first: HashMap<String, Place> = HashMap::new();
    for (name, text) in files {
        for row in read::file(name, text, &mut problems) {
            match first.get(&row.id) {
                Some(earlier) => problems.push(
                    Diagnostic::new(&row.place, format!("`{}` is a requirement already", row.id))
                        .with_note_at(earlier, "first here"),
                ),
                None => {
                    first.insert(row.id.clone(), row.place.clone());
                    rows.push(row);
                }
            }
        }
    }
    problems.finish(rows)
}
