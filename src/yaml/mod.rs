//! One strict reader with places for every YAML file of the project: cases, catalogues, profiles,
//! ledgers. A [`Node`] knows where it stands, and a [`Diagnostic`] shows it.
//!
//! `serde_yaml` decides what a text means: types, aliases, limits. `saphyr-parser` says where each
//! value stands; where the two read different shapes the value stays and its place is the start of
//! the file. A text that can only mean one thing, as nearly every case is, is read from
//! `saphyr-parser` alone: a run reads them all before its first packet.

mod diagnostic;
mod fields;
mod file_name;
mod marks;
mod nearest;
mod node;
mod parse;
mod plain;
mod substitute;
mod tree;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Note, Place, render, render_coloured};
pub use fields::{Fields, Problems};
pub use file_name::FileName;
pub use nearest::nearest;
pub use node::{Key, Node, Value};
pub use parse::{parse, parse_part};

pub(crate) use nearest::did_you_mean;
