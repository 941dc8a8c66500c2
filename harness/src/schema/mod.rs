//! `tcpspec schema`: what files look like, as JSON Schema (draft-07, which editors understand).
//!
//! Those of what people write stand in files of their own; tests hold them against the readers. That of a run's
//! stream is made of the types that are written.

use crate::cli::{Schema, exit};
use crate::evidence::event::Event;
use crate::run::Stop;
use schemars::generate::SchemaSettings;
use std::io::{self, Write};

/// Prints a schema.
///
/// # Errors
/// None.
pub fn schema(of: Schema) -> Result<u8, Stop> {
    // A reader that went away is no reason to stop.
    let _ = io::stdout().write_all(text(of).as_bytes());
    Ok(exit::GREEN)
}

/// A schema as JSON.
#[must_use]
pub fn text(of: Schema) -> String {
    match of {
        Schema::Case => include_str!("case.json").to_owned(),
        Schema::Profile => include_str!("profile.json").to_owned(),
        Schema::Ledger => include_str!("ledger.json").to_owned(),
        Schema::Record => record(),
    }
}

fn record() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Event>();
    schema.insert("title".into(), "tcpspec: a line of run.jsonl".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
