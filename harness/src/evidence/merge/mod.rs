//! `tcpspec merge`: one run of the shares of a run.

mod shares;
#[cfg(test)]
mod tests;

use super::event::{Event, Trial, Verdict};
use super::folder::{CAPTURES, Folder, FolderError};
use super::{Stream, read, reports};
use crate::cli::{MergeArguments, exit};
use crate::run::{Stop, say, unwritable};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use shares::{MergeError, whole};

/// Reads the shares, leaves the evidence of the whole run, says what came of it, and gives the code with
/// which that run would have ended.
///
/// # Errors
/// They are not the shares of one run, or the evidence cannot be written.
pub fn merge(wanted: &MergeArguments) -> Result<u8, Stop> {
    let invalid = |message: String| Stop::new(exit::INVALID_FILE, message);
    let mut shares = Vec::new();
    for folder in &wanted.shards {
        let mut share = read(&Folder::stream_in(folder)).map_err(|error| invalid(error.to_string()))?;
        for trial in &mut share.trials {
            // Not everybody hands captures on.
            trial.capture =
                trial.capture.take().filter(|name| capture_in(folder, name).is_some_and(|it| it.is_file()));
        }
        shares.push((folder.clone(), share));
    }
    let whole =
        whole(&shares, &std::env::args().collect::<Vec<_>>()).map_err(|error| invalid(error.to_string()))?;
    let mut folder = Folder::claim(&wanted.out).map_err(unwritable)?;
    save(&mut folder, &whole, &shares).map_err(unwritable)?;
    reports::write(&folder, &wanted.shown).map_err(unwritable)?;
    tell(&whole, folder.path());
    let untold = reports::tell(folder.path(), &wanted.shown, &mut io::stdout());
    let code = whole.footer.exit_code.unwrap_or(exit::BENCH_FAULT);
    match untold {
        Some(problem) => {
            say(true, &format!("bench: {problem}"));
            Ok(if code == exit::GREEN { exit::BENCH_FAULT } else { code })
        }
        None => Ok(code),
    }
}

/// The stream, and the captures that it names.
fn save(folder: &mut Folder, whole: &Stream, shares: &[(PathBuf, Stream)]) -> Result<(), FolderError> {
    if let Some((taken, _)) = shares.iter().find(|(share, _)| is_same(share, folder.path())) {
        return Err(FolderError::Taken(taken.clone()));
    }
    let mut out = folder.clear()?;
    for (share, run) in shares {
        for capture in run.trials.iter().filter_map(|trial| trial.capture.as_deref()) {
            let Some(from) = capture_in(share, capture) else { continue };
            folder.write(capture, |out| io::copy(&mut File::open(&from)?, out).map(|_| ()))?;
        }
    }
    let trials = whole.trials.iter().cloned().map(|trial| Event::Trial(Box::new(trial)));
    let events = [Event::Header(Box::new(whole.header.clone()))].into_iter().chain(trials);
    let mut text = Vec::new();
    let write = || {
        for event in events.chain([Event::Footer(whole.footer.clone())]) {
            serde_json::to_writer(&mut text, &event)?;
            text.push(b'\n');
        }
        out.write_all(&text)
    };
    write().map_err(|error| FolderError::Unwritable { path: folder.stream(), reason: error.to_string() })
}

/// The file of a capture; what a stream says is no reason to read or write anywhere else.
fn capture_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = Path::new(name).strip_prefix(CAPTURES).ok()?;
    (file.components().count() == 1 && file.file_name().is_some()).then(|| folder.join(name))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// As a run ends: counts, and what is red.
fn tell(whole: &Stream, folder: &Path) {
    let Stream { trials, footer, .. } = whole;
    for trial in trials.iter().filter(|trial| trial.red) {
        say(false, &format!("{}  {}", trial.verdict.word().to_uppercase(), trial.id));
        if let Some(line) = short(trial) {
            say(false, &format!("  {line}"));
        }
    }
    let counts = Verdict::ALL.into_iter().filter_map(|verdict| Some((verdict, footer.counts.get(&verdict)?)));
    let counts: Vec<_> = counts.map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
    say(false, &format!("verdicts: {}", counts.join(", ")));
    footer.complaints.iter().for_each(|it| say(false, &format!("bench: {it}")));
    footer.accusations.iter().for_each(|it| say(false, &format!("target: {it}")));
    say(false, &format!("the whole run is in {}", folder.display()));
}

fn short(trial: &Trial) -> Option<String> {
    let found =
        trial.findings.first().map(|it| format!("{}: expected {}; saw {}", it.code, it.expected, it.saw));
    found.or_else(|| trial.reason.clone())
}
