//! `tcpspec run`: from arguments to an exit code.

use crate::cli::{Format, RunArguments, exit};
use crate::runner::{
    Board, Book, Driver, Fate, Job, Places, Plan, PlanFor, Printing, Selection, Status, Surroundings,
    Verdicts,
};
use crate::runner::{arguments, trials};
use crate::target::{Bench, DeviceBench, KernelBench, KernelBenchError, KernelPreparation};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tcpspec_core::case::{Capability, Family, Fixtures, Suite};
use tcpspec_core::engine::TrialConfig;
use tcpspec_core::ledger::{Date, Ledger};
use tcpspec_core::profile::{Kind, Profile};
use tcpspec_core::requirement::{Catalogue, Level, Threshold};
use tcpspec_core::yaml::{Diagnostic, render};

/// A run that ended before it began: what to say, and the code to exit with.
#[derive(Debug)]
pub struct Stop {
    /// One or more sentences for the user.
    pub message: String,
    /// Exit code.
    pub code: u8,
}

impl Stop {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }
}

/// Runs the suite and gives the code to exit with. `program` is the binary that plays the
/// application on the target: this one.
///
/// # Errors
/// Whatever keeps the run from beginning.
pub fn run(run: &RunArguments, program: PathBuf) -> Result<u8, Stop> {
    // First of all: it must come before any thread, and the kernel takes its time over it.
    let kernel = (run.target == "kernel" && !run.list).then(|| KernelBench::prepare(program));
    let inputs = Inputs { again: again(run), ..Inputs::read(&run.target, run.cases.as_deref())? };
    let seed = run.seed.unwrap_or_else(random_seed);
    let plan = Arc::new(inputs.plan(seed)?);
    let selection = Selection { filters: run.filters.clone(), exact: run.exact, skip: run.skip.clone() };
    let selected = check_selection(&selection, &plan, run)?;
    let board = Arc::new(Board::new(plan.trials.len()));
    let ledger = inputs.ledger(run)?;
    let verdicts = Arc::new(Verdicts::new(run.level, Arc::clone(&inputs.catalogue), ledger));
    let json = run.format == Some(Format::Json);
    // Only whole lines can be told from it: it would wipe out the characters of `terse`.
    let lines = matches!(run.format, None | Some(Format::Pretty)) && !run.quiet;
    let status = Status::new(lines && !run.list);
    let printing = Arc::new(Printing { plan, board, verdicts, status });
    let arguments = arguments(run, &selection, &printing.plan);
    if run.list || selected == 0 {
        let _ = libtest_mimic::run(&arguments, trials(&printing));
        return Ok(exit::GREEN);
    }
    let jobs = jobs(run, &selection, &printing.plan);
    // A trial may be repeated, and the target may be asked whether it is still there.
    let mut bench = inputs.bench(kernel, 2 * jobs.len() + printing.plan.questions.len())?;
    say(json, &format!("tcpspec {}: {}, seed {seed:x}", env!("CARGO_PKG_VERSION"), inputs.profile.name));
    bench.remarks().iter().for_each(|remark| say(json, &format!("bench: {remark}")));
    let driving = drive(run, &selection, &printing, bench.as_mut(), jobs);
    driving?;
    let (code, text) = printing.verdicts.close(&printing.plan, &bench.complaints());
    say(json, text.trim_end());
    Ok(code)
}

/// What a run reads before it touches anything.
pub(crate) struct Inputs {
    /// The command that repeats a run like this, but for seed and trial.
    again: String,
    catalogue: Arc<Catalogue>,
    suite: Arc<Suite>,
    fixtures: Arc<Fixtures>,
    profile: Profile,
}

impl Inputs {
    fn read(target: &str, cases: Option<&Path>) -> Result<Self, Stop> {
        let catalogue = Arc::new(Catalogue::embedded());
        let suite = match cases {
            None => Suite::embedded(),
            Some(folder) => {
                let files = case_files(folder)?;
                Suite::read(files)
            }
        };
        let suite = suite.map_err(|found| invalid(&found))?;
        let fixtures = fixtures(cases)?;
        let profile = match target {
            "kernel" => {
                let (file, text) = tcpspec_core::profile::LINUX;
                Profile::read(file, text).map_err(|found| invalid(&found))?
            }
            file => {
                let text = read_file(Path::new(file), "profile")?;
                Profile::read(file, &text).map_err(|found| invalid(&found))?
            }
        };
        Ok(Self {
            again: "tcpspec".into(),
            catalogue,
            suite: Arc::new(suite),
            fixtures: Arc::new(fixtures),
            profile,
        })
    }

