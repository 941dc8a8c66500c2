//! The outline of a case file: where each case's lines are, found without reading them as YAML, so
//! that thousands of trials can be listed at once and each is read only when it is run.
//!
//! That asks for one layout:
//!
//! ```yaml
//! about: What the cases have in common
//!
//! cases:
//!   name-of-a-case:        # two blanks
//!     title: …             # its keys: four blanks
//! ```
//!
//! A full check reads each file as a whole too, and the two must agree.

use super::id::is_kebab;
use crate::yaml::{Diagnostic, FileName, Place, nearest};
use std::ops::Range;

/// The parts of a case file.
#[derive(Debug, PartialEq)]
pub(super) struct Outline {
    /// What stands before `cases:`.
    pub(super) head: Range<usize>,
    /// The cases in their order.
    pub(super) cases: Vec<Piece>,
}

/// The lines of one case.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    /// Its name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) place: Place,
    /// The number of the first line below the name.
    pub(super) first_line: u32,
    /// The octets of the lines below the name.
    pub(super) body: Range<usize>,
}

/// Finds the cases in `text`.
///
/// # Errors
/// Every line that does not keep the layout.
pub(super) fn outline(file: FileName, text: &str) -> Result<Outline, Vec<Diagnostic>> {
    let mut outline = Outline { head: 0..text.len(), cases: Vec::new() };
    let mut problems = Vec::new();
    let mut in_cases = false;
    let mut in_case = false;
    for line in lines(text, 1) {
        let at = |length: usize| line.place(file, length);
        match (in_cases, line.indent) {
            (_, 0) => match line.key() {
                Some("cases") if !in_cases => {
                    in_cases = true;
                    outline.head.end = line.start;
                }
                Some("about") if !in_cases => {}
                key => problems.push(not_at_top(key, &at(line.content.len()))),
            },
            (false, _) => {}
            (true, 2) => {
                in_case = true;
                outline.end_last(line.start);
                match line.key().filter(|name| line.is_bare_key() && is_kebab(name)) {
                    Some(name) => outline.begin(name, &line, file, text.len(), &mut problems),
                    None => problems.push(not_a_name(line.content, &at(line.content.len()))),
                }
            }
            (true, indent) if indent < 4 || !in_case => {
                let message = "a case's name has two blanks before it, its keys have four";
                problems.push(Diagnostic::new(&at(line.content.len()), message));
            }
            (true, _) => {}
        }
    }
    if !in_cases && problems.is_empty() {
        problems.push(Diagnostic::new(&Place::start_of(file), "`cases` is missing in this file"));
    }
    if problems.is_empty() { Ok(outline) } else { Err(problems) }
}

/// The lines of one key of a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeyLines<'t> {
    /// The key; empty where its line does not look like one.
    pub(super) key: &'t str,
    /// The number of its first line.
    pub(super) first_line: u32,
    /// Its lines.
    pub(super) text: &'t str,
}

/// The keys of a case, in their order. `first_line` is the number of the first line of `body`.
pub(super) fn key_lines(body: &str, first_line: u32) -> Vec<KeyLines<'_>> {
    // A list may stand as deep as its key, and a bracket may close there.
    let is_key = |line: &Line<'_>| line.indent == 4 && !line.content.starts_with(['-', ']', '}']);
    let keys: Vec<Line<'_>> = lines(body, first_line).filter(is_key).collect();
    let ends = keys.iter().skip(1).map(|next| next.start).chain([body.len()]);
    keys.iter()
        .zip(ends)
        .map(|(line, end)| KeyLines {
            key: line.key().unwrap_or_default(),
            first_line: line.number,
            text: &body[line.start..end],
        })
        .collect()
}

/// The lines of a case with those of some keys made blank, so that all others keep their numbers.
pub(super) fn without_keys(body: &str, left_out: &[&str]) -> String {
    let keys = key_lines(body, 1);
    let blank = |text: &str| "\n".repeat(text.matches('\n').count());
    let before: usize = body.len() - keys.iter().map(|key| key.text.len()).sum::<usize>();
    let mut text = body[..before].to_owned();
    for key in keys {
        if left_out.contains(&key.key) {
            text.push_str(&blank(key.text));
        } else {
            text.push_str(key.text);
        }
    }
    text
}

impl Outline {
    fn begin(
        &mut self,
        name: &str,
        line: &Line<'_>,
        file: FileName,
        end: usize,
        problems: &mut Vec<Diagnostic>,
    ) {
        let place = line.place(file, name.len());
        if let Some(first) = self.cases.iter().find(|case| case.name == name) {
            let problem = Diagnostic::new(&place, format!("`{name}` is there twice"));
            problems.push(problem.with_note_at(&first.place, "first here"));
        }
        let body = line.end..end;
        self.cases.push(Piece { name: name.to_owned(), place, first_line: line.number + 1, body });
    }

    fn end_last(&mut self, at: usize) {
        if let Some(last) = self.cases.last_mut() {
            last.body.end = at;
        }
    }
}

/// A line that is neither blank nor a comment.
struct Line<'t> {
    number: u32,
    /// Octets of the text before it and behind it.
    start: usize,
    end: usize,
    indent: usize,
    /// Without indent and line end.
    content: &'t str,
}

fn lines(text: &str, first: u32) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    (first..)
        .zip(text.split_inclusive('\n'))
        .map(move |(number, line)| {
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            let begins = start;
            start += line.len();
            Line { number, start: begins, end: start, indent, content: content.trim_end() }
        })
        .filter(|line| !line.content.is_empty() && !line.content.starts_with('#'))
}

