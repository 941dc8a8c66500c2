//! The keys of one map, read one by one while problems are collected.

use crate::yaml::{Diagnostic, Fields, Node, Problems};

/// A map whose keys are known; every key that is not allowed has been reported.
pub(in crate::case) struct Keys<'n, 'p> {
    fields: Fields<'n>,
    problems: &'p mut Problems,
}

impl<'n, 'p> Keys<'n, 'p> {
    /// The keys of `node`, which may have the `allowed` ones. `None`: it is no map.
    pub(in crate::case) fn of(node: &'n Node, allowed: &[&str], problems: &'p mut Problems) -> Option<Self> {
        let fields = Fields::read(node, allowed, problems)?;
        Some(Self { fields, problems })
    }

    /// The value of a key that may be absent; `None` also where it is wrong, which is noted.
    pub(in crate::case) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'n Node) -> Result<T, Diagnostic>,
    ) -> Option<T> {
        self.problems.note(self.fields.optional_as(name, read)).flatten()
    }

    /// The value of a key that must be there; `None` where it is missing or wrong, which is noted.
    pub(in crate::case) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'n Node) -> Result<T, Diagnostic>,
    ) -> Option<T> {
        self.problems.note(self.fields.required_as(name, read))
    }

    /// The elements of a list, each read with `read`; none where the key is absent.
    pub(in crate::case) fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&'n Node) -> Result<T, Diagnostic>,
    ) -> Option<Vec<T>> {
        let elements = self.optional(name, Node::as_list)?;
        Some(elements.iter().filter_map(|element| self.problems.note(read(element))).collect())
    }

    /// Whether a switch is on; absent means off.
    pub(in crate::case) fn switch(&mut self, name: &str) -> bool {
        self.optional(name, Node::as_bool).unwrap_or(false)
    }

    /// The node of a key that may be absent.
    pub(in crate::case) fn node(&self, name: &str) -> Option<&'n Node> {
        self.fields.optional(name)
    }

    /// The map itself.
    pub(in crate::case) fn map(&self) -> &'n Node {
        self.fields.node()
    }

    /// Where problems go.
    pub(in crate::case) fn problems(&mut self) -> &mut Problems {
        self.problems
    }
}
