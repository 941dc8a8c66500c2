//! Coverage for programs: one object on one line.

use super::{NO_CERTIFICATION, Report};
use serde_json::{Value, json};
use tcpspec_core::coverage::{Covered, CoveredTc8, Part, Shown, Totals};

pub(super) fn requirements(report: &Report) -> String {
    let row = |row: &Covered| {
        let mut object = shown(report, &row.shown);
        object["id"] = json!(row.id);
        object["part"] = json!(word(row.part));
        object["level"] = json!(row.level.to_string());
        object["rfc"] = json!(row.rfc);
        object["section"] = json!(row.section);
        object["summary"] = json!(row.summary);
        object["status"] = json!(row.status().word());
        object["not_testable"] = json!(row.not_testable);
        object
    };
    let totals = Part::ALL.into_iter().flat_map(|part| {
        let levels = report.coverage.totals(part).into_iter();
        levels.map(move |(level, Totals { all, tested, proven, not_testable, neither })| {
            json!({
                "part": word(part), "level": level.to_string(), "all": all, "tested": tested,
                "with_a_fault": proven, "not_testable": not_testable, "neither": neither,
            })
        })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "requirements": report.coverage.of_parts(report.parts).map(row).collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<_>>(),
        "faults_that_no_case_names": report.coverage.unused_faults,
    })
    .to_string()
}

pub(super) fn tc8(report: &Report) -> String {
    let row = |row: &CoveredTc8| {
        let mut object = shown(report, &row.shown);
        object["id"] = json!(row.id);
        object["section"] = json!(row.section);
        object["checks"] = json!(row.summary);
        object["no_case"] = json!(row.no_case);
        object
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "specification": report.specification,
        "certification": false,
        "note": NO_CERTIFICATION,
        "tc8": report.coverage.tc8.iter().map(row).collect::<Vec<_>>(),
        "all": report.coverage.tc8.len(),
        "with_a_case": report.coverage.tc8.len() - report.tc8_gaps(),
    })
    .to_string()
}

fn shown(report: &Report, shown: &Shown) -> Value {
    let verdict = report.results.as_ref().and_then(|results| results.verdict(shown));
    let verdict = verdict.map(|verdict| json!({"worst": verdict.worst.word(), "count": verdict.count}));
    json!({
        "cases": shown.cases, "trials": shown.trials.len(), "faults": shown.faults, "verdict": verdict,
    })
}

fn word(part: Part) -> &'static str {
    match part {
        Part::Labels => "labels",
        Part::Events => "events",
        Part::Extensions => "extensions",
    }
}
