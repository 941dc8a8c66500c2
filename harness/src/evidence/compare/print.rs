//! A comparison as people and programs read it.

use super::changes::{Change, ChangeKind, Comparison, RunSummary, Standing};
use crate::evidence::markdown::escaped;
use std::fmt::Write;

/// Of trials that came or went, more than these only hide the rest.
const MOST_LISTED: usize = 20;

const KINDS: [(ChangeKind, &str); 6] = [
    (ChangeKind::NewlyFailing, "newly failing"),
    (ChangeKind::NewlyPassing, "newly passing"),
    (ChangeKind::ChangedFinding, "changed"),
    (ChangeKind::Undecided, "undecided: the bench failed in one of the runs"),
    (ChangeKind::Gone, "no longer run"),
    (ChangeKind::New, "newly run"),
];

pub(super) fn text(comparison: &Comparison) -> String {
    let mut text = format!("old  {}\nnew  {}\n", run(&comparison.old), run(&comparison.new));
    for (kind, title) in KINDS {
        let (changes, left_out) = listed(comparison, kind);
        if changes.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{title}: {}", changes.len() + left_out);
        for change in changes {
            let _ = writeln!(text, "  {}\n      {}", change.id, became(change));
            if let Some(saw) = saw(change) {
                let _ = writeln!(text, "      {saw}");
            }
        }
        if left_out > 0 {
            let _ = writeln!(text, "  … and {left_out} more");
        }
    }
    let _ = writeln!(text, "\n{}", in_short(comparison));
    text
}

pub(super) fn markdown(comparison: &Comparison) -> String {
    let mut text = format!("### {}\n\n", in_short(comparison));
    let _ = writeln!(
        text,
        "- old: {}\n- new: {}",
        escaped(&run(&comparison.old)),
        escaped(&run(&comparison.new))
    );
    for (kind, title) in KINDS {
        let (changes, left_out) = listed(comparison, kind);
        if changes.is_empty() {
            continue;
        }
        let _ =
            writeln!(text, "\n#### {title}: {}\n\n| trial | | |\n|---|---|---|", changes.len() + left_out);
        for change in changes {
            let saw = saw(change).map(escaped).unwrap_or_default();
            let _ = writeln!(text, "| `{}` | {} | {saw} |", change.id, escaped(&became(change)));
        }
        if left_out > 0 {
            let _ = writeln!(text, "| … and {left_out} more | | |");
        }
    }
    text
}

pub(super) fn json(comparison: &Comparison) -> String {
    let mut text =
        serde_json::to_string_pretty(comparison).expect("names are text, and nothing else can fail");
    text.push('\n');
    text
}

/// Those that are shown, and how many are not.
fn listed(comparison: &Comparison, kind: ChangeKind) -> (Vec<&Change>, usize) {
    let mut changes: Vec<_> = comparison.of_kind(kind).collect();
    // Of what is red everything is shown.
    let harmless = matches!(kind, ChangeKind::Gone | ChangeKind::New);
    let left_out = if harmless { changes.len().saturating_sub(MOST_LISTED) } else { 0 };
    changes.truncate(changes.len() - left_out);
    (changes, left_out)
}

fn in_short(comparison: &Comparison) -> String {
    let count = |kind| comparison.of_kind(kind).count();
    let (failing, passing) = (count(ChangeKind::NewlyFailing), count(ChangeKind::NewlyPassing));
    let other = comparison.changes.len() - failing - passing;
    let unchanged = comparison.unchanged;
    let verdict = if comparison.has_regression() { "regression" } else { "no regression" };
    format!(
        "{verdict}: {failing} newly failing, {passing} newly passing, {other} otherwise changed, {unchanged} unchanged"
    )
}

fn run(run: &RunSummary) -> String {
    let RunSummary { target, version, tcpspec, seed, level, started, interrupted } = run;
    let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let interrupted = interrupted.as_ref().map(|signal| format!("; ended by {signal}, not whole"));
    let interrupted = interrupted.unwrap_or_default();
    format!("{target}{version}, {started}, seed {seed}, level {level}, tcpspec {tcpspec}{interrupted}")
}

fn became(change: &Change) -> String {
    format!("{} → {}", standing(change.old.as_ref()), standing(change.new.as_ref()))
}

fn standing(standing: Option<&Standing>) -> String {
    match standing {
        None => "not run".into(),
        Some(Standing { verdict, findings, .. }) if findings.is_empty() => verdict.word().into(),
        Some(Standing { verdict, findings, .. }) => format!("{} ({})", verdict.word(), findings.join(", ")),
    }
}

/// What is seen now, where that is what one wants to know.
fn saw(change: &Change) -> Option<&str> {
    change.new.as_ref()?.saw.as_deref()
}
