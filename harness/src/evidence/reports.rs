//! What is made of the stream of a run when it is over.

use super::folder::{Folder, FolderError, JUNIT, REPORT, SUMMARY};
use super::{Stream, annotations, html, junit, markdown, read};
use crate::cli::{Annotations, ShownArguments, Summary};
use std::fs::OpenOptions;
use std::io::{self, Write};

/// Writes the reports beside the stream: `junit.xml`, `report.html`, and `summary.md` where it is asked for.
///
/// # Errors
/// The stream is not whole, or one of them cannot be written; the others are.
pub(crate) fn write(folder: &Folder, shown: &ShownArguments) -> Result<(), FolderError> {
    let stream = folder.stream();
    let junit = folder.write(JUNIT, |out| junit::write(&stream, out).map_err(io::Error::other));
    let run = || read(&stream).map_err(io::Error::other);
    let html = folder.write(REPORT, |out| out.write_all(html::of_one(run()?).as_bytes()));
    let summary = match shown.summary {
        Some(Summary::Markdown) => {
            folder.write(SUMMARY, |out| out.write_all(markdown::summary(&run()?).as_bytes()))
        }
        None => Ok(()),
    };
    junit.and(html).and(summary)
}

/// Tells the pipeline what it shows of the run in `folder`. What cannot be told is said.
pub(crate) fn tell(folder: &std::path::Path, shown: &ShownArguments, out: &mut dyn Write) -> Option<String> {
    let run = || read(&Folder::stream_in(folder)).map_err(|error| error.to_string());
    tell_all(&run, shown, out).err()
}

fn tell_all(
    run: &dyn Fn() -> Result<Stream, String>,
    shown: &ShownArguments,
    out: &mut dyn Write,
) -> Result<(), String> {
    if let Some(Annotations::Github) = shown.annotations {
        // A reader that went away is no reason to stop.
        let _ = out.write_all(annotations::github(&run()?).as_bytes());
    }
    let page = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|page| !page.is_empty());
    let (Some(Summary::Markdown), Some(page)) = (shown.summary, page) else { return Ok(()) };
    let text = markdown::summary(&run()?);
    let file = OpenOptions::new().append(true).create(true).open(&page);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write the summary page {}: {error}", page.display()))
}
