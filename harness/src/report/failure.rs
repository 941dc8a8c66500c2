//! The block that a failing trial prints: everything one needs to see why, without the source.

use super::ladder::ladder;
use super::wrap::wrap;
use std::fmt::Write;
use tcpspec_core::requirement::Requirement;
use tcpspec_core::verdict::{FieldDifference, Finding, Outcome, Verdict};
use tcpspec_core::yaml::Place;

/// What is known of a trial before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialCard {
    /// Its id.
    pub id: String,
    /// What the target must do.
    pub title: String,
    /// The requirements that its case shows, those that concern this trial first.
    pub requirements: Vec<RequirementLine>,
    /// Why it matters.
    pub effect: String,
    /// `cases/closing/passive.yaml:41`.
    pub place: String,
    /// The command that repeats exactly this trial.
    pub again: String,
}

/// One requirement as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementLine {
    /// `MUST-13`
    pub id: String,
    /// `MUST`
    pub level: String,
    /// `RFC 9293 section 3.6.1`
    pub section: String,
    /// In our own words.
    pub summary: String,
}

impl RequirementLine {
    /// As the catalogue has it.
    #[must_use]
    pub fn of(requirement: &Requirement) -> Self {
        Self {
            id: requirement.id.clone(),
            level: requirement.level.to_string(),
            section: requirement.citation(),
            summary: requirement.summary.clone(),
        }
    }
}

/// A table's case names the requirements of all its rows: more than these only hide the rest.
const MOST_REQUIREMENTS: usize = 2;

/// Columns of running text.
const TEXT_WIDTH: usize = 88;

/// Columns of a value in the table of differences.
const VALUE_WIDTH: usize = 42;

/// Renders the block. `lookup` finds the requirement that a finding names itself.
#[must_use]
pub fn failure_block(
    card: &TrialCard,
    outcome: &Outcome,
    lookup: &dyn Fn(&str) -> Option<RequirementLine>,
) -> String {
    let mut text = String::new();
    let finding = outcome.findings.first();
    let _ = writeln!(text, "{}  {}", outcome.verdict.word().to_uppercase(), card.id);
    let _ = writeln!(text, "  {}\n", card.title);
    let says_nothing = says_nothing_of_the_target(outcome.verdict);
    if let Some(why) = says_nothing {
        entry(&mut text, "verdict", why);
    } else {
        let own = finding.and_then(|finding| finding.requirement.as_deref()).and_then(lookup);
        requirements(&mut text, own.as_ref().map_or(&card.requirements, std::slice::from_ref));
    }
    if let Some(finding) = finding {
        entry(&mut text, "finding", finding.code.code());
        entry(&mut text, "did", &finding.did);
        entry(&mut text, "expected", &finding.expected);
        entry(&mut text, "saw", &finding.saw);
    }
    for also in outcome.findings.iter().skip(1) {
        entry(&mut text, "also", &format!("{}: expected {}; saw {}", also.code, also.expected, also.saw));
    }
    text.push('\n');
    if !outcome.record.events.is_empty() {
        let _ = writeln!(text, "{}\n", ladder(&outcome.record, finding));
    }
    if let Some(finding) = finding.filter(|finding| !finding.differences.is_empty()) {
        text.push_str(&difference_table(finding));
        text.push('\n');
    }
    if says_nothing.is_none() {
        entry(&mut text, "effect", &card.effect);
    }
    entry(&mut text, "place", &card.place);
    if let Some(Place { file, line, column, .. }) = finding.and_then(|finding| finding.place.as_ref()) {
        entry(&mut text, "step", &format!("{file}:{line}:{column}"));
    }
    // In one line, however long: it is there to be copied.
    let _ = write!(text, "  {:<12} {}", "again", card.again);
    text
}

/// Why a verdict that makes a run red is none about the target.
const fn says_nothing_of_the_target(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Inconclusive => {
            Some("none about the target: the state from which the case starts was not reached")
        }
        Verdict::Error => Some("none about the target: the bench itself failed"),
        Verdict::Pass | Verdict::Info | Verdict::Deviation | Verdict::Skip | Verdict::Fail => None,
    }
}

fn requirements(text: &mut String, all: &[RequirementLine]) {
    for requirement in all.iter().take(MOST_REQUIREMENTS) {
        let head = format!("{} ({}, {})", requirement.id, requirement.level, requirement.section);
        entry(text, "requirement", &format!("{head}: {}", requirement.summary));
    }
    if let Some(more) = all.len().checked_sub(MOST_REQUIREMENTS).filter(|more| *more > 0) {
        entry(text, "", &format!("and {more} more that the case is about"));
    }
}

/// `  name         text`, wrapped behind the name; nothing where there is no text.
pub(crate) fn entry(out: &mut String, name: &str, text: &str) {
    let lines = wrap(text, TEXT_WIDTH);
    for (row, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let name = if row == 0 { name } else { "" };
        let _ = writeln!(out, "  {name:<12} {line}");
    }
}

/// Only the fields that differ, in columns.
fn difference_table(finding: &Finding) -> String {
    let head = ["field", "expected", "found"].map(|title| vec![title.to_owned()]);
    let row = |difference: &FieldDifference| {
        [&difference.field, &difference.expected, &difference.found].map(|text| wrap(text, VALUE_WIDTH))
    };
    let rows: Vec<_> = [head].into_iter().chain(finding.differences.iter().map(row)).collect();
    let widest = |column: usize| {
        rows.iter().flat_map(|row| &row[column]).map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let (field, expected) = (widest(0), widest(1));
    let mut text = String::new();
    for row in &rows {
        for place in 0..row.iter().map(Vec::len).max().unwrap_or(0) {
            let [name, wanted, found] =
                [0, 1, 2].map(|column| row[column].get(place).map_or("", String::as_str));
            let line = format!("  {name:<field$}  {wanted:<expected$}  {found}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}
