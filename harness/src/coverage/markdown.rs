//! Coverage as Markdown tables, one line for each requirement, so that a difference shows what changed.

use super::{NO_CERTIFICATION, Report};
use std::fmt::Write;
use tcpspec_core::coverage::{Covered, Part, Shown, Status, Totals};

pub(super) fn requirements(report: &Report) -> String {
    let mut out = String::from(
        "# What the cases cover\n\nWritten by `tcpspec coverage --format markdown`, from the cases and the catalogue.\n",
    );
    section(&mut out, "Totals");
    row(
        &mut out,
        &["part", "level", "all", "tested", "with a fault", "not testable", "neither"].map(String::from),
    );
    row(&mut out, &["---", "---", "--:", "--:", "--:", "--:", "--:"].map(String::from));
    for part in Part::ALL {
        for (level, totals) in report.rows(part) {
            let Totals { all, tested, proven, not_testable, neither } = totals;
            let counts = [all, tested, proven, not_testable, neither].map(|count| count.to_string());
            row(&mut out, &[&[part.name().to_owned(), level], &counts[..]].concat());
        }
    }
    let _ = writeln!(out, "\nTC8: {} with a case. {NO_CERTIFICATION}", report.tc8_covered());
    for part in report.parts {
        section(&mut out, part.name());
        head(&mut out, report, &["requirement", "level", "section"]);
        for covered in report.coverage.of_parts(std::slice::from_ref(part)) {
            let Covered { id, level, rfc, section, shown, .. } = covered;
            let section = match rfc {
                9293 => section.clone(),
                _ => format!("RFC {rfc}, {section}"),
            };
            let without = match (covered.status(), &covered.not_testable) {
                (Status::NotTestable, Some(reason)) => format!("not testable: {reason}"),
                (status, _) => format!("**{}**", status.word()),
            };
            tail(&mut out, report, vec![id.clone(), level.to_string(), section], shown, without);
        }
    }
    out
}

pub(super) fn tc8(report: &Report) -> String {
    let mut out = format!(
        "# {}\n\n{NO_CERTIFICATION}\n\n{} have a case here.\n\n",
        report.specification,
        report.tc8_covered()
    );
    head(&mut out, report, &["id", "section", "what it checks"]);
    for case in &report.coverage.tc8 {
        let first = vec![case.id.clone(), case.section.clone(), case.summary.clone()];
        let none = case.no_case.as_ref().map_or_else(|| "**none**".into(), |why| format!("**none**: {why}"));
        tail(&mut out, report, first, &case.shown, none);
    }
    out
}

fn section(out: &mut String, title: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n## {title}\n");
}

/// The head of a table, whose first columns are these.
fn head(out: &mut String, report: &Report, first: &[&str]) {
    let mut columns: Vec<_> =
        first.iter().chain(&["trials", "cases", "faults"]).map(|&name| name.to_owned()).collect();
    if report.results.is_some() {
        columns.push("verdict".into());
    }
    row(out, &columns);
    let rule = |name: &String| if name == "trials" { "--:".to_owned() } else { "---".to_owned() };
    row(out, &columns.iter().map(rule).collect::<Vec<_>>());
}

/// A row of it; `without` stands for the cases where there are none.
fn tail(out: &mut String, report: &Report, mut cells: Vec<String>, shown: &Shown, without: String) {
    let none = shown.cases.is_empty();
    cells.push(shown.trials.len().to_string());
    cells.push(if none { without } else { shown.cases.join(", ") });
    cells.push(shown.faults.join(", "));
    cells.extend(report.verdict(shown));
    row(out, &cells);
}

fn row(out: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
