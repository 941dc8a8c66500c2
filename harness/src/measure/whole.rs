//! Measured from outside, on processes of their own: how soon a run speaks, how long the suite takes.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// From the start of a run of the whole suite to its first line with a verdict. The run is not
/// awaited.
///
/// # Errors
/// It cannot be started, or says nothing.
pub(super) fn first_verdict(program: &Path) -> io::Result<Duration> {
    let started = Instant::now();
    let mut run = Running(suite(program).stdout(Stdio::piped()).spawn()?);
    let lines = BufReader::new(run.0.stdout.take().ok_or_else(|| io::Error::other("no output"))?).lines();
    for line in lines {
        let line = line?;
        if line.starts_with("test ") && line.contains(" ... ") {
            return Ok(started.elapsed());
        }
    }
    Err(io::Error::other("it ended without a verdict"))
}

/// A run of the whole suite, with these arguments too: how long it took, and whether it was green.
///
/// # Errors
/// It cannot be started.
pub(super) fn whole_suite(program: &Path, arguments: &[&str]) -> io::Result<(Duration, bool)> {
    let started = Instant::now();
    let green = suite(program).args(arguments).stdout(Stdio::null()).status()?.success();
    Ok((started.elapsed(), green))
}

fn suite(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["run", "--format", "pretty", "--color", "never"])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
