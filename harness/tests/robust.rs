//! What must not happen: a verdict that depends on how busy the machine is, a program that leaves
//! something behind, a malformed file that makes it panic.

mod program;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pretty_assertions::assert_eq;
use program::{Said, trials};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec_core::case::{Fixtures, Suite, Vocabulary};
use tcpspec_core::ledger::Ledger;
use tcpspec_core::profile::{Profile, Tolerance};
use tcpspec_core::requirement::Catalogue;

/// Trials that need the application, answers in time, and silence; none takes more than a few seconds.
const MIXED: [&str; 4] = ["reset/", "closed/", "listen/", "closing/four-segments"];

// ---- A busy machine ----------------------------------------------------------------------------

/// The event of each trial: `ok`, `failed`, `ignored`.
fn verdicts(said: &Said) -> BTreeMap<String, String> {
    let events = said.out.lines().map(|line| -> Value { serde_json::from_str(line).expect("JSON") });
    events
        .filter(|event| event["type"] == "test" && event["event"] != "started")
        .map(|event| (event["name"].to_string(), event["event"].to_string()))
        .collect()
}

/// Runs `work` while every processor has two threads that do nothing but spin.
fn under_load<T>(work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..2 * processors {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let result = work();
        over.store(true, Ordering::Relaxed);
        result
    })
}

fn same_verdicts(runs: usize, arguments: &[&str]) {
    let run = || {
        let said = program::tcpspec(&[&["--format", "json"], arguments].concat());
        assert_eq!(said.code(), Some(0), "{}{}", said.out, said.err);
        verdicts(&said)
    };
    let quiet = run();
    assert!(quiet.len() > 100, "{}", quiet.len());
    under_load(|| {
        for _ in 0..runs {
            assert_eq!(run(), quiet);
        }
    });
}

#[test]
fn loaded_machine_gives_the_same_verdicts() {
    same_verdicts(3, &MIXED);
}

#[test]
#[ignore = "twenty runs of the whole suite take over twenty minutes"]
fn twenty_loaded_runs_of_the_whole_suite_give_the_same_verdicts() {
    same_verdicts(20, &[]);
}

/// The program at work: it has a target, and trials are under way.
fn at_work(filters: &[&str]) -> (Child, BufReader<std::process::ChildStdout>, Vec<Process>) {
    let mut child = program::in_the_foreground(filters)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("running ") {
        line.clear();
        assert_ne!(out.read_line(&mut line).expect("text"), 0, "it ended before it began");
    }
    let family = family(child.id());
    assert!(family.len() >= 2, "the bench and the application on the target: {family:?}");
    (child, out, family)
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process).expect("a pid")), signal).expect("it is there");
}

/// What is said from here on, and the code at the end.
fn rest(mut child: Child, mut out: BufReader<std::process::ChildStdout>) -> (Option<i32>, String) {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut out, &mut text).expect("text");
    (child.wait().expect("it ends").code(), text)
}

#[test]
fn bench_that_is_frozen_for_a_while_blames_nobody() {
    let (child, out, _) = at_work(&MIXED);
    thread::sleep(Duration::from_millis(300));
    signal(child.id(), Signal::SIGSTOP);
    // Longer than most answers may take.
    thread::sleep(Duration::from_millis(2500));
    signal(child.id(), Signal::SIGCONT);
    let (code, text) = rest(child, out);
    assert_eq!(code, Some(0), "{text}");
    let late = text.lines().find(|line| line.starts_with("bench: at most 2.")).expect(&text);
    assert!(!late.contains(" 0 trials repeated"), "nothing was under way: {late}");
}

#[test]
fn application_that_is_frozen_for_a_while_makes_no_trial_fail() {
    let (child, out, family) = at_work(&MIXED);
    let agent = family.iter().find(|process| process.pid != child.id()).expect("the application").pid;
    thread::sleep(Duration::from_millis(300));
    signal(agent, Signal::SIGSTOP);
    thread::sleep(Duration::from_millis(1500));
    signal(agent, Signal::SIGCONT);
    let (code, text) = rest(child, out);
    assert!(code == Some(0) || code == Some(3), "{text}");
    assert!(!text.contains("\nFAIL  "), "{text}");
}

