//! Runs of the binary and what they said.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use super::lab::Lab;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What one run said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) took: Duration,
    /// The most memory that the process had at once, in octets.
    pub(crate) peak_memory: u64,
}

/// A run under way.
pub(crate) struct Running {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
    text: String,
    started: Instant,
    watched: JoinHandle<u64>,
}

impl Lab {
    /// Runs `tcpspec --target` with this profile and these further arguments, to its end.
    pub(crate) fn tcpspec(&self, profile: &str, arguments: &[&str]) -> Run {
        self.begin(Command::new(env!("CARGO_BIN_EXE_tcpspec")), profile, arguments).end()
    }

    /// The same, not awaited.
    pub(crate) fn begin_tcpspec(&self, profile: &str, arguments: &[&str]) -> Running {
        self.begin(Command::new(env!("CARGO_BIN_EXE_tcpspec")), profile, arguments)
    }

    /// The same, without any right over this network.
    pub(crate) fn tcpspec_without_rights(&self, profile: &str) -> Run {
        let mut command = Command::new("unshare");
        command.args(["--user", env!("CARGO_BIN_EXE_tcpspec")]);
        self.begin(command, profile, &[]).end()
    }

    /// The same, by a command that is ready for the profile.
    pub(crate) fn begin(&self, mut command: Command, profile: &str, arguments: &[&str]) -> Running {
        let path = self.write("profile.yaml", profile);
        command.arg("--target").arg(path).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines = Box::new(output.lines().map_while(Result::ok));
        let watched = watch(child.id());
        Running { child, lines, text: String::new(), started, watched }
    }

    /// The ledger of the kernel target, and what a Linux device does otherwise besides.
    pub(crate) fn linux_ledger(&self) -> PathBuf {
        let (_, kernel) = tcpspec_core::ledger::LINUX;
        self.write("ledger.yaml", &format!("{kernel}{}", include_str!("linux-device.yaml")))
    }
}

/// The most memory that a process has at once, in octets, known when it has ended.
fn watch(process: u32) -> JoinHandle<u64> {
    let peak = move || {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    thread::spawn(move || {
        let mut most = 0;
        // A process that has ended has no memory any more.
        while let Some(kibibytes) = peak() {
            most = kibibytes << 10;
            thread::sleep(Duration::from_millis(20));
        }
        most
    })
}

impl Running {
    /// Waits until so many trials were told to be right.
    pub(crate) fn until_passed(&mut self, count: usize) {
        for _ in 0..count {
            let is_pass = |line: &String| line.starts_with("test ") && line.ends_with(" ok");
            let text = &mut self.text;
            let passed = self.lines.by_ref().inspect(|line| *text += &format!("{line}\n")).find(is_pass);
            assert!(passed.is_some(), "the run ended before {count} trials passed:\n{}", self.text);
        }
    }

    /// Its process, which is not gone before [`Running::end`].
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has no more to say.
    pub(crate) fn until_silent(&mut self) {
        for line in self.lines.by_ref() {
            self.text += &format!("{line}\n");
        }
    }

    pub(crate) fn end(mut self) -> Run {
        self.until_silent();
        let output = self.child.wait_with_output().expect("it ends");
        self.text += &String::from_utf8_lossy(&output.stderr);
        let peak_memory = self.watched.join().expect("it only reads");
        Run { code: output.status.code(), text: self.text, took: self.started.elapsed(), peak_memory }
    }
}

impl Run {
    /// The numbers of the line `verdicts: 3 pass, 2 skip`.
    pub(crate) fn verdicts(&self) -> BTreeMap<&str, usize> {
        let line = self.text.lines().find_map(|line| line.strip_prefix("verdicts: ")).unwrap_or_default();
        let number = |entry: &'_ str| {
            let (count, word) = entry.split_once(' ')?;
            Some((word.to_owned(), count.parse().ok()?))
        };
        let numbers: Vec<(String, usize)> = line.split(", ").filter_map(number).collect();
        let word = |word: &str| line.find(word).map_or("", |at| &line[at..at + word.len()]);
        numbers.iter().map(|(name, count)| (word(name), *count)).collect()
    }

    /// How many trials have a verdict.
    pub(crate) fn total(&self) -> usize {
        self.verdicts().values().sum()
    }

    /// How many trials have this verdict.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.verdicts().get(word).copied().unwrap_or(0)
    }

    /// Why trials were skipped, and how many for each reason.
    pub(crate) fn skipped(&self) -> BTreeMap<&str, usize> {
        let reasons =
            self.text.lines().filter_map(|line| line.split_once(" ... ignored (")?.1.strip_suffix(')'));
        let mut counts = BTreeMap::new();
        reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
        counts
    }

    /// Whether the trial of that name was told to be right.
    pub(crate) fn passed(&self, id: &str) -> bool {
        let is_it =
            |line: &str| line.strip_prefix("test ").is_some_and(|rest| rest.starts_with(&format!("{id} ")));
        self.text.lines().any(|line| is_it(line) && line.ends_with(" ok"))
    }

    /// Nothing is red, and something ran.
    pub(crate) fn assert_green(&self, at_least: usize) {
        let wrong = ["fail", "inconclusive", "error"].map(|word| self.count(word));
        assert!(
            self.code == Some(0) && wrong == [0; 3] && self.count("pass") >= at_least,
            "exit code {:?}, {:?}\n{}",
            self.code,
            self.verdicts(),
            self.text
        );
    }

    /// The run ended before it began, with this code, a sentence that says all of this, and where to look
    /// further.
    pub(crate) fn assert_refused(&self, code: i32, sentence: &[&str]) {
        let is_told = sentence.iter().all(|part| self.text.contains(part));
        assert!(self.code == Some(code) && is_told, "exit code {:?}: {}", self.code, self.text);
        let rest: Vec<_> = self.text.trim_end().lines().skip(1).collect();
        let is_doctor = |line: &&str| line.starts_with("  `tcpspec doctor --target ");
        assert!(rest.len() == 1 && rest.iter().all(is_doctor), "{}", self.text);
    }
}
