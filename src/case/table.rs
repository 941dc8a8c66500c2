//! `for:` tables: their rows, and a row put into a case.

use super::id::is_safe_value;
use super::model::Row;
use super::read::{Keys, check_name};
use crate::yaml::{Diagnostic, Key, Node, Place, Problems, Value};
use std::collections::BTreeMap;

/// A table, expanded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Its columns and where each is written first.
    pub(super) columns: Vec<(String, Place)>,
    /// Its rows, those of `except` removed.
    pub(super) rows: Vec<TableRow>,
}

/// One row with its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableRow {
    /// As a case shows it.
    pub(super) row: Row,
    /// What stands for each `$name`.
    pub(super) values: BTreeMap<String, Node>,
}

/// What one part of a table gives: for each of its rows the name, if it has one, and the cells.
type Rows = Vec<(Option<String>, Vec<Cell>)>;

/// The value of one column in one row.
#[derive(Clone)]
struct Cell {
    column: Key,
    value: Node,
    /// Its place in the list of values or rows, counted from 1.
    number: usize,
}

impl Table {
    /// The table of a case that has none: one row without values.
    pub(super) fn none() -> Self {
        let row = TableRow { row: Row::default(), values: BTreeMap::new() };
        Self { columns: Vec::new(), rows: vec![row] }
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
            product.into_iter().map(|(names, cells)| TableRow::new(&names, &cells)).collect();
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
    fn new(names: &[String], cells: &[Cell]) -> Self {
        let pair = |cell: &Cell| {
            let text = cell.value.raw();
            let value = if is_safe_value(text) { text.to_owned() } else { cell.number.to_string() };
            format!("{}={value}", cell.column.name)
        };
        // A row's own name stands for all of its columns.
        let named = |cell: &&Cell| cell.number != NAMED;
        let items: Vec<String> = names.iter().cloned().chain(cells.iter().filter(named).map(pair)).collect();
        let bindings = cells.iter().map(|cell| (cell.column.name.clone(), brief(&cell.value))).collect();
        let values = cells.iter().map(|cell| (cell.column.name.clone(), cell.value.clone())).collect();
        Self { row: Row { suffix: items.join(":"), bindings }, values }
    }

    /// `node` with every `$name` replaced.
    pub(super) fn put_into(&self, node: &Node) -> Result<Node, Diagnostic> {
        let composite: Vec<&str> = self
            .values
            .iter()
            .filter(|(_, value)| is_composite(value))
            .map(|(name, _)| name.as_str())
            .collect();
        let text = if composite.is_empty() { node } else { &enclosed(node, &composite) };
        let mut put = text.substitute(&self.values, KEPT)?;
        hide_parts(node, &mut put);
        Ok(put)
    }

    /// Whether `node` makes use of the column.
    pub(super) fn is_used(&self, column: &str, node: &Node) -> bool {
        let mut others = self.values.clone();
        others.remove(column);
        node.substitute(&self.values, KEPT).is_ok() && node.substitute(&others, KEPT).is_err()
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
            .map(|(key, value)| Cell { column: key.clone(), value: value.clone(), number })
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
    let cell = |(number, value): (usize, &Node)| {
        (None, vec![Cell { column: key.clone(), value: value.clone(), number }])
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
        let Key { name, place } = &cell.column;
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
    if KEPT.contains(&name) {
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
        rows.retain(|row| !conditions.iter().all(|(name, wanted)| matches(&row.values[*name], wanted)));
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
    rows.iter().map(|row| row.row.suffix.as_str()).find(|suffix| !seen.insert(*suffix))
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

/// Whether the value is an expression with an operator, which needs parentheses inside another.
fn is_composite(value: &Node) -> bool {
    let parsed = super::expr_parse::parse_expression(value.raw(), &value.place);
    parsed.is_ok_and(|typed| {
        matches!(typed.expr, super::expr::Expr::Binary(..)) && !value.raw().starts_with('(')
    })
}

/// `node` with parentheses around each of these names where it stands inside longer text.
fn enclosed(node: &Node, names: &[&str]) -> Node {
    let mut node = node.clone();
    match &mut node.value {
        Value::Text(text) => {
            *text = names.iter().fold(std::mem::take(text), |text, name| enclose(&text, name))
        }
        Value::List(elements) => elements.iter_mut().for_each(|element| *element = enclosed(element, names)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| *node = enclosed(node, names)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
    node
}

/// Makes sure that no character of a text that was put in is looked for in the file, where `$name`
/// stands: a place that is as long as its text, or two quotes longer, is made one longer still.
fn hide_parts(before: &Node, after: &mut Node) {
    if let Value::Text(text) = &before.value {
        if text != after.raw() {
            hide_all_parts(after);
        }
        return;
    }
    match (&before.value, &mut after.value) {
        (Value::List(before), Value::List(after)) => {
            before.iter().zip(after).for_each(|(before, after)| hide_parts(before, after));
        }
        (Value::Map(before), Value::Map(after)) => {
            before.iter().zip(after).for_each(|((_, before), (_, after))| hide_parts(before, after));
        }
        _ => {}
    }
}

fn hide_all_parts(node: &mut Node) {
    let characters = u32::try_from(node.raw().chars().count()).unwrap_or(u32::MAX);
    match &mut node.value {
        Value::List(elements) => elements.iter_mut().for_each(hide_all_parts),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| hide_all_parts(node)),
        _ if [Some(0), Some(2)].contains(&node.place.length.checked_sub(characters)) => {
            node.place.length += 1
        }
        _ => {}
    }
}

fn enclose(text: &str, name: &str) -> String {
    let used = format!("${name}");
    if text.trim() == used {
        return text.to_owned();
    }
    let mut pieces = text.split(&used);
    let mut enclosed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let mut ahead = piece.chars();
        let goes_on = match ahead.next() {
            Some('-') => ahead.next().is_some_and(|c| c.is_ascii_alphabetic()),
            next => next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_'),
        };
        enclosed += &if goes_on { used.clone() } else { format!("({used})") };
        enclosed += piece;
    }
    enclosed
}

const ROWS: &str = "rows";
const EXCEPT: &str = "except";
const NAME: &str = "name";
/// Stands for the place of a cell whose row has a name.
const NAMED: usize = 0;
/// Names that stay as they are: the turn of a `repeat`.
pub(super) const KEPT: &[&str] = &["i"];
/// The most rows that a table may have.
const MAX_ROWS: usize = 1_000;

#[cfg(test)]
mod tests;
