//! `tcpspec faults`: runs every case under the faults that it names, and says what is not proven.

mod summary;

use crate::cli::{FaultsArguments, Proving, exit};
use crate::faults::Recipe;
use crate::faults::matrix::{Cell, Column, Fared, Matrix, Row, Scope};
use crate::inputs::{Inputs, invalid};
use crate::run::{Stop, check_filters, random_seed, say};
use crate::runner::{Driver, Fate, Finished, Job, Plan, Selection, Sink};
use crate::runner::{give_ports, processors, run_all};
use crate::target::simulated::SmoltcpStack;
use crate::target::{KernelBench, KernelBenchError, KernelPreparation};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use summary::Summary;
use tcpspec_core::fault::{FaultCatalogue, FaultEntry};
use tcpspec_core::yaml::nearest;

/// Trials at once on the kernel: more make the bench late, and save no time.
const MOST_AT_ONCE: usize = 1000;

/// How a target ran: its trials, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    target: &'static str,
    trials: usize,
    took: Duration,
    /// What the bench could not do well.
    complaints: Vec<String>,
}

/// Proves the suite, and gives the code to exit with: red where a hole is. `program` is the binary
/// that plays the application on the kernel: this one.
///
/// # Errors
/// Whatever keeps the trials from being run.
pub fn prove(wanted: &FaultsArguments, program: PathBuf) -> Result<u8, Stop> {
    // First of all: it must come before any thread.
    let on_kernel = wanted.target != Proving::Smoltcp && !wanted.list;
    let kernel = on_kernel.then(|| KernelBench::prepare(program));
    let seed = wanted.seed.unwrap_or_else(random_seed);
    let catalogue = catalogue()?;
    let columns = columns(wanted, &catalogue)?;
    let inputs = Inputs::read("smoltcp", wanted.cases.as_deref())?;
    let mut matrix = Matrix::new(columns, rows(wanted, &inputs)?, scope(wanted));
    if wanted.list {
        let lines: Vec<_> = matrix.pairs().map(|(case, fault)| format!("{case} {fault}")).collect();
        say(false, &lines.join("\n"));
        return Ok(exit::GREEN);
    }
    if matrix.trials() == 0 {
        return Err(Stop::new(exit::NOTHING_SELECTED, "no case that is selected names one of these faults"));
    }
    let recipes = recipes(&matrix)?;
    let began = Instant::now();
    let mut runs = Vec::new();
    if wanted.target != Proving::Kernel {
        let plan = inputs.plan(seed)?;
        runs.push(simulate(&inputs, &plan, &recipes, &mut matrix));
        say(false, &summary::line(&runs[0]));
    }
    if let Some(kernel) = kernel {
        let inputs = Inputs::read("kernel", wanted.cases.as_deref())?;
        let plan = inputs.plan(seed)?;
        let work = Work::new(&plan, &recipes, &matrix, wanted.include_ignored);
        if !wanted.include_ignored {
            let slow: HashSet<_> = slow_trials(&plan).collect();
            for trial in 0..matrix.trials() {
                if slow.contains(matrix.trial(trial)) {
                    matrix.left_out(trial);
                }
            }
        }
        let ran = on_the_kernel(kernel, &inputs, &plan, work, seed, &mut matrix)?;
        say(false, &summary::line(&ran));
        runs.push(ran);
    }
    let summary = Summary::of(&matrix, runs, seed, began.elapsed());
    say(false, &summary.to_string());
    if let Some(path) = &wanted.json {
        let json = summary.json(&matrix);
        std::fs::write(path, json).map_err(|error| {
            Stop::new(exit::BENCH_UNABLE, format!("cannot write {}: {error}", path.display()))
        })?;
    }
    Ok(if summary.holes.is_empty() { exit::GREEN } else { exit::RED })
}

/// The faults that there are.
fn catalogue() -> Result<FaultCatalogue, Stop> {
    FaultCatalogue::embedded().map_err(|found| invalid(&found))
}

/// The fault of that name, for a run under it.
///
/// # Errors
/// There is none: which was probably meant.
pub(crate) fn recipe(name: &str) -> Result<Recipe, Stop> {
    let catalogue = catalogue()?;
    known(&catalogue, name)?;
    built(name)
}

fn known<'c>(catalogue: &'c FaultCatalogue, name: &str) -> Result<&'c FaultEntry, Stop> {
    catalogue.get(name).ok_or_else(|| {
        let near = nearest(name, catalogue.names());
        let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let hint = "\n  `tcpspec faults --list` shows the faults that cases name";
        Stop::new(exit::USAGE, format!("there is no fault `{name}`{meant}{hint}"))
    })
}

fn built(name: &str) -> Result<Recipe, Stop> {
    Recipe::new(name, crate::faults::fault)
        .ok_or_else(|| Stop::new(exit::BENCH_UNABLE, format!("nothing makes the fault `{name}` happen")))
}

fn columns(wanted: &FaultsArguments, catalogue: &FaultCatalogue) -> Result<Vec<Column>, Stop> {
    let column = |entry: &FaultEntry| Column { name: entry.name.clone(), findings: entry.findings.clone() };
    if wanted.fault.is_empty() {
        return Ok(catalogue.iter().map(column).collect());
    }
    wanted.fault.iter().map(|name| known(catalogue, name).map(column)).collect()
}

