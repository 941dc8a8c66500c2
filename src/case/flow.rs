//! What shows only from step to step: labels bound before they are used, connections that exist,
//! loops that end.

use super::constant::Known;
use super::expr::{Expr, LabelField, Name};
use super::model::{Expect, OneOf, Script, Step, StepKind};
use super::values::values;
use crate::state::State;
use crate::yaml::{Diagnostic, Place, Problems, nearest};
use std::collections::BTreeMap;

/// Checks a script as a whole.
pub(super) fn check_script(script: &Script, problems: &mut Problems) {
    let connections: Vec<&str> = script.given.iter().map(|given| given.connection.as_str()).collect();
    check_steps(&script.steps, &connections, problems);
    script.steps.iter().for_each(|step| check_measure(step, script, problems));
}

/// Checks steps that run one after another on these connections.
pub(super) fn check_steps(steps: &[Step], connections: &[&str], problems: &mut Problems) {
    let mut flow = Flow { connections, bound: BTreeMap::new(), later: BTreeMap::new(), loops: 0, problems };
    flow.note_bindings(steps);
    flow.steps(steps);
    if problems.is_empty() {
        let mut counter = Counter { steps: 0, problems };
        counter.count(steps, None);
    }
}

/// What a label stands for.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    /// A segment that the bench sent.
    Sent,
    /// A segment that came from the target.
    Seen,
    /// A call of the application: it has only a time.
    Call,
}

struct Flow<'a> {
    connections: &'a [&'a str],
    bound: BTreeMap<&'a str, Bound>,
    /// Where each label is bound first, whether before or behind the step that is looked at.
    later: BTreeMap<&'a str, &'a Place>,
    /// How many `repeat` surround the step.
    loops: usize,
    problems: &'a mut Problems,
}

impl<'a> Flow<'a> {
    fn note_bindings(&mut self, steps: &'a [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Repeat { steps, .. } => self.note_bindings(steps),
                StepKind::OneOf(one_of) => {
                    one_of.alternatives.iter().for_each(|(_, steps)| self.note_bindings(steps));
                }
                kind => {
                    for (label, _) in bindings(kind) {
                        self.later.entry(label).or_insert(&step.place);
                    }
                }
            }
        }
    }

    fn steps(&mut self, steps: &'a [Step]) {
        steps.iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &'a Step) {
        values(&step.kind).into_iter().for_each(|value| self.value(value));
        match &step.kind {
            StepKind::Repeat { steps, .. } => {
                self.loops += 1;
                self.steps(steps);
                self.loops -= 1;
            }
            StepKind::OneOf(one_of) => self.one_of(one_of),
            StepKind::Expect(expect) => self.after(expect, step),
            StepKind::ExpectAll(all) => all.segments.iter().for_each(|expect| self.after(expect, step)),
            StepKind::Retransmissions(series) => self.of_target(&series.of, "of", step),
            StepKind::Icmp(icmp) => self.of_target(&icmp.quote, "quote", step),
            _ => {}
        }
        self.bound.extend(bindings(&step.kind));
    }

    /// After alternatives only those labels are bound that each of them binds.
    fn one_of(&mut self, one_of: &'a OneOf) {
        let before = self.bound.clone();
        let mut common: Option<BTreeMap<&str, Bound>> = None;
        for (_, steps) in &one_of.alternatives {
            self.bound.clone_from(&before);
            self.steps(steps);
            match &mut common {
                Some(common) => common.retain(|label, _| self.bound.contains_key(label)),
                None => common = Some(self.bound.clone()),
            }
        }
        self.bound = common.unwrap_or(before);
    }

    fn value(&mut self, value: &Expr) {
        for (name, place) in value.names() {
            match name {
                Name::Variable { connection: Some(connection), .. } => self.connection(connection, place),
                Name::Label { label, field } => match self.bound.get(label.as_str()) {
                    None => self.unbound(label, place),
                    Some(Bound::Call) if *field != LabelField::Time => {
                        let message = format!("`{label}` is a call of the application: it has only a `time`");
                        self.problems.push(Diagnostic::new(place, message));
                    }
                    Some(_) => {}
                },
                Name::LoopIndex if self.loops == 0 => {
                    self.problems.push(Diagnostic::new(place, "`$i` means nothing outside of a `repeat`"));
                }
                Name::Variable { connection: None, .. } | Name::Profile(_) | Name::LoopIndex => {}
            }
        }
    }

    fn connection(&mut self, name: &str, place: &Place) {
        if self.connections.contains(&name) {
            return;
        }
        let hint =
            nearest(name, self.connections.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let problem = Diagnostic::new(place, format!("there is no connection `{name}`")).with_hint(hint);
        self.problems.push(problem);
    }

    fn after(&mut self, expect: &Expect, step: &Step) {
        if let Some(label) = expect.after.as_ref().filter(|label| !self.bound.contains_key(label.as_str())) {
            self.unbound(label, &step.place);
        }
    }

    /// The label must stand for a segment of the target.
    fn of_target(&mut self, label: &str, key: &str, step: &Step) {
        match self.bound.get(label) {
            None => self.unbound(label, &step.place),
            Some(Bound::Seen) => {}
            Some(Bound::Sent | Bound::Call) => {
                let message = format!("`{key}: {label}` must name a segment of the target");
                let problem = Diagnostic::new(&step.place, message);
                self.problems.push(problem.with_hint("label it where it is expected, with `as:`".to_owned()));
            }
        }
    }

    fn unbound(&mut self, label: &str, place: &Place) {
        let problem = match self.later.get(label) {
            Some(later) => {
                Diagnostic::new(place, format!("`{label}` is not bound on every way to this step"))
                    .with_note_at(later, "it is bound here")
            }
            None => {
                let hint = nearest(label, self.bound.keys().copied());
                Diagnostic::new(place, format!("nothing is labelled `{label}`"))
                    .with_hint(hint.map(|near| format!("did you mean `{near}`?")))
            }
        };
        self.problems.push(problem);
    }
}

