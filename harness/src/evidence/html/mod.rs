//! `tcpspec report`: runs as one HTML file that needs nothing else.

mod ladder;
mod markup;
mod matrix;
mod requirements;
mod summary;
#[cfg(test)]
mod tests;
mod trial;

use super::read::{ReadError, Stream, read};
use crate::cli::exit;
use crate::run::Stop;
use markup::Html;
use std::fs;
use std::path::{Path, PathBuf};
use tcpspec_core::requirement::Catalogue;

/// Reads runs and writes one file about them.
///
/// # Errors
/// A file is not the stream of a whole run, or the report cannot be written.
pub fn report(runs: &[PathBuf], file: &Path) -> Result<u8, Stop> {
    let unreadable = |error: ReadError| Stop::new(exit::INVALID_FILE, error.to_string());
    let streams: Vec<_> = runs.iter().map(|run| read(run)).collect::<Result<_, _>>().map_err(unreadable)?;
    let page = page(&streams, &Catalogue::embedded());
    fs::write(file, page).map_err(|error| {
        Stop::new(exit::BENCH_UNABLE, format!("cannot write {}: {error}", file.display()))
    })?;
    Ok(exit::GREEN)
}

/// A page about one run.
pub(crate) fn of_one(run: Stream) -> String {
    page(&[run], &Catalogue::embedded())
}

/// The whole file. It is XML, too, so that any tool can read it.
fn page(runs: &[Stream], catalogue: &Catalogue) -> String {
    let names: Vec<_> = runs.iter().map(|run| run.header.target.name.as_str()).collect();
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    // Nothing is fetched, whatever stands in the file.
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"/>\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    html.element("title", "", &format!("tcpspec: {}", names.join(", ")));
    html.raw("\n<style>\n").raw(STYLE).raw("</style>\n</head>\n<body>\n<main>\n");
    html.element("h1", "", "TCP conformance");
    html.raw("\n<p class=\"tools\"><a href=\"#requirements\">requirements</a>, <a href=\"#trial-list\">trials</a></p>\n");
    summary::write(&mut html, runs);
    requirements::write(&mut html, runs, catalogue);
    matrix::write(&mut html, runs);
    html.raw("</main>\n");
    for (number, run) in runs.iter().enumerate() {
        for (place, trial) in run.trials.iter().enumerate() {
            trial::write(&mut html, number, place, trial, &run.header);
        }
    }
    html.raw("<script>\n").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    html.into_text()
}

/// The anchor of a trial's page.
fn anchor(run: usize, place: usize) -> String {
    format!("r{run}t{place}")
}

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("filter.js");
