//! `for:` tables and their rows.

use super::id::is_safe_value;
use super::model::Row;
use super::read::{Keys, check_name};
use super::substitution::Substitution;
use crate::yaml::{Diagnostic, Key, Node, Place, Problems, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table, expanded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Its columns and where each is written first.
    pub(super) columns: Vec<(String, Place)>,
    /// Its rows, those of `except` removed.
    pub(super) rows: Vec<TableRow>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableRow {
    /// What the ids of its trials end in.
    pub(super) suffix: String,
    cells: Vec<Cell>,
}

/// What one part of a table gives: for each of its rows the name, if it has one, and the cells.
type Rows = Vec<(Option<String>, Vec<Cell>)>;

/// The value of one column in one row; rows of a product share it.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    column: Arc<Key>,
    value: Arc<Node>,
    /// Its place in the list of values or rows, counted from 1.
    number: usize,
}

impl Table {
    /// The table of a case that has none: one row without values.
    pub(super) fn none() -> Self {
        Self { columns: Vec::new(), rows: vec![TableRow { suffix: String::new(), cells: Vec::new() }] }
    }

    /// The table that a `for:` describes: a map of lists (their product), a list of maps (rows), or
    /// both (`rows:` beside lists); `except:` removes the rows that match.
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Self {
        let parts = match &node.value {
            Value::List(_) => vec![rows(node, problems)],
            Value::Map(entries) => entries
                .iter()
                .filter(|(key, _)| key.name != EXCEPT)
                .map(
                    |(key, node)| {
                        if key.name == ROWS { rows(node, problems) } else { column(key, node, problems) }
                    },
                )
                .collect(),
            _ => {
                problems.push(node.problem("`for` is a map of lists, or a list of maps"));
                Vec::new()
            }
        };
        let size: usize = parts.iter().map(Vec::len).fold(1, usize::saturating_mul);
        if size > MAX_ROWS {
            problems.push(node.problem(format!("this table has {size} rows, more than {MAX_ROWS}")));
            return Self::none();
        }
        let product = parts.into_iter().fold(vec![(Vec::new(), Vec::new())], |rows, part| join(&rows, &part));
        let columns = columns_of(&product, problems);
        let mut rows: Vec<TableRow> =
            product.into_iter().map(|(names, cells)| TableRow::new(names, cells)).collect();
        if let Ok(fields) = node.as_entries()
            && let Some((_, except)) = fields.iter().find(|(key, _)| key.name == EXCEPT)
        {
            remove(&mut rows, except, &columns, problems);
        }
        if rows.is_empty() && problems.is_empty() {
            problems.push(node.problem("this table has no row"));
        }
        if let Some(twice) = first_repetition(&rows) {
            let problem = node.problem(format!("two rows are called `{twice}`"));
            problems.push(problem.with_hint("give them a `name:` each, or other values".to_owned()));
        }
        Self { columns, rows }
    }
}

impl TableRow {
    fn new(names: Vec<String>, cells: Vec<Cell>) -> Self {
        let mut items = names;
        // A row's own name stands for all of its columns.
        for cell in cells.iter().filter(|cell| cell.number != NAMED) {
            let (column, text) = (&cell.column.name, cell.value.raw());
            items.push(match is_safe_value(text) {
                true => format!("{column}={text}"),
                false => format!("{column}={}", cell.number),
            });
        }
        Self { suffix: items.join(":"), cells }
    }

    /// As a case shows it.
    pub(super) fn row(&self) -> Row {
        let bindings = self.cells.iter().map(|cell| (cell.column.name.clone(), brief(&cell.value)));
        Row { suffix: self.suffix.clone(), bindings: bindings.collect() }
    }

    /// What stands for each `$name`.
    pub(super) fn values(&self) -> BTreeMap<String, Node> {
        self.cells.iter().map(|cell| (cell.column.name.clone(), (*cell.value).clone())).collect()
    }

    fn value(&self, column: &str) -> Option<&Node> {
        self.cells.iter().find(|cell| cell.column.name == column).map(|cell| &*cell.value)
    }
}

/// A list of maps.
fn rows(node: &Node, problems: &mut Problems) -> Rows {
    let elements = problems.note(node.as_list()).unwrap_or_default();
    let mut rows: Rows = Vec::new();
    for (number, element) in (1..).zip(elements) {
        let Some(entries) = problems.note(element.as_entries()) else { continue };
        let name = entries.iter().find(|(key, _)| key.name == NAME).map(|(_, name)| name);
        let name = name.and_then(|name| problems.note(row_name(name)));
        let number = if name.is_some() { NAMED } else { number };
        let cells: Vec<Cell> = entries
            .iter()
            .filter(|(key, _)| key.name != NAME)
            .map(|(key, value)| Cell {
                column: Arc::new(key.clone()),
                value: Arc::new(value.clone()),
                number,
            })
            .collect();
        if let Some((_, first)) = rows.first() {
            let lacks = |cells: &[Cell], column: &str| !cells.iter().any(|cell| cell.column.name == column);
            for cell in first.iter().filter(|cell| lacks(&cells, &cell.column.name)) {
                problems.push(element.problem(format!("this row lacks `{}`", cell.column.name)));
            }
            for cell in cells.iter().filter(|cell| lacks(first, &cell.column.name)) {
                let message = format!("the first row has no `{}`", cell.column.name);
                problems.push(Diagnostic::new(&cell.column.place, message));
            }
        }
        rows.push((name, cells));
    }
    rows
}

