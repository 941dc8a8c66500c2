//! One page for each kind of id.

use super::Known;
use crate::inputs::invalid;
use crate::report::{RequirementLine, entry};
use crate::run::Stop;
use std::collections::BTreeMap;
use tcpspec_core::case::{Case, RawCase, Script, Step, StepKind, Trial};
use tcpspec_core::fault::FaultEntry;
use tcpspec_core::ledger::Entry;
use tcpspec_core::requirement::Requirement;
use tcpspec_core::verdict::FindingCode;
use tcpspec_core::yaml::Place;

pub(super) fn requirement_page(known: &Known, requirement: &Requirement) -> Result<String, Stop> {
    let mut page = head(&requirement.id, "requirement");
    entry(&mut page, "says", &requirement.summary);
    let derived = if requirement.derived { ", a judgement: the RFC has no key word there" } else { "" };
    entry(&mut page, "level", &format!("{}{derived}", requirement.level));
    entry(&mut page, "section", &requirement.citation());
    entry(&mut page, "seen", requirement.how.as_deref().unwrap_or_default());
    entry(&mut page, "note", requirement.note.as_deref().unwrap_or_default());
    if let Some(event) = &requirement.event {
        entry(&mut page, "tolerance", event.tolerance.as_deref().unwrap_or_default());
    }
    entry(&mut page, "no case", requirement.not_testable.as_deref().unwrap_or_default());
    let covering = cases(known, |case| case.requirements.contains(&requirement.id))?;
    list(&mut page, "effect", covering.iter().map(|(_, case)| case.effect.clone()));
    cases_that(&mut page, "cases", &covering);
    if covering.is_empty() && requirement.not_testable.is_none() {
        entry(&mut page, "cases", "none yet");
    }
    let trials: Vec<String> = covering.iter().flat_map(|(raw, _)| trials(raw)).collect();
    stacks(&mut page, known, |entry| trials.iter().any(|trial| entry.case.matches(trial)));
    Ok(page)
}

/// The page of a case, or of one of its trials.
pub(super) fn case_page(known: &Known, raw: &RawCase, trial: Option<&Trial<'_>>) -> Result<String, Stop> {
    let case = raw.case().map_err(|found| invalid(&found))?;
    let id = trial.map_or_else(|| raw.id().to_owned(), |trial| trial.id.to_string());
    let mut page = head(&id, if trial.is_some() { "trial" } else { "case" });
    entry(&mut page, "says", &case.title);
    for requirement in case.requirements.iter().filter_map(|id| known.catalogue.get(id)) {
        let RequirementLine { id, level, section, summary } = RequirementLine::of(requirement);
        entry(&mut page, "requirement", &format!("{id} ({level}, {section}): {summary}"));
    }
    entry(&mut page, "effect", &case.effect);
    let needs: Vec<_> = case.needs.iter().map(ToString::to_string).collect();
    entry(&mut page, "needs", &needs.join(", "));
    if case.slow {
        entry(&mut page, "slow", "run with --include-ignored only");
    }
    entry(&mut page, "place", &place(raw.place()));
    let script = raw.script(trial.map_or(0, |trial| trial.row)).map_err(|found| invalid(&found))?;
    let ids = trial.map_or_else(|| trials(raw), |trial| vec![trial.id.to_string()]);
    if trial.is_none() && ids.len() > 1 {
        entry(&mut page, "trials", &format!("{}; the steps are those of the first, {}", ids.len(), ids[0]));
    }
    steps(&mut page, &script);
    let faults = case.faults.iter().filter_map(|name| known.faults.get(name));
    list(&mut page, "faults", faults.map(|fault| format!("{}: {}", fault.name, fault.does)));
    stacks(&mut page, known, |entry| ids.iter().any(|id| entry.case.matches(id)));
    if trial.is_some() {
        entry(&mut page, "run", &format!("tcpspec --exact {id}"));
    }
    Ok(page)
}

pub(super) fn finding_page(known: &Known, code: FindingCode) -> String {
    let mut page = head(code.code(), "finding");
    entry(&mut page, "means", code.meaning());
    if code.is_of_the_bench() {
        entry(&mut page, "about", "the bench itself: nothing is said about the target");
    }
    let faults = known.faults.iter().filter(|fault| fault.findings.contains(&code));
    list(&mut page, "faults", faults.map(|fault| format!("{}: {}", fault.name, fault.does)));
    stacks(&mut page, known, |entry| entry.finding == code.code());
    page
}

