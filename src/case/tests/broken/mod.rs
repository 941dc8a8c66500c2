//! Broken files: what their authors are told.

mod expressions;
mod files;
mod labels;
mod steps;

use crate::case::{Fixtures, Suite, Vocabulary};
use crate::requirement::{Catalogue, Tc8};
use crate::yaml::{Diagnostic, render};

/// All diagnostics of a file as they are printed.
fn told(text: &'static str) -> String {
    told_where_faults_are_wanted(text, false)
}

fn told_where_faults_are_wanted(text: &'static str, wants_a_fault: bool) -> String {
    let problems = match Suite::read([("cases/area/file.yaml", text)]) {
        Err(problems) => problems,
        Ok(suite) => {
            let catalogue = Catalogue::embedded();
            let tc8 = Tc8::embedded(&catalogue).expect("right");
            let fixtures = Fixtures::read("states.yaml", super::STATES).expect("fixtures");
            suite.check(&Vocabulary {
                catalogue: Some(&catalogue),
                fixtures: Some(&fixtures),
                faults: Some(&["ack-off-by-one", "ignores-rst"]),
                wants_a_fault,
                tc8: Some(&tc8),
            })
        }
    };
    let shown = |problem: &Diagnostic| render(problem, text);
    problems.iter().map(shown).collect::<Vec<_>>().join("\n\n")
}
