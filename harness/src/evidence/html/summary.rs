//! What was run, and counts by level. No score: what weighs how much is for the reader to say.

use super::markup::Html;
use crate::evidence::event::{Footer, Header, Trial, Verdict};
use crate::evidence::read::Stream;
use std::collections::BTreeMap;
use tcpspec_core::requirement::Threshold;

pub(super) fn write(html: &mut Html, runs: &[Stream]) {
    html.raw("<div class=\"runs\">\n");
    for (number, run) in runs.iter().enumerate() {
        about(html, number, runs.len(), run);
    }
    html.raw("</div>\n");
}

fn about(html: &mut Html, number: usize, of: usize, run: &Stream) {
    let Stream { header, trials, footer } = run;
    html.raw("<section class=\"run\">\n");
    html.element("h2", "", &name(number, of, header));
    facts(html, header, footer, trials.len());
    counts(html, trials);
    let remarks = footer.complaints.iter().map(|it| ("bench", it));
    let mut remarks = remarks.chain(footer.accusations.iter().map(|it| ("target", it))).peekable();
    if remarks.peek().is_some() {
        html.raw("<ul>\n");
        for (who, remark) in remarks {
            html.element("li", "", &format!("{who}: {remark}")).raw("\n");
        }
        html.raw("</ul>\n");
    }
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

/// Trials by the strongest level among their requirements.
fn counts(html: &mut Html, trials: &[Trial]) {
    let mut counts: BTreeMap<(Threshold, Verdict), usize> = BTreeMap::new();
    for trial in trials {
        *counts.entry((trial.strength(), trial.verdict)).or_default() += 1;
    }
    let shown: Vec<_> =
        Verdict::ALL.into_iter().filter(|verdict| counts.keys().any(|(_, other)| other == verdict)).collect();
    html.raw("<table class=\"counts\">\n<thead>\n<tr><th>level</th>");
    for verdict in &shown {
        html.element("th", &format!(" class=\"{}\"", verdict.word()), verdict.word());
    }
    html.raw("</tr>\n</thead>\n<tbody>\n");
    for (level, word) in [(Threshold::Must, "MUST"), (Threshold::Should, "SHOULD"), (Threshold::May, "MAY")] {
        html.raw("<tr>").element("th", "", word);
        for verdict in &shown {
            let count = counts.get(&(level, *verdict)).copied().unwrap_or_default();
            html.element("td", "", &if count == 0 { String::new() } else { count.to_string() });
        }
        html.raw("</tr>\n");
    }
    html.raw("</tbody>\n</table>\n");
}
