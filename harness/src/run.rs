//! `tcpspec run`: from arguments to an exit code.

mod again;
mod choose;
mod repeat;
mod rerun;

use crate::cli::{Format, RunArguments, exit};
use crate::evidence::event::{self, FORMAT, Header, Unfound};
use crate::evidence::{
    Captures, End, Folder, FolderError, Interruptions, RecordClock, Recorder, Run as Recorded, reports,
};
use crate::faults::Recipe;
use crate::inputs::{Inputs, kernel_release};
use crate::prove::recipe;
use crate::runner::{
    Board, Driver, Fate, Job, MakeStack, Plan, Printing, Selection, Shard, Status, Verdicts,
};
use crate::runner::{arguments, processors, run_all, slow_trials, tap, trials};
use crate::target::simulated::SmoltcpStack;
use crate::target::{KernelBench, KernelFacts};
use again::{again, quoted, see_doctor};
pub(crate) use choose::check_filters;
use choose::{Chosen, choose};
use rerun::Rerun;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tcpspec_core::ledger::Ledger;
use tcpspec_core::profile::{Kind, Profile};

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

/// A stack of one's own, to be tested in this process on virtual time.
pub struct SimulatedTarget {
    /// What is said of it: `kind: simulated`.
    pub profile: Profile,
    /// Its known deviations.
    pub ledger: Ledger,
    /// Its version, by which entries of the ledger hold or not.
    pub version: String,
    /// Makes the stack of one trial, from the trial's seed.
    pub make: Box<MakeStack>,
}

/// Runs the suite and gives the code to exit with. `program` is the binary that plays the
/// application on the target: this one.
///
/// # Errors
/// Whatever keeps the run from beginning.
pub fn run(run: &RunArguments, program: PathBuf) -> Result<u8, Stop> {
    let Some(once) = repeat::once(run) else { return repeat::repeat(run) };
    run_and(&once, program, &|ended| Ok(ended.code))
}

/// A run that came to its end.
pub(crate) struct Ended<'r> {
    /// What was run.
    pub(crate) plan: &'r Plan,
    /// What came of it.
    pub(crate) verdicts: &'r Verdicts,
    /// What the bench could not do well.
    pub(crate) complaints: &'r [String],
    /// The code to exit with where nothing else is made of it.
    pub(crate) code: u8,
}