    /// What the kernel target needs, without a command line.
    pub(crate) fn read_for_kernel() -> Result<Self, Stop> {
        Self::read("kernel", None)
    }

    /// The whole suite.
    pub(crate) fn plan(&self, seed: u64) -> Result<Plan, Stop> {
        self.plan_of(Arc::clone(&self.suite), seed)
    }

    /// Another suite on the same target.
    pub(crate) fn plan_of(&self, suite: Arc<Suite>, seed: u64) -> Result<Plan, Stop> {
        let capabilities = Arc::new(capabilities(&self.profile));
        let unset = std::net::IpAddr::from([0, 0, 0, 0]);
        let config = TrialConfig {
            seed,
            bench: unset,
            target: unset,
            bench_port: 0,
            target_port: 0,
            link_mtu: 1500,
            table: false,
            timers: self.profile.timers,
            tolerance: self.profile.tolerance,
            level: Level::Must,
            catalogue: Arc::clone(&self.catalogue),
            fixtures: Arc::clone(&self.fixtures),
            capabilities: Arc::clone(&capabilities),
            agent: matches!(self.profile.kind, Kind::Kernel),
        };
        let places = Places::of(&self.profile, &capabilities);
        let surroundings = Arc::new(Surroundings { config, families: families(&self.profile) });
        Plan::make(PlanFor {
            suite,
            catalogue: Arc::clone(&self.catalogue),
            profile: self.profile.clone(),
            surroundings,
            places,
            seed,
            again: format!("{} --seed {seed:x}", self.again),
        })
        .map_err(|found| invalid(&found))
    }

    fn ledger(&self, run: &RunArguments) -> Result<Book, Stop> {
        let ledger = match (run.ledger.as_deref(), &self.profile.kind) {
            (Some("none"), _) => Ledger::default(),
            (Some(file), _) => {
                let text = read_file(Path::new(file), "ledger")?;
                Ledger::read(file, &text).map_err(|found| invalid(&found))?
            }
            // It speaks of the built-in cases.
            (None, Kind::Kernel) if run.cases.is_none() => {
                let (file, text) = tcpspec_core::ledger::LINUX;
                Ledger::read(file, text).map_err(|found| invalid(&found))?
            }
            (None, _) => Ledger::default(),
        };
        let kernel = matches!(self.profile.kind, Kind::Kernel);
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Book {
            ledger,
            target: if kernel { "kernel".into() } else { self.profile.name.clone() },
            version: if kernel { release.trim().to_owned() } else { String::new() },
            today: Date::from_unix_seconds(since_epoch.as_secs()),
        })
    }

    fn bench(
        &self,
        kernel: Option<Result<KernelPreparation, KernelBenchError>>,
        hosts: usize,
    ) -> Result<Box<dyn Bench>, Stop> {
        let unable = |error: KernelBenchError| Stop::new(exit::BENCH_UNABLE, error.to_string());
        match &self.profile.kind {
            Kind::Kernel => {
                let preparation = kernel.ok_or_else(|| {
                    Stop::new(exit::USAGE, "the kernel target is chosen with `--target kernel`")
                })?;
                let bench = preparation.and_then(KernelPreparation::finish).map_err(unable)?;
                Ok(Box::new(bench))
            }
            Kind::Device(device) => {
                let bench = DeviceBench::open(&self.profile, device, hosts).map_err(|error| {
                    let code = if error.is_unreachable() { exit::UNREACHABLE } else { exit::BENCH_UNABLE };
                    Stop::new(code, error.to_string())
                })?;
                Ok(Box::new(bench))
            }
            Kind::Simulated => Err(Stop::new(
                exit::USAGE,
                "there is no simulated target in this version; use `kernel` or a device",
            )),
        }
    }
}

/// The trials that are run.
fn jobs(run: &RunArguments, selection: &Selection, plan: &Plan) -> Vec<Job> {
    let wanted = |fate: &Fate| match fate {
        Fate::Run => !run.ignored,
        Fate::Slow => run.ignored || run.include_ignored,
        Fate::Skip(_) => false,
    };
    let jobs = plan.trials.iter().filter(|trial| wanted(&trial.fate) && selection.selects(&trial.id));
    jobs.map(|trial| trial.job.clone()).collect()
}

