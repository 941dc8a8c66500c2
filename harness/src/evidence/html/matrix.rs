//! Every trial, case by case, a column for each run.

use super::anchor;
use super::markup::Html;
use super::summary::name;
use crate::evidence::event::{Trial, Verdict};
use crate::evidence::read::Stream;
use std::collections::BTreeMap;

/// A trial in each of the runs, with its place there.
type Cells<'r> = Vec<Option<(usize, &'r Trial)>>;

pub(super) fn write(html: &mut Html, runs: &[Stream]) {
    html.raw("<section id=\"trial-list\">\n").element("h2", "", "Trials");
    legend(html);
    html.raw(
        "<p class=\"tools\"><label>show <input id=\"filter\" type=\"search\" placeholder=\"words of an id, a \
         requirement, a finding, a verdict\" size=\"50\"/></label> <span id=\"count\"></span></p>\n",
    );
    html.raw("<table id=\"trials\">\n<thead>\n<tr><th>trial</th>");
    for (number, run) in runs.iter().enumerate() {
        html.element("th", "", &name(number, runs.len(), &run.header));
    }
    html.raw("</tr>\n</thead>\n");
    for (case, trials) in cases(runs) {
        write_case(html, case, &trials, runs.len());
    }
    html.raw("</table>\n</section>\n");
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
    html.raw(&format!("<tbody class=\"rows\">\n<tr class=\"case\"><td colspan=\"{}\">", runs + 1));
    html.element("code", "", case).raw(" ").text(&title).raw("<br/>").element("small", "", &ids);
    html.raw("</td></tr>\n");
    for (id, cells) in trials {
        let short = id.strip_prefix(case).unwrap_or(id).trim_start_matches(':');
        html.raw("<tr><td>").element("code", "", short).raw("</td>");
        for (number, cell) in cells.iter().enumerate() {
            write_cell(html, number, *cell);
        }
        html.raw("</tr>\n");
    }
    html.raw("</tbody>\n");
}

fn write_cell(html: &mut Html, run: usize, cell: Option<(usize, &Trial)>) {
    let Some((place, trial)) = cell else {
        html.element("td", " class=\"not-run\"", "–");
        return;
    };
    let word = trial.verdict.word();
    html.raw(&format!("<td class=\"{word}\">"));
    if trial.story.is_some() {
        html.element("a", &format!(" href=\"#{}\"", anchor(run, place)), word);
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
    html.raw("<p class=\"legend\">");
    for (verdict, meaning) in legend {
        html.element("span", &format!(" class=\"{}\"", verdict.word()), verdict.word());
        html.raw(" ").text(meaning).raw("; ");
    }
    html.raw("</p>\n");
}
