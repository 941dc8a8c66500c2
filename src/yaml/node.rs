//! A YAML value that knows where it stands.

use super::fields::Fields;
use super::{Diagnostic, Place};
use std::time::Duration;

/// One value of a YAML file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it means.
    pub value: Value,
    /// Where it stands; for an alias, where it is used.
    pub place: Place,
    /// How a scalar that is not text was written: `0x10`, `3.10`.
    pub(super) written: String,
}

/// What a node means, in YAML's own types. `no`, `1s` and `RCV.NXT + 1` are text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: `key:` alone, `~`, `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, also hexadecimal, octal or binary.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file; no name occurs twice.
    Map(Vec<(Key, Node)>),
}

/// The name of a map's entry, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name; a number or a word such as `true` is taken as written.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// Text at a place.
    #[must_use]
    pub fn text(place: Place, text: impl Into<String>) -> Self {
        Self { value: Value::Text(text.into()), place, written: String::new() }
    }

    /// How a scalar was written, its quotes apart; empty for a list, a map and nothing.
    #[must_use]
    pub fn raw(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            _ => &self.written,
        }
    }

    /// What it is, for a sentence: "a list".
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a yes or no",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A diagnostic at this node.
    pub fn problem(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.place, message)
    }

    /// The fields of a map that may have the `allowed` keys and no other.
    ///
    /// # Errors
    /// It is no map, or has an unknown key (the first one; [`Fields::read`] collects them all).
    pub fn as_map(&self, allowed: &[&str]) -> Result<Fields<'_>, Diagnostic> {
        Fields::strict(self, allowed)
    }

    /// The entries of a map whose keys the user chooses.
    ///
    /// # Errors
    /// It is no map.
    pub fn as_entries(&self) -> Result<&[(Key, Self)], Diagnostic> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.expected("a map")),
        }
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// It is no list.
    pub fn as_list(&self) -> Result<&[Self], Diagnostic> {
        match &self.value {
            Value::List(elements) => Ok(elements),
            Value::Null | Value::Map(_) => Err(self.expected("a list")),
            _ => Err(self.expected("a list").with_hint(format!("write [{}]", self.raw()))),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// It is anything else, an unquoted number included.
    pub fn as_text(&self) -> Result<&str, Diagnostic> {
        match &self.value {
            Value::Text(text) => Ok(text),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                Err(self.expected("text").with_hint(format!("put it in quotes: '{}'", self.raw())))
            }
            _ => Err(self.expected("text")),
        }
    }

    /// Any scalar as it was written: text, or a number such as `3.10` that is meant as a name.
    ///
    /// # Errors
    /// It is nothing, a list or a map.
    pub fn as_scalar(&self) -> Result<&str, Diagnostic> {
        match &self.value {
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.expected("text or a number")),
            _ => Ok(self.raw()),
        }
    }

    /// A yes or no: `yes`, `no`, `true`, `false`.
    ///
    /// # Errors
    /// It is anything else.
    pub fn as_bool(&self) -> Result<bool, Diagnostic> {
        match &self.value {
            Value::Bool(value) => Ok(*value),
            Value::Text(text) if text == "yes" => Ok(true),
            Value::Text(text) if text == "no" => Ok(false),
            _ => Err(self.expected("yes or no")),
        }
    }

    /// A whole number, not negative.
    ///
    /// # Errors
    /// It is anything else.
    pub fn as_u64(&self) -> Result<u64, Diagnostic> {
        match self.value {
            Value::Int(number) => {
                u64::try_from(number).map_err(|_| self.problem("expected a number that is not negative"))
            }
            _ => Err(self.expected("a whole number")),
        }
    }

    /// A whole number that fits `N` and lies in a range.
    ///
    /// # Errors
    /// It is no number, or outside `allowed`.
    pub fn as_number<N>(&self, allowed: std::ops::RangeInclusive<N>) -> Result<N, Diagnostic>
    where
        N: TryFrom<u64> + PartialOrd + std::fmt::Display,
    {
        let number = N::try_from(self.as_u64()?).ok().filter(|number| allowed.contains(number));
        number.ok_or_else(|| {
            self.problem(format!("expected a number from {} to {}", allowed.start(), allowed.end()))
        })
    }

    /// A duration with its unit: `200ms`, `1s`, `1m 30s`.
    ///
    /// # Errors
    /// It is a bare number, or no duration.
    pub fn as_duration(&self) -> Result<Duration, Diagnostic> {
        let text = self.as_scalar().map_err(|_| self.expected("a duration"))?;
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            let hint = format!("write {text}s, or {text}ms");
            return Err(self.problem("a duration needs a unit").with_hint(hint));
        }
        humantime::parse_duration(text).map_err(|_| {
            self.problem(format!("`{text}` is not a duration")).with_hint("write 5s, or 500ms".to_owned())
        })
    }

    /// A share of the whole: `5%` is 0.05.
    ///
    /// # Errors
    /// It is not a number with a percent sign, or not from 0 to 100.
    pub fn as_percent(&self) -> Result<f64, Diagnostic> {
        let percent =
            self.as_scalar()?.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        percent
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| percent / 100.0)
            .ok_or_else(|| self.problem("expected a percentage").with_hint("write 5%".to_owned()))
    }

    fn expected(&self, what: &str) -> Diagnostic {
        self.problem(format!("expected {what}, found {}", self.kind()))
    }
}
