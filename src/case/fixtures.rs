//! The ways into the eleven states, and the questions that show a state: `cases/fixtures/states.yaml`.
//!
//! ```yaml
//! states:
//!   ESTABLISHED:
//!     passive: [steps…]
//!     daytime: {needs: [daytime], steps: [steps…]}      # a device without an upper tester
//!   FIN-WAIT-1:
//!     passive: {from: ESTABLISHED, steps: [{app: shutdown}, {expect: FIN ACK, as: target-fin}]}
//!     probe: [steps…]                                    # shows the state and does not change it
//! ```
//!
//! `from:` begins with the way of the same name into another state. Where a state has no path of a
//! name its `passive` one stands in, so that every opening and service goes on from ESTABLISHED as far
//! as the application can. All steps act on the connection `main`.

use super::capability::{Capability, of_steps};
use super::flow;
use super::lint::told_once;
use super::model::{Opening, Step};
use super::read::{Keys, MAIN, StepReader, check_name, state_from, word};
use super::words::Word;
use crate::state::State;
use crate::yaml::{self, Diagnostic, Key, Node, Place, Problems, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Paths into states.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fixtures {
    /// Each way into a state.
    pub paths: BTreeMap<(State, PathName), Path>,
    /// Steps that show a state on the wire without changing it.
    pub probes: BTreeMap<State, Arc<[Step]>>,
    /// The paths with their beginnings, in the order in which they are tried.
    ways: BTreeMap<State, Vec<(PathName, Way)>>,
}

/// The name of a path, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathName {
    /// `passive`, `active`, `simultaneous`.
    Opening(Opening),
    /// Through an ordinary service of the target.
    Service(String),
}

/// One way into a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The state whose path of the same name comes first.
    pub from: Option<State>,
    /// What it needs, beyond what its steps say.
    pub needs: BTreeSet<Capability>,
    /// What happens then.
    pub steps: Arc<[Step]>,
    /// Where it is written.
    pub place: Place,
}

impl Fixtures {
    /// Reads the file of the fixtures; `file` is the name that places carry.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let node = yaml::parse(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Problems::default();
        let mut fixtures = Self::default();
        let mut keys = Keys::of(&node, &["about", "states"], &mut problems);
        let states = keys.as_mut().and_then(|keys| keys.required("states", Node::as_entries));
        for (key, node) in states.unwrap_or_default() {
            if let Some(state) = problems.note(state_from(&key.name, &key.place)) {
                fixtures.read_state(state, node, &mut problems);
            }
        }
        let mut fixtures = problems.finish(fixtures)?;
        fixtures.ways = State::ALL.into_iter().map(|state| (state, fixtures.whole_ways(state))).collect();
        let problems = fixtures.check();
        if problems.is_empty() { Ok(fixtures) } else { Err(problems) }
    }

    /// The steps from nothing into `state`, for a target that has these capabilities: the path
    /// named by `by`, or the first that it can go. `None`: it can go none.
    #[must_use]
    pub fn path(
        &self,
        state: State,
        by: Option<Opening>,
        available: &BTreeSet<Capability>,
    ) -> Option<&[Step]> {
        self.ways(state, by).find(|way| way.needs.is_subset(available)).map(|way| way.steps.as_slice())
    }

    /// What a target with these capabilities lacks to go into `state`: the shortest list among the
    /// paths. `None`: it lacks nothing, or there is no such path at all.
    #[must_use]
    pub fn missing(
        &self,
        state: State,
        by: Option<Opening>,
        available: &BTreeSet<Capability>,
    ) -> Option<BTreeSet<Capability>> {
        let missing = self.ways(state, by).map(|way| way.needs.difference(available).copied().collect());
        missing.min_by_key(BTreeSet::len).filter(|missing: &BTreeSet<Capability>| !missing.is_empty())
    }

    /// Whether there is any path into `state`, whatever it needs.
    #[must_use]
    pub fn has_path(&self, state: State, by: Option<Opening>) -> bool {
        self.ways(state, by).next().is_some()
    }

    /// Every way into a state, in the order in which they are tried.
    fn ways(&self, state: State, by: Option<Opening>) -> impl Iterator<Item = &Way> {
        let wanted = move |name: &PathName| match (by, name) {
            (None, _) => true,
            // A service listens, too.
            (Some(by), PathName::Service(_)) => by == Opening::Passive,
            (Some(by), PathName::Opening(opening)) => by == *opening,
        };
        let ways = self.ways.get(&state).into_iter().flatten();
        ways.filter(move |(name, _)| wanted(name)).map(|(_, way)| way)
    }

    fn whole_ways(&self, state: State) -> Vec<(PathName, Way)> {
        let names: BTreeSet<&PathName> = self.paths.keys().map(|(_, name)| name).collect();
        let whole = |name: &PathName| {
            let way = self.way(state, name, State::ALL.len()).filter(|way| way.is_named)?;
            Some((name.clone(), way))
        };
        names.into_iter().filter_map(whole).collect()
    }

    /// The whole way, its beginnings included; `None` where they are missing or go in a circle.
    fn way(&self, state: State, name: &PathName, longest: usize) -> Option<Way> {
        let named = self.paths.get(&(state, name.clone()));
        let passive = || self.paths.get(&(state, PathName::Opening(Opening::Passive)));
        let path = named.or_else(passive)?;
        let mut way = match path.from {
            Some(from) => self.way(from, name, longest.checked_sub(1)?)?,
            None => Way::default(),
        };
        way.is_named |= named.is_some();
        way.needs.extend(&path.needs);
        way.needs.extend(of_steps(&path.steps));
        if state == State::CloseWait {
            way.needs.insert(Capability::HoldOpen);
        }
        way.steps.extend(path.steps.iter().cloned());
        Some(way)
    }

    fn read_state(&mut self, state: State, node: &Node, problems: &mut Problems) {
        for (key, node) in problems.note(node.as_entries()).unwrap_or_default() {
            if key.name == PROBE {
                if let Some(steps) = reader(problems).steps(node) {
                    self.probes.insert(state, steps);
                }
                continue;
            }
            let Some(name) = problems.note(path_name(key)) else { continue };
            if let PathName::Opening(by) = &name
                && !by.reaches(state)
            {
                let message = format!("{state} cannot be reached by {}", by.open());
                problems.push(Diagnostic::new(&key.place, message));
            }
            if let Some(path) = read_path(key, node, problems) {
                self.paths.insert((state, name), path);
            }
        }
    }

    /// What shows only when all paths are known.
    fn check(&self) -> Vec<Diagnostic> {
        let mut problems = Problems::default();
        for ((state, name), path) in &self.paths {
            if self.way(*state, name, State::ALL.len()).is_none() {
                let message = format!("`from` leads to no path `{name}`, or in a circle");
                problems.push(Diagnostic::new(&path.place, message));
            }
        }
        for way in State::ALL.into_iter().flat_map(|state| self.ways(state, None)) {
            flow::check_steps(&way.steps, &[MAIN], &mut problems);
        }
        self.probes.values().for_each(|steps| flow::check_steps(steps, &[MAIN], &mut problems));
        told_once(problems.into())
    }
}

