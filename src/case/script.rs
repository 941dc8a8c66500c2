//! What the trials of a case do, with a row put in.

use super::flow::check_script;
use super::model::{Acks, Script};
use super::read::{StepReader, acks, given, then};
use super::substitution::Substitution;
use crate::yaml::{Diagnostic, Node, Problems};

/// The keys of a case that are read here.
pub(super) const KEYS: [&str; 6] = ["given", "steps", "then", "strict", "acks", "same-target-port"];

/// Reads a case's script.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(case: &Node, row: &Substitution) -> Result<Script, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let entries = case.as_entries().map_err(|problem| vec![problem])?;
    let mut part = |key: &str| {
        let (_, node) = entries.iter().find(|(known, _)| known.name == key)?;
        problems.note(row.put_into(node))
    };
    let parts = KEYS.map(&mut part);
    let [given_node, steps, then_node, strict, acks_node, same_target_port] = &parts;
    let given = given_node.as_ref().map(|node| given(node, &mut problems)).unwrap_or_default();
    let connections: Vec<String> = given.iter().map(|given| given.connection.clone()).collect();
    let only = if let [only] = connections.as_slice() { Some(only.clone()) } else { None };
    let steps = match (steps, connections.is_empty()) {
        (Some(steps), false) => {
            StepReader { problems: &mut problems, connections, connection: only }.steps(steps)
        }
        // Without a beginning nothing can be said about the steps.
        _ => None,
    };
    let mut switch = |node: &Option<Node>| {
        let read = node.as_ref().map(Node::as_bool).transpose();
        problems.note(read).flatten().unwrap_or(false)
    };
    let (strict, same_target_port) = (switch(strict), switch(same_target_port));
    let acks = problems.note(acks_node.as_ref().map(acks).transpose()).flatten();
    let then = then_node.as_ref().map(|node| then(node, &given, &mut problems)).unwrap_or_default();
    for key in ["given", "steps"] {
        if !entries.iter().any(|(known, _)| known.name == key) {
            problems.push(case.problem(format!("`{key}` is missing here")));
        }
    }
    let steps = steps.unwrap_or_default();
    let script = Script { given, steps, then, strict, acks: acks.unwrap_or(Acks::None), same_target_port };
    if problems.is_empty() {
        check_script(&script, &mut problems);
    }
    problems.finish(script)
}
