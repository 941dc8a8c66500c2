//! `tcpspec explain`: what an id stands for, and all that is known about it.

mod pages;
#[cfg(test)]
mod tests;

use crate::cli::exit;
use crate::inputs::{invalid, suite};
use crate::run::{Stop, say};
use pages::{case_page, fault_page, finding_page, requirement_page};
use std::path::Path;
use tcpspec_core::case::{RawCase, Suite, TrialId};
use tcpspec_core::fault::FaultCatalogue;
use tcpspec_core::ledger::{LINUX, Ledger, SMOLTCP};
use tcpspec_core::requirement::Catalogue;
use tcpspec_core::verdict::FindingCode;
use tcpspec_core::yaml::nearest;

/// Says what each of `ids` stands for: a requirement, a case, a trial, a finding or a fault.
///
/// # Errors
/// Nothing is called as one of them, or a file is missing or wrong.
pub fn explain(ids: &[String], cases: Option<&Path>) -> Result<u8, Stop> {
    let known = Known::read(cases)?;
    let pages: Result<Vec<_>, _> = ids.iter().map(|id| known.explain(id)).collect();
    say(false, pages?.join("\n").trim_end());
    Ok(exit::GREEN)
}

/// Everything that has an id, and what is known of targets.
struct Known {
    catalogue: Catalogue,
    suite: Suite,
    faults: FaultCatalogue,
    /// The shipped ledgers, each with the stack that it is about.
    ledgers: [(&'static str, Ledger); 2],
}

impl Known {
    fn read(cases: Option<&Path>) -> Result<Self, Stop> {
        let ledger = |(file, text): (&str, &str)| Ledger::read(file, text).map_err(|found| invalid(&found));
        Ok(Self {
            catalogue: Catalogue::embedded(),
            suite: suite(cases)?,
            faults: FaultCatalogue::embedded().map_err(|found| invalid(&found))?,
            ledgers: [("Linux", ledger(LINUX)?), ("smoltcp", ledger(SMOLTCP)?)],
        })
    }

    /// All that is called so: kinds of ids may share a word.
    fn explain(&self, id: &str) -> Result<String, Stop> {
        let mut found = Vec::new();
        if let Some(requirement) = self.catalogue.get(id) {
            found.push(requirement_page(self, requirement)?);
        }
        if let Some(case) = self.suite.cases().find(|case| case.id() == id) {
            found.push(case_page(self, case, None)?);
        }
        if let Some(trial) = id.parse::<TrialId>().ok().and_then(|id| self.suite.find(&id)) {
            found.push(case_page(self, trial.case, Some(&trial))?);
        }
        if let Some(code) = FindingCode::from_code(id) {
            found.push(finding_page(self, code));
        }
        if let Some(fault) = self.faults.get(id) {
            found.push(fault_page(self, fault)?);
        }
        if found.is_empty() { Err(self.unknown(id)) } else { Ok(found.join("\n")) }
    }

    fn unknown(&self, id: &str) -> Stop {
        let trials: Vec<String> = self.suite.trials().map(|trial| trial.id.to_string()).collect();
        let codes = FindingCode::ALL.iter().map(|code| code.code());
        let all = self.catalogue.ids().chain(self.suite.cases().map(RawCase::id)).chain(codes);
        let all = all.chain(self.faults.names()).chain(trials.iter().map(String::as_str));
        let is_part = !id.is_empty() && trials.iter().any(|trial| trial.contains(id));
        let hint = match nearest(id, all) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if is_part => format!("; `tcpspec --list {id}` lists the trials that contain it"),
            None => ": no requirement, case, trial, finding or fault".to_owned(),
        };
        Stop::new(exit::USAGE, format!("nothing is called `{id}`{hint}"))
    }
}
