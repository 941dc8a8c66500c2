//! Reading a map strictly, and collecting what is wrong with a file in one pass.

use super::{Diagnostic, Key, Node, Value, did_you_mean};

/// The fields of one map, its keys already checked.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'n> {
    map: &'n Node,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// The fields of `node`, or the first thing that is wrong with its keys.
    pub(super) fn strict(node: &'n Node, allowed: &[&str]) -> Result<Self, Diagnostic> {
        let fields = Self { map: node, entries: node.as_entries()? };
        match fields.unknown(allowed).next() {
            Some(problem) => Err(problem),
            None => Ok(fields),
        }
    }

    /// The fields of `node`; every unknown key goes to `problems` and the others stay readable.
    pub fn read(node: &'n Node, allowed: &[&str], problems: &mut Problems) -> Option<Self> {
        let entries = problems.note(node.as_entries())?;
        let fields = Self { map: node, entries };
        fields.unknown(allowed).for_each(|problem| problems.push(problem));
        Some(fields)
    }

    /// The map itself.
    #[must_use]
    pub fn node(&self) -> &'n Node {
        self.map
    }

    /// A field that may be absent. `key:` with nothing behind it is present, and is nothing.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// It is missing, or nothing stands behind its key.
    pub fn required(&self, name: &str) -> Result<&'n Node, Diagnostic> {
        match self.optional(name) {
            Some(node) if node.value == Value::Null => Err(node.problem(format!("`{name}` is empty"))),
            Some(node) => Ok(node),
            None => Err(self.map.problem(format!("`{name}` is missing here"))),
        }
    }

    /// A field that may be absent, read.
    ///
    /// # Errors
    /// What `read` says.
    pub fn optional_as<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node) -> Result<T, Diagnostic>,
    ) -> Result<Option<T>, Diagnostic> {
        self.optional(name).map(read).transpose()
    }

    /// A field that must be there, read.
    ///
    /// # Errors
    /// It is missing or empty, or what `read` says.
    pub fn required_as<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        read(self.required(name)?)
    }

    fn unknown(&self, allowed: &[&str]) -> impl Iterator<Item = Diagnostic> {
        self.entries.iter().filter(|(key, _)| !allowed.contains(&key.name.as_str())).map(|(key, _)| {
            let hint = did_you_mean(&key.name, allowed);
            Diagnostic::new(&key.place, format!("`{}` is not a key of this map", key.name)).with_hint(hint)
        })
    }
}

/// All that is wrong with a file, in the order found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Diagnostic>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Diagnostic) {
        self.0.push(problem);
    }

    /// The value, or `None` and its problem kept.
    pub fn note<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// Whether nothing was wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value if nothing at all was wrong.
    ///
    /// # Errors
    /// Every problem collected.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Diagnostic>> {
        if self.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

impl From<Problems> for Vec<Diagnostic> {
    fn from(problems: Problems) -> Self {
        problems.0
    }
}
