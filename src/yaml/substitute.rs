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
