//! The page of one trial: everything needed to see why.

use super::anchor;
use super::ladder::ladder;
use super::markup::Html;
use crate::evidence::event::{Finding, Header, Story, Trial};

/// Writes it, where there is a story to tell.
pub(super) fn write(html: &mut Html, run: usize, place: usize, trial: &Trial, header: &Header) {
    let Some(story) = &trial.story else { return };
    let class = if trial.findings.is_empty() { "page" } else { "page found" };
    html.raw(&format!("<article class=\"{class}\" id=\"{}\">\n", anchor(run, place)));
    html.raw("<p class=\"tools\"><a href=\"#trial-list\">all trials</a></p>\n");
    html.raw("<h2>").element("span", &format!(" class=\"{}\"", trial.verdict.word()), trial.verdict.word());
    html.raw(" ").element("code", "", &trial.id).raw("</h2>\n");
    html.element("p", "", &trial.title).raw("\n<dl>\n");
    let version = header.target.version.as_deref().unwrap_or_default();
    entry(html, "target", &format!("{} {version}", header.target.name));
    for requirement in &trial.requirements {
        let text = format!("{} ({}, {})", requirement.id, requirement.level, requirement.section);
        entry(html, "requirement", &text);
    }
    html.raw("</dl>\n");
    for finding in &trial.findings {
        write_finding(html, finding);
    }
    for known in &trial.ledger {
        html.raw("<dl>\n");
        entry(html, "known", &known.reason);
        entry(html, "source", &known.source);
        entry(html, "ledger", &known.place);
        entry(html, "last day", known.expires.as_deref().unwrap_or_default());
        html.raw("</dl>\n");
    }
    ladder(html, story, &trial.findings);
    ending(html, trial, story);
    html.raw("</article>\n");
}

fn write_finding(html: &mut Html, finding: &Finding) {
    html.raw("<dl>\n");
    entry(html, "finding", &format!("{}: {}", finding.code, finding.meaning));
    entry(html, "breaks", finding.requirement.as_deref().unwrap_or_default());
    entry(html, "did", &finding.did);
    entry(html, "expected", &finding.expected);
    entry(html, "saw", &finding.saw);
    entry(html, "step", finding.step.as_deref().unwrap_or_default());
    html.raw("</dl>\n");
    if finding.differences.is_empty() {
        return;
    }
    html.raw("<table>\n<thead>\n").row("th", &["field", "expected", "found"]).raw("</thead>\n<tbody>\n");
    for it in &finding.differences {
        html.row("td", &[&it.field, &it.expected, &it.found]);
    }
    html.raw("</tbody>\n</table>\n");
}

fn ending(html: &mut Html, trial: &Trial, story: &Story) {
    html.raw("<dl>\n");
    entry(html, "effect", &story.effect);
    entry(html, "place", &story.place);
    entry(html, "capture", trial.capture.as_deref().unwrap_or_default());
    let seconds = trial.took_us as f64 / 1e6;
    let again = if trial.attempts > 1 { ", at the second attempt" } else { "" };
    entry(html, "took", &format!("{seconds:.6} s{again}"));
    html.raw("<dt>again</dt><dd>").element("code", "", &story.again).raw("</dd>\n</dl>\n");
}

/// Nothing where there is no text.
fn entry(html: &mut Html, name: &str, text: &str) {
    if !text.is_empty() {
        html.element("dt", "", name).element("dd", "", text).raw("\n");
    }
}
