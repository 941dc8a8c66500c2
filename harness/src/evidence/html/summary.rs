//! What was run, and counts by level. No score: what weighs how much is for the reader to say.

use super::links;
use super::markup::Html;
use super::requirements::kept;
use crate::evidence::event::{Footer, Header, Trial, Verdict};
use crate::evidence::read::Stream;
use std::collections::BTreeMap;
use tcpspec_core::requirement::{Catalogue, Threshold};

pub(super) fn write(html: &mut Html, runs: &[Stream], catalogue: &Catalogue) {
    html.raw("<div class=\"runs\">\n");
    for (number, run) in runs.iter().enumerate() {
        about(html, &name(number, runs.len(), &run.header), run, catalogue);
    }
    html.raw("</div>\n");
}

fn about(html: &mut Html, name: &str, run: &Stream, catalogue: &Catalogue) {
    let Stream { header, trials, footer } = run;
    html.raw("<section class=\"run\">\n");
    html.element("h2", "", name).raw("\n<div class=\"counts\">\n");
    levels(html, "trials", &counts(trials), true);
    levels(html, "requirements", &coverage(trials, catalogue), false);
    html.raw("</div>\n");
    let remarks = footer.complaints.iter().map(|it| ("bench", it));
    let mut remarks = remarks.chain(footer.accusations.iter().map(|it| ("target", it))).peekable();
    if remarks.peek().is_some() {
        html.raw("<ul>\n");
        for (who, remark) in remarks {
            html.element("li", "", &format!("{who}: {remark}")).raw("\n");
        }
        html.raw("</ul>\n");
    }
    facts(html, header, footer, trials.len());
    html.raw("</section>\n");
}

/// What the columns of the matrix are called.
pub(super) fn name(number: usize, of: usize, header: &Header) -> String {
    let version = header.target.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let number = if of > 1 { format!("{}: ", number + 1) } else { String::new() };
    format!("{number}{}{version}", header.target.name)
}

fn facts(html: &mut Html, header: &Header, footer: &Footer, told: usize) {
    html.raw("<dl>\n");
    let mut fact = |name: &str, value: &str| {
        html.element("dt", "", name).element("dd", "", value).raw("\n");
    };
    fact("started", &header.started);
    fact("took", &format!("{:.1} s", footer.duration_ms as f64 / 1000.0));
    fact("command", &header.command.join(" "));
    fact("seed", &header.seed);
    fact("red from level", &header.level);
    fact("ledger", &header.ledger);
    fact("tcpspec", &format!("{} on Linux {}", header.tcpspec, header.kernel));
    if let Some(fault) = &header.fault {
        fact("deliberate fault", fault);
    }
    match (&footer.interrupted, footer.exit_code) {
        (Some(signal), _) => {
            fact(
                "ended by",
                &format!("{signal}, after {told} of {} trials: it is not whole", header.selected),
            );
        }
        (None, Some(code)) => fact("exit code", &code.to_string()),
        (None, None) => {}
    }
    html.raw("</dl>\n");
    if !header.target.sysctls.is_empty() {
        html.raw("<details><summary>settings of the target</summary><dl>\n");
        for (name, value) in &header.target.sysctls {
            html.element("dt", "", name).element("dd", "", value).raw("\n");
        }
        html.raw("</dl></details>\n");
    }
}

type Counts = BTreeMap<(Threshold, Verdict), usize>;

/// Trials by the strongest level among their requirements.
fn counts(trials: &[Trial]) -> Counts {
    let mut counts = Counts::new();
    for trial in trials {
        *counts.entry((trial.strength(), trial.verdict)).or_default() += 1;
    }
    counts
}

/// The requirements of the catalogue by the gravest that was found against each.
fn coverage(trials: &[Trial], catalogue: &Catalogue) -> Counts {
    let kept = kept(trials);
    let mut counts = Counts::new();
    for requirement in catalogue.iter() {
        let verdict =
            kept.get(requirement.id.as_str()).and_then(|kept| kept.worst).unwrap_or(Verdict::NotRun);
        *counts.entry((requirement.level.strength(), verdict)).or_default() += 1;
    }
    counts
}

const LEVELS: [(Threshold, &str); 3] =
    [(Threshold::Must, "MUST"), (Threshold::Should, "SHOULD"), (Threshold::May, "MAY")];

/// A table of them, narrow enough for a phone. Verdicts of trials lead to these trials.
fn levels(html: &mut Html, what: &str, counts: &Counts, lead: bool) {
    html.raw("<table>\n<thead>\n<tr>").element("th", "", what);
    LEVELS.iter().for_each(|(_, word)| _ = html.element("th", "", word));
    html.raw("<th>all</th></tr>\n</thead>\n<tbody>\n");
    for verdict in Verdict::ALL {
        let of = |level| counts.get(&(level, verdict)).copied().unwrap_or_default();
        let row = LEVELS.map(|(level, _)| of(level));
        if row == [0; 3] {
            continue;
        }
        let word = verdict.word();
        html.raw(&format!("<tr><th class=\"{word}\">"));
        if lead {
            html.element("a", &format!(" href=\"{}\"", links::filter(word)), word);
        } else {
            html.text(word);
        }
        html.raw("</th>");
        numbers(html, row);
    }
    let sum = |level| counts.iter().filter(|((of, _), _)| *of == level).map(|(_, count)| count).sum();
    html.raw("<tr><th>all</th>");
    numbers(html, LEVELS.map(|(level, _)| sum(level)));
    html.raw("</tbody>\n</table>\n");
}

/// The rest of a row, with its sum.
fn numbers(html: &mut Html, row: [usize; 3]) {
    for count in row.into_iter().chain([row.iter().sum()]) {
        html.element("td", "", &if count == 0 { String::new() } else { count.to_string() });
    }
    html.raw("</tr>\n");
}
