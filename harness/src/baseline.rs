//! `tcpspec baseline`: what a target does otherwise today, written as a ledger.

use crate::cli::{BaselineArguments, exit};
use crate::run::{Ended, Stop, run_and, say};
use std::fs::{self, File, OpenOptions};
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
    if run.repeat.is_some() || run.until_fail {
        return Err(Stop::new(
            exit::USAGE,
            "`baseline` writes down one run: `--repeat` and `--until-fail` are for `run`",
        ));
    }
    can_save(write, *force)?;
    run_and(run, program, &|ended| conclude(ended, wanted))
}

fn conclude(ended: &Ended<'_>, wanted: &BaselineArguments) -> Result<u8, Stop> {
    let Ended { plan, verdicts, complaints, .. } = ended;
    let BaselineArguments { run, write, force } = wanted;
    let baseline = verdicts.baseline(plan, complaints);
    let saved = open(write, *force, true).and_then(|mut file| file.write_all(baseline.text.as_bytes()));
    saved.map_err(|error| unwritten(write, &error))?;
    let json = run.is_for_programs();
    let entries = if baseline.entries == 1 { "1 entry" } else { &format!("{} entries", baseline.entries) };
    say(json, &format!("baseline: {entries} in {}, {} to be reasoned", write.display(), baseline.open));
    if baseline.undecided > 0 {
        let count = baseline.undecided;
        say(json, &format!("baseline: {count} trials were inconclusive or errors, and are not in it"));
    }
    Ok(baseline.code)
}

/// Says before a minute of running what would be said behind it. Leaves everything as it is.
fn can_save(path: &Path, force: bool) -> Result<(), Stop> {
    let is_new = path.symlink_metadata().is_err();
    open(path, force, false).map_err(|error| unwritten(path, &error))?;
    if is_new {
        fs::remove_file(path).map_err(|error| unwritten(path, &error))?;
    }
    Ok(())
}

fn open(path: &Path, force: bool, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    // What exists is opened only with `force`.
    if force {
        options.create(true).truncate(truncate)
    } else {
        options.create_new(true)
    };
    options.open(path)
}

fn unwritten(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Stop::new(exit::USAGE, format!("{path} exists already; `--force` writes it anew"))
        }
        _ => Stop::new(exit::INVALID_FILE, format!("cannot write the ledger {path}: {error}")),
    }
}