fn bindings(kind: &StepKind) -> Vec<(&str, Bound)> {
    match kind {
        StepKind::Send(send) => send.label.iter().map(|label| (label.as_str(), Bound::Sent)).collect(),
        StepKind::Expect(expect) => expect.label.iter().map(|label| (label.as_str(), Bound::Seen)).collect(),
        StepKind::ExpectAll(all) => {
            all.segments.iter().filter_map(|expect| Some((expect.label.as_deref()?, Bound::Seen))).collect()
        }
        StepKind::App(app) => app.label.iter().map(|label| (label.as_str(), Bound::Call)).collect(),
        _ => Vec::new(),
    }
}

/// The procedure of a measure makes its own connections in the state of `given`.
fn check_measure(step: &Step, script: &Script, problems: &mut Problems) {
    match &step.kind {
        StepKind::Measure(measure) => {
            let given = script.given.iter().find(|given| given.connection == step.connection);
            if given.is_some_and(|given| given.state != State::TimeWait) {
                let message = format!("`measure: {}` needs `given: TIME-WAIT`", measure.quantity);
                problems.push(Diagnostic::new(&step.place, message));
            }
        }
        StepKind::Repeat { steps, .. } => steps.iter().for_each(|step| check_measure(step, script, problems)),
        StepKind::OneOf(one_of) => {
            let steps = one_of.alternatives.iter().flat_map(|(_, steps)| steps.iter());
            steps.for_each(|step| check_measure(step, script, problems));
        }
        _ => {}
    }
}

/// Counts the steps of a trial, loops unrolled; stops at the first problem.
struct Counter<'p> {
    steps: u32,
    problems: &'p mut Problems,
}

impl Counter<'_> {
    fn count(&mut self, steps: &[Step], turn: Option<i64>) {
        for step in steps {
            if !self.problems.is_empty() {
                return;
            }
            self.steps += 1;
            if self.steps > MAX_STEPS {
                let message = format!("with this step a trial has more than {MAX_STEPS} steps");
                self.problems.push(Diagnostic::new(&step.place, message));
                return;
            }
            match &step.kind {
                StepKind::Repeat { times, steps } => {
                    let known = Known { profile: &|_| None, turn };
                    match known.number(times) {
                        Some(times @ 0..) => (0..times)
                            .take_while(|turn| {
                                self.count(steps, Some(*turn));
                                self.problems.is_empty()
                            })
                            .for_each(drop),
                        Some(times) => {
                            let message = format!("`{times}` is not how often something can be repeated");
                            self.problems.push(Diagnostic::new(&step.place, message));
                        }
                        None => {
                            let message = "how often this is repeated must not depend on the profile";
                            self.problems.push(Diagnostic::new(&step.place, message));
                        }
                    }
                }
                StepKind::OneOf(one_of) => {
                    one_of.alternatives.iter().for_each(|(_, steps)| self.count(steps, turn));
                }
                _ => {}
            }
        }
    }
}

/// The most steps that a trial may have.
pub(super) const MAX_STEPS: u32 = 10_000;