/// A column of a product: a list of values.
fn column(key: &Key, node: &Node, problems: &mut Problems) -> Rows {
    let values = problems.note(node.as_list()).unwrap_or_default();
    let column = Arc::new(key.clone());
    let cell = |(number, value): (usize, &Node)| {
        (None, vec![Cell { column: column.clone(), value: Arc::new(value.clone()), number }])
    };
    (1..).zip(values).map(cell).collect()
}

fn row_name(node: &Node) -> Result<String, Diagnostic> {
    let name = node.as_scalar()?;
    if is_safe_value(name) {
        return Ok(name.to_owned());
    }
    Err(node.problem("the name of a row has letters, digits and `.` `_` `+` `-` only"))
}

type Joined = Vec<(Vec<String>, Vec<Cell>)>;

/// Every row so far with every row of the next part.
fn join(rows: &Joined, part: &Rows) -> Joined {
    let with = |(names, cells): &(Vec<String>, Vec<Cell>)| {
        let (names, cells) = (names.clone(), cells.clone());
        part.iter().map(move |(name, more)| {
            let names = names.iter().chain(name).cloned().collect();
            (names, cells.iter().chain(more).cloned().collect())
        })
    };
    rows.iter().flat_map(with).collect()
}

/// The columns, each name checked.
fn columns_of(rows: &Joined, problems: &mut Problems) -> Vec<(String, Place)> {
    let mut columns: Vec<(String, Place)> = Vec::new();
    for cell in rows.first().into_iter().flat_map(|(_, cells)| cells) {
        let Key { name, place } = &*cell.column;
        if let Err(message) = check_column(name) {
            problems.push(Diagnostic::new(place, message));
        }
        match columns.iter().find(|(known, _)| known == name) {
            Some((_, first)) => {
                let problem = Diagnostic::new(place, format!("the column `{name}` is there twice"));
                problems.push(problem.with_note_at(first, "first here"));
            }
            None => columns.push((name.clone(), place.clone())),
        }
    }
    columns
}

fn check_column(name: &str) -> Result<(), String> {
    check_name(name)?;
    if Substitution::KEPT.contains(&name) {
        return Err(format!("`${name}` counts the turns of a `repeat`: choose another name"));
    }
    // `$seq-1` is `$seq` and a number behind it.
    match name.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
        true => Err(format!("`{name}`: in the name of a column a letter follows each hyphen")),
        false => Ok(()),
    }
}

/// `except:`: a list of maps from columns to a value or a list of values.
fn remove(rows: &mut Vec<TableRow>, except: &Node, columns: &[(String, Place)], problems: &mut Problems) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    for rule in problems.note(except.as_list()).unwrap_or_default() {
        let Some(keys) = Keys::of(rule, &names, problems) else { continue };
        let conditions: Vec<(&str, &Node)> =
            names.iter().filter_map(|name| Some((*name, keys.node(name)?))).collect();
        let before = rows.len();
        rows.retain(|row| {
            !conditions
                .iter()
                .all(|(name, wanted)| row.value(name).is_some_and(|value| matches(value, wanted)))
        });
        if rows.len() == before {
            problems.push(rule.problem("no row is like this: nothing is removed"));
        }
    }
}

fn matches(value: &Node, wanted: &Node) -> bool {
    match &wanted.value {
        Value::List(any) => any.iter().any(|wanted| brief(wanted) == brief(value)),
        _ => brief(wanted) == brief(value),
    }
}

fn first_repetition(rows: &[TableRow]) -> Option<&str> {
    let mut seen = std::collections::BTreeSet::new();
    rows.iter().map(|row| row.suffix.as_str()).find(|suffix| !seen.insert(*suffix))
}

/// A value as people read it.
pub(super) fn brief(node: &Node) -> String {
    match &node.value {
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(brief).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, node)| format!("{}: {}", key.name, brief(node))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null => "nothing".to_owned(),
        _ => node.raw().to_owned(),
    }
}

const ROWS: &str = "rows";
const EXCEPT: &str = "except";
const NAME: &str = "name";
/// Stands for the place of a cell whose row has a name.
const NAMED: usize = 0;
/// The most rows that a table may have.
const MAX_ROWS: usize = 1_000;

#[cfg(test)]
mod tests;
