//! What a run consists of: every trial there is, in the order in which it is run.

use super::job::{Job, Surroundings};
use super::places::Places;
use super::pool::side_by_side;
use super::questions::questions;
use super::sandwich::Questions;
use crate::report::{RequirementLine, TrialCard};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tcpspec_core::case::{Capability, RawCase, Script, Scripts, StepKind, Suite, TrialId};
use tcpspec_core::engine::MEASURED_CONNECTIONS;
use tcpspec_core::profile::Profile;
use tcpspec_core::requirement::{Catalogue, Level, Requirement};
use tcpspec_core::yaml::Diagnostic;

/// All trials, sorted by how long they are expected to take: short ones give the first lines.
pub struct Plan {
    /// In the order of the run.
    pub trials: Vec<Planned>,
    /// What asks the target whether it is still what it was.
    pub questions: Questions,
    suite: Arc<Suite>,
    catalogue: Arc<Catalogue>,
    /// What repeats a run, but for the trial: `tcpspec --seed 7f3a --target dut.yaml`.
    again: String,
}

/// One trial.
pub struct Planned {
    /// Its name.
    pub id: String,
    /// Whether it is run.
    pub fate: Fate,
    /// What it must wait for, come what may.
    pub expected: Duration,
    /// What it waits for at most.
    pub longest: Duration,
    /// Everything needed to run it.
    pub job: Job,
    /// Its case, for those who want to know more.
    case: String,
}

/// Whether a trial is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// By default.
    Run,
    /// With `--include-ignored`: it takes more than about a minute.
    Slow,
    /// Never on this target: the reason.
    Skip(String),
}

/// What a plan is made for.
pub struct PlanFor {
    /// The cases.
    pub suite: Arc<Suite>,
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The target.
    pub profile: Profile,
    /// Shared by all trials.
    pub surroundings: Arc<Surroundings>,
    /// Where its trials take place.
    pub places: Places,
    /// Of the run.
    pub seed: u64,
    /// What repeats a run, but for the trial.
    pub again: String,
}

impl Plan {
    /// Reads every trial's steps and says what becomes of it.
    ///
    /// # Errors
    /// Everything that is wrong with the cases.
    pub fn make(wanted: PlanFor) -> Result<Self, Vec<Diagnostic>> {
        let cases: Vec<_> = wanted.suite.cases().collect();
        // Reading the steps is most of the work before the first packet: every processor helps.
        let parts: Vec<_> = parts(&cases).collect();
        let parts = side_by_side(&parts, |part| read_part(part, &wanted));
        let mut problems = Vec::new();
        let mut trials = Vec::with_capacity(parts.iter().map(|(found, _)| found.len()).sum());
        for (found, wrong) in parts {
            trials.extend(found);
            problems.extend(wrong);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        give_ports(trials.iter_mut().map(|trial| &mut trial.job), &wanted.profile, wanted.seed);
        let PlanFor { suite, catalogue, profile, surroundings, places, again, .. } = wanted;
        trials.sort_by_key(|trial| trial.expected);
        for (index, trial) in trials.iter_mut().enumerate() {
            trial.job.index = index;
        }
        let questions = questions(&profile, &places, &surroundings);
        Ok(Self { trials, questions, suite, catalogue, again })
    }

    /// What a report says about a trial before its verdict.
    #[must_use]
    pub fn card(&self, index: usize) -> TrialCard {
        let planned = &self.trials[index];
        let raw = self.suite.cases().find(|raw| raw.id() == planned.case);
        let case = raw.and_then(|raw| raw.case().ok());
        let ids = case.map(|case| case.requirements.as_slice()).unwrap_or_default();
        let mut requirements: Vec<_> = ids.iter().filter_map(|id| self.catalogue.get(id)).collect();
        // A table's case names those of all its rows: this trial's first.
        requirements.sort_by_key(|requirement| !concerns(requirement, &planned.job.script));
        let slow = if planned.fate == Fate::Slow { " --include-ignored" } else { "" };
        let again = format!("{}{slow} --exact {}", self.again, planned.id);
        TrialCard {
            id: planned.id.clone(),
            title: case.map(|case| case.title.clone()).unwrap_or_default(),
            requirements: requirements.into_iter().map(RequirementLine::of).collect(),
            effect: case.map(|case| case.effect.clone()).unwrap_or_default(),
            place: raw.map(|raw| format!("{}:{}", raw.place().file, raw.place().line)).unwrap_or_default(),
            again,
        }
    }
}

/// Whether a requirement is about a state from which the trial starts, or about none in particular.
fn concerns(requirement: &Requirement, script: &Script) -> bool {
    let Some(event) = &requirement.event else { return true };
    script.given.iter().any(|given| event.states.iter().any(|state| state == given.state.name()))
}

/// Parts of some size.
fn parts<'p, 's>(cases: &'p [&'s RawCase]) -> impl Iterator<Item = &'p [&'s RawCase]> {
    let mut rest = cases;
    std::iter::from_fn(move || {
        let mut trials = 0;
        let fits = |case: &&&RawCase| {
            let fits = trials < PART;
            trials += case.trial_count();
            fits
        };
        let count = rest.iter().take_while(fits).count();
        let (part, behind) = rest.split_at(count);
        rest = behind;
        Some(part).filter(|part| !part.is_empty())
    })
}

/// Trials of a part, at least: small enough that all processors end together.
const PART: usize = 50;

