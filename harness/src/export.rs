//! `tcpspec cases export`: what the program carries, as files.

use crate::cli::exit;
use crate::run::{Stop, say};
use std::fs;
use std::io;
use std::path::Path;
use tcpspec_core::case::embedded_files;

/// Writes everything that stands under `cases/` to a directory that is empty, or not there, or may be written to
/// by `force`.
///
/// # Errors
/// It is not, or cannot be written to.
pub fn export(directory: &Path, force: bool) -> Result<u8, Stop> {
    let name = directory.display();
    let unwritable = |path: &Path, error: &io::Error| {
        Stop::new(exit::BENCH_UNABLE, format!("cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
    let is_empty = fs::read_dir(directory).map_err(|error| unwritable(directory, &error))?.next().is_none();
    if !is_empty && !force {
        let message =
            format!("{name} is not empty; `--force` replaces what has the name of a file of the suite");
        return Err(Stop::new(exit::USAGE, message));
    }
    let mut count = 0;
    for (file, text) in embedded_files() {
        let path = directory.join(Path::new(file).strip_prefix("cases").unwrap_or(Path::new(file)));
        let folder = path.parent().unwrap_or(directory);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| unwritable(&path, &error))?;
        count += 1;
    }
    say(
        false,
        &format!(
            "{count} files in {name}; `tcpspec --cases {name}` runs the cases among them, LANGUAGE.md describes them"
        ),
    );
    Ok(exit::GREEN)
}
