//! Every trial, case by case, a column for each run.

use super::links;
use super::markup::Html;
use super::summary::name;
use crate::evidence::event::{Trial, Verdict};
use crate::evidence::read::Stream;
use std::collections::BTreeMap;

/// A trial in each of the runs, with its place there.
type Cells<'r> = Vec<Option<(usize, &'r Trial)>>;

pub(super) fn write(html: &mut Html, runs: &[Stream]) {
    wide_section(html, "trial-list", runs.len(), "Trials");
    legend(html);
    html.raw(
        "<p class=\"tools bar\"><label hidden=\"hidden\"><span>show</span> <input id=\"filter\" type=\"search\" \
         aria-label=\"show trials with\" placeholder=\"verdict, requirement, words\" autocomplete=\"off\" spellcheck=\"false\"/></label> \
         <label><input id=\"all\" type=\"checkbox\"/> passed, too</label> <output id=\"count\"></output></p>\n",
    );
    html.raw("<table class=\"wide\" id=\"trials\">\n<thead>\n<tr><th>trial</th>");
    for (number, run) in runs.iter().enumerate() {
        html.element("th", "", &name(number, runs.len(), &run.header));
    }
    html.raw("</tr>\n</thead>\n");
    for (case, trials) in cases(runs) {
        write_case(html, case, &trials, runs.len());
    }
    html.raw("</table>\n</section>\n");
}

/// The start of a section with a table that has a column for each run: it is never narrower than these need.
pub(super) fn wide_section(html: &mut Html, id: &str, runs: usize, title: &str) {
    html.raw(&format!("<section id=\"{id}\" style=\"--runs: {runs}\">\n"));
    html.element("h2", "", title).raw("\n");
}

fn cases(runs: &[Stream]) -> BTreeMap<&str, BTreeMap<&str, Cells<'_>>> {
    let mut cases: BTreeMap<&str, BTreeMap<&str, Cells<'_>>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        for (place, trial) in run.trials.iter().enumerate() {
            let cells = cases.entry(&trial.case).or_default().entry(&trial.id);
            cells.or_insert_with(|| vec![None; runs.len()])[number] = Some((place, trial));
        }
    }
    cases
}

fn write_case(html: &mut Html, case: &str, trials: &BTreeMap<&str, Cells<'_>>, runs: usize) {
    let any = trials.values().flatten().flatten().next().map(|(_, trial)| *trial);
    let (title, ids) = any.map_or((String::new(), String::new()), |trial| {
        let ids: Vec<_> = trial.requirements.iter().map(|it| it.id.as_str()).collect();
        (trial.title.clone(), ids.join(" "))
    });
    html.raw("<tbody>\n<tr class=\"case\"><th>");
    html.element("a", &format!(" class=\"id\" href=\"{}\"", links::filter(case)), case);
    html.raw(" ").text(&title).raw("<br/>").element("small", "", &ids).raw("</th>");
    (0..runs).for_each(|run| tally(html, trials.values().filter_map(|cells| cells[run])));
    html.raw("</tr>\n");
    for (id, cells) in trials {
        let short = id.strip_prefix(case).unwrap_or(id).trim_start_matches(':');
        let passed = cells.iter().flatten().all(|(_, it)| it.verdict == Verdict::Pass);
        html.raw(if passed { "<tr class=\"plain\">" } else { "<tr>" }).element("th", "", short);
        for (number, cell) in cells.iter().enumerate() {
            write_cell(html, number, *cell);
        }
        html.raw("</tr>\n");
    }
    html.raw("</tbody>\n");
}

/// What one run says of a case: how many trials have which verdict. The colour is that of the gravest.
fn tally<'r>(html: &mut Html, trials: impl Iterator<Item = (usize, &'r Trial)>) {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    trials.for_each(|(_, trial)| *counts.entry(trial.verdict).or_default() += 1);
    let is_run = |verdict: &&Verdict| !matches!(verdict, Verdict::Skip | Verdict::NotRun);
    let gravest = counts.keys().filter(is_run).max().or(counts.keys().max());
    let class = gravest.copied().unwrap_or(Verdict::NotRun).word();
    let told: Vec<_> =
        counts.iter().rev().map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
    let told = if told.is_empty() { "–".to_owned() } else { told.join(", ") };
    html.element("td", &format!(" class=\"{class}\""), &told);
}

fn write_cell(html: &mut Html, run: usize, cell: Option<(usize, &Trial)>) {
    let Some((place, trial)) = cell else {
        html.element("td", " class=\"not-run\"", "–");
        return;
    };
    let word = trial.verdict.word();
    html.raw(&format!("<td class=\"{word}\">"));
    if trial.story.is_some() {
        let (cell, page) = (links::cell(run, place), links::page(run, place));
        html.element("a", &format!(" id=\"{cell}\" href=\"#{page}\""), word);
    } else {
        html.text(word);
    }
    let remark = match (trial.findings.first(), &trial.reason) {
        (Some(finding), _) => finding.code.as_str(),
        (None, reason) => reason.as_deref().unwrap_or_default(),
    };
    if !remark.is_empty() {
        html.raw(" ").element("small", "", remark);
    }
    if trial.attempts > 1 {
        html.raw(" ").element("small", "", "(second attempt)");
    }
    html.raw("</td>");
}

fn legend(html: &mut Html) {
    let legend = [
        (Verdict::Pass, "every step was seen"),
        (Verdict::Info, "a MAY: which way the target goes"),
        (Verdict::Deviation, "a SHOULD was not followed"),
        (Verdict::Expected, "found, and known in the ledger"),
        (Verdict::Fail, "a MUST was broken"),
        (Verdict::Inconclusive, "the first state was not reached"),
        (Verdict::Error, "the bench failed: nothing is said of the target"),
        (Verdict::Skip, "the target lacks what the case needs"),
        (Verdict::NotRun, "not asked for"),
    ];
    html.raw("<dl class=\"legend\">\n");
    for (verdict, meaning) in legend {
        let word = verdict.word();
        html.raw(&format!("<dt><a class=\"{word}\" href=\"{}\">{word}</a></dt>", links::filter(word)));
        html.element("dd", "", meaning).raw("\n");
    }
    html.raw("</dl>\n");
}
