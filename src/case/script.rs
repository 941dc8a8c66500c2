//! What the trials of a case do, with a row put in.

use super::flow::check_script;
use super::model::{Acks, Script, Step};
use super::read::{StepReader, acks, given, then};
use super::substitution::{Substitution, is_the_same_in_all_rows};
use crate::yaml::{Diagnostic, Node, Problems};
use std::sync::OnceLock;

/// The keys of a case that are read here.
pub(super) const KEYS: [&str; 6] = ["given", "steps", "then", "strict", "acks", "same-target-port"];

/// What the rows of a case have in common: read for the first of them, and not again.
#[derive(Debug)]
pub(super) struct Shared {
    /// The connections on which the steps act: those of another row may be others.
    connections: Vec<String>,
    /// The steps of each element of the list in which no row changes anything.
    steps: Vec<Option<Vec<Step>>>,
}

/// Reads a case's script; `shared` is for all rows of the case.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(
    case: &Node,
    row: &Substitution,
    shared: &OnceLock<Shared>,
) -> Result<Script, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let entries = case.as_entries().map_err(|problem| vec![problem])?;
    let entry = |key: &str| entries.iter().find(|(known, _)| known.name == key).map(|(_, node)| node);
    let mut part = |key: &str| problems.note(row.put_into(entry(key)?));
    let [given_node, then_node, strict, acks_node, same_target_port] =
        ["given", "then", "strict", "acks", "same-target-port"].map(&mut part);
    let given = given_node.as_deref().map(|node| given(node, &mut problems)).unwrap_or_default();
    let connections: Vec<String> = given.iter().map(|given| given.connection.clone()).collect();
    let steps = match entry("steps") {
        Some(node) if !connections.is_empty() => steps(node, row, connections, shared, &mut problems),
        // Without a beginning nothing can be said about the steps.
        _ => Vec::new(),
    };
    let mut switch = |node: Option<&Node>| {
        let read = node.map(Node::as_bool).transpose();
        problems.note(read).flatten().unwrap_or(false)
    };
    let (strict, same_target_port) = (switch(strict.as_deref()), switch(same_target_port.as_deref()));
    let acks = problems.note(acks_node.as_deref().map(acks).transpose()).flatten();
    let then = then_node.as_deref().map(|node| then(node, &given, &mut problems)).unwrap_or_default();
    for key in ["given", "steps"] {
        if entry(key).is_none() {
            problems.push(case.problem(format!("`{key}` is missing here")));
        }
    }
    let steps = steps.into();
    let script = Script { given, steps, then, strict, acks: acks.unwrap_or(Acks::None), same_target_port };
    if problems.is_empty() {
        check_script(&script, &mut problems);
    }
    problems.finish(script)
}

/// The steps, those that no row changes from what was read for the first row.
fn steps(
    node: &Node,
    row: &Substitution,
    connections: Vec<String>,
    shared: &OnceLock<Shared>,
    problems: &mut Problems,
) -> Vec<Step> {
    let connection = if let [only] = connections.as_slice() { Some(only.clone()) } else { None };
    let mut reader = StepReader { problems, connections, connection };
    let Ok(elements) = node.as_list() else {
        // A name may stand for the whole list.
        let Some(node) = reader.problems.note(row.put_into(node)) else { return Vec::new() };
        return reader.steps(&node).map(|steps| steps.to_vec()).unwrap_or_default();
    };
    let known = shared.get().filter(|shared| shared.connections == reader.connections);
    let mut step = |(number, element): (usize, &Node)| {
        if let Some(steps) = known.and_then(|known| known.steps[number].clone()) {
            return steps;
        }
        let element = reader.problems.note(row.put_into(element));
        element.map(|element| reader.element(&element)).unwrap_or_default()
    };
    let read: Vec<Vec<Step>> = elements.iter().enumerate().map(&mut step).collect();
    if reader.problems.is_empty() {
        shared.get_or_init(|| {
            let same = |(element, steps): (&Node, &Vec<Step>)| {
                is_the_same_in_all_rows(element).then(|| steps.clone())
            };
            let steps = elements.iter().zip(&read).map(same).collect();
            Shared { connections: reader.connections.clone(), steps }
        });
    }
    let mut steps = Vec::with_capacity(read.iter().map(Vec::len).sum());
    steps.extend(read.into_iter().flatten());
    steps
}
