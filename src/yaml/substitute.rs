//! `$name` in the cases of a `for:` table.

use super::{Diagnostic, Node, Place, Value, did_you_mean};
use std::collections::BTreeMap;

impl Node {
    /// This node with every `$name` replaced.
    ///
    /// A scalar that is `$name` and nothing else becomes the value itself, whatever it is; inside
    /// longer text the value's own writing is put in its place. Places stay those of the use, so
    /// that an error points into the case. Names in `keep` (such as a loop's `i`) stay as they are,
    /// and so do the keys of maps.
    ///
    /// A name is a letter or `_`, then letters, digits, `_`, and `-` before a letter: `$seq-1` is
    /// `$seq` and `-1`, `$a-b` is one name.
    ///
    /// # Errors
    /// A name without a value, `${name}`, or a list or map inside longer text.
    pub fn substitute(&self, values: &BTreeMap<String, Self>, keep: &[&str]) -> Result<Self, Diagnostic> {
        let value = match &self.value {
            Value::Text(text) => return self.substitute_text(text, values, keep),
            Value::List(elements) => {
                let elements = elements.iter().map(|element| element.substitute(values, keep));
                Value::List(elements.collect::<Result<_, _>>()?)
            }
            Value::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, node)| Ok((key.clone(), node.substitute(values, keep)?)));
                Value::Map(entries.collect::<Result<_, _>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => return Ok(self.clone()),
        };
        Ok(Self { value, place: self.place.clone(), written: String::new() })
    }

    fn substitute_text(
        &self,
        text: &str,
        values: &BTreeMap<String, Self>,
        keep: &[&str],
    ) -> Result<Self, Diagnostic> {
        if !text.contains('$') {
            return Ok(self.clone());
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            replaced.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            if let Some(inner) = behind.strip_prefix('{') {
                let name = &inner[..name_length(inner)];
                let hint = if name.is_empty() { None } else { Some(format!("write ${name}")) };
                return Err(self.problem("`${…}` is not used here").with_hint(hint));
            }
            let name = &behind[..name_length(behind)];
            rest = &behind[name.len()..];
            if name.is_empty() || keep.contains(&name) {
                replaced.push('$');
                replaced.push_str(name);
                continue;
            }
            let value = values.get(name).ok_or_else(|| self.unknown(name, values, keep))?;
            if name.len() + 1 == text.len() {
                return Ok(value.moved_to(&self.place));
            }
            match &value.value {
                Value::Null | Value::List(_) | Value::Map(_) => {
                    let message = format!("`${name}` is {} and cannot stand inside text", value.kind());
                    return Err(self.problem(message).with_note_at(&value.place, "its value"));
                }
                _ => replaced.push_str(value.raw()),
            }
        }
        replaced.push_str(rest);
        Ok(Self::text(self.place.clone(), replaced))
    }

    fn unknown(&self, name: &str, values: &BTreeMap<String, Self>, keep: &[&str]) -> Diagnostic {
        let names: Vec<String> = values
            .keys()
            .map(String::as_str)
            .chain(keep.iter().copied())
            .map(|name| format!("${name}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let written = format!("${name}");
        let hint = match written.split_once('-') {
            Some((first, _)) if names.contains(&first) => {
                Some(format!("a minus needs a space before it: {first} -"))
            }
            _ => did_you_mean(&written, &names),
        };
        self.problem(format!("`{written}` has no value here")).with_hint(hint)
    }

    /// This value as if it stood at `place`.
    fn moved_to(&self, place: &Place) -> Self {
        let value = match &self.value {
            Value::List(elements) => {
                Value::List(elements.iter().map(|element| element.moved_to(place)).collect())
            }
            Value::Map(entries) => {
                let moved = entries.iter().map(|(key, node)| {
                    let key = super::Key { name: key.name.clone(), place: place.clone() };
                    (key, node.moved_to(place))
                });
                Value::Map(moved.collect())
            }
            scalar => scalar.clone(),
        };
        Self { value, place: place.clone(), written: self.written.clone() }
    }
}

/// How many octets of `text` are a name.
fn name_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    match characters.next() {
        Some((_, first)) if first.is_ascii_alphabetic() || first == '_' => {}
        _ => return 0,
    }
    while let Some((at, character)) = characters.next() {
        let next_is_letter = characters.peek().is_some_and(|(_, next)| next.is_ascii_alphabetic());
        let belongs =
            character.is_ascii_alphanumeric() || character == '_' || (character == '-' && next_is_letter);
        if !belongs {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{outline, place, read, refused};
    use super::*;
    use insta::assert_snapshot;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn table() -> BTreeMap<String, Node> {
        let values = read("state: FIN-WAIT-1\nseq: RCV.NXT + 1\ncount: 0x10\noptions: [mss 536]\nempty:\n");
        let entries = values.as_entries().expect("a map");
        entries.iter().map(|(key, node)| (key.name.clone(), node.clone())).collect()
    }

    #[test]
    fn names_are_replaced_whole_and_inside_text() {
        let case = read(
            "given: $state\noptions: $options\ndata: $count\nseq: $seq + $count-1\ntitle: costs $5 in $state.\n\
             repeat: [$i, '$i+$count', plain]\n",
        );
        let replaced = case.substitute(&table(), &["i"]).expect("all names known");
        assert_snapshot!(outline(&replaced), @r#"
        1:1+5 a map ""
          1:1+5 key given
            1:8+6 text "FIN-WAIT-1"
          2:1+7 key options
            2:10+8 a list ""
              2:10+8 text "mss 536"
          3:1+4 key data
            3:7+6 a number "0x10"
          4:1+3 key seq
            4:6+15 text "RCV.NXT + 1 + 0x10-1"
          5:1+5 key title
            5:8+19 text "costs $5 in FIN-WAIT-1."
          6:1+6 key repeat
            6:9+1 a list ""
              6:10+2 text "$i"
              6:14+11 text "$i+0x10"
              6:27+5 text "plain"
        "#);
    }

    #[test]
    fn a_replaced_number_stays_a_number() {
        let case = read("data: $count").substitute(&table(), &[]).expect("a known name");
        let data = case.as_map(&["data"]).and_then(|fields| fields.required("data").cloned());
        let data = data.expect("the field");
        assert_eq!(
            (data.value.clone(), data.raw(), data.place.clone()),
            (Value::Int(16), "0x10", place(1, 7, 6))
        );
    }

    #[test]
    fn names_without_a_value_are_refused() {
        let substituted = |node: &Node| node.substitute(&table(), &["i"]);
        assert_snapshot!(refused("steps:\n- send: RST\n  seq: $sqe + 1\n", substituted), @r#"
        error: `$sqe` has no value here
         --> t.yaml:3:8
          |
        3 |   seq: $sqe + 1
          |        ^^^^^^^^
          |
          = help: did you mean `$seq`?
        "#);
        assert_snapshot!(refused("seq: $seq-RCV.NXT\n", substituted), @r#"
        error: `$seq-RCV` has no value here
         --> t.yaml:1:6
          |
        1 | seq: $seq-RCV.NXT
          |      ^^^^^^^^^^^^
          |
          = help: a minus needs a space before it: $seq -
        "#);
        assert_snapshot!(refused("seq: '${seq}'\n", substituted), @r#"
        error: `${…}` is not used here
         --> t.yaml:1:6
          |
        1 | seq: '${seq}'
          |      ^^^^^^^^
          |
          = help: write $seq
        "#);
        assert_snapshot!(refused("title: with $options set\n", substituted), @r#"
        error: `$options` is a list and cannot stand inside text
         --> t.yaml:1:8
          |
        1 | title: with $options set
          |        ^^^^^^^^^^^^^^^^^- its value
        "#);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[$a-z{}é -]{0,20}") {
            let node = Node::text(place(1, 1, 0), text);
            drop(node.substitute(&table(), &["i"]));
        }
    }
}
