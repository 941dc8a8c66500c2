//! The page of one trial: everything needed to see why.

use super::ladder::ladder;
use super::markup::Html;
use super::{Page, links};
use crate::evidence::event::{Finding, Header, Segment, Story, Trial, Verdict};
use tcpspec_core::requirement::Catalogue;

/// Writes it. `around` are the pages before and behind it; `folder` leads to that of the run.
pub(super) fn write(
    html: &mut Html,
    page: &Page<'_>,
    around: [Option<String>; 2],
    header: &Header,
    folder: Option<&str>,
    catalogue: &Catalogue,
) {
    let Page { run, place, trial, story } = page;
    let word = trial.verdict.word();
    html.raw(&format!("<article class=\"page{}\" id=\"{}\">\n", printed(trial), links::page(*run, *place)));
    navigation(html, &links::cell(*run, *place), around);
    html.raw("<h2>").element("span", &format!(" class=\"{word}\""), word);
    html.raw(" ").element("code", "", &trial.id).raw("</h2>\n");
    html.element("p", "", &trial.title).raw("\n");
    for finding in &trial.findings {
        write_finding(html, finding, story);
    }
    html.raw("<dl>\n");
    let version = header.target.version.as_deref().unwrap_or_default();
    entry(html, "target", &format!("{} {version}", header.target.name));
    requirements(html, trial, catalogue);
    for known in &trial.ledger {
        entry(html, "known", &known.reason);
        entry(html, "source", &known.source);
        entry(html, "ledger", &known.place);
        entry(html, "last day", known.expires.as_deref().unwrap_or_default());
    }
    html.raw("</dl>\n");
    ladder(html, story, &trial.findings);
    ending(html, trial, story, folder);
    html.raw("</article>\n");
}

/// On paper are those that somebody must look at.
fn printed(trial: &Trial) -> &'static str {
    match trial.verdict {
        Verdict::Deviation | Verdict::Fail | Verdict::Inconclusive | Verdict::Error => " found",
        _ => "",
    }
}

fn navigation(html: &mut Html, cell: &str, around: [Option<String>; 2]) {
    html.raw(&format!("<p class=\"tools bar\"><a href=\"#{cell}\">← all trials</a>"));
    for (page, name) in around.iter().zip(["previous", "next"]) {
        if let Some(page) = page {
            html.raw(&format!(" <a href=\"#{page}\">{name}</a>"));
        }
    }
    html.raw("</p>\n");
}

fn write_finding(html: &mut Html, finding: &Finding, story: &Story) {
    html.raw("<section class=\"finding\">\n<dl>\n");
    entry(html, "finding", &format!("{}: {}", finding.code, finding.meaning));
    entry(html, "did", &finding.did);
    entry(html, "expected", &finding.expected);
    entry(html, "saw", &finding.saw);
    entry(html, "breaks", finding.requirement.as_deref().unwrap_or_default());
    entry(html, "step", finding.step.as_deref().unwrap_or_default());
    html.raw("</dl>\n");
    let rung = finding.rung.and_then(|rung| story.ladder.get(rung));
    let segment = rung.and_then(|rung| rung.segment.as_deref());
    if segment.is_some() || !finding.differences.is_empty() {
        fields(html, finding, segment);
    }
    html.raw("</section>\n");
}

/// Field by field: those that differ first, then the others of the segment.
fn fields(html: &mut Html, finding: &Finding, segment: Option<&Segment>) {
    let on_wire = segment.map(on_wire).unwrap_or_default();
    let differs = |field: &str| finding.differences.iter().any(|it| it.field == field);
    let others = on_wire.iter().filter(|(field, text)| !text.is_empty() && !differs(field));
    html.raw("<table>\n<thead>\n");
    if finding.differences.is_empty() {
        html.row("th", &["field", "on the wire"]).raw("</thead>\n<tbody>\n");
        others.for_each(|(field, text)| _ = html.row("td", &[field, text]));
    } else {
        html.row("th", &["field", "expected", "found", "on the wire"]).raw("</thead>\n<tbody>\n");
        for it in &finding.differences {
            let text = on_wire.iter().find(|(field, _)| *field == it.field).map(|(_, text)| text.as_str());
            html.raw("<tr class=\"differs\">");
            for text in [&it.field, &it.expected, &it.found, text.unwrap_or_default()] {
                html.element("td", "", text);
            }
            html.raw("</tr>\n");
        }
        others.for_each(|(field, text)| _ = html.row("td", &[field, "", "", text]));
    }
    html.raw("</tbody>\n</table>\n");
}

/// The fields of a segment, numbers as they stood there; empty are those that say nothing.
fn on_wire(segment: &Segment) -> Vec<(&'static str, String)> {
    let unless_0 = |number: u16| if number == 0 { String::new() } else { number.to_string() };
    vec![
        ("flags", segment.flags.clone()),
        ("seq", segment.seq.to_string()),
        ("ack", segment.ack.to_string()),
        ("window", segment.window.to_string()),
        ("urgent", unless_0(segment.urgent)),
        ("options", segment.options.clone()),
        ("length", segment.length.to_string()),
        ("wrong checksum", segment.wrong_checksum.map(|sum| format!("{sum:#06x}")).unwrap_or_default()),
        ("data offset", segment.odd_data_offset.map(|words| words.to_string()).unwrap_or_default()),
    ]
}

/// With their text those that concern this trial: the first, and those that were broken.
fn requirements(html: &mut Html, trial: &Trial, catalogue: &Catalogue) {
    let broken = |id: &str| trial.findings.iter().any(|it| it.requirement.as_deref() == Some(id));
    let mut others = Vec::new();
    for (place, requirement) in trial.requirements.iter().enumerate() {
        let id = requirement.id.as_str();
        if place > 0 && !broken(id) {
            others.push(id);
            continue;
        }
        write_requirement(html, id, Some((&requirement.level, &requirement.section)), catalogue);
    }
    let named = |id: &str| trial.requirements.iter().any(|it| it.id == id);
    let beside = trial.findings.iter().filter_map(|it| it.requirement.as_deref()).filter(|id| !named(id));
    for id in beside.collect::<std::collections::BTreeSet<_>>() {
        write_requirement(html, id, None, catalogue);
    }
    entry(html, "also", &others.join(", "));
}

fn write_requirement(html: &mut Html, id: &str, said: Option<(&String, &String)>, catalogue: &Catalogue) {
    let known = catalogue.get(id);
    let of_the_catalogue = || known.map(|it| format!(" ({}, {})", it.level, it.citation()));
    let cited = said.map(|(level, section)| format!(" ({level}, {section})")).or_else(of_the_catalogue);
    html.raw("<dt>requirement</dt><dd>").element("a", &format!(" href=\"{}\"", links::filter(id)), id);
    html.text(&cited.unwrap_or_default());
    if let Some(known) = known {
        html.raw("<br/>").text(&known.summary);
    }
    html.raw("</dd>\n");
}

fn ending(html: &mut Html, trial: &Trial, story: &Story, folder: Option<&str>) {
    html.raw("<dl>\n");
    entry(html, "effect", &story.effect);
    entry(html, "place", &story.place);
    if let Some(capture) = &trial.capture {
        html.raw("<dt>capture</dt><dd>");
        match folder {
            Some(folder) => {
                let address = format!("{folder}{}", links::encoded(capture));
                html.element("a", &format!(" href=\"{address}\""), capture)
            }
            None => html.text(capture),
        };
        html.raw("</dd>\n");
    }
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