/// The trials of some cases, in order; what those of a case or of a row have in common is found out once.
fn read_part(cases: &[&RawCase], wanted: &PlanFor) -> (Vec<Planned>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut plans = Vec::with_capacity(cases.iter().map(|case| case.trial_count()).sum());
    for case in cases {
        let scripts = case.scripts();
        let level = strongest_level(case, &wanted.catalogue);
        let trials: Vec<_> = case.trials().collect();
        for of_row in trials.chunk_by(|(_, one), (_, next)| one == next) {
            match Row::of(case, of_row[0].1, &scripts, level, wanted) {
                Ok(row) => plans.extend(of_row.iter().map(|(id, _)| row.planned(id, wanted))),
                Err(found) => problems.extend(found),
            }
        }
    }
    (plans, problems)
}

/// The strongest level among its requirements.
fn strongest_level(case: &RawCase, catalogue: &Catalogue) -> Level {
    let requirements = case.gist().map(|gist| gist.requirements.as_slice()).unwrap_or_default();
    let levels = requirements.iter().filter_map(|id| catalogue.level(id));
    levels.max_by_key(|level| level.strength()).unwrap_or(Level::Must)
}

/// What the trials of one row have in common.
struct Row<'s> {
    case: &'s RawCase,
    level: Level,
    script: Arc<Script>,
    expected: Duration,
    longest: Duration,
    fate: Fate,
    target_port: u16,
    capabilities: Arc<BTreeSet<Capability>>,
    connections: u32,
    private_application: bool,
    marks_host: bool,
}

impl<'s> Row<'s> {
    fn of(
        case: &'s RawCase,
        number: usize,
        scripts: &Scripts<'_>,
        level: Level,
        wanted: &PlanFor,
    ) -> Result<Self, Vec<Diagnostic>> {
        let PlanFor { profile, surroundings, places, .. } = wanted;
        let script = scripts.row(number)?;
        if !wanted.suite.is_built_in() {
            // Somebody is to be told what is wrong with it, needed or not.
            case.case()?;
        }
        let gist = case.gist()?;
        let lookup = |name: &str| profile.variable(name);
        let place = places.choose(&script, &gist.needs, &surroundings.config.fixtures);
        let connections = connections(&script);
        let fate = match &place {
            Err(missing) => {
                let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
                Fate::Skip(format!("{} lacks: {}", profile.name, names.join(", ")))
            }
            Ok(_) if profile.limits.connections.is_some_and(|limit| limit < connections) => {
                let limit = profile.limits.connections.unwrap_or_default();
                Fate::Skip(format!("{} stands {limit} connections, this takes {connections}", profile.name))
            }
            Ok(_) if gist.slow => Fate::Slow,
            Ok(_) => Fate::Run,
        };
        let place = place.ok();
        let of_any = &surroundings.config.capabilities;
        Ok(Self {
            case,
            level,
            expected: script.expected_duration(&lookup),
            longest: script.longest_wait(&lookup, &profile.tolerance),
            fate,
            target_port: place.and_then(|place| place.port).unwrap_or_default(),
            capabilities: Arc::clone(place.map_or(of_any, |place| &place.capabilities)),
            connections,
            private_application: script.capabilities().contains(&Capability::Kill),
            marks_host: script.tells_path_mtu(),
            script: Arc::new(script),
        })
    }

    fn planned(&self, id: &TrialId, wanted: &PlanFor) -> Planned {
        let PlanFor { profile, surroundings, seed, .. } = wanted;
        let family = id.family();
        let id = id.to_string();
        let fate = if surroundings.families.contains(&family) {
            self.fate.clone()
        } else {
            Fate::Skip(format!("{} has no IP{family} address", profile.name))
        };
        let job = Job {
            index: 0,
            family,
            seed: mix(seed ^ fnv(&id)),
            script: Arc::clone(&self.script),
            level: self.level,
            longest_wait: self.longest,
            private_application: self.private_application,
            target_port: self.target_port,
            capabilities: Arc::clone(&self.capabilities),
            marks_host: self.marks_host,
            connections: self.connections,
            fault: None,
            surroundings: Arc::clone(surroundings),
        };
        let (expected, longest) = (self.expected, self.longest);
        Planned { id, fate, expected, longest, job, case: self.case.id().to_owned() }
    }
}

/// Connections that a script has at a time, those of a measure included.
fn connections(script: &Script) -> u32 {
    let measures = script.steps.iter().any(|step| matches!(step.kind, StepKind::Measure(_)));
    let measured = if measures { MEASURED_CONNECTIONS } else { 0 };
    u32::try_from(script.given.len() + measured).unwrap_or(u32::MAX)
}

/// Own ports for every trial, one for each listener, from a place that the seed chooses.
pub(crate) fn give_ports<'j>(jobs: impl IntoIterator<Item = &'j mut Job>, profile: &Profile, seed: u64) {
    if profile.device().is_some() {
        return;
    }
    // The first port is that of the conversations between trials.
    let (first, last) =
        (u64::from(*profile.ports.target.start()) + 1, u64::from(*profile.ports.target.end()));
    let count = last - first + 1;
    let mut next = seed % count;
    for job in jobs {
        let shared = if job.script.same_target_port { job.script.given.len() as u64 - 1 } else { 0 };
        let wanted = u64::from(job.connections) - shared;
        // A trial's ports are in a row.
        if next + wanted > count {
            next = 0;
        }
        job.target_port = u16::try_from(first + next).unwrap_or(0);
        next = (next + wanted) % count;
    }
}

/// FNV-1a: stable over versions and machines, as a repeated trial must be.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests;
