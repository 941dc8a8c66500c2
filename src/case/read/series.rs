//! `retransmissions:` and `measure:`.

use super::keys::Keys;
use super::scalar::{constant, constant_range, growth, name, word};
use crate::case::model::{Measure, Retransmissions};
use crate::case::types::Type;
use crate::yaml::Node;

/// The keys that may stand beside `measure:`.
pub(super) const MEASURE_KEYS: &[&str] = &["is", "tolerance"];

/// The series of a `retransmissions` step.
pub(super) fn retransmissions(keys: &mut Keys<'_, '_>) -> Option<Retransmissions> {
    let inner = keys.required("retransmissions", Ok)?;
    let allowed = ["of", "at-least", "first", "growth", "within"];
    let mut series = Keys::of(inner, &allowed, keys.problems())?;
    let of = series.required("of", name);
    let at_least = series.required("at-least", |node| node.as_number(1..=100_u32));
    let within = series.required("within", |node| constant(node, Type::Duration));
    let first = series.optional("first", constant_range);
    let growth = series.optional("growth", growth);
    Some(Retransmissions { of: of?, at_least: at_least?, first, growth, within: within? })
}

/// The quantity of a `measure` step.
pub(super) fn measure(keys: &mut Keys<'_, '_>) -> Option<Measure> {
    let quantity = keys.required("measure", word);
    let is = keys.required("is", |node| constant(node, Type::Duration));
    let tolerance = keys.required("tolerance", Node::as_percent);
    Some(Measure { quantity: quantity?, is: is?, tolerance: tolerance? })
}
