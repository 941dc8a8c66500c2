//! `expect:`, alone and as one of several.

use super::keys::Keys;
use super::option::option_pattern;
use super::scalar::{condition, constant, flags, name, text};
use super::step::Common;
use crate::case::model::{DataPattern, Expect, ExpectAll, StepKind};
use crate::case::types::Type;
use crate::segment::Flags;
use crate::yaml::{Diagnostic, Node, Problems, Value};

/// The keys that may stand beside `expect:`.
pub(super) const EXPECT_KEYS: &[&str] = &[
    "as",
    "seq",
    "ack",
    "window",
    "urgent",
    "ttl",
    "tos",
    "data",
    "options",
    "within",
    "not-before",
    "after",
    "strict",
    "again",
    "drain",
];

/// An `expect` step: one segment, or `{all-of: […]}`.
pub(super) fn expect_step(keys: &mut Keys<'_, '_>) -> Option<StepKind> {
    match keys.node("expect").map(|node| &node.value) {
        Some(Value::Map(_)) => all_of(keys).map(StepKind::ExpectAll),
        _ => expect(keys).map(|expect| StepKind::Expect(Box::new(expect))),
    }
}

fn expect(keys: &mut Keys<'_, '_>) -> Option<Expect> {
    Some(Expect {
        flags: keys.required("expect", flag_sets)?,
        label: keys.optional("as", name),
        seq: keys.optional("seq", |node| condition(node, Type::Seq)),
        ack: keys.optional("ack", |node| condition(node, Type::Seq)),
        window: keys.optional("window", |node| condition(node, Type::Int)),
        urgent: keys.optional("urgent", |node| condition(node, Type::Int)),
        ttl: keys.optional("ttl", |node| condition(node, Type::Int)),
        tos: keys.optional("tos", |node| condition(node, Type::Int)),
        data: keys.optional("data", data),
        options: keys.list("options", |node| text(node, option_pattern)).unwrap_or_default(),
        within: keys.optional("within", |node| constant(node, Type::Duration)),
        not_before: keys.optional("not-before", |node| constant(node, Type::Duration)),
        after: keys.optional("after", name),
        strict: keys.switch("strict"),
        again: keys.switch("again"),
        drain: keys.switch("drain"),
    })
}

/// `{all-of: [{expect: ACK}, {expect: FIN ACK}]}`, with no other key beside it.
fn all_of(keys: &mut Keys<'_, '_>) -> Option<ExpectAll> {
    let beside: Vec<Diagnostic> = keys
        .map()
        .as_entries()
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.name != "expect" && !Common::KEYS.contains(&key.name.as_str()))
        .map(|(key, _)| {
            Diagnostic::new(&key.place, format!("`{}` belongs to each segment of `all-of`", key.name))
        })
        .collect();
    beside.into_iter().for_each(|problem| keys.problems().push(problem));
    let elements = keys.required("expect", |node| {
        node.as_map(&["all-of"])?.required_as("all-of", |list| match list.as_list()? {
            [] | [_] => Err(list.problem("`all-of` needs two segments at least")),
            elements => Ok(elements),
        })
    })?;
    let segments = elements.iter().filter_map(|element| expect_alone(element, keys.problems())).collect();
    Some(ExpectAll { segments })
}

fn expect_alone(node: &Node, problems: &mut Problems) -> Option<Expect> {
    let allowed: Vec<&str> = ["expect"].into_iter().chain(EXPECT_KEYS.iter().copied()).collect();
    expect(&mut Keys::of(node, &allowed, problems)?)
}

/// `any`, `FIN ACK`, `[ACK, FIN ACK]`.
fn flag_sets(node: &Node) -> Result<Vec<Flags>, Diagnostic> {
    match &node.value {
        Value::List(elements) if elements.is_empty() => Err(node.problem("an empty list matches nothing")),
        Value::List(elements) => elements.iter().map(flags).collect(),
        _ if node.raw() == "any" => Ok(Vec::new()),
        _ => flags(node).map(|flags| vec![flags]),
    }
}

/// `none`, `100`, `1..1460`, `[100, 200]`, `{text: abc}`.
fn data(node: &Node) -> Result<DataPattern, Diagnostic> {
    match &node.value {
        Value::Map(_) => node
            .as_map(&["text"])?
            .required_as("text", |text| Ok(DataPattern::Text(text.as_scalar()?.to_owned()))),
        _ if node.raw() == "none" => Ok(DataPattern::None),
        _ => condition(node, Type::Int).map(DataPattern::Stream),
    }
}
