//! The real program, and what it said.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Path of the program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tcpspec");

/// Trials that never take long, and never fail.
pub(crate) const QUICK: &str = "closed/closed-port/segment-with";

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        let text = |octets| String::from_utf8(octets).expect("output is UTF-8");
        let said = Self { status: output.status, out: text(output.stdout), err: text(output.stderr) };
        assert!(!said.err.contains("panicked"), "{said:#?}");
        said
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// libtest's own counts: passed, failed, ignored, filtered out.
    pub(crate) fn counts(&self) -> [u32; 4] {
        let line = self.out.lines().find(|line| line.starts_with("test result:"));
        let line = line.unwrap_or_else(|| panic!("no result: {self:#?}"));
        ["passed", "failed", "ignored", "filtered out"].map(|word| {
            let part = line.split([';', '.']).find(|part| part.trim_end().ends_with(word));
            let number = part.and_then(|part| part.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {word}: {line}"))
        })
    }

    /// The trials that have a line of their own, with their word.
    pub(crate) fn lines(&self) -> Vec<(&str, &str)> {
        let lines = self.out.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
        // Why something was ignored stands behind the word.
        lines.map(|(name, word)| (name.trim_end(), word.split(' ').next().unwrap_or_default())).collect()
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// The same with signals as in the foreground of a shell: a process in its background ignores SIGINT, and
/// what it starts does, too.
pub(crate) fn in_the_foreground(arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=INT,TERM,HUP", PROGRAM]).args(arguments);
    command
}

pub(crate) fn tcpspec(arguments: &[&str]) -> Said {
    said(&mut command(arguments))
}

pub(crate) fn said(command: &mut Command) -> Said {
    Said::of(command.output().unwrap_or_else(|error| panic!("{command:?}: {error}")))
}

/// Every trial, as `--list` names it.
pub(crate) fn listed(arguments: &[&str]) -> Vec<String> {
    let said = tcpspec(&[&["--list"], arguments].concat());
    assert_eq!(said.code(), Some(0));
    // What slow trials take, where there are any, and nothing else.
    let heading = said.err.lines().next();
    assert!(heading.is_none_or(|line| line.contains(" slow trial")), "{}", said.err);
    let name = |line: &str| line.strip_suffix(": test").map(str::to_owned);
    said.out.lines().filter(|line| !line.is_empty()).filter_map(name).collect()
}

/// The trials whose names contain one of these: as `--list` says, asked once.
pub(crate) fn trials(filters: &[&str]) -> Vec<String> {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    let all = ALL.get_or_init(|| listed(&[])).iter();
    all.filter(|name| filters.iter().any(|filter| name.contains(filter))).cloned().collect()
}

/// A folder that vanishes with this value, readable by everybody.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tcpspec-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an own folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, with the folders that lead to it, and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(&path, text).expect("a file of our own");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
