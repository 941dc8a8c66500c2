//! Text -> nodes: what is plain the short way, all else with values from `serde_yaml` and places from
//! `saphyr-parser`.

use super::FileName;
use super::marks::{Mark, MarkKind, read_marks};
use super::tree::Tree;
use super::{Diagnostic, Key, Node, Place, Value, plain};

/// Reads one YAML document; `file` is the name that places carry.
///
/// # Errors
/// It is no YAML, holds more than one document, nests or repeats beyond measure, has a key twice,
/// or uses a tag or a merge key (`<<`), which nothing here understands.
pub fn parse(file: &str, text: &str) -> Result<Node, Diagnostic> {
    parse_part(FileName::from(file), 1, text)
}

/// [`parse`] for a part of a file that starts at its line `first_line`.
///
/// # Errors
/// As [`parse`].
pub fn parse_part(file: FileName, first_line: u32, text: &str) -> Result<Node, Diagnostic> {
    let lines_before = first_line.saturating_sub(1);
    if let Some(place) = lone_return(file, lines_before, text) {
        return Err(Diagnostic::new(&place, "not readable as YAML: a carriage return without a line feed")
            .with_hint("end lines with a line feed, alone or behind a carriage return".to_owned()));
    }
    if let Some(node) = plain::read(file, lines_before, text, read_marks(text)) {
        return Ok(node);
    }
    parse_any(file, lines_before, text)
}

/// [`parse_part`] of whatever YAML allows.
pub(super) fn parse_any(file: FileName, lines_before: u32, text: &str) -> Result<Node, Diagnostic> {
    let tree =
        serde_yaml::from_str::<Tree>(text).map_err(|error| syntax_error(file, lines_before, text, &error))?;
    Builder { file, lines_before, marks: read_marks(text).marks, next: 0, in_step: true }.node(tree)
}

/// Walks the tree and the marks side by side.
struct Builder<'a> {
    file: FileName,
    lines_before: u32,
    marks: Vec<Mark<'a>>,
    next: usize,
    /// Whether both parsers have agreed so far; from the first difference on, places are 1:1.
    in_step: bool,
}

impl<'a> Builder<'a> {
    /// The node for `tree`. As deep as `serde_yaml` lets a document nest.
    fn node(&mut self, tree: Tree) -> Result<Node, Diagnostic> {
        let alias = self.enter_alias();
        let mut node = match tree {
            Tree::Null => self.scalar(Value::Null),
            Tree::Bool(value) => self.scalar(Value::Bool(value)),
            Tree::Int(value) => self.scalar(Value::Int(value)),
            Tree::Float(value) => self.scalar(Value::Float(value)),
            Tree::Text(text) => self.scalar(Value::Text(text)),
            Tree::List(elements) => self.list(elements)?,
            Tree::Map(entries) => self.map(entries)?,
            Tree::Tagged(tag, content) => {
                let content = self.node(*content)?;
                return Err(content.problem(format!("the tag `{tag}` means nothing here")));
            }
        };
        if let Some((place, after)) = alias {
            node.place = place;
            self.next = after;
        }
        Ok(node)
    }

    fn scalar(&mut self, value: Value) -> Node {
        let (place, written) = self.take(|kind| match kind {
            MarkKind::Scalar { written, .. } => Some(written.clone()),
            _ => None,
        });
        let written = match (&value, written) {
            // Text is its own writing.
            (Value::Null | Value::Text(_), _) => String::new(),
            (_, Some(written)) => written.into_owned(),
            (Value::Bool(value), None) => value.to_string(),
            (Value::Int(value), None) => value.to_string(),
            (Value::Float(value), None) => value.to_string(),
            (Value::List(_) | Value::Map(_), None) => String::new(),
        };
        Node { value, place, written }
    }

    fn list(&mut self, elements: Vec<Tree>) -> Result<Node, Diagnostic> {
        let (place, _) = self.take(|kind| matches!(kind, MarkKind::List).then_some(()));
        let elements = elements.into_iter().map(|element| self.node(element)).collect::<Result<_, _>>()?;
        self.take(|kind| matches!(kind, MarkKind::End).then_some(()));
        Ok(Node { value: Value::List(elements), place, written: String::new() })
    }

    fn map(&mut self, entries: Vec<(Tree, Tree)>) -> Result<Node, Diagnostic> {
        let (mut place, _) = self.take(|kind| matches!(kind, MarkKind::Map).then_some(()));
        let mut read: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.key(key)?;
            // A map without braces begins with its first key: the caret shows all of that key.
            if (key.place.line, key.place.column) == (place.line, place.column) {
                place.length = key.place.length;
            }
            // Maps of people are short: no table is needed to find a key again.
            if let Some((first, _)) = read.iter().find(|(other, _)| other.name == key.name) {
                return Err(Diagnostic::new(&key.place, format!("`{}` stands twice in this map", key.name))
                    .with_note_at(&first.place, "first here"));
            }
            read.push((key, self.node(value)?));
        }
        self.take(|kind| matches!(kind, MarkKind::End).then_some(()));
        Ok(Node { value: Value::Map(read), place, written: String::new() })
    }

    fn key(&mut self, tree: Tree) -> Result<Key, Diagnostic> {
        let node = self.node(tree)?;
        match &node.value {
            Value::Null | Value::List(_) | Value::Map(_) => {
                Err(node.problem(format!("a key must be a word, found {}", node.kind())))
            }
            Value::Text(name) if name == "<<" => Err(node
                .problem("merge keys are not applied here")
                .with_hint("write the keys out".to_owned())),
            _ => Ok(Key { name: node.raw().to_owned(), place: node.place }),
        }
    }

    /// The place of the next mark and what `read` makes of it, if it is what `read` wants.
    fn take<T>(&mut self, read: impl FnOnce(&MarkKind<'a>) -> Option<T>) -> (Place, Option<T>) {
        let mark = self.marks.get(self.next).filter(|_| self.in_step);
        match mark.and_then(|mark| Some((mark, read(&mark.kind)?))) {
            Some((mark, content)) => {
                self.next += 1;
                (self.place(mark), Some(content))
            }
            None => {
                self.in_step = false;
                (Place::start_of(self.file), None)
            }
        }
    }

    /// If the next mark is an alias, goes to what it repeats; returns the place of the use and
    /// where to go on after it.
    fn enter_alias(&mut self) -> Option<(Place, usize)> {
        let mark = self.marks.get(self.next).filter(|_| self.in_step)?;
        let MarkKind::Alias(target) = mark.kind else { return None };
        let after = (self.place(mark), self.next + 1);
        // An unknown anchor leads to no mark: the parsers are out of step.
        self.next = target.unwrap_or(usize::MAX);
        Some(after)
    }

    fn place(&self, mark: &Mark) -> Place {
        mark.place(self.file, self.lines_before)
    }
}

