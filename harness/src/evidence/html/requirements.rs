//! What the runs say of each requirement.

use super::links;
use super::markup::Html;
use super::matrix::wide_section;
use super::summary::name;
use crate::evidence::event::{Trial, Verdict};
use crate::evidence::read::Stream;
use std::collections::{BTreeMap, BTreeSet};
use tcpspec_core::requirement::Catalogue;

/// How one run treats one requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Trials of cases that show it, and that were run.
    trials: usize,
    /// Of these, those that found something.
    found: usize,
    /// The gravest verdict among them.
    pub(super) worst: Option<Verdict>,
}

pub(super) fn write(html: &mut Html, runs: &[Stream], catalogue: &Catalogue) {
    let kept: Vec<_> = runs.iter().map(|run| kept(&run.trials)).collect();
    let shown: BTreeSet<_> = kept.iter().flat_map(BTreeMap::keys).collect();
    let of = catalogue.len();
    wide_section(html, "requirements", runs.len(), "Requirements");
    html.element(
        "p",
        "",
        &format!(
            "Trials were run that show {} of the {of} requirements of the catalogue. A case may show several: \
             what a step of it finds is told beside each of them.",
            shown.len()
        ),
    );
    html.raw("<details open=\"open\"><summary>requirement by requirement</summary>\n");
    html.raw("<table class=\"wide\">\n<thead>\n<tr><th>requirement</th>");
    for (number, run) in runs.iter().enumerate() {
        html.element("th", "", &name(number, runs.len(), &run.header));
    }
    html.raw("</tr>\n</thead>\n<tbody>\n");
    // In the order of the catalogue, where MUST-2 comes before MUST-10.
    for requirement in catalogue.iter().filter(|it| shown.contains(&it.id.as_str())) {
        let id = requirement.id.as_str();
        html.raw("<tr><th>").element("a", &format!(" class=\"id\" href=\"{}\"", links::filter(id)), id);
        html.raw(" ").element("small", "", &format!("{}, {}", requirement.level, requirement.citation()));
        html.raw("<br/>").text(&requirement.summary).raw("</th>");
        kept.iter().for_each(|kept| cell(html, kept.get(id)));
        html.raw("</tr>\n");
    }
    html.raw("</tbody>\n</table>\n</details>\n</section>\n");
}

/// What one run says of each. A finding with a requirement of its own is told beside that one only.
pub(super) fn kept(trials: &[Trial]) -> BTreeMap<&str, Kept> {
    let mut all: BTreeMap<&str, Kept> = BTreeMap::new();
    let run = trials.iter().filter(|it| !matches!(it.verdict, Verdict::Skip | Verdict::NotRun));
    for trial in run {
        let own: BTreeSet<_> = trial.findings.iter().filter_map(|it| it.requirement.as_deref()).collect();
        let of_the_case = trial.requirements.iter().map(|it| it.id.as_str());
        let all_have_own = !own.is_empty() && trial.findings.iter().all(|it| it.requirement.is_some());
        for id in of_the_case.chain(own.iter().copied()).collect::<BTreeSet<_>>() {
            let is_spared = all_have_own && !own.contains(id);
            let kept = all.entry(id).or_default();
            kept.trials += 1;
            kept.found += usize::from(!trial.findings.is_empty() && !is_spared);
            kept.worst = kept.worst.max(Some(if is_spared { Verdict::Pass } else { trial.verdict }));
        }
    }
    all
}

fn cell(html: &mut Html, kept: Option<&Kept>) {
    let Some(Kept { trials, found, worst: Some(worst) }) = kept else {
        html.element("td", " class=\"not-run\"", "not run");
        return;
    };
    let text = match found {
        0 => format!("{} ({trials})", worst.word()),
        found => format!("{} ({found} of {trials})", worst.word()),
    };
    html.element("td", &format!(" class=\"{}\"", worst.word()), &text);
}
