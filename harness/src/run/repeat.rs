//! `--repeat N`, `--until-fail`: a run as often as that, each in a process of its own with a seed of its own.
//!
//! The bench of a run has to be made before its process has a second thread, so that one process is good for
//! one run. Such a process is told which run it is by [`REPETITION`].

use super::{Stop, random_seed, say, unwritable};
use crate::cli::{Format, RunArguments, exit};
use crate::evidence::event::Verdict;
use crate::evidence::{Captures, Events, Folder, Interruptions, as_before};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Set for a process that makes one of several runs: its seed in hexadecimal, `:`, and where it leaves its
/// evidence.
const REPETITION: &str = "TCPSPEC_REPETITION";

/// The run that this process makes; `None` where it is to have several made.
pub(super) fn once(run: &RunArguments) -> Option<RunArguments> {
    if run.repeat.is_none() && !run.until_fail || run.list {
        return Some(run.clone());
    }
    let told = std::env::var_os(REPETITION)?.into_vec();
    let colon = told.iter().position(|octet| *octet == b':')?;
    let seed = u64::from_str_radix(std::str::from_utf8(&told[..colon]).ok()?, 16).ok()?;
    let out = PathBuf::from(OsString::from_vec(told[colon + 1..].to_vec()));
    // Who did not ask for evidence gets the verdicts compared, and nothing to keep.
    let pcap = if run.out.is_some() { run.pcap } else { Captures::None };
    Some(RunArguments { seed: Some(seed), out: Some(out), pcap, ..run.clone() })
}

/// Has the runs made one after the other, says what came of them, and gives the worst code.
///
/// # Errors
/// A run could not begin.
pub(super) fn repeat(run: &RunArguments) -> Result<u8, Stop> {
    if run.format == Some(Format::Tap) {
        return Err(Stop::new(
            exit::USAGE,
            "KTAP has one run in one output: `--repeat` and `--until-fail` have several",
        ));
    }
    let interruptions = Interruptions::hold();
    let under_way = Arc::new(Mutex::new(UnderWay::default()));
    let (ended, has_ended) = channel::<()>();
    let watched = Arc::clone(&under_way);
    interruptions.look_after(move |signal| {
        lock(&watched).interrupt(signal);
        // What is known is said before the end.
        let _ = has_ended.recv();
    });
    let result = Repeated::new(run)?.all(run, &under_way);
    let is_interrupted = lock(&under_way).interrupted;
    drop(ended);
    if is_interrupted {
        // The thread that looks after signals ends the process.
        std::thread::sleep(std::time::Duration::from_secs(10));
    }
    result
}

/// The process that makes the present run.
#[derive(Default)]
struct UnderWay {
    process: Option<Pid>,
    interrupted: bool,
}

impl UnderWay {
    fn interrupt(&mut self, signal: &str) {
        self.interrupted = true;
        if let (Some(process), Ok(signal)) = (self.process, signal.parse::<Signal>()) {
            let _ = kill(process, signal);
        }
    }
}

fn lock(under_way: &Mutex<UnderWay>) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runs so far.
struct Repeated {
    /// Where each has a folder of its own.
    folder: PathBuf,
    /// Nobody asked for it.
    is_passing: bool,
    /// Number, seed and exit code of each.
    runs: Vec<(u32, u64, u8)>,
    /// Of each trial, how often it said what, and in which run first.
    said: BTreeMap<String, BTreeMap<Verdict, (usize, u32)>>,
}

