//! A row of a table put into a case.

use super::expr::Expr;
use super::expr_parse::parse_expression;
use super::table::TableRow;
use crate::yaml::{Diagnostic, Node, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What stands for each `$name`.
pub(super) struct Substitution {
    values: BTreeMap<String, Node>,
    /// The names whose values are expressions with an operator: inside another expression they need
    /// parentheses.
    composite: Vec<String>,
}

impl Substitution {
    /// Names that stay as they are: the turn of a `repeat`.
    pub(super) const KEPT: &[&str] = &["i"];

    /// The values of a row.
    pub(super) fn of(row: &TableRow) -> Self {
        let values = row.values();
        let composite = values.iter().filter(|(_, value)| is_composite(value)).map(|(name, _)| name.clone());
        Self { composite: composite.collect(), values }
    }

    /// `node` with every `$name` replaced.
    pub(super) fn put_into<'n>(&self, node: &'n Node) -> Result<Cow<'n, Node>, Diagnostic> {
        if is_the_same_in_all_rows(node) {
            return Ok(Cow::Borrowed(node));
        }
        let mut put = if self.composite.is_empty() {
            node.substitute(&self.values, Self::KEPT)?
        } else {
            let mut enclosed = node.clone();
            enclose_all(&mut enclosed, &self.composite);
            enclosed.substitute(&self.values, Self::KEPT)?
        };
        hide_parts(node, &mut put);
        Ok(Cow::Owned(put))
    }

    /// Whether `node` makes use of a name.
    pub(super) fn is_used(&self, name: &str, node: &Node) -> bool {
        let mut others = self.values.clone();
        others.remove(name);
        node.substitute(&self.values, Self::KEPT).is_ok() && node.substitute(&others, Self::KEPT).is_err()
    }
}

/// Whether no row can change anything in it: no `$name` is there.
pub(super) fn is_the_same_in_all_rows(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => !text.contains('$'),
        Value::List(elements) => elements.iter().all(is_the_same_in_all_rows),
        Value::Map(entries) => entries.iter().all(|(_, node)| is_the_same_in_all_rows(node)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
    }
}

/// Whether the value is an expression with an operator, which needs parentheses inside another.
fn is_composite(value: &Node) -> bool {
    let text = value.raw();
    // Most values are words: what cannot have an operator is not parsed, which tables of a thousand
    // rows would pay for.
    let may_be = text.contains(['+', '*', '/', '%']) || text.contains(" -");
    let is_one =
        || parse_expression(text, &value.place).is_ok_and(|typed| matches!(typed.expr, Expr::Binary(..)));
    may_be && !text.starts_with('(') && is_one()
}

/// Puts parentheses around each of these names where it stands inside longer text.
fn enclose_all(node: &mut Node, names: &[String]) {
    match &mut node.value {
        Value::Text(text) if text.contains('$') => {
            *text = names.iter().fold(std::mem::take(text), |text, name| enclose(&text, name))
        }
        Value::List(elements) => elements.iter_mut().for_each(|element| enclose_all(element, names)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| enclose_all(node, names)),
        Value::Text(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::table::{Table, brief};
    use crate::yaml::{Problems, parse};
    use pretty_assertions::assert_eq;

    /// The only row of a table.
    fn row(table: &str) -> Substitution {
        let table = Table::read(&parse("t.yaml", table).expect("YAML"), &mut Problems::default());
        Substitution::of(&table.rows[0])
    }

    #[test]
    fn expressions_keep_their_value_inside_longer_text() {
        let row = row("{x: [RCV.NXT + 1], x-long: [2]}");
        let put = |text: &str| {
            let node = parse("t.yaml", text).expect("YAML");
            row.put_into(&node).map(|node| node.raw().to_owned()).map_err(|problem| problem.message)
        };
        assert_eq!(put("$x"), Ok("RCV.NXT + 1".into()));
        assert_eq!(put("SND.NXT - $x"), Ok("SND.NXT - (RCV.NXT + 1)".into()));
        assert_eq!(put("$x-long + $x"), Ok("2 + (RCV.NXT + 1)".into()));
        assert_eq!(put("$i + $x-1"), Ok("$i + (RCV.NXT + 1)-1".into()));
        assert_eq!(put("$y"), Err("`$y` has no value here".into()));
    }

    #[test]
    fn whole_values_may_be_lists_and_maps() {
        let row = row("{options: [[mss 536, nop]]}");
        let node = parse("t.yaml", "{options: $options}").expect("YAML");
        let node = row.put_into(&node).expect("a map");
        assert_eq!(brief(&node), "{options: [mss 536, nop]}");
    }

    #[test]
    fn unused_columns_are_seen() {
        let row = row("{used: [1], unused: [2]}");
        let node = parse("t.yaml", "[{send: FIN, data: 10 + $used}]").expect("YAML");
        assert_eq!((row.is_used("used", &node), row.is_used("unused", &node)), (true, false));
    }

    #[test]
    fn no_part_of_a_value_is_looked_for_where_its_name_stands() {
        let row = row("{gap: [1s, 1000]}");
        let put =
            |text: &str| row.put_into(&parse("t.yaml", text).expect("YAML")).expect("a value").place.length;
        assert_eq!((put("RCV.NXT + $gap"), put("$gap"), put("RCV.NXT + 1")), (15, 5, 11));
    }
}
