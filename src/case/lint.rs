//! The full check of a suite: every case, every row, every name that must exist elsewhere.

use super::file::CaseFile;
use super::fixtures::Fixtures;
use super::id::Family;
use super::model::{App, AppAction, IcmpName, Nobody, Script, Step, StepKind};
use super::raw_case::RawCase;
use super::suite::Suite;
use crate::requirement::{Catalogue, Tc8};
use crate::yaml::{self, Diagnostic, Node, Place, nearest};
use std::collections::HashSet;

/// The names that cases may use and that are defined elsewhere. What is `None` is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary<'a> {
    /// The requirements.
    pub catalogue: Option<&'a Catalogue>,
    /// The ways into the states.
    pub fixtures: Option<&'a Fixtures>,
    /// The faults.
    pub faults: Option<&'a [&'a str]>,
    /// A case must name one of them at least: nobody knows otherwise whether it can fail.
    pub wants_a_fault: bool,
    /// The cases of TC8.
    pub tc8: Option<&'a Tc8>,
}

impl Suite {
    /// Everything that is wrong with its cases, in the order of the files.
    #[must_use]
    pub fn check(&self, vocabulary: &Vocabulary<'_>) -> Vec<Diagnostic> {
        self.files().iter().flat_map(|file| file.check(vocabulary)).collect()
    }
}

impl CaseFile {
    /// Everything that is wrong with its cases. A problem that several rows share is told once.
    #[must_use]
    pub fn check(&self, vocabulary: &Vocabulary<'_>) -> Vec<Diagnostic> {
        let mut problems: Vec<Diagnostic> = self.whole().err().into_iter().collect();
        problems.extend(self.about().err());
        problems.extend(self.cases().iter().flat_map(|case| case.check(vocabulary)));
        told_once(problems)
    }

    /// The file read as a whole must hold the cases that its outline shows.
    fn whole(&self) -> Result<(), Diagnostic> {
        let whole = yaml::parse(self.path(), self.text())?;
        let fields = whole.as_map(&["about", "cases"])?;
        let cases = fields.required_as("cases", Node::as_entries)?;
        let names = cases.iter().map(|(key, _)| key.name.as_str());
        match names.eq(self.cases().iter().map(RawCase::name)) {
            true => Ok(()),
            false => Err(fields.node().problem("the indentation of the cases and their YAML disagree")),
        }
    }
}

/// Problems by their places; what several rows or ways share is told once.
pub(super) fn told_once(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| (problem.place.line, problem.place.column));
    let mut told = HashSet::new();
    problems.retain(|problem| told.insert((problem.place.clone(), problem.message.clone())));
    problems
}

