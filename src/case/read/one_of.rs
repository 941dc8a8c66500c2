//! `one-of:` alternatives that the first segment, or its absence, tells apart.

use super::scalar::check_name;
use super::step::StepReader;
use crate::case::model::{OneOf, Step, StepKind};
use crate::case::table::brief;
use crate::yaml::{Diagnostic, Key, Node, Problems, nearest};
use std::sync::Arc;

/// One alternative as it is read.
struct Alternative<'n> {
    key: &'n Key,
    /// What its first step matches, as written; `None` for silence.
    begins: Option<String>,
    steps: Arc<[Step]>,
}

impl StepReader<'_> {
    /// The alternatives of a `one-of` step; `verb` is its key.
    pub(super) fn one_of(&mut self, verb: &Key, entries: &[(Key, Node)], prefer: Option<&Node>) -> OneOf {
        if entries.len() < 2 {
            self.problems.push(Diagnostic::new(&verb.place, "`one-of` needs two alternatives at least"));
        }
        let alternatives: Vec<_> =
            entries.iter().filter_map(|(key, node)| self.alternative(key, node)).collect();
        self.be_distinct(&alternatives);
        let prefer = prefer.and_then(|node| {
            let preferred = node.as_scalar().and_then(|name| be_alternative(name, node, entries));
            self.problems.note(preferred)
        });
        let alternatives = alternatives
            .into_iter()
            .map(|alternative| (alternative.key.name.clone(), alternative.steps))
            .collect();
        OneOf { alternatives, prefer }
    }

    fn alternative<'n>(&mut self, key: &'n Key, node: &'n Node) -> Option<Alternative<'n>> {
        if let Err(message) = check_name(&key.name) {
            self.problems.push(Diagnostic::new(&key.place, message));
        }
        let mut problems = Problems::default();
        let steps = StepReader { problems: &mut problems, ..self.on(None) }.steps(node);
        if !problems.is_empty() {
            Vec::from(problems).into_iter().for_each(|problem| self.problems.push(problem));
            return None;
        }
        let steps = steps?;
        let begins = match steps.first().map(|step| (&step.kind, &step.connection)) {
            Some((StepKind::Expect(_), on)) if self.connection.as_ref() == Some(on) => Some(condition(node)),
            Some((StepKind::Silence(_), on)) if self.connection.as_ref() == Some(on) => None,
            Some((StepKind::Expect(_) | StepKind::Silence(_), _)) => {
                let message = format!("`{}` must begin on the connection of its `one-of`", key.name);
                self.problems.push(Diagnostic::new(&key.place, message));
                return None;
            }
            _ => {
                let message = format!("`{}` must begin with one `expect`, or with `silence`", key.name);
                self.problems.push(Diagnostic::new(&key.place, message));
                return None;
            }
        };
        Some(Alternative { key, begins, steps })
    }

    fn be_distinct(&mut self, alternatives: &[Alternative<'_>]) {
        for (number, later) in alternatives.iter().enumerate() {
            if let Some(first) = alternatives[..number].iter().find(|first| first.begins == later.begins) {
                let (first, later) = (first.key, later.key);
                let message =
                    format!("`{}` and `{}` cannot be told apart: they begin alike", first.name, later.name);
                self.problems
                    .push(Diagnostic::new(&later.place, message).with_note_at(&first.place, "begins alike"));
            }
        }
    }
}

/// What the first step of an alternative matches, as written; its label and times do not count.
fn condition(steps: &Node) -> String {
    let first = steps.as_list().ok().and_then(|steps| steps.first()).and_then(|step| step.as_entries().ok());
    let mut parts: Vec<String> = first
        .unwrap_or_default()
        .iter()
        .filter(|(key, _)| {
            !["as", "within", "not-before", "after", "on", "requirement"].contains(&key.name.as_str())
        })
        .map(|(key, node)| format!("{}: {}", key.name, brief(node)))
        .collect();
    parts.sort();
    parts.join(", ")
}

fn be_alternative(name: &str, node: &Node, entries: &[(Key, Node)]) -> Result<String, Diagnostic> {
    let mut names = entries.iter().map(|(key, _)| key.name.as_str());
    if names.any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let near = nearest(name, entries.iter().map(|(key, _)| key.name.as_str()));
    let problem = node.problem(format!("`{name}` is none of the alternatives"));
    Err(problem.with_hint(near.map(|near| format!("did you mean `{near}`?"))))
}
