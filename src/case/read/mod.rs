//! YAML nodes to the typed values of [`model`](super::model). Strict: what is not understood is a
//! diagnostic with its place, and all of them are collected.

mod action;
mod expect;
mod given;
mod keys;
mod one_of;
mod option;
mod pattern;
mod scalar;
mod send;
mod series;
mod step;

#[cfg(test)]
mod tests;

pub(super) use given::{GIVEN_KEYS, MAIN, given, then};
pub(super) use keys::Keys;
pub(super) use scalar::{acks, check_name, name, word};
pub(super) use step::{StepReader, state_from, step_keys};