/// Runs the driving thread beside libtest.
fn drive(
    run: &RunArguments,
    selection: &Selection,
    printing: &Arc<Printing>,
    bench: &mut dyn Bench,
    jobs: Vec<Job>,
) -> Result<(), Stop> {
    let plan = &printing.plan;
    let questions = plan.questions.clone();
    let most_at_once = run.test_threads.map_or(usize::MAX, |threads| threads as usize);
    let arguments = arguments(run, selection, plan);
    let trials = trials(printing);
    std::thread::scope(|scope| {
        let board = &printing.board;
        let driving = std::thread::Builder::new().name("bench".into()).spawn_scoped(scope, move || {
            let _closing = board.closing();
            let mut sink = board.as_ref();
            let driver = Driver::new(bench, most_at_once).map(|driver| driver.asking(questions));
            let result = driver.and_then(|mut driver| driver.run(jobs, &mut sink));
            board.close(result.err().map(|error| error.to_string()));
        });
        let driving = driving
            .map_err(|error| Stop::new(exit::BENCH_UNABLE, format!("no thread for the bench: {error}")))?;
        let status = Arc::clone(&printing.status);
        let drawing = std::thread::Builder::new().name("status".into());
        // Without its status line a run is still a run.
        let _ = drawing.spawn_scoped(scope, move || status.run(board));
        // Its counts are libtest's; the code to exit with follows from the verdicts.
        let _ = libtest_mimic::run(&arguments, trials);
        printing.status.end();
        // Where it panicked, every trial that it left behind has said so.
        let _ = driving.join();
        Ok(())
    })
}

/// Nothing selected is a mistake, and so is a filter that selects nothing: it is misspelt, or its
/// trial is gone, and a run without it would be green for the wrong reason. How many are selected.
fn check_selection(selection: &Selection, plan: &Plan, run: &RunArguments) -> Result<usize, Stop> {
    let ids: Vec<_> = plan.trials.iter().map(|trial| trial.id.as_str()).collect();
    let misses = selection.misses(&ids);
    let selected = plan.trials.iter().filter(|trial| selection.selects(&trial.id));
    let selected = selected.filter(|trial| !run.ignored || trial.fate == Fate::Slow).count();
    // A list may well be empty: test runners ask what is ignored, whether anything is or not.
    if misses.is_empty() && (selected > 0 || run.list) || run.filters_may_miss {
        return Ok(selected);
    }
    let what = if selected > 0 { "a filter selects nothing" } else { "nothing is selected" };
    let mut message = String::from(what);
    for (filter, nearest) in misses {
        message.push_str(&format!("\n  no trial matches `{filter}`"));
        if let Some(nearest) = nearest {
            message.push_str(&format!("; did you mean `{nearest}`?"));
        }
    }
    if run.ignored {
        message.push_str("\n  `--ignored` runs slow trials only");
    }
    message.push_str("\n  `tcpspec --list` shows all trials");
    Err(Stop::new(exit::NOTHING_SELECTED, message))
}