#[test]
fn application_that_is_killed_is_an_error_of_the_bench_and_no_failure_of_the_target() {
    for after in [50, 400] {
        let (child, out, family) = at_work(&MIXED);
        let agent = family.iter().find(|process| process.pid != child.id()).expect("the application").pid;
        thread::sleep(Duration::from_millis(after));
        signal(agent, Signal::SIGKILL);
        let (code, text) = rest(child, out);
        assert_eq!(code, Some(3), "{text}");
        assert!(
            text.contains("had a verdict: the upper tester is gone: it was killed by SIGKILL\n"),
            "{text}"
        );
        for verdict in ["FAIL  ", "INCONCLUSIVE  "] {
            assert!(!text.lines().any(|line| line.starts_with(verdict)), "{text}");
        }
    }
}

// ---- What is left behind -----------------------------------------------------------------------

/// A process, told from a later one with the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    /// Clock ticks after the machine's start.
    started: u64,
    is_zombie: bool,
    namespace: String,
}

/// proc(5): state, parent and start are the first, second and twentieth field behind the name.
fn process(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let namespace = fs::read_link(format!("/proc/{pid}/ns/net")).map(|link| link.display().to_string());
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        namespace: namespace.unwrap_or_default(),
    })
}

fn all_processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    entries.filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// A process and all that it has started.
fn family(pid: u32) -> Vec<Process> {
    let all = all_processes();
    let mut family: Vec<Process> = all.iter().filter(|process| process.pid == pid).cloned().collect();
    let mut place = 0;
    while let Some(parent) = family.get(place).map(|process| process.pid) {
        family.extend(all.iter().filter(|process| process.parent == parent).cloned());
        place += 1;
    }
    family
}

/// The interfaces in the namespace that the tests run in.
fn interfaces() -> BTreeSet<String> {
    let entries = fs::read_dir("/sys/class/net").expect("/sys").filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn whatever_ends_it_in_the_middle_leaves_no_process_interface_or_namespace() {
    let before = interfaces();
    for end in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL, Signal::SIGHUP] {
        let (mut child, _out, family) = at_work(&["reset/", "closing/", "time-wait"]);
        thread::sleep(Duration::from_millis(300));
        let namespaces: BTreeSet<&str> = family.iter().map(|process| process.namespace.as_str()).collect();
        let own = fs::read_link("/proc/self/ns/net").expect("a namespace").display().to_string();
        assert_eq!((namespaces.len(), namespaces.contains(own.as_str())), (2, false), "{family:?}");
        signal(child.id(), end);
        let status = child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(end as i32), "{status}");
        let last = family.iter().map(|process| process.started).max();
        // Namespaces have numbers that are used again: only a process that was there before counts.
        let left = || -> Vec<Process> {
            let older = |process: &Process| Some(process.started) <= last && !process.is_zombie;
            all_processes()
                .into_iter()
                .filter(|process| older(process) && namespaces.contains(process.namespace.as_str()))
                .collect()
        };
        let patience = Instant::now() + Duration::from_secs(20);
        while !left().is_empty() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(left(), [], "after {end}");
        assert_eq!(interfaces(), before, "after {end}");
    }
}

// ---- Malformed files ---------------------------------------------------------------------------

/// One careless change to a file.
#[derive(Clone, Debug)]
enum Edit {
    /// So many characters are gone.
    Cut(usize),
    /// This stands there besides.
    Insert(&'static str),
    /// The rest is gone.
    Truncate,
    /// The line stands there twice.
    Repeat,
}

/// What somebody types by mistake, or what has a meaning elsewhere.
const ODD: [&str; 22] = [
    "\t",
    ":",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "#",
    "$",
    "$x",
    "&a ",
    "*a",
    "!!int ",
    "\n",
    "-1",
    "99999999999999999999",
    "1e9",
    "ä\u{0}\u{feff}",
    "* 7 / 0",
    "%",
];

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    let change = prop_oneof![
        4 => (1_usize..40).prop_map(Edit::Cut),
        6 => prop::sample::select(&ODD[..]).prop_map(Edit::Insert),
        1 => Just(Edit::Truncate),
        3 => Just(Edit::Repeat),
    ];
    (any::<prop::sample::Index>(), change)
}

