//! `tcpspec report`: runs as one HTML file that needs nothing else.

mod ladder;
mod links;
mod markup;
mod matrix;
mod requirements;
mod summary;
#[cfg(test)]
mod tests;
mod trial;

use super::event::{Story, Trial};
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
    let folders: Vec<_> = runs.iter().map(|run| links::folder(file, run)).collect();
    let page = page(&streams, &folders, &Catalogue::embedded());
    fs::write(file, page).map_err(|error| {
        Stop::new(exit::BENCH_UNABLE, format!("cannot write {}: {error}", file.display()))
    })?;
    Ok(exit::GREEN)
}

/// A page about one run, in the folder of that run.
pub(crate) fn of_one(run: Stream) -> String {
    page(&[run], &[Some(String::new())], &Catalogue::embedded())
}

/// The whole file. It is XML, too, so that any tool can read it. `folders` are the ways to the runs, where
/// they are known.
fn page(runs: &[Stream], folders: &[Option<String>], catalogue: &Catalogue) -> String {
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
    summary::write(&mut html, runs, catalogue);
    requirements::write(&mut html, runs, catalogue);
    matrix::write(&mut html, runs);
    // Before the pages of the trials: the filter need not wait for them.
    html.raw("</main>\n<script>//<![CDATA[\n").raw(SCRIPT).raw("//]]></script>\n");
    let pages = pages(runs);
    for (number, page) in pages.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| pages.get(before));
        let around = [before, pages.get(number + 1)].map(|it| it.map(|it| links::page(it.run, it.place)));
        let folder = folders.get(page.run).and_then(|folder| folder.as_deref());
        trial::write(&mut html, page, around, &runs[page.run].header, folder, catalogue);
    }
    html.raw("</body>\n</html>\n");
    html.into_text()
}

/// A trial that has a page.
struct Page<'r> {
    run: usize,
    place: usize,
    trial: &'r Trial,
    story: &'r Story,
}

/// In the order of the matrix.
fn pages(runs: &[Stream]) -> Vec<Page<'_>> {
    let trials = runs.iter().enumerate().flat_map(|(run, stream)| {
        let places = stream.trials.iter().enumerate();
        places.filter_map(move |(place, trial)| {
            Some(Page { run, place, trial, story: trial.story.as_deref()? })
        })
    });
    let mut pages: Vec<_> = trials.collect();
    pages.sort_by_key(|it| (&it.trial.case, &it.trial.id, it.run));
    pages
}

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("filter.js");
