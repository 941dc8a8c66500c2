//! A trial's event as text: for reports that hold text only.

use super::event::{Rung, RungKind, Trial};
use std::fmt::Write;

/// Everything needed to see why, a line each.
pub(crate) fn story(trial: &Trial) -> String {
    let mut text = String::new();
    if !trial.title.is_empty() {
        let _ = writeln!(text, "{}\n", trial.title);
    }
    for requirement in trial.requirements.iter().take(MOST_REQUIREMENTS) {
        let _ = writeln!(
            text,
            "requirement  {} ({}, {})",
            requirement.id, requirement.level, requirement.section
        );
    }
    for finding in &trial.findings {
        let _ = writeln!(text, "finding      {}: {}", finding.code, finding.meaning);
        let _ = writeln!(text, "did          {}", finding.did);
        let _ = writeln!(text, "expected     {}", finding.expected);
        let _ = writeln!(text, "saw          {}", finding.saw);
        for it in &finding.differences {
            let _ = writeln!(text, "differs      {}: expected {}, found {}", it.field, it.expected, it.found);
        }
    }
    for entry in &trial.ledger {
        let _ = writeln!(text, "known        {} ({}, {})", entry.reason, entry.source, entry.place);
    }
    if let Some(reason) = &trial.reason {
        let _ = writeln!(text, "reason       {reason}");
    }
    let Some(story) = &trial.story else { return text };
    text.push('\n');
    for (place, rung) in story.ladder.iter().enumerate() {
        let _ = writeln!(text, "{}", line(rung));
        for finding in trial.findings.iter().filter(|finding| finding.rung == Some(place)) {
            let _ = writeln!(text, "             ✗ expected {}", finding.expected);
        }
    }
    let _ = writeln!(text, "\neffect       {}", story.effect);
    let _ = writeln!(text, "place        {}", story.place);
    if let Some(capture) = &trial.capture {
        let _ = writeln!(text, "capture      {capture}");
    }
    let _ = writeln!(text, "again        {}", story.again);
    text
}

fn line(rung: &Rung) -> String {
    let sign = match rung.kind {
        RungKind::Sent => "──▶",
        RungKind::Received => "◀──",
        RungKind::AtTarget => "  │",
        RungKind::Nothing => "┄┄┄",
        RungKind::Remark => "   ",
    };
    let seconds = rung.at_ns as f64 / 1e9;
    let step = rung.step.as_ref().map_or("", |step| step.place.as_str());
    format!("+{seconds:<11.6} {sign} {}  {step}", rung.label).trim_end().to_owned()
}

/// More only hide the rest.
const MOST_REQUIREMENTS: usize = 2;
