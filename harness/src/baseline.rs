//! `tcpspec baseline`: what a target does otherwise today, written as a ledger.

use crate::cli::{BaselineArguments, exit};
use crate::run::{Ended, Stop, run_and, say};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Runs the suite, writes the ledger, and gives the code to exit with: that of a run with it.
/// `program` is the binary that plays the application on the target: this one.
///
/// # Errors
/// The file exists or cannot be written, or the run could not begin.
pub fn baseline(wanted: &BaselineArguments, program: PathBuf) -> Result<u8, Stop> {
    let BaselineArguments { run, write, force } = wanted;
    if run.list {
        return Err(Stop::new(exit::USAGE, "`baseline` runs what it writes down: `--list` is for `run`"));
    }
    // Not after a minute of running.
    if !force && write.exists() {
        return Err(exists(write));
    }
    run_and(run, program, &|ended| conclude(ended, wanted))
}

fn conclude(ended: &Ended<'_>, wanted: &BaselineArguments) -> Result<u8, Stop> {
    let Ended { plan, verdicts, complaints, code } = ended;
    let BaselineArguments { run, write, force } = wanted;
    let baseline = verdicts.baseline(plan);
    save(write, &baseline.text, *force)?;
    let json = run.format == Some(crate::cli::Format::Json);
    let (entries, open) = (baseline.entries, baseline.open);
    say(json, &format!("baseline: {entries} entries in {}, {open} of them to be reasoned", write.display()));
    if baseline.undecided > 0 {
        let count = baseline.undecided;
        say(json, &format!("baseline: {count} trials were inconclusive or errors, and are not in it"));
    }
    // What no ledger makes green stays what it is.
    let stays = baseline.undecided > 0 || !complaints.is_empty() || verdicts.accuses();
    Ok(if stays { *code } else { exit::GREEN })
}

fn save(path: &Path, text: &str, force: bool) -> Result<(), Stop> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Stop::new(exit::BENCH_UNABLE, format!("cannot write {}: {error}", path.display())),
    })
}

fn exists(path: &Path) -> Stop {
    let path = path.display();
    Stop::new(exit::USAGE, format!("{path} exists already; `--force` writes it anew"))
}
