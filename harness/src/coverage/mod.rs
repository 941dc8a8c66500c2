//! `tcpspec coverage`: which cases show each requirement, and what has none.

mod json;
mod markdown;
mod results;
mod text;

use crate::cli::{CoverageArguments, exit};
use crate::inputs::{self, fixtures, invalid};
use crate::run::{Stop, say};
use std::path::Path;
use tcpspec_core::case::{Suite, Vocabulary};
use tcpspec_core::coverage::{Coverage, Part, Results, Shown, Totals};
use tcpspec_core::fault::FaultCatalogue;
use tcpspec_core::requirement::{Catalogue, Tc8};

/// How coverage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object on one line
    Json,
    /// Tables, as `ci/coverage.md` has them
    Markdown,
}

/// What is written.
struct Report {
    coverage: Coverage,
    /// `OA TC8 ECU test specification L3-7 3.0`.
    specification: String,
    /// The parts of the catalogue that are listed, and that must have no gap.
    parts: &'static [Part],
    /// What a run said.
    results: Option<Results>,
}

/// Writes what the cases cover, and gives the code to exit with: red where a requirement has neither
/// a case nor a reason.
///
/// # Errors
/// A file that is missing or wrong.
pub fn coverage(wanted: &CoverageArguments) -> Result<u8, Stop> {
    let report = Report::of(wanted)?;
    let text = match (wanted.format, wanted.tc8) {
        (Format::Text, false) => text::requirements(&report),
        (Format::Text, true) => text::tc8(&report),
        (Format::Json, false) => json::requirements(&report),
        (Format::Json, true) => json::tc8(&report),
        (Format::Markdown, false) => markdown::requirements(&report),
        (Format::Markdown, true) => markdown::tc8(&report),
    };
    say(false, text.trim_end());
    let gaps = match wanted.tc8 {
        false => report.coverage.gaps(report.parts).count(),
        // It is no standard that a stack must keep: only who asks for all of it wants all.
        true if wanted.all => report.tc8_gaps(),
        true => 0,
    };
    Ok(if gaps == 0 { exit::GREEN } else { exit::RED })
}

impl Report {
    fn of(wanted: &CoverageArguments) -> Result<Self, Stop> {
        let catalogue = Catalogue::embedded();
        let tc8 = Tc8::embedded(&catalogue).map_err(|found| invalid(&[found]))?;
        let faults = FaultCatalogue::embedded().map_err(|found| invalid(&found))?;
        let suite = checked(wanted.cases.as_deref(), &catalogue, &tc8, &faults)?;
        let coverage = Coverage::of(&suite, &catalogue, &tc8, &faults).map_err(|found| invalid(&found))?;
        let results = wanted.results.as_deref().map(results::read).transpose()?;
        if let Some(results) = &results {
            let trials: Vec<_> = suite.trials().map(|trial| trial.id.to_string()).collect();
            say_what_is_unknown(&results.beyond(&trials));
        }
        let parts: &[Part] = if wanted.all { &Part::ALL } else { &Part::RFC_9293 };
        Ok(Self { coverage, specification: tc8.specification, parts, results })
    }

    /// What the run said of it: `-` where none of its trials was in the run.
    fn verdict(&self, shown: &Shown) -> Option<String> {
        let results = self.results.as_ref()?;
        Some(results.verdict(shown).map_or_else(|| "-".into(), |verdict| verdict.to_string()))
    }

    /// The rows of a table of totals: each level of a part, and all of it.
    fn rows(&self, part: Part) -> impl Iterator<Item = (String, Totals)> {
        let levels =
            self.coverage.totals(part).into_iter().map(|(level, totals)| (level.to_string(), totals));
        levels.chain([("total".to_owned(), self.total(part))])
    }

    /// The totals of a part over all levels.
    fn total(&self, part: Part) -> Totals {
        Totals::of(self.coverage.of_parts(&[part]))
    }

    /// How many requirements of a part have a case or a reason, of how many: `119 of 119`.
    fn looked_after(&self, part: Part) -> String {
        let totals = self.total(part);
        format!("{} of {}", totals.all - totals.neither, totals.all)
    }

    fn tc8_gaps(&self) -> usize {
        self.coverage.tc8.iter().filter(|row| row.shown.cases.is_empty()).count()
    }

    /// How many cases of TC8 have one here, of how many: `100 of 116`.
    fn tc8_covered(&self) -> String {
        let all = self.coverage.tc8.len();
        format!("{} of {all}", all - self.tc8_gaps())
    }
}

/// What must be said wherever TC8 is spoken of.
const NO_CERTIFICATION: &str = "This is no certification, and no result of TC8: ids and what they check come \
    from public sources, in our own words; the cases are ours, and follow the RFCs.";

/// The cases. Built-in ones are right; in others a misspelt name would be a requirement uncovered.
fn checked(
    folder: Option<&Path>,
    catalogue: &Catalogue,
    tc8: &Tc8,
    faults: &FaultCatalogue,
) -> Result<Suite, Stop> {
    let suite = inputs::suite(folder)?;
    if folder.is_none() {
        return Ok(suite);
    }
    let fixtures = fixtures(folder)?;
    let names = faults.names();
    let problems = suite.check(&Vocabulary {
        catalogue: Some(catalogue),
        fixtures: Some(&fixtures),
        faults: Some(&names),
        wants_a_fault: false,
        tc8: Some(tc8),
    });
    if problems.is_empty() { Ok(suite) } else { Err(invalid(&problems)) }
}

/// Results of other cases are no mistake, but they count nowhere.
fn say_what_is_unknown(trials: &[&str]) {
    if let Some(first) = trials.first() {
        let count = trials.len();
        say(
            true,
            &format!("tcpspec: {count} of the results are of trials that these cases do not have: {first}"),
        );
    }
}
