//! The block that a failing trial prints: everything one needs to see why, without the source.

use super::ladder::ladder;
use std::fmt::Write;
use tcpspec_core::requirement::Requirement;
use tcpspec_core::verdict::{Finding, Outcome, Verdict};

/// What is known of a trial before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialCard {
    /// Its id.
    pub id: String,
    /// What the target must do.
    pub title: String,
    /// The requirements that its case shows: (id, level, "RFC 9293 section 3.10.7.4", summary).
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
    pub fn of(requirement: &Requirement) -> Option<Self> {
        Some(Self {
            id: requirement.id.clone(),
            level: requirement.level.to_string(),
            section: format!("RFC {} section {}", requirement.rfc, requirement.section),
            summary: requirement.summary.clone(),
        })
    }
}

/// A table's case names the requirements of all its rows: more than these only hide the rest.
const MOST_REQUIREMENTS: usize = 3;

/// Columns of running text.
const TEXT_WIDTH: usize = 92;

/// Renders the block. `referee` looks up a requirement that a finding names itself.
#[must_use]
pub fn failure_block(
    card: &TrialCard,
    outcome: &Outcome,
    lookup: &dyn Fn(&str) -> Option<RequirementLine>,
) -> String {
    let mut text = String::new();
    let finding = outcome.findings.first();
    let _ = writeln!(text, "{}  {}", headline(outcome.verdict), card.id);
    let _ = writeln!(text, "  {}\n", card.title);
    let own = finding.and_then(|finding| finding.requirement.as_deref()).and_then(lookup);
    let shown = own.as_ref().map_or(card.requirements.as_slice(), std::slice::from_ref);
    for requirement in shown.iter().take(MOST_REQUIREMENTS) {
        let head = format!("{} ({}, {})", requirement.id, requirement.level, requirement.section);
        entry(&mut text, "requirement", &format!("{head}: {}", requirement.summary));
    }
    if let Some(more) = shown.len().checked_sub(MOST_REQUIREMENTS).filter(|more| *more > 0) {
        entry(&mut text, "", &format!("and {more} more, of the other rows of this case's table"));
    }
    if let Some(finding) = finding {
        entry(&mut text, "finding", finding.code.code());
        entry(&mut text, "did", &finding.did);
        entry(&mut text, "expected", &finding.expected);
        entry(&mut text, "saw", &finding.saw);
    }
    let _ = writeln!(text, "\n{}", ladder(&outcome.record, finding));
    if let Some(finding) = finding.filter(|finding| !finding.differences.is_empty()) {
        text.push('\n');
        text.push_str(&difference_table(finding));
    }
    text.push('\n');
    entry(&mut text, "effect", &card.effect);
    let step = finding.and_then(|finding| finding.place.as_ref());
    let place = step.map_or(card.place.clone(), |place| {
        format!("{} (step at {}:{}:{})", card.place, place.file, place.line, place.column)
    });
    entry(&mut text, "place", &place);
    for also in outcome.findings.iter().skip(1) {
        entry(&mut text, "also", &format!("{}: {}", also.code, also.saw));
    }
    entry(&mut text, "again", &card.again);
    text.truncate(text.trim_end().len());
    text
}

const fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "FAIL",
        Verdict::Deviation => "DEVIATION",
        Verdict::Inconclusive => "INCONCLUSIVE (the state that the case starts from was not reached)",
        Verdict::Error => "ERROR (the bench's own fault: nothing is said about the target)",
        Verdict::Pass => "PASS",
        Verdict::Info => "INFO",
        Verdict::Skip => "SKIP",
    }
}

/// `  name         text`, wrapped behind the name.
fn entry(out: &mut String, name: &str, text: &str) {
    let mut line = format!("  {name:<12} ");
    let indent = line.chars().count();
    let mut room = TEXT_WIDTH;
    let mut first = true;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if !first && width + 1 > room {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            room = TEXT_WIDTH;
            first = true;
        }
        if !first {
            line.push(' ');
            room = room.saturating_sub(1);
        }
        line.push_str(word);
        room = room.saturating_sub(width);
        first = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

fn difference_table(finding: &Finding) -> String {
    let widest = |pick: fn(&tcpspec_core::verdict::FieldDifference) -> &str, least: usize| {
        finding.differences.iter().map(|d| pick(d).chars().count()).max().unwrap_or(0).max(least)
    };
    let (field, expected) = (widest(|d| &d.field, 5), widest(|d| &d.expected, 8));
    let mut text = format!("  {:<field$}  {:<expected$}  found\n", "field", "expected");
    for difference in &finding.differences {
        let (name, wanted, found) = (&difference.field, &difference.expected, &difference.found);
        let _ = writeln!(text, "  {name:<field$}  {wanted:<expected$}  {found}");
    }
    text
}