/// The cases in question, with the trials that the filters select.
fn rows(wanted: &FaultsArguments, inputs: &Inputs) -> Result<Vec<Row>, Stop> {
    let selection = Selection { filters: wanted.filters.clone(), ..Selection::default() };
    let ids: Vec<String> = inputs.suite.trials().map(|trial| trial.id.to_string()).collect();
    check_filters(&selection, &ids.iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut rows = Vec::new();
    for raw in inputs.suite.cases() {
        let trials = raw.trials().map(|(id, _)| id.to_string());
        let trials: Vec<_> = trials.filter(|id| selection.selects(id)).collect();
        let faults = raw.case().map_err(|found| invalid(&found))?.faults.clone();
        let concerns = wanted.fault.is_empty() || faults.iter().any(|name| wanted.fault.contains(name));
        if !trials.is_empty() && (wanted.all || concerns) {
            rows.push(Row { case: raw.id().to_owned(), faults, trials });
        }
    }
    Ok(rows)
}

fn scope(wanted: &FaultsArguments) -> Scope {
    Scope {
        all: wanted.all,
        some_faults: !wanted.fault.is_empty(),
        some_trials: !wanted.filters.is_empty() || wanted.cases.is_some(),
    }
}

/// Every fault of the matrix, ready to be made.
fn recipes(matrix: &Matrix) -> Result<Vec<Recipe>, Stop> {
    (0..matrix.faults()).map(|number| built(matrix.fault(number))).collect()
}

fn slow_trials(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.trials.iter().filter(|trial| trial.fate == Fate::Slow).map(|trial| trial.id.as_str())
}

/// Trials with and without faults, and which is which.
struct Work {
    jobs: Vec<Job>,
    /// For each job its trial, and its fault.
    meant: Vec<(usize, Option<usize>)>,
}

impl Work {
    /// What one target has still to show.
    fn new(plan: &Plan, recipes: &[Recipe], matrix: &Matrix, slow: bool) -> Self {
        let mut planned: HashMap<&str, &Job> = HashMap::new();
        for trial in &plan.trials {
            if trial.fate == Fate::Run || (slow && trial.fate == Fate::Slow) {
                planned.insert(&trial.id, &trial.job);
            }
        }
        let cells = matrix.open_cells();
        let clean = matrix.open_trials(&cells).into_iter().map(|trial| (trial, None));
        let under = cells.into_iter().map(|Cell { trial, fault }| (trial, Some(fault)));
        let mut work: Vec<_> = clean
            .chain(under)
            .filter_map(|(trial, fault)| {
                let job = *planned.get(matrix.trial(trial))?;
                Some((
                    (trial, fault),
                    Job { fault: fault.map(|fault| recipes[fault].clone()), ..job.clone() },
                ))
            })
            .collect();
        // The longest first: none of them is begun when all others have ended.
        work.sort_by_key(|(_, job)| std::cmp::Reverse(job.longest_wait));
        let (meant, mut jobs): (Vec<_>, Vec<_>) = work.into_iter().unzip();
        jobs.iter_mut().enumerate().for_each(|(index, job)| job.index = index);
        Self { jobs, meant }
    }
}

/// What became of the jobs, on their target.
struct Noted<'m> {
    target: &'static str,
    meant: Vec<(usize, Option<usize>)>,
    matrix: &'m mut Matrix,
}

impl Sink for Noted<'_> {
    fn finished(&mut self, finished: Finished) {
        let fared = Fared::of(&finished.outcome);
        match self.meant[finished.index] {
            (trial, None) => self.matrix.clean(self.target, trial, fared),
            (trial, Some(fault)) => self.matrix.under(self.target, Cell { trial, fault }, fared),
        }
    }
}

fn simulate(_inputs: &Inputs, plan: &Plan, recipes: &[Recipe], matrix: &mut Matrix) -> Ran {
    let began = Instant::now();
    let Work { jobs, meant } = Work::new(plan, recipes, matrix, true);
    let noted = Mutex::new(Noted { target: "smoltcp", meant, matrix });
    run_all(&jobs, processors(), &|seed| Box::new(SmoltcpStack::new(seed)), &|finished| {
        noted.lock().unwrap_or_else(PoisonError::into_inner).finished(finished);
    });
    Ran { target: "smoltcp", trials: jobs.len(), took: began.elapsed(), complaints: Vec::new() }
}

fn on_the_kernel(
    kernel: Result<KernelPreparation, KernelBenchError>,
    inputs: &Inputs,
    plan: &Plan,
    Work { mut jobs, meant }: Work,
    seed: u64,
    matrix: &mut Matrix,
) -> Result<Ran, Stop> {
    let began = Instant::now();
    give_ports(&mut jobs, &inputs.profile, seed);
    let trials = jobs.len();
    let mut bench = inputs.bench(Some(kernel), 2 * trials)?;
    let mut noted = Noted { target: "kernel", meant, matrix };
    let driver = Driver::new(bench.as_mut(), MOST_AT_ONCE);
    let run = driver.and_then(|driver| driver.asking(plan.questions.clone()).run(jobs, &mut noted));
    run.map_err(|error| Stop::new(exit::BENCH_UNABLE, error.to_string()))?;
    Ok(Ran { target: "kernel", trials, took: began.elapsed(), complaints: bench.complaints() })
}