/// What is made of a run that came to its end: the code to exit with.
type Conclude<'c> = &'c dyn Fn(&Ended<'_>) -> Result<u8, Stop>;

/// As [`run`], with `conclude` to say what becomes of it.
pub(crate) fn run_and(run: &RunArguments, program: PathBuf, conclude: Conclude<'_>) -> Result<u8, Stop> {
    let rerun = red_before(run)?;
    let interruptions = recorded(run).then(Interruptions::hold);
    // First of all: it must come before any thread, and the kernel takes its time over it.
    let kernel = (run.target == "kernel" && !run.list).then(|| KernelBench::prepare(program));
    let mut inputs = Inputs::read(&run.target, run.cases.as_deref())?;
    inputs.again = again("tcpspec", run);
    if matches!(inputs.profile.kind, Kind::Simulated) {
        let make = |seed| Box::new(SmoltcpStack::new(seed)) as Box<_>;
        return simulate(run, inputs, &make, conclude, Held { interruptions, rerun });
    }
    inputs.keep_packets = keeps_packets(run);
    let prepared = Prepared::new(run, &inputs, rerun.as_ref())?;
    if prepared.only_listed(run) {
        return Ok(exit::GREEN);
    }
    let folder = claim(run)?;
    let jobs = prepared.jobs(run);
    let questions = prepared.printing.plan.questions.clone();
    // A trial may be repeated, and the target may be asked whether it is still there.
    let hosts = 2 * jobs.len() + questions.plain.len() + questions.any.len();
    let mut bench = inputs.bench(kernel, hosts).map_err(|stop| Stop {
        message: format!("{}\n  {}", stop.message, see_doctor(&run.target)),
        ..stop
    })?;
    let evidence = prepared.record(run, &inputs, folder, bench.facts(), interruptions)?;
    prepared.announce(&inputs, &bench.remarks());
    let verdicts = Arc::clone(&prepared.printing.verdicts);
    let most_at_once = run.test_threads.map_or(usize::MAX, |threads| threads as usize);
    prepared.drive(run, |board| {
        let mut sink = board;
        let driver = Driver::new(bench.as_mut(), most_at_once).map(|driver| driver.asking(questions));
        let result = driver.and_then(|mut driver| {
            let result = driver.run(jobs, &mut sink);
            driver.complaints().into_iter().for_each(|complaint| verdicts.accuse(complaint));
            result
        });
        result.err().map(|error| error.to_string())
    })?;
    prepared.close(run, bench.complaints(), evidence, conclude)
}

/// Runs the suite against a stack of one's own; `--target` means nothing here. An example is
/// `examples/own_stack.rs`.
///
/// # Errors
/// Whatever keeps the run from beginning.
pub fn run_simulated(run: &RunArguments, target: SimulatedTarget) -> Result<u8, Stop> {
    let SimulatedTarget { profile, ledger, version, make } = target;
    let mut inputs = Inputs::of_simulated(profile, ledger, version, make.as_ref(), run.cases.as_deref())?;
    let program = std::env::args().next().unwrap_or_default();
    inputs.again = again(&quoted(&program), &RunArguments { target: "kernel".into(), ..run.clone() });
    let rerun = red_before(run)?;
    let interruptions = recorded(run).then(Interruptions::hold);
    simulate(run, inputs, make.as_ref(), &|ended| Ok(ended.code), Held { interruptions, rerun })
}

/// What was found or done before anything was read.
struct Held {
    interruptions: Option<Interruptions>,
    rerun: Option<Rerun>,
}

fn simulate(
    run: &RunArguments,
    mut inputs: Inputs,
    make: &MakeStack,
    conclude: Conclude<'_>,
    held: Held,
) -> Result<u8, Stop> {
    let Held { interruptions, rerun } = held;
    inputs.keep_packets = keeps_packets(run);
    let prepared = Prepared::new(run, &inputs, rerun.as_ref())?;
    if prepared.only_listed(run) {
        return Ok(exit::GREEN);
    }
    let folder = claim(run)?;
    let jobs = prepared.jobs(run);
    let evidence = prepared.record(run, &inputs, folder, None, interruptions)?;
    prepared.announce(&inputs, &[]);
    let threads = run.test_threads.map_or_else(processors, |threads| threads as usize);
    prepared.drive(run, |board| {
        run_all(&jobs, threads, make, &|finished| board.post(finished));
        None
    })?;
    prepared.close(run, Vec::new(), evidence, conclude)
}

/// A run of which everything is read.
struct Prepared {
    printing: Arc<Printing>,
    selection: Selection,
    selected: usize,
    /// With those of the other shares.
    of_all: usize,
    /// A program reads standard output.
    aside: bool,
    seed: u64,
    /// Spans are no waits.
    virtual_time: bool,
    /// Between bench and target.
    fault: Option<Recipe>,
}

impl Prepared {
    fn new(run: &RunArguments, inputs: &Inputs, rerun: Option<&Rerun>) -> Result<Self, Stop> {
        let fault = run.fault.as_deref().map(recipe).transpose()?;
        if fault.is_some() && matches!(inputs.profile.kind, Kind::Device(_)) {
            // What a fault makes up stays on this machine.
            return Err(Stop::new(exit::USAGE, "`--fault` is for `kernel` and `smoltcp`, not for a device"));
        }
        let seed = run.seed.or(rerun.and_then(|rerun| rerun.seed)).unwrap_or_else(random_seed);
        let plan = Arc::new(inputs.plan(seed)?);
        let Chosen { selection, count: selected, elsewhere } =
            choose(run, &plan, &inputs.profile.name, rerun)?;
        let of_all = selected + elsewhere.len();
        let board = Arc::new(Board::new(plan.trials.len()));
        let ledger = inputs.ledger(run)?;
        let verdicts = Verdicts::new(run.level, Arc::clone(&inputs.catalogue), ledger);
        let verdicts = Arc::new(verdicts.sharing(elsewhere));
        // Only whole lines can be told from it: it would wipe out the characters of `terse`.
        let lines = matches!(run.format, None | Some(Format::Pretty)) && !run.quiet;
        let status = Status::new(lines && !run.list);
        let printing = Arc::new(Printing { plan, board, verdicts, status });
        let aside = run.is_for_programs();
        let virtual_time = matches!(inputs.profile.kind, Kind::Simulated);
        Ok(Self { printing, selection, selected, of_all, aside, seed, virtual_time, fault })
    }

    /// Prints what there is to list, if nothing is to be run.
    fn only_listed(&self, run: &RunArguments) -> bool {
        let nothing_to_run = run.list || self.selected == 0;
        if nothing_to_run {
            let arguments = arguments(run, &self.selection, &self.printing.plan);
            let _ = libtest_mimic::run(&arguments, trials(&self.printing));
        }
        // A test runner, which asks for another form, wants the names alone.
        if run.list && matches!(run.format, None | Some(Format::Pretty)) && !run.quiet {
            let slow = self.slow("(--include-ignored runs them too, --ignored alone)");
            // Out of the way of whoever counts the lines of the list.
            slow.iter().for_each(|slow| say(true, slow.trim_end()));
        }
        nothing_to_run
    }

    /// How long the selected slow trials take, if there are any.
    fn slow(&self, heading: &str) -> Option<String> {
        let (count, lines) = slow_trials(&self.printing.plan, |id| self.selection.selects(id))?;
        let plural = if count == 1 { "" } else { "s" };
        let clock = if self.virtual_time { ", on virtual time" } else { "" };
        Some(format!("{count} slow trial{plural} {heading}{clock}:\n{lines}"))
    }

    fn announce(&self, inputs: &Inputs, remarks: &[String]) {
        let (version, name) = (env!("CARGO_PKG_VERSION"), &inputs.profile.name);
        say(self.aside, &format!("tcpspec {version}: {name}, seed {:x}", self.seed));
        remarks.iter().for_each(|remark| say(self.aside, &format!("bench: {remark}")));
    }

    /// The trials that are run.
    fn jobs(&self, run: &RunArguments) -> Vec<Job> {
        let trials = &self.printing.plan.trials;
        let jobs = self.chosen(run).into_iter().filter(|(_, is_run)| *is_run);
        jobs.map(|(index, _)| Job { fault: self.fault.clone(), ..trials[index].job.clone() }).collect()
    }

    /// The trials that are selected, by their places in the plan, and whether each is run.
    fn chosen(&self, run: &RunArguments) -> Vec<(usize, bool)> {
        let is_run = |fate: &Fate| match fate {
            Fate::Run => !run.ignored,
            Fate::Slow => run.ignored || run.include_ignored,
            Fate::Skip(_) => false,
        };
        let trials = self.printing.plan.trials.iter().enumerate();
        let chosen = trials.filter(|(_, trial)| {
            (!run.ignored || trial.fate == Fate::Slow) && self.selection.selects(&trial.id)
        });
        chosen.map(|(index, trial)| (index, is_run(&trial.fate))).collect()
    }

    /// Begins to write down what the run does, where that is asked for.
    fn record(
        &self,
        run: &RunArguments,
        inputs: &Inputs,
        folder: Option<Folder>,
        facts: Option<&KernelFacts>,
        interruptions: Option<Interruptions>,
    ) -> Result<Option<Recorder>, Stop> {
        let Some(folder) = folder else { return Ok(None) };
        let started = SystemTime::now();
        let selected = self.chosen(run);
        let header = Header {
            format: FORMAT,
            tcpspec: env!("CARGO_PKG_VERSION").into(),
            target: inputs.described(facts),
            kernel: kernel_release(),
            seed: format!("{:x}", self.seed),
            command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            level: run.level.to_string(),
            ledger: inputs.ledger_name(run),
            fault: run.fault.clone(),
            started: humantime::format_rfc3339_millis(started).to_string(),
            selected: selected.len(),
            shard: run.shard.map(|Shard { index, of }| event::Shard { index, of, selected: self.of_all }),
        };
        let clock = match inputs.profile.kind {
            Kind::Simulated => RecordClock::Virtual,
            Kind::Kernel | Kind::Device(_) => RecordClock::starting_now(started),
        };
        let Printing { plan, board, verdicts, .. } = self.printing.as_ref();
        let recorded = Recorded {
            plan: Arc::clone(plan),
            verdicts: Arc::clone(verdicts),
            selected,
            header,
            clock,
            captures: run.pcap,
            shown: run.shown.clone(),
        };
        Recorder::begin(recorded, folder, board, interruptions).map(Some).map_err(unwritable)
    }

    /// Runs what posts the verdicts beside libtest, which prints them. It says why the bench gave up,
    /// where it did.
    fn drive(
        &self,
        run: &RunArguments,
        post_verdicts: impl FnOnce(&Board) -> Option<String> + Send,
    ) -> Result<(), Stop> {
        let Printing { plan, board, status, .. } = self.printing.as_ref();
        let arguments = arguments(run, &self.selection, plan);
        let trials = trials(&self.printing);
        std::thread::scope(|scope| {
            let driving = std::thread::Builder::new().name("bench".into()).spawn_scoped(scope, move || {
                let _closing = board.closing();
                let why = post_verdicts(board);
                board.close(why);
            });
            let driving = driving.map_err(|error| {
                Stop::new(exit::BENCH_UNABLE, format!("no thread for the bench: {error}"))
            })?;
            let drawing = std::thread::Builder::new().name("status".into());
            // Without its status line a run is still a run.
            let _ = drawing.spawn_scoped(scope, move || status.run(board));
            // Its counts are libtest's; the code to exit with follows from the verdicts.
            if run.format == Some(Format::Tap) {
                // A reader that went away is no reason to stop.
                let _ = tap(&self.printing, &self.chosen(run), &mut std::io::stdout());
            } else {
                let _ = libtest_mimic::run(&arguments, trials);
            }
            status.end();
            // Where it panicked, every trial that it left behind has said so.
            let _ = driving.join();
            Ok(())
        })
    }

    /// Tells a pipeline what it shows. What it could not be told.
    fn show(&self, run: &RunArguments) -> Option<String> {
        let folder = run.out.as_deref()?;
        if self.aside {
            reports::tell(folder, &run.shown, &mut std::io::stderr())
        } else {
            reports::tell(folder, &run.shown, &mut std::io::stdout())
        }
    }

    /// What is left to say, and the code to exit with.
    fn close(
        &self,
        run: &RunArguments,
        mut complaints: Vec<String>,
        evidence: Option<Recorder>,
        conclude: Conclude<'_>,
    ) -> Result<u8, Stop> {
        let Printing { plan, verdicts, board, .. } = self.printing.as_ref();
        if !run.ignored && !run.include_ignored {
            let slow = self.slow("left out (--include-ignored runs them too)");
            slow.iter().for_each(|slow| say(self.aside, slow));
        }
        let is_bench_at_fault = !complaints.is_empty() || verdicts.has_errors();
        let unwritten = evidence.as_ref().and_then(|evidence| evidence.settle(board.why_broken()));
        let was_told = unwritten.is_some();
        complaints.extend(unwritten.map(|problem| incomplete(&problem)));
        let (code, text) = verdicts.close(plan, &complaints);
        say(self.aside, text.trim_end());
        if is_bench_at_fault && !self.virtual_time {
            say(self.aside, &format!("bench: {}", see_doctor(&run.target)));
        }
        let result = conclude(&Ended { plan, verdicts, complaints: &complaints, code });
        let Some(evidence) = evidence else { return result };
        let exit_code = Some(*result.as_ref().unwrap_or_else(|stop| &stop.code));
        let accusations = verdicts.accusations(plan);
        let unfound = verdicts.unfound(plan).into_iter().map(|(entry, passed)| Unfound {
            place: format!("{}:{}", entry.place.file, entry.place.line),
            finding: entry.finding.clone(),
            passed,
        });
        let unfound = unfound.collect();
        let problem = evidence.end(End { complaints, accusations, unfound, interrupted: None, exit_code });
        let problem = problem.or_else(|| self.show(run));
        match problem.filter(|_| !was_told) {
            Some(problem) => {
                say(self.aside, &format!("bench: {}", incomplete(&problem)));
                result.map(|code| if code == exit::GREEN { exit::BENCH_FAULT } else { code })
            }
            None => result,
        }
    }
}

/// What was red in the run that left its evidence where `run` says, if it says so.
///
/// # Errors
/// There is no whole run; or, with the code 0, nothing was red in it.
fn red_before(run: &RunArguments) -> Result<Option<Rerun>, Stop> {
    let Some(folder) = &run.rerun_failed else { return Ok(None) };
    let green = || Stop::new(exit::GREEN, format!("nothing was red in {}", folder.display()));
    Rerun::read(folder)?.ok_or_else(green).map(Some)
}

/// The directory for the evidence, where some is asked for.
fn claim(run: &RunArguments) -> Result<Option<Folder>, Stop> {
    run.out.as_deref().map(Folder::claim).transpose().map_err(unwritable)
}

pub(crate) fn unwritable(error: FolderError) -> Stop {
    let code = match error {
        FolderError::Taken(_) => exit::USAGE,
        FolderError::Unwritable { .. } | FolderError::Busy(_) => exit::BENCH_UNABLE,
    };
    Stop::new(code, error.to_string())
}

fn recorded(run: &RunArguments) -> bool {
    run.out.is_some() && !run.list
}

fn keeps_packets(run: &RunArguments) -> bool {
    recorded(run) && run.pcap != Captures::None
}

fn incomplete(problem: &str) -> String {
    format!("the evidence is not complete: {problem}")
}

/// In front of or behind the test output, out of the way of a program that reads it.
pub(crate) fn say(aside: bool, text: &str) {
    // A reader that went away is no reason to stop.
    let _ = if aside { writeln!(std::io::stderr(), "{text}") } else { writeln!(std::io::stdout(), "{text}") };
}

pub(crate) fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Eight hexadecimal digits are enough, and easier to copy.
    std::hash::RandomState::new().build_hasher().finish() & 0xffff_ffff
}