impl Drop for Repeated {
    fn drop(&mut self) {
        if self.is_passing {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

impl Repeated {
    fn new(run: &RunArguments) -> Result<Self, Stop> {
        let passing = || std::env::temp_dir().join(format!("tcpspec-repeat-{}", std::process::id()));
        let is_passing = run.out.is_none();
        let folder = run.out.clone().unwrap_or_else(passing);
        // Runs of an earlier repetition are not taken for runs of this one.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_name().as_bytes().iter().all(u8::is_ascii_digit) {
                Folder::claim(&entry.path()).and_then(Folder::remove).map_err(unwritable)?;
            }
        }
        Ok(Self { folder, is_passing, runs: Vec::new(), said: BTreeMap::new() })
    }

    fn all(mut self, run: &RunArguments, under_way: &Mutex<UnderWay>) -> Result<u8, Stop> {
        let aside = run.is_for_programs();
        let first_seed = run.seed.unwrap_or_else(random_seed);
        let of = run.repeat.map(|most| format!(" of {most}")).unwrap_or_default();
        let mut worst = exit::GREEN;
        for number in 1..=run.repeat.unwrap_or(u32::MAX) {
            let seed = first_seed.wrapping_add(u64::from(number) - 1);
            say(aside, &format!("== run {number}{of}"));
            let Some(status) = self.one(number, seed, under_way).map_err(unstartable)? else { break };
            let Some(code) = status.code().and_then(|code| u8::try_from(code).ok()) else {
                say(aside, &format!("run {number} was ended from outside: {status}"));
                worst = if worst == exit::RED { worst } else { exit::BENCH_FAULT };
                break;
            };
            if !matches!(code, exit::GREEN | exit::RED | exit::BENCH_FAULT) {
                // It would say the same again and again, and has said why.
                if number > 1 {
                    self.tell(aside);
                }
                return Ok(code);
            }
            self.runs.push((number, seed, code));
            self.read(number)?;
            if worst != exit::RED && code != exit::GREEN {
                worst = code;
            }
            if run.until_fail && code != exit::GREEN {
                break;
            }
        }
        self.tell(aside);
        Ok(worst)
    }

    /// Makes a run; `None` where somebody wants an end.
    fn one(&self, number: u32, seed: u64, under_way: &Mutex<UnderWay>) -> io::Result<Option<ExitStatus>> {
        let mut told = OsString::from(format!("{seed:x}:"));
        told.push(self.folder_of(number));
        let mut command = Command::new(std::env::current_exe()?);
        command.args(std::env::args_os().skip(1)).env(REPETITION, told);
        let mut process = {
            let mut under_way = lock(under_way);
            if under_way.interrupted {
                return Ok(None);
            }
            let process = as_before(|| command.spawn())?;
            under_way.process = Some(pid(&process));
            process
        };
        // It keeps its number until nobody would send a signal to it any more.
        while waitid(Id::Pid(pid(&process)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR)
        {
        }
        let mut under_way = lock(under_way);
        under_way.process = None;
        let status = process.wait()?;
        Ok(if under_way.interrupted { None } else { Some(status) })
    }

    fn folder_of(&self, number: u32) -> PathBuf {
        self.folder.join(number.to_string())
    }

    /// What a run has said.
    fn read(&mut self, number: u32) -> Result<(), Stop> {
        let folder = self.folder_of(number);
        let unreadable = |error: crate::evidence::ReadError| Stop::new(exit::BENCH_FAULT, error.to_string());
        let mut events = Events::open(&Folder::stream_in(&folder)).map_err(unreadable)?;
        while let Some(trial) = events.next_trial().map_err(unreadable)? {
            let (count, _) =
                self.said.entry(trial.id).or_default().entry(trial.verdict).or_insert((0, number));
            *count += 1;
        }
        if self.is_passing {
            let _ = std::fs::remove_dir_all(folder);
        }
        Ok(())
    }

    /// What came of the runs.
    fn tell(&self, aside: bool) {
        say(aside, self.in_short().trim_end());
    }

    fn in_short(&self) -> String {
        if self.runs.is_empty() {
            return "== no run came to its end".into();
        }
        let count = |wanted| self.runs.iter().filter(|(_, _, code)| *code == wanted).count();
        let counts = [
            (count(exit::GREEN), "green"),
            (count(exit::RED), "red"),
            (count(exit::BENCH_FAULT), "with the bench at fault"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        let runs =
            if self.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", self.runs.len()) };
        let mut text = format!("== {runs}: {}\n", counts.join(", "));
        for (number, seed, code) in self.runs.iter().filter(|(_, _, code)| *code != exit::GREEN) {
            let place = if self.is_passing { String::new() } else { in_folder(&self.folder_of(*number)) };
            let _ = writeln!(text, "  run {number}, seed {seed:x}: exit code {code}{place}");
        }
        let differing: Vec<_> = self.said.iter().filter(|(_, said)| said.len() > 1).collect();
        if differing.is_empty() && self.runs.len() > 1 {
            text.push_str("no trial said different things in different runs\n");
        } else if !differing.is_empty() {
            text.push_str("trials that said different things in different runs:\n");
        }
        for (id, said) in differing {
            let words = said.iter().map(|(verdict, (count, first))| {
                format!("{count} {} (first in run {first})", verdict.word())
            });
            let _ = writeln!(text, "  {id}: {}", words.collect::<Vec<_>>().join(", "));
        }
        text
    }
}

fn pid(process: &Child) -> Pid {
    Pid::from_raw(i32::try_from(process.id()).unwrap_or(i32::MAX))
}

fn in_folder(folder: &Path) -> String {
    format!(", {}", folder.display())
}

fn unstartable(error: io::Error) -> Stop {
    Stop::new(exit::BENCH_UNABLE, format!("cannot start a run: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn end_names_the_runs_that_were_not_green_and_the_trials_that_differ() {
        let said = |words: &[(Verdict, usize, u32)]| {
            words.iter().map(|(verdict, count, first)| (*verdict, (*count, *first))).collect()
        };
        let repeated = Repeated {
            folder: "out".into(),
            is_passing: false,
            runs: vec![(1, 0xfe, 0), (2, 0xff, 1), (3, 0x100, 3)],
            said: [
                ("a:v4".to_owned(), said(&[(Verdict::Pass, 3, 1)])),
                ("b:v4".to_owned(), said(&[(Verdict::Pass, 2, 1), (Verdict::Fail, 1, 2)])),
            ]
            .into(),
        };
        assert_snapshot!(repeated.in_short(), @r"
        == 3 runs: 1 green, 1 red, 1 with the bench at fault
          run 2, seed ff: exit code 1, out/2
          run 3, seed 100: exit code 3, out/3
        trials that said different things in different runs:
          b:v4: 2 pass (first in run 1), 1 fail (first in run 2)
        ");
    }
}
