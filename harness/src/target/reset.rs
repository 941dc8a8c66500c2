//! The command that brings a device back.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a reset command may take.
pub const RESET_WITHIN: Duration = Duration::from_secs(120);

/// A reset command that did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResetError {
    /// It could not be started.
    #[error("the reset command `{command}` cannot be started: {why}")]
    NotStarted {
        /// Program and arguments.
        command: String,
        /// What the system said.
        why: String,
    },
    /// It failed.
    #[error("the reset command `{command}` failed ({status}){}", said(output))]
    Failed {
        /// Program and arguments.
        command: String,
        /// Its end.
        status: String,
        /// What it printed.
        output: String,
    },
    /// It was killed, because it took too long.
    #[error("the reset command `{command}` did not end within {} s and was killed{}", within.as_secs(), said(output))]
    TooLong {
        /// Program and arguments.
        command: String,
        /// How long it was given.
        within: Duration,
        /// What it printed until then.
        output: String,
    },
}

/// Runs the command and gives what it printed, on either stream.
///
/// # Errors
/// It cannot be started, fails, or takes longer than `within`.
pub fn reset(command: &[String], within: Duration) -> Result<String, ResetError> {
    let shown = command.join(" ");
    let not_started =
        |why: &dyn ToString| ResetError::NotStarted { command: shown.clone(), why: why.to_string() };
    let (program, arguments) = command.split_first().ok_or_else(|| not_started(&"it is empty"))?;
    let (mut reader, writer) = std::io::pipe().map_err(|error| not_started(&error))?;
    let second = writer.try_clone().map_err(|error| not_started(&error))?;
    let mut started = Command::new(program);
    started.args(arguments).stdin(Stdio::null()).stdout(writer).stderr(second);
    let mut child = crate::evidence::as_before(|| started.spawn()).map_err(|error| not_started(&error))?;
    // Our ends of the pipe go, or it would never end.
    drop(started);
    // Not awaited where the command is killed: what it has started may hold the pipe open.
    let (told, output) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut octets = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut octets) {
            let _ = told.send(String::from_utf8_lossy(&octets[..count]).into_owned());
        }
    });
    let end = wait(&mut child, within);
    if end.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let mut text = String::new();
    while let Ok(more) = output.recv_timeout(LAST_WORDS) {
        text.push_str(&more);
    }
    match end {
        None => Err(ResetError::TooLong { command: shown, within, output: text }),
        Some(status) if status.success() => Ok(text),
        Some(status) => Err(ResetError::Failed { command: shown, status: status.to_string(), output: text }),
    }
}

fn wait(child: &mut Child, within: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < within => thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn said(output: &str) -> String {
    match output.trim() {
        "" => String::new(),
        output => format!(": {output}"),
    }
}

/// How long the output may lag behind the end.
const LAST_WORDS: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn run(script: &str, within: Duration) -> Result<String, ResetError> {
        reset(&["sh".into(), "-c".into(), script.into()], within)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn output_of_both_streams_is_kept() {
        assert_eq!(run("echo off; sleep 0.1; echo on >&2", LONG), Ok("off\non\n".into()));
    }

    #[test]
    fn failure_says_what_was_printed() {
        let error = run("echo no such outlet; exit 3", LONG).expect_err("a failure");
        assert_eq!(
            error.to_string(),
            "the reset command `sh -c echo no such outlet; exit 3` failed (exit status: 3): no such outlet"
        );
        let error = reset(&["/nonexistent/power-cycle".into()], LONG).expect_err("a failure");
        assert_eq!(
            error.to_string(),
            "the reset command `/nonexistent/power-cycle` cannot be started: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn command_that_does_not_end_is_killed() {
        let start = Instant::now();
        let within = Duration::from_millis(100);
        let error = run("echo waiting; exec sleep 60", within).expect_err("it is killed");
        let command = "sh -c echo waiting; exec sleep 60".into();
        assert_eq!(error, ResetError::TooLong { command, within, output: "waiting\n".into() });
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_a_command_leaves_running_is_not_awaited() {
        let start = Instant::now();
        assert_eq!(run("echo done; sleep 5 &", LONG), Ok("done\n".into()));
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}
