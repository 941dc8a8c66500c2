//! Coverage for people.

use super::{NO_CERTIFICATION, Report};
use crate::plural::plural;
use crate::report::wrap;
use std::fmt::Write;
use tcpspec_core::coverage::{Part, Shown, Status, Totals};

/// Characters in a line of words.
const WIDTH: usize = 100;

pub(super) fn requirements(report: &Report) -> String {
    let mut out = String::new();
    for row in report.coverage.of_parts(report.parts) {
        let status = match row.status() {
            Status::Tested => trials(report, &row.shown),
            status => status.word().to_owned(),
        };
        line(
            &mut out,
            &format!("{}  {}, RFC {} section {}: {status}", row.id, row.level, row.rfc, row.section),
        );
        shown(&mut out, &row.shown);
        if let (Status::NotTestable, Some(reason)) = (row.status(), &row.not_testable) {
            block(&mut out, "why", reason);
        }
    }
    for part in Part::ALL {
        line(&mut out, "");
        totals(&mut out, report, part);
    }
    line(&mut out, "");
    summary(&mut out, report);
    out
}

pub(super) fn tc8(report: &Report) -> String {
    let mut out = String::new();
    line(&mut out, &report.specification);
    caveat(&mut out);
    line(&mut out, "");
    for row in &report.coverage.tc8 {
        let status = match row.shown.cases.is_empty() {
            true => "no case".to_owned(),
            false => trials(report, &row.shown),
        };
        line(&mut out, &format!("{}  section {}: {status}", row.id, row.section));
        block(&mut out, "checks", &row.summary);
        row.no_case.iter().for_each(|why| block(&mut out, "why", why));
        shown(&mut out, &row.shown);
    }
    line(&mut out, "");
    line(&mut out, &format!("{} cases of TC8 have one here", report.tc8_covered()));
    caveat(&mut out);
    out
}

fn caveat(out: &mut String) {
    for text in wrap(NO_CERTIFICATION, WIDTH) {
        line(out, &text);
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// `12 trials`, and what a run said of them.
fn trials(report: &Report, shown: &Shown) -> String {
    let trials = plural(shown.trials.len(), "trial");
    match report.verdict(shown) {
        Some(verdict) => format!("{trials}, {verdict}"),
        None => trials,
    }
}

fn shown(out: &mut String, shown: &Shown) {
    for (index, case) in shown.cases.iter().enumerate() {
        line(out, &format!("    {:<8}{case}", if index == 0 { "cases" } else { "" }));
    }
    if !shown.faults.is_empty() {
        block(out, "faults", &shown.faults.join(", "));
    }
}

/// A name, and text beside it.
fn block(out: &mut String, name: &str, text: &str) {
    for (index, text) in wrap(text, WIDTH - 12).into_iter().enumerate() {
        line(out, &format!("    {:<8}{text}", if index == 0 { name } else { "" }));
    }
}

fn totals(out: &mut String, report: &Report, part: Part) {
    line(out, part.name());
    line(out, "  level          all   tested  with a fault  not testable  neither");
    for (name, totals) in report.rows(part) {
        let Totals { all, tested, proven, not_testable, neither } = totals;
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "  {name:<12} {all:>5} {tested:>8} {proven:>13} {not_testable:>13} {neither:>8}");
    }
}

fn summary(out: &mut String, report: &Report) {
    let [labels, events, extensions] = Part::ALL.map(|part| report.looked_after(part));
    line(out, "with a case, or a reason why there is none:");
    line(out, &format!("  RFC 9293: {labels} labelled requirements, {events} events"));
    line(out, &format!("  extensions: {extensions}"));
    line(
        out,
        &format!("TC8: {} with a case (tcpspec coverage --tc8; no certification)", report.tc8_covered()),
    );
    let unused = report.coverage.unused_faults.len();
    if unused > 0 {
        line(out, &format!("faults that no case names: {unused}"));
    }
    let gaps: Vec<_> = report.coverage.gaps(report.parts).map(|row| row.id.as_str()).collect();
    if !gaps.is_empty() {
        line(out, &format!("neither a case nor a reason ({}):", gaps.len()));
        for text in wrap(&gaps.join(", "), WIDTH - 2) {
            line(out, &format!("  {text}"));
        }
    }
}