fn edited(text: &str, edits: &[(prop::sample::Index, Edit)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (place, edit) in edits {
        let at = place.index(text.len() + 1);
        match edit {
            Edit::Cut(count) => drop(text.drain(at..text.len().min(at + count))),
            Edit::Insert(odd) => drop(text.splice(at..at, odd.chars())),
            Edit::Truncate => text.truncate(at),
            Edit::Repeat => {
                let start = text[..at].iter().rposition(|c| *c == '\n').map_or(0, |end| end + 1);
                let end = text[at..].iter().position(|c| *c == '\n').map_or(text.len(), |end| at + end + 1);
                let line = text[start..end].to_vec();
                drop(text.splice(end..end, line));
            }
        }
    }
    text.into_iter().collect()
}

/// Everything that a run reads of cases before it sends anything.
fn read_cases(file: &str, text: &str) {
    let Ok(suite) = Suite::read(vec![(file.to_owned(), text.to_owned())]) else { return };
    let (catalogue, fixtures) = (Catalogue::embedded(), Fixtures::embedded().expect("built in"));
    let vocabulary =
        Vocabulary { catalogue: Some(&catalogue), fixtures: Some(&fixtures), ..Vocabulary::default() };
    let _ = suite.check(&vocabulary);
    for trial in suite.trials() {
        if let Ok(script) = trial.script() {
            let tolerance = Tolerance::default();
            let _ = (script.longest_wait(&|_| None, &tolerance), script.expected_duration(&|_| None));
            let _ = script.capabilities();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn malformed_case_file_is_refused_or_read_and_never_panics(
        file in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        let files = ["closing/half-close", "data/overlap", "reset/received", "time-wait/lasting", "close-wait/many"];
        let name = format!("cases/{}.yaml", files[file.index(files.len())]);
        let suite = Suite::embedded().expect("built in");
        let text = suite.text(&name).expect("one of ours");
        read_cases(&name, &edited(text, &edits));
    }

    #[test]
    fn malformed_profile_ledger_or_fixture_is_refused_or_read_and_never_panics(
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        let device = include_str!("../../cases/profiles/example-device.yaml");
        let _ = Profile::read("dut.yaml", &edited(device, &edits));
        let _ = Profile::read("linux.yaml", &edited(tcpspec_core::profile::LINUX.1, &edits));
        let _ = Ledger::read("ledger.yaml", &edited(tcpspec_core::ledger::LINUX.1, &edits));
        let _ = Fixtures::read("states.yaml", &edited(Fixtures::SOURCE.1, &edits));
    }
}

#[test]
fn odd_arguments_end_with_a_code_and_a_sentence() {
    let long = "x".repeat(100_000);
    let id = &trials(&["closed/"])[0];
    let odd: [(&[&str], i32); 8] = [
        (&[""], 0),
        (&["--exact", ""], 4),
        (&[&long], 4),
        (&["--skip", ""], 4),
        (&["ä\u{1f980}\n"], 4),
        (&["--exact", id, "--skip", "\u{0}x".trim_start_matches('\u{0}')], 0),
        (&["--seed", "ffffffffffffffff", "--exact", id], 0),
        (&["--seed", "1ffffffffffffffff"], 2),
    ];
    for (arguments, code) in odd {
        // All trials are selected by the empty filter: a list is enough.
        let list: &[&str] = if arguments == [""] { &["--list"] } else { &[] };
        let said = program::tcpspec(&[list, arguments].concat());
        assert_eq!(said.code(), Some(code), "{}", said.err.chars().take(300).collect::<String>());
    }
}