/// What `serde_yaml` makes of a word that may be a number; nothing where it does not read it, and
/// nothing inside where it is text.
pub(super) fn number(written: &str) -> Option<Option<Value>> {
    // What every reader takes for a whole number, or for none, is not asked for.
    let all =
        |digits: &str, are: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|octet| are(&octet));
    let hexadecimal = written.strip_prefix("0x").filter(|digits| digits.len() < 16);
    if let Some(digits) = hexadecimal.filter(|digits| all(digits, u8::is_ascii_hexdigit)) {
        return i64::from_str_radix(digits, 16).ok().map(|value| Some(Value::Int(value)));
    }
    let is_decimal = written.len() < 19 && (written == "0" || !written.starts_with('0'));
    if is_decimal && all(written, u8::is_ascii_digit) {
        return written.parse().ok().map(|value| Some(Value::Int(value)));
    }
    if written.contains("..") {
        return Some(None);
    }
    Some(match serde_yaml::from_str::<Tree>(written).ok()? {
        Tree::Int(value) => Some(Value::Int(value)),
        Tree::Float(value) => Some(Value::Float(value)),
        Tree::Text(_) => None,
        _ => return None,
    })
}

/// What `serde_yaml` says about a text that it cannot read, with a place and advice.
fn syntax_error(file: FileName, lines_before: u32, text: &str, error: &serde_yaml::Error) -> Diagnostic {
    let place = error.location().map_or_else(
        || Place::start_of(file),
        |at| {
            let (line, column) = within(text, at.line(), at.column());
            Place { file, line: line.saturating_add(lines_before), column, length: 1 }
        },
    );
    let said = error.to_string();
    // "problem at line 3 column 1, while doing this at line 2 column 1"
    let problem = said.split(" at line ").next().unwrap_or(&said);
    let line = error.location().and_then(|at| text.lines().nth(at.line().saturating_sub(1)));
    let is_tab = line.is_some_and(|line| line.trim_start_matches(' ').starts_with('\t'));
    let (message, hint) = explained(problem, is_tab);
    let mut diagnostic = Diagnostic::new(&place, format!("not readable as YAML: {message}"))
        .with_hint(hint.map(str::to_owned));
    if let Some((_, context)) = said.split_once(", while ") {
        diagnostic = diagnostic.with_note(format!("while {context}"));
    }
    diagnostic
}

/// The first carriage return that a line feed does not follow. YAML ends a line there, editors and
/// everything else here do not: no place behind it would be right.
fn lone_return(file: FileName, lines_before: u32, text: &str) -> Option<Place> {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let is_alone = |(at, _): &(usize, &str)| !text[at + 1..].starts_with('\n');
    let (at, _) = text.match_indices('\r').find(is_alone)?;
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let line = number(line).saturating_add(lines_before);
    Some(Place { file, line, column: number(column), length: 1 })
}

/// Line and column of the text: a parser that has come to the end may name the line behind the last.
fn within(text: &str, line: usize, column: usize) -> (u32, u32) {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let lines = text.split('\n').count();
    let line = line.clamp(1, lines);
    let end = text.split('\n').nth(line - 1).map_or(0, |line| line.chars().count()) + 1;
    (number(line), number(column.clamp(1, end)))
}

/// The parser's message in plain words, and what mends it.
fn explained(problem: &str, is_tab: bool) -> (&str, Option<&'static str>) {
    let hint = match problem {
        _ if is_tab => "indent with spaces: YAML takes no tabs there",
        "mapping values are not allowed in this context" => {
            "text with `: ` in it needs quotes; a key needs the indentation of its neighbours"
        }
        "found character that cannot start any token" => "text that begins with @ or ` needs quotes",
        "did not find expected ',' or '}'" => "a `{` map ends with `}`; `${x}` is written `$x`",
        "did not find expected key" => {
            "each key of a map needs the indentation of its neighbours; a ' inside '…' is written twice"
        }
        "recursion limit exceeded" => return ("nested too deeply, or an alias within itself", None),
        "repetition limit exceeded" => return ("aliases repeat too much", None),
        _ if problem.ends_with("more than one document is not supported") => {
            return ("more than one document in a file", Some("remove the `---`"));
        }
        _ => return (problem, None),
    };
    (problem, Some(hint))
}
