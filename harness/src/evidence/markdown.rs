//! Markdown for the pages of pipelines.

use super::event::{Trial, Verdict};
use super::read::Stream;
use std::collections::BTreeMap;
use std::fmt::Write;
use tcpspec_core::requirement::Threshold;

/// What a pipeline shows of a run: counts by level, and everything that is red.
pub(crate) fn summary(run: &Stream) -> String {
    let Stream { header, trials, footer } = run;
    let version = header.target.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let red: Vec<_> = trials.iter().filter(|trial| trial.red).collect();
    let verdict = match (red.len() + footer.accusations.len(), footer.complaints.is_empty()) {
        _ if footer.interrupted.is_some() => "not whole",
        (0, true) => "green",
        (0, false) => "the bench was at fault",
        _ => "red",
    };
    let name = escaped(&format!("{}{version}", header.target.name));
    let mut text = format!("### TCP conformance of {name}: {verdict}\n\n");
    counts(&mut text, trials);
    if let Some(signal) = &footer.interrupted {
        let (told, of) = (trials.len(), header.selected);
        let _ = writeln!(text, "\nEnded by {signal} after {told} of {of} trials.");
    }
    let complaints = footer.complaints.iter().map(|it| ("bench", it));
    let remarks: Vec<_> = complaints.chain(footer.accusations.iter().map(|it| ("target", it))).collect();
    if !remarks.is_empty() {
        text.push('\n');
        for (who, remark) in remarks {
            let _ = writeln!(text, "- {who}: {}", escaped(remark));
        }
    }
    if !red.is_empty() {
        let _ = writeln!(text, "\n| red | requirement | |\n|---|---|---|");
        for trial in red.iter().take(MOST_LISTED) {
            let requirement = trial.requirements.first();
            let requirement = requirement.map(|it| format!("{} ({}, {})", it.id, it.level, it.section));
            let requirement = escaped(&requirement.unwrap_or_default());
            let _ = writeln!(text, "| `{}` | {requirement} | {} |", trial.id, escaped(&why(trial)));
        }
        if red.len() > MOST_LISTED {
            let _ = writeln!(text, "| … and {} more | | |", red.len() - MOST_LISTED);
        }
    }
    let _ = writeln!(
        text,
        "\ntcpspec {} on Linux {}, seed {}, red from {}, {:.1} s",
        header.tcpspec,
        header.kernel,
        header.seed,
        header.level.to_uppercase(),
        footer.duration_ms as f64 / 1000.0
    );
    text
}

/// Verdict and first finding, or the reason.
pub(super) fn why(trial: &Trial) -> String {
    let word = trial.verdict.word();
    match (trial.findings.first(), &trial.reason) {
        (Some(it), _) => format!("{word}: {}: expected {}; saw {}", it.code, it.expected, it.saw),
        (None, Some(reason)) => format!("{word}: {reason}"),
        (None, None) => word.to_owned(),
    }
}

/// A row for each level, a column for each verdict that there is.
fn counts(text: &mut String, trials: &[Trial]) {
    let mut counts: BTreeMap<(Threshold, Verdict), usize> = BTreeMap::new();
    for trial in trials {
        *counts.entry((trial.strength(), trial.verdict)).or_default() += 1;
    }
    let is_shown = |verdict: &Verdict| counts.keys().any(|(_, other)| other == verdict);
    let shown: Vec<_> = Verdict::ALL.into_iter().filter(is_shown).collect();
    let words: Vec<_> = shown.iter().map(|verdict| verdict.word()).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", words.join(" | "), "--:|".repeat(shown.len()));
    for (level, word) in [(Threshold::Must, "MUST"), (Threshold::Should, "SHOULD"), (Threshold::May, "MAY")] {
        let cells = shown.iter().map(|verdict| counts.get(&(level, *verdict)).copied().unwrap_or_default());
        let cells: Vec<_> =
            cells.map(|count| if count == 0 { String::new() } else { count.to_string() }).collect();
        let _ = writeln!(text, "| {word} | {} |", cells.join(" | "));
    }
}

/// Text in a cell of a table.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            control if control.is_control() => escaped.push(' '),
            '|' | '<' | '>' | '*' | '_' | '`' | '[' | ']' | '\\' | '&' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A page that nobody scrolls through; services limit its size, too.
const MOST_LISTED: usize = 50;