/// The command that repeats a run like this, but for seed and trial: whatever else can change a
/// verdict is in it.
fn again(run: &RunArguments) -> String {
    let mut command = String::from("tcpspec");
    let mut add = |flag: &str, value: &str| command.push_str(&format!(" {flag} {}", quoted(value)));
    if run.target != "kernel" {
        add("--target", &run.target);
    }
    if let Some(cases) = &run.cases {
        add("--cases", &cases.display().to_string());
    }
    if let Some(ledger) = &run.ledger {
        add("--ledger", ledger);
    }
    if run.level != Threshold::Must {
        add("--level", &run.level.to_string());
    }
    command
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:=,@%".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The families in which the target has an address.
fn families(profile: &Profile) -> Vec<Family> {
    match profile.device() {
        Some(device) => {
            let v4 = device.address.v4.map(|_| Family::V4);
            v4.into_iter().chain(device.address.v6.map(|_| Family::V6)).collect()
        }
        // A kernel without IPv6 has no such directory.
        None if Path::new("/proc/sys/net/ipv6").exists() => Family::ALL.to_vec(),
        None => vec![Family::V4],
    }
}

/// What this target, and whoever plays its application, can do.
pub(crate) fn capabilities(profile: &Profile) -> BTreeSet<Capability> {
    use Capability as C;
    let mut able: BTreeSet<_> = profile.claims.iter().filter_map(|claim| claim.parse().ok()).collect();
    match &profile.kind {
        Kind::Kernel | Kind::Simulated => able.extend([
            C::Listen,
            C::Accept,
            C::Connect,
            C::Send,
            C::Receive,
            C::Shutdown,
            C::Close,
            C::Abort,
            C::Kill,
            C::SetOption,
            C::HoldOpen,
            C::Closed,
        ]),
        Kind::Device(device) => {
            let services = [
                (C::Echo, device.services.echo),
                (C::Discard, device.services.discard),
                (C::Daytime, device.services.daytime),
                (C::Http, device.services.http),
                (C::Closed, device.services.closed),
            ];
            able.extend(services.into_iter().filter(|(_, port)| port.is_some()).map(|(service, _)| service));
        }
    }
    able
}

/// The ways into the states: those beside other cases, or the built-in ones.
pub(crate) fn fixtures(cases: Option<&Path>) -> Result<Fixtures, Stop> {
    let beside = cases.map(|folder| folder.join("fixtures/states.yaml")).filter(|path| path.is_file());
    let fixtures = match beside {
        Some(path) => Fixtures::read(&path.display().to_string(), &read_file(&path, "fixtures")?),
        None => Fixtures::embedded(),
    };
    fixtures.map_err(|found| invalid(&found))
}

pub(crate) fn case_files(folder: &Path) -> Result<Vec<(String, String)>, Stop> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, "cases", &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !NOT_AREAS.iter().any(|name| path.ends_with(name)) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push((path.display().to_string(), read_file(&path, "cases")?));
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Stop::new(exit::INVALID_FILE, format!("{} holds no .yaml file", folder.display())));
    }
    Ok(files)
}

pub(crate) fn read_file(path: &Path, what: &str) -> Result<String, Stop> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, what, &error))
}

fn unreadable(path: &Path, what: &str, error: &std::io::Error) -> Stop {
    Stop::new(exit::INVALID_FILE, format!("cannot read the {what} {}: {error}", path.display()))
}

/// Diagnostics as people read them.
pub(crate) fn invalid(found: &[Diagnostic]) -> Stop {
    let texts: Vec<_> =
        found.iter().map(|problem| render(problem, &source_of(&problem.place.file))).collect();
    Stop::new(exit::INVALID_FILE, texts.join("\n\n"))
}

/// The text of a file that a diagnostic points into: built in, or on disk.
pub(crate) fn source_of(file: &str) -> String {
    let built_in = [tcpspec_core::ledger::LINUX, tcpspec_core::profile::LINUX, Fixtures::SOURCE];
    let mut built_in = built_in.into_iter().chain(tcpspec_core::requirement::FILES);
    if let Some((_, text)) = built_in.find(|(name, _)| *name == file) {
        return text.to_owned();
    }
    let suite = Suite::embedded().ok();
    let text = suite.as_ref().and_then(|suite| suite.text(file)).map(str::to_owned);
    text.or_else(|| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// In front of or behind the test output, out of the way of a program that reads it.
pub(crate) fn say(json: bool, text: &str) {
    // A reader that went away is no reason to stop.
    let _ = if json { writeln!(std::io::stderr(), "{text}") } else { writeln!(std::io::stdout(), "{text}") };
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Eight hexadecimal digits are enough, and easier to copy.
    std::hash::RandomState::new().build_hasher().finish() & 0xffff_ffff
}

/// Folders of a `cases` directory that hold no cases.
const NOT_AREAS: [&str; 4] = ["requirements", "profiles", "ledger", "fixtures"];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use pretty_assertions::assert_eq;

    fn arguments(words: &[&str]) -> RunArguments {
        let words = ["tcpspec"].iter().chain(words);
        crate::cli::Cli::try_parse_from(words).expect("arguments").run
    }

    #[test]
    fn command_that_repeats_a_trial_has_all_that_can_change_its_verdict() {
        assert_eq!(again(&arguments(&["closed", "--test-threads", "3", "-q", "--seed", "7"])), "tcpspec");
        let all = ["--target", "my dut.yaml", "--cases", "c/", "--ledger", "it's", "--level", "should"];
        assert_eq!(
            again(&arguments(&all)),
            r"tcpspec --target 'my dut.yaml' --cases c/ --ledger 'it'\''s' --level should"
        );
        assert_eq!([quoted(""), quoted("a/b:v4:seq=1"), quoted("$x")], ["''", "a/b:v4:seq=1", "'$x'"]);
    }
}
