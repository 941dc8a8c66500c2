//! The short way: a text of maps, lists and scalars whose meaning leaves no doubt, read in one pass.
//!
//! Whatever else a text holds (an anchor, a tag, a control character, a mistake), [`read`] gives up, and
//! `serde_yaml` decides what it means or what is wrong with it. Where this way reads a text at all, both
//! read the same: tests over every file of the project and over random texts hold them together.

use super::FileName;
use super::marks::{Mark, MarkKind, Marks};
use super::parse::number;
use super::{Key, Node, Place, Value};
use std::borrow::Cow;
use std::iter::Peekable;
use std::vec::IntoIter;

/// The node of a text in which everything is plain; `lines_before` stand in front of it in its file.
pub(super) fn read(file: FileName, lines_before: u32, text: &str, marks: Marks<'_>) -> Option<Node> {
    let is_plain = |character: char| match character {
        '\n' => true,
        // Ends of lines for one reader and not for the other, or refused by one of them.
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => !character.is_control(),
    };
    if !marks.are_plain || !text.chars().all(is_plain) || !lines_are_plain(text) {
        return None;
    }
    let mut reader = Reader { file, lines_before, marks: marks.marks.into_iter().peekable() };
    let node = reader.node(0)?;
    reader.marks.next().is_none().then_some(node)
}

/// Whether every colon has its key on the same line and its value apart (elsewhere it is told in two ways
/// what is a key), and no line is for a reader of many documents. Keys without any ASCII are left to the
/// other way.
fn lines_are_plain(text: &str) -> bool {
    let octets = text.as_bytes();
    let mut begins = true;
    let mut has_key = false;
    octets.iter().enumerate().all(|(at, octet)| {
        let rest = &octets[at + 1..];
        let is_plain = match octet {
            b'%' => !begins,
            b'-' => !(begins && rest.starts_with(b"--")),
            b'.' => !(begins && rest.starts_with(b"..")),
            b':' => has_key && matches!(rest.first(), None | Some(b' ' | b'\n')),
            _ => true,
        };
        begins = *octet == b'\n';
        has_key = !begins && (has_key || *octet != b' ' && octet.is_ascii());
        is_plain
    })
}

struct Reader<'a> {
    file: FileName,
    lines_before: u32,
    marks: Peekable<IntoIter<Mark<'a>>>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let mark = self.marks.next()?;
        let mut place = self.place(&mark);
        let value = match mark.kind {
            MarkKind::Scalar { written, is_bare } => return scalar(place, written, is_bare),
            MarkKind::List => {
                let mut elements = Vec::new();
                while !self.ends() {
                    elements.push(self.node(depth + 1)?);
                }
                Value::List(elements)
            }
            MarkKind::Map => {
                let mut entries: Vec<(Key, Node)> = Vec::new();
                while !self.ends() {
                    let key = self.key()?;
                    if entries.iter().any(|(other, _)| other.name == key.name) {
                        return None;
                    }
                    // A map without braces begins with its first key: the caret shows all of that key.
                    if (key.place.line, key.place.column) == (place.line, place.column) {
                        place.length = key.place.length;
                    }
                    entries.push((key, self.node(depth + 1)?));
                }
                Value::Map(entries)
            }
            MarkKind::End | MarkKind::Alias(_) => return None,
        };
        Some(Node { value, place, written: String::new() })
    }

    fn key(&mut self) -> Option<Key> {
        let mark = self.marks.next()?;
        let place = self.place(&mark);
        let MarkKind::Scalar { written, is_bare } = mark.kind else { return None };
        // A key on two lines is one to one reader only.
        if place.length == 0 {
            return None;
        }
        let node = scalar(place, written, is_bare)?;
        match node.value {
            Value::Null | Value::List(_) | Value::Map(_) => None,
            Value::Text(name) if name == "<<" => None,
            Value::Text(name) => Some(Key { name, place: node.place }),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                Some(Key { name: node.written, place: node.place })
            }
        }
    }

    /// Whether the list or map that is being read is at its end, which is then passed.
    fn ends(&mut self) -> bool {
        self.marks.next_if(|mark| matches!(mark.kind, MarkKind::End)).is_some()
    }

    fn place(&self, mark: &Mark<'_>) -> Place {
        mark.place(self.file, self.lines_before)
    }
}

/// `is_bare`: without quotes.
fn scalar(place: Place, written: Cow<'_, str>, is_bare: bool) -> Option<Node> {
    let value = if is_bare { bare(&written)? } else { None };
    Some(match value {
        Some(Value::Null) => Node { value: Value::Null, place, written: String::new() },
        Some(value) => Node { value, place, written: written.into_owned() },
        None => Node::text(place, written),
    })
}