impl fmt::Display for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening(opening) => opening.fmt(f),
            Self::Service(name) => f.pad(name),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Default)]
struct Way {
    steps: Vec<Step>,
    needs: BTreeSet<Capability>,
    /// One path on it has the name that was asked for.
    is_named: bool,
}

fn path_name(key: &Key) -> Result<PathName, Diagnostic> {
    if let Some(opening) = Opening::from_word(&key.name) {
        return Ok(PathName::Opening(opening));
    }
    check_name(&key.name).map_err(|message| Diagnostic::new(&key.place, message))?;
    match Capability::from_word(&key.name) {
        Some(_) => Ok(PathName::Service(key.name.clone())),
        None => {
            let known = Opening::words().chain([PROBE]).chain(Capability::words());
            let nearest = yaml::nearest(&key.name, known).map(|near| format!("did you mean `{near}`?"));
            let problem =
                Diagnostic::new(&key.place, format!("`{}` is neither a way to open nor a service", key.name));
            Err(problem.with_hint(nearest))
        }
    }
}

/// A list of steps, or `{from: STATE, needs: […], steps: […]}`.
fn read_path(key: &Key, node: &Node, problems: &mut Problems) -> Option<Path> {
    let (mut from, mut needs, mut steps) = (None, BTreeSet::new(), Some(node));
    if matches!(node.value, Value::Map(_)) {
        let mut keys = Keys::of(node, &["from", "needs", "steps"], problems)?;
        from = keys.optional("from", |node| state_from(node.as_scalar()?, &node.place));
        needs.extend(keys.list("needs", word::<Capability>).unwrap_or_default());
        steps = keys.required("steps", Ok);
    }
    let steps = reader(problems).steps(steps?)?;
    Some(Path { from, needs, steps, place: key.place.clone() })
}

fn reader(problems: &mut Problems) -> StepReader<'_> {
    StepReader { problems, connections: vec![MAIN.to_owned()], connection: Some(MAIN.to_owned()) }
}

const PROBE: &str = "probe";
