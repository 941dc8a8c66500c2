//! `tcpspec compare`: what is otherwise in one run than in another.

mod changes;
mod print;
#[cfg(test)]
mod tests;

use super::read::{Events, ReadError};
use crate::cli::exit;
use crate::run::Stop;
pub use changes::{Change, ChangeKind, Comparison, RunSummary, Standing};
use std::io::{self, Write};
use std::path::Path;

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For a comment on a change
    Markdown,
    /// One JSON object
    Json,
}

/// Compares two runs, prints what is otherwise, and gives the code to exit with: red only where a trial
/// fails that did not.
///
/// # Errors
/// A file is not the stream of a whole run.
pub fn compare(old: &Path, new: &Path, format: Format) -> Result<u8, Stop> {
    let unreadable = |error: ReadError| Stop::new(exit::INVALID_FILE, error.to_string());
    let comparison =
        Comparison::of(Events::open(old).map_err(unreadable)?, Events::open(new).map_err(unreadable)?)
            .map_err(unreadable)?;
    let text = match format {
        Format::Text => print::text(&comparison),
        Format::Markdown => print::markdown(&comparison),
        Format::Json => print::json(&comparison),
    };
    // A reader that went away is no reason to stop.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(if comparison.has_regression() { exit::RED } else { exit::GREEN })
}