/// What a scalar without quotes means, where it is anything but its own text. Nothing at all where this
/// way of reading does not know.
fn bare(written: &str) -> Option<Option<Value>> {
    // Of `0x1f`, `0o17`, `1e3`, `.inf` and `.nan`; `1s` and `500ms` are none.
    let of_a_number = |octet: u8| octet.is_ascii_hexdigit() || b"+-._xXoOiInN".contains(&octet);
    let is_a_word = |word: &&str| written.eq_ignore_ascii_case(word);
    match written.chars().next() {
        None | Some('~') if written.len() < 2 => Some(Some(Value::Null)),
        Some('0'..='9' | '+' | '-' | '.') if written.bytes().all(of_a_number) => number(written),
        Some('0'..='9' | '+' | '-' | '.' | '$' | '(' | '/' | '<' | '=' | '_') => Some(None),
        Some(letter) if letter.is_alphabetic() => match written {
            "null" => Some(Some(Value::Null)),
            "true" => Some(Some(Value::Bool(true))),
            "false" => Some(Some(Value::Bool(false))),
            // `Null`, `TRUE`: rare enough for the other way.
            _ if ["null", "true", "false"].iter().any(is_a_word) => None,
            _ => Some(None),
        },
        _ => None,
    }
}

/// Deeper than people nest, and less deep than `serde_yaml` follows.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::super::marks::read_marks;
    use super::super::parse::parse_any;
    use super::*;
    use crate::yaml::Diagnostic;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use std::path::{Path, PathBuf};

    fn short_way(text: &str) -> Option<Node> {
        read(FileName::from("t.yaml"), 0, text, read_marks(text))
    }

    /// As text: no number is what a not-a-number is.
    fn other_way(text: &str) -> String {
        format!("{:#?}", parse_any(FileName::from("t.yaml"), 0, text))
    }

    /// What both ways make of it, where the short way goes at all.
    fn both_ways(text: &str) -> Option<(String, String)> {
        let short = short_way(text).map(Ok::<_, Diagnostic>)?;
        Some((format!("{short:#?}"), other_way(text)))
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }

    #[test]
    fn files_of_the_project_are_read_the_short_way_and_mean_the_same() {
        let mut found = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), &mut found);
        assert!(found.len() > 40, "{found:?}");
        let mut short_ones = 0;
        for path in &found {
            let text = std::fs::read_to_string(path).expect("text");
            if let Some((short, other)) = both_ways(&text) {
                assert_eq!(short, other, "{}", path.display());
                short_ones += 1;
            }
        }
        assert!(short_ones * 2 > found.len(), "{short_ones} of {}", found.len());
    }

    #[test]
    fn words_and_numbers_mean_what_they_mean_to_the_other_reader() {
        let words = "a ~ null true false yes no 0 7 007 -1 +1 0x1f 0xFFFFFFFFFFFFFFF 0xfffffffffffffffff 0x 0xg 1..400 0o17 0b11 1.5 -.5 1e3 2d .inf -.inf .nan 1_000 \
                     1s 2^32 2*MSL RCV.NXT+1 9223372036854775807 9223372036854775808 99999999999999999999 -0 + .";
        for word in words.split(' ') {
            let (short, other) = both_ways(&format!("[x, {word}]\n")).expect("plain");
            assert_eq!(short, other, "{word}");
        }
    }

    #[test]
    fn what_leaves_a_doubt_is_left_to_the_other_reader() {
        let texts = [
            "&a b",
            "[&a b, *a]",
            "!!str 5",
            "--- a",
            "\"\\x41\"",
            "a: 1\na: 2",
            "<<: {}",
            "NULL",
            "? [a]\n: b",
        ];
        for text in texts {
            assert_eq!(short_way(&format!("{text}\n")), None, "{text}");
        }
        assert_eq!(short_way(&format!("{}{}\n", "[".repeat(60), "]".repeat(60))), None);
    }

    proptest! {
        #[test]
        fn where_it_reads_at_all_both_ways_agree(parts in proptest::collection::vec(prop_oneof![
            Just("a: "), Just("b:"), Just("- "), Just("-"), Just("\n"), Just("\n  "), Just("\n    "), Just("["), Just("]"),
            Just("{"), Just("}"), Just(", "), Just(","), Just("'"), Just("''"), Just("\""), Just("|\n"), Just(">\n"), Just(">-\n"),
            Just("|+\n"), Just("$x"), Just("#"), Just(" # c"), Just("? "), Just("?"), Just(": "), Just(":"), Just("é"), Just("1s"),
            Just("12"), Just("0x1"), Just("1.5"), Just("-1"), Just("~"), Just("true"), Just("word"), Just("two words"), Just(" ")],
            0..16)) {
            let text = parts.concat() + "\n";
            if let Some((short, other)) = both_ways(&text) {
                prop_assert_eq!(short, other, "{}", text);
            }
        }

        #[test]
        fn arbitrary_plain_text_is_read_the_same(text in "(?s)[ -~\n]{0,40}\n") {
            if let Some((short, other)) = both_ways(&text) {
                prop_assert_eq!(short, other, "{}", text);
            }
        }
    }
}