impl<'t> Line<'t> {
    /// The key that it begins with.
    fn key(&self) -> Option<&'t str> {
        let (key, behind) = self.content.split_once(':')?;
        (behind.is_empty() || behind.starts_with([' ', '\t'])).then_some(key)
    }

    /// Nothing stands behind the key but a comment.
    fn is_bare_key(&self) -> bool {
        let behind = self.content.split_once(':').map_or("", |(_, behind)| behind).trim_start();
        behind.is_empty() || behind.starts_with('#')
    }

    fn place(&self, file: FileName, length: usize) -> Place {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let characters = self.content.get(..length).map_or(length, |text| text.chars().count());
        Place { file, line: self.number, column: number(self.indent + 1), length: number(characters) }
    }
}

fn not_at_top(key: Option<&str>, place: &Place) -> Diagnostic {
    let Some(key) = key else {
        return Diagnostic::new(place, "a case file has two keys: `about`, then `cases`");
    };
    let problem = match key {
        "about" | "cases" => {
            Diagnostic::new(place, format!("`{key}` is out of place: `about` once, then `cases` once"))
        }
        _ => Diagnostic::new(place, format!("`{key}` is not a key of a case file")),
    };
    let hint = nearest(key, ["about", "cases"]).filter(|near| *near != key);
    problem.with_hint(hint.map(|near| format!("did you mean `{near}`?")))
}

fn not_a_name(content: &str, place: &Place) -> Diagnostic {
    let problem = Diagnostic::new(place, "the name of a case is expected here, alone on its line");
    let plain: String = content
        .chars()
        .take_while(|c| *c != ':')
        .map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() })
        .collect();
    let hint = is_kebab(&plain).then(|| format!("write `{plain}:` and its keys on the lines below"));
    problem.with_hint(hint.or_else(|| Some("lower-case words and digits joined by hyphens".into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const TEXT: &str = "\
# a comment
about: >
  Two lines
  of text

cases:
  first-case:   # why
    title: One
    for:
    - {a: 1}
    - {a: 2}

    given: LISTEN
  second-case:
    for: {
      a: [1]
    }
    title: Two
";

    #[test]
    fn cases_are_found_by_their_indentation() {
        let found = outline("x.yaml".into(), TEXT).expect("an outline");
        assert_eq!(&TEXT[found.head], "# a comment\nabout: >\n  Two lines\n  of text\n\n");
        let pieces: Vec<_> = found
            .cases
            .iter()
            .map(|case| {
                (
                    case.name.as_str(),
                    case.place.line,
                    case.first_line,
                    TEXT[case.body.clone()].lines().count(),
                )
            })
            .collect();
        assert_eq!(pieces, [("first-case", 7, 8, 6), ("second-case", 14, 15, 4)]);
    }

    #[test]
    fn the_lines_of_a_key_end_where_the_next_key_begins() {
        let found = outline("x.yaml".into(), TEXT).expect("an outline");
        let keys = |index: usize| {
            let case: &Piece = &found.cases[index];
            key_lines(&TEXT[case.body.clone()], case.first_line)
        };
        let lines = |key, first_line, text| KeyLines { key, first_line, text };
        assert_eq!(
            keys(0),
            [
                lines("title", 8, "    title: One\n"),
                lines("for", 9, "    for:\n    - {a: 1}\n    - {a: 2}\n\n"),
                lines("given", 13, "    given: LISTEN\n")
            ]
        );
        assert_eq!(
            keys(1),
            [lines("for", 15, "    for: {\n      a: [1]\n    }\n"), lines("title", 18, "    title: Two\n")]
        );
    }

    #[test]
    fn lines_of_other_keys_keep_their_numbers() {
        let body = "    # why\n    title: One\n    steps:\n      - x\n\n    effect: Two\n";
        assert_eq!(without_keys(body, &["steps"]), "    # why\n    title: One\n\n\n\n    effect: Two\n");
        assert_eq!(without_keys("\n# nothing\n", &["steps"]), "\n# nothing\n");
    }

    #[test]
    fn what_breaks_the_layout_is_told_line_by_line() {
        let text = "\
abuot: x
cases:
   three-blanks:
  Name_of_case:
  flow: {title: x}
  twice:
    title: 1
  twice:
   title: 2
about: again
- x
";
        let problems = outline("x.yaml".into(), text).expect_err("problems");
        let shown: Vec<_> = problems
            .iter()
            .map(|problem| format!("{problem} | {}", problem.hint.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            shown,
            [
                "x.yaml:1:1: `abuot` is not a key of a case file | did you mean `about`?",
                "x.yaml:3:4: a case's name has two blanks before it, its keys have four | ",
                "x.yaml:4:3: the name of a case is expected here, alone on its line | write `name-of-case:` and its keys on the lines below",
                "x.yaml:5:3: the name of a case is expected here, alone on its line | write `flow:` and its keys on the lines below",
                "x.yaml:8:3: `twice` is there twice | ",
                "x.yaml:9:4: a case's name has two blanks before it, its keys have four | ",
                "x.yaml:10:1: `about` is out of place: `about` once, then `cases` once | ",
                "x.yaml:11:1: a case file has two keys: `about`, then `cases` | ",
            ]
        );
        assert_eq!(
            outline("x.yaml".into(), "about: x").expect_err("no cases")[0].message,
            "`cases` is missing in this file"
        );
    }
}
