//! Case files: whatever is wrong with one is said at its place; what is right can be run.

use super::text::{judge, refused};
use std::sync::OnceLock;
use tcpspec_core::case::{CaseFile, Fixtures, TrialId, Vocabulary};
use tcpspec_core::profile::{Timers, Tolerance};
use tcpspec_core::requirement::Catalogue;

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let file = match CaseFile::read(FILE, text.to_owned()) {
        Ok(file) => file,
        Err(problems) => return refused(&problems, FILE, text),
    };
    static NAMES: OnceLock<(Catalogue, Fixtures)> = OnceLock::new();
    let (catalogue, fixtures) =
        NAMES.get_or_init(|| (Catalogue::embedded(), Fixtures::embedded().expect("they are right")));
    let vocabulary =
        Vocabulary { catalogue: Some(catalogue), fixtures: Some(fixtures), ..Vocabulary::default() };
    let problems = file.check(&vocabulary);
    judge(&problems, FILE, text);
    for case in file.cases() {
        is_told(case.case().err(), &problems, text);
        let scripts = case.scripts();
        for (id, row) in case.trials() {
            assert_eq!(id.to_string().parse::<TrialId>().as_ref(), Ok(&id));
            match scripts.row(row) {
                Ok(script) => {
                    let timers = Timers::default();
                    let profile = |name: &str| timers.variable(name);
                    let longest = script.longest_wait(&profile, &Tolerance::default());
                    assert!(script.expected_duration(&profile) <= longest);
                    drop(script.capabilities());
                }
                Err(found) => is_told(Some(found), &problems, text),
            }
        }
    }
}

/// What is wrong with a part is wrong with the file.
fn is_told(
    found: Option<Vec<tcpspec_core::yaml::Diagnostic>>,
    problems: &[tcpspec_core::yaml::Diagnostic],
    text: &str,
) {
    let Some(found) = found else { return };
    refused(&found, FILE, text);
    assert!(!problems.is_empty(), "the check of the file misses {found:?}");
}

const FILE: &str = "cases/fuzz/fuzz.yaml";
