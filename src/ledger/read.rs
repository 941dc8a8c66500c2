//! The file of a ledger -> a ledger.

use super::{Condition, Date, Entry, EntryPlaces, Ledger, Pattern};
use crate::yaml::{self, Diagnostic, Fields, Node, Problems};

impl Ledger {
    /// Reads a ledger; `file` is the name that places carry.
    ///
    /// # Errors
    /// Everything that is wrong with it: unknown and missing keys, an empty reason or source, what
    /// is no code, no date or no version, entries that stand twice.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let root = yaml::parse(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Problems::default();
        let entries = entries(&root, &mut problems).unwrap_or_default();
        problems.finish(Self { entries })
    }
}

fn entries(root: &Node, problems: &mut Problems) -> Option<Vec<Entry>> {
    let fields = Fields::read(root, &["about", "entries"], problems)?;
    problems.note(fields.optional_as("about", Node::as_text));
    let nodes = problems.note(fields.required("entries").and_then(Node::as_list))?;
    let mut entries: Vec<Entry> = Vec::new();
    for node in nodes {
        let Some(entry) = entry(node, problems) else { continue };
        match entries.iter().find(|other| other.says_the_same_as(&entry)) {
            Some(first) => problems.push(
                Diagnostic::new(&entry.place, "this entry stands twice")
                    .with_note_at(&first.place, "first here")
                    .with_hint("remove one of them".to_owned()),
            ),
            None => entries.push(entry),
        }
    }
    Some(entries)
}

impl Entry {
    fn says_the_same_as(&self, other: &Self) -> bool {
        (&self.case, &self.finding, &self.when) == (&other.case, &other.finding, &other.when)
    }
}

/// The keys of an entry.
pub const KEYS: [&str; 6] = ["case", "finding", "reason", "source", "when", "expires"];

fn entry(node: &Node, problems: &mut Problems) -> Option<Entry> {
    let fields = Fields::read(node, &KEYS, problems)?;
    let case = problems.note(fields.required_as("case", pattern));
    let finding = problems.note(fields.required_as("finding", code));
    let reason = problems.note(fields.required_as("reason", words));
    let source = problems.note(fields.required_as("source", words));
    let when = problems.note(fields.optional_as("when", condition))?;
    let expires = problems.note(fields.optional_as("expires", date))?;
    let place_of = |name| fields.optional(name).map(|node| node.place.clone());
    let places = EntryPlaces {
        case: place_of("case")?,
        finding: place_of("finding")?,
        reason: place_of("reason")?,
        source: place_of("source")?,
        expires: place_of("expires"),
    };
    Some(Entry {
        case: case?,
        finding: finding?,
        reason: reason?,
        source: source?,
        when,
        expires,
        place: node.place.clone(),
        places,
    })
}

fn pattern(node: &Node) -> Result<Pattern, Diagnostic> {
    let text = node.as_text()?;
    if text.contains(char::is_whitespace) || !text.contains(|c: char| c.is_ascii_alphanumeric()) {
        let hint = "write area/file/case, or area/file/*".to_owned();
        return Err(node.problem("this names no case").with_hint(hint));
    }
    Ok(Pattern::new(text))
}

/// The code of a finding.
fn code(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_text()?;
    let kebab = kebab_case(text);
    if text == kebab {
        return Ok(kebab);
    }
    let hint = if kebab.is_empty() { None } else { Some(format!("write {kebab}")) };
    Err(node.problem("a finding is named by its code: small letters, digits and `-`").with_hint(hint))
}

/// `TimeWaitTooShort`, `time_wait too short` -> `time-wait-too-short`.
fn kebab_case(text: &str) -> String {
    let mut code = String::new();
    for character in text.chars() {
        let starts_word = character.is_ascii_uppercase() || !character.is_ascii_alphanumeric();
        if starts_word && !code.is_empty() && !code.ends_with('-') {
            code.push('-');
        }
        if character.is_ascii_alphanumeric() {
            code.push(character.to_ascii_lowercase());
        }
    }
    code.trim_end_matches('-').to_owned()
}

fn words(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_text()?.trim();
    if text.is_empty() { Err(node.problem("this needs a sentence")) } else { Ok(text.to_owned()) }
}

fn condition(node: &Node) -> Result<Condition, Diagnostic> {
    let hint = || "write {kernel: '>= 6.5, < 6.17'}".to_owned();
    match node.as_entries().map_err(|problem| problem.with_hint(hint()))? {
        [(target, bounds)] => Condition::new(&target.name, bounds.as_scalar()?)
            .map_err(|error| bounds.problem(error.to_string()).with_hint(hint())),
        _ => Err(node.problem("expected the name of one target").with_hint(hint())),
    }
}

fn date(node: &Node) -> Result<Date, Diagnostic> {
    let text = node.as_scalar()?;
    text.parse().map_err(|_| {
        node.problem(format!("`{text}` is no day of the calendar")).with_hint("write 2027-03-31".to_owned())
    })
}