pub(super) fn fault_page(known: &Known, fault: &FaultEntry) -> Result<String, Stop> {
    let mut page = head(&fault.name, "fault");
    entry(&mut page, "does", &fault.does);
    entry(&mut page, "about", fault.group.name());
    let findings = fault.findings.iter().map(|code| format!("{code}: {}", code.meaning()));
    list(&mut page, "findings", findings);
    let naming = cases(known, |case| case.faults.contains(&fault.name))?;
    cases_that(&mut page, "cases", &naming);
    entry(&mut page, "place", &place(&fault.place));
    entry(&mut page, "run", &format!("tcpspec faults --fault {}", fault.name));
    Ok(page)
}

fn head(id: &str, kind: &str) -> String {
    format!("{id}  ({kind})\n\n")
}

fn place(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

fn trials(raw: &RawCase) -> Vec<String> {
    raw.trials().map(|(id, _)| id.to_string()).collect()
}

/// The cases of which this is true.
fn cases(known: &Known, is_wanted: impl Fn(&Case) -> bool) -> Result<Vec<(&RawCase, &Case)>, Stop> {
    let mut found = Vec::new();
    for raw in known.suite.cases() {
        let case = raw.case().map_err(|problems| invalid(&problems))?;
        if is_wanted(case) {
            found.push((raw, case));
        }
    }
    Ok(found)
}

fn cases_that(page: &mut String, name: &str, cases: &[(&RawCase, &Case)]) {
    let line =
        |(raw, case): &(&RawCase, &Case)| format!("{} ({}): {}", raw.id(), place(raw.place()), case.title);
    list(page, name, cases.iter().map(line));
}

/// One text below the other, the name before the first; each text once.
fn list(page: &mut String, name: &str, texts: impl Iterator<Item = String>) {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    list_all(page, name, &once);
}

/// What a case starts from, and its steps: each with its line.
fn steps(page: &mut String, script: &Script) {
    for given in &script.given {
        let which = if script.given.len() > 1 { format!("{}: ", given.connection) } else { String::new() };
        let text = format!("{which}{} ({})", given.state, place(&given.place));
        entry(page, "given", &text);
    }
    let mut lines = Vec::new();
    collect(&script.steps, &mut lines);
    list_all(page, "steps", &lines);
    for then in &script.then {
        let which = if script.given.len() > 1 { format!("{}: ", then.connection) } else { String::new() };
        entry(page, "then", &format!("{which}{} ({})", then.state, place(&then.place)));
    }
}

fn collect(steps: &[Step], lines: &mut Vec<String>) {
    for step in steps {
        lines.push(format!("{} ({})", step.text, place(&step.place)));
        if let StepKind::Repeat { steps, .. } = &step.kind {
            collect(steps, lines);
        }
    }
}

/// As [`list`], with what stands twice.
fn list_all(page: &mut String, name: &str, texts: &[String]) {
    for (row, text) in texts.iter().enumerate() {
        entry(page, if row == 0 { name } else { "" }, text);
    }
}

/// What the shipped ledgers say: entries of the same reason together.
fn stacks(page: &mut String, known: &Known, concerns: impl Fn(&Entry) -> bool) {
    for (stack, ledger) in &known.ledgers {
        let mut groups: BTreeMap<usize, (&Entry, Vec<String>)> = BTreeMap::new();
        let entries = ledger.entries();
        for entry in entries.iter().filter(|entry| concerns(entry)) {
            let alike = |other: &Entry| (&other.reason, &other.source) == (&entry.reason, &entry.source);
            let first = entries.iter().position(alike).unwrap_or_default();
            let what = match &entry.when {
                Some(when) => format!("{} in {} ({when})", entry.finding, entry.case),
                None => format!("{} in {}", entry.finding, entry.case),
            };
            groups.entry(first).or_insert((entry, Vec::new())).1.push(what);
        }
        for (row, (said, found)) in groups.values().enumerate() {
            entry(page, if row == 0 { stack } else { "" }, &said.reason);
            found.iter().for_each(|what| entry(page, "", &format!("- {what}")));
            entry(page, "", &format!("source: {}", said.source));
        }
    }
}
