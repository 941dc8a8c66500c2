//! `tcpspec check`: cases, profiles and ledgers, without running anything.

use crate::cli::exit;
use crate::inputs::{fixtures, invalid, read_file, suite};
use crate::run::{Stop, say};
use std::path::{Path, PathBuf};
use tcpspec_core::case::Vocabulary;
use tcpspec_core::fault::FaultCatalogue;
use tcpspec_core::ledger::{LINUX, Ledger, SMOLTCP};
use tcpspec_core::profile::Profile;
use tcpspec_core::requirement::{Catalogue, FILES, Tc8};
use tcpspec_core::verdict::FindingCode;

/// Checks everything named, and the built-in files.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn check(cases: Option<&Path>, profiles: &[PathBuf], ledgers: &[PathBuf]) -> Result<u8, Stop> {
    let mut problems = Catalogue::check(&FILES);
    let suite = suite(cases)?;
    let catalogue = Catalogue::embedded();
    let fixtures = fixtures(cases)?;
    let tc8 = Tc8::embedded(&catalogue).map_err(|found| invalid(&[found]))?;
    let faults = FaultCatalogue::embedded().map_err(|found| invalid(&found))?;
    let names = faults.names();
    let vocabulary = Vocabulary {
        catalogue: Some(&catalogue),
        fixtures: Some(&fixtures),
        faults: Some(&names),
        wants_a_fault: true,
        tc8: Some(&tc8),
    };
    problems.extend(suite.check(&vocabulary));
    let trials: Vec<String> = suite.trials().map(|trial| trial.id.to_string()).collect();
    let trials: Vec<&str> = trials.iter().map(String::as_str).collect();
    let codes: Vec<&str> = FindingCode::ALL.iter().map(|code| code.code()).collect();
    for path in profiles {
        let text = read_file(path, "profile")?;
        problems.extend(Profile::read(&path.display().to_string(), &text).err().unwrap_or_default());
    }
    let mut books: Vec<_> = [LINUX, SMOLTCP].map(|(file, text)| (file.to_owned(), text.to_owned())).into();
    for path in ledgers {
        books.push((path.display().to_string(), read_file(path, "ledger")?));
    }
    for (file, text) in &books {
        match Ledger::read(file, text) {
            Ok(ledger) => problems.extend(ledger.check(&trials, &codes)),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        let (cases, trials) = (suite.cases().count(), trials.len());
        say(false, &format!("{cases} cases, {trials} trials, {} requirements: all well", catalogue.len()));
        return Ok(exit::GREEN);
    }
    Err(invalid(&problems))
}