impl RawCase {
    /// Everything that is wrong with it.
    fn check(&self, vocabulary: &Vocabulary<'_>) -> Vec<Diagnostic> {
        let mut problems = self.case().err().unwrap_or_default();
        let scripts = self.scripts();
        for row in 0..self.rows().count() {
            match scripts.row(row) {
                Ok(script) => {
                    vocabulary.check_script(&script, &mut problems);
                    if self.families().contains(&Family::V6) {
                        problems.extend(ipv4_only(&script.steps));
                    }
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() {
            problems.extend(self.unused_columns());
        }
        problems.extend(vocabulary.unknown_names(self));
        problems.extend(vocabulary.no_fault(self));
        problems
    }

    /// The elements of a list of names.
    fn elements(&self, key: &str) -> &[Node] {
        let entries = self.node().and_then(Node::as_entries).unwrap_or_default();
        let list = entries.iter().find(|(known, _)| known.name == key).map(|(_, list)| list);
        list.and_then(|list| list.as_list().ok()).unwrap_or_default()
    }
}

/// Errors and addresses that IPv6 does not have.
fn ipv4_only(steps: &[Step]) -> Vec<Diagnostic> {
    let of_step = |step: &Step| match &step.kind {
        StepKind::Icmp(icmp) if matches!(icmp.kind, IcmpName::SourceRouteFailed | IcmpName::SourceQuench) => {
            let problem = Diagnostic::new(&step.place, format!("`{}` is an error of IPv4 only", icmp.kind));
            vec![problem.with_hint("add `families: [v4]` to the case".to_owned())]
        }
        StepKind::Send(send) if send.to_address == Some(Nobody::Broadcast) => no_broadcast(step),
        StepKind::App(App { action: AppAction::ConnectToNobody(Nobody::Broadcast), .. }) => {
            no_broadcast(step)
        }
        StepKind::Repeat { steps, .. } => ipv4_only(steps),
        StepKind::OneOf(one_of) => {
            one_of.alternatives.iter().flat_map(|(_, steps)| ipv4_only(steps)).collect()
        }
        _ => Vec::new(),
    };
    steps.iter().flat_map(of_step).collect()
}

fn no_broadcast(step: &Step) -> Vec<Diagnostic> {
    let problem = Diagnostic::new(&step.place, "IPv6 has no broadcast");
    vec![problem.with_hint("add `families: [v4]` to the case".to_owned())]
}

impl Vocabulary<'_> {
    fn unknown_names(&self, case: &RawCase) -> Vec<Diagnostic> {
        let requirements = case.elements("requirements").iter();
        let requirements = requirements.filter_map(|node| self.unknown_requirement(node.raw(), &node.place));
        let faults = case.elements("faults").iter().filter_map(|node| self.unknown_fault(node));
        let also = case.elements("also").iter().filter_map(|node| self.unknown_tc8(node));
        requirements.chain(faults).chain(also).collect()
    }

    fn no_fault(&self, case: &RawCase) -> Option<Diagnostic> {
        let names_none = self.wants_a_fault && case.elements("faults").is_empty();
        let hint = "add `faults: [...]`: what a stack would do wrong for this case to fail; \
                    `tcpspec faults --all` with this case's name shows which faults it notices";
        let problem = || Diagnostic::new(case.place(), "this case names no fault that makes it fail");
        names_none.then(|| problem().with_hint(hint.to_owned()))
    }

    fn check_script(&self, script: &Script, problems: &mut Vec<Diagnostic>) {
        self.check_steps(&script.steps, problems);
        for given in &script.given {
            if self.fixtures.is_some_and(|fixtures| !fixtures.has_path(given.state, given.by)) {
                let by = given.by.map(|by| format!(" by {}", by.open())).unwrap_or_default();
                problems
                    .push(Diagnostic::new(&given.place, format!("there is no way into {}{by}", given.state)));
            }
        }
    }

    fn check_steps(&self, steps: &[Step], problems: &mut Vec<Diagnostic>) {
        for step in steps {
            if let Some(requirement) = &step.requirement {
                problems.extend(self.unknown_requirement(requirement, &step.place));
            }
            match &step.kind {
                StepKind::Repeat { steps, .. } => self.check_steps(steps, problems),
                StepKind::OneOf(one_of) => {
                    one_of.alternatives.iter().for_each(|(_, steps)| self.check_steps(steps, problems));
                }
                _ => {}
            }
        }
    }

    fn unknown_requirement(&self, id: &str, place: &Place) -> Option<Diagnostic> {
        let catalogue = self.catalogue.filter(|catalogue| !catalogue.contains(id))?;
        let hint = catalogue.nearest(id).map(|near| format!("did you mean `{near}`?"));
        Some(Diagnostic::new(place, format!("the catalogue has no requirement `{id}`")).with_hint(hint))
    }

    fn unknown_tc8(&self, node: &Node) -> Option<Diagnostic> {
        let known = || self.tc8.into_iter().flat_map(|tc8| &tc8.active).map(|case| case.id.as_str());
        if self.tc8.is_none() || known().any(|id| id == node.raw()) {
            return None;
        }
        let hint = nearest(node.raw(), known()).map(|near| format!("did you mean `{near}`?"));
        Some(node.problem(format!("TC8 has no case `{}`", node.raw())).with_hint(hint))
    }

    fn unknown_fault(&self, node: &Node) -> Option<Diagnostic> {
        let faults = self.faults.filter(|faults| !faults.contains(&node.raw()))?;
        let hint = nearest(node.raw(), faults.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        Some(node.problem(format!("there is no fault `{}`", node.raw())).with_hint(hint))
    }
}
