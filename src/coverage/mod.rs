//! What the cases cover: which cases show each requirement, which faults prove those cases, and what
//! is left. Found from the cases themselves, and written nowhere else.

mod results;
mod totals;

#[cfg(test)]
mod tests;

pub use results::{Outcome, Results, Verdict};
pub use totals::{Part, Totals};

use crate::case::{Case, RawCase, Suite};
use crate::fault::FaultCatalogue;
use crate::requirement::{Catalogue, Level, Requirement, Tc8, Tc8Case};
use crate::yaml::Diagnostic;
use std::collections::BTreeSet;

/// What the cases cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every requirement of the catalogue, in its order.
    pub requirements: Vec<Covered>,
    /// Every case of TC8 that is in force, in the order of its list.
    pub tc8: Vec<CoveredTc8>,
    /// The faults that no case names, in the order of their catalogue.
    pub unused_faults: Vec<String>,
}

/// A requirement, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Its name.
    pub id: String,
    /// Which part of the catalogue it is in.
    pub part: Part,
    /// How strongly it is required.
    pub level: Level,
    /// The RFC that says so.
    pub rfc: u16,
    /// The section of that RFC.
    pub section: String,
    /// What it says, in our own words.
    pub summary: String,
    /// What shows it.
    pub shown: Shown,
    /// Why no case can show it, where the catalogue says so.
    pub not_testable: Option<String>,
}

/// A case of TC8, and what checks the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredTc8 {
    /// `TCP_BASICS_01`.
    pub id: String,
    /// Section of the TC8 specification.
    pub section: String,
    /// What it checks, in our own words.
    pub summary: String,
    /// Why nothing does, where nothing does.
    pub no_case: Option<String>,
    /// What checks it here.
    pub shown: Shown,
}

/// The cases that show something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Their ids, in the order of the suite.
    pub cases: Vec<String>,
    /// The ids of all their trials.
    pub trials: Vec<String>,
    /// The faults that prove that they can fail, in the order of their catalogue.
    pub faults: Vec<String>,
}

/// Whether a requirement is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// A case shows it.
    Tested,
    /// No case does, and the catalogue says why none can.
    NotTestable,
    /// Neither: a gap.
    Neither,
}

impl Coverage {
    /// What `suite` covers.
    ///
    /// # Errors
    /// Everything that is wrong with what the cases say about themselves. Names that they give and
    /// that nothing has are for [`Suite::check`] to find.
    pub fn of(
        suite: &Suite,
        catalogue: &Catalogue,
        tc8: &Tc8,
        faults: &FaultCatalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        let cases = cases(suite)?;
        let names = faults.names();
        let showing = |names_it: &dyn Fn(&Case) -> bool| {
            Shown::by(cases.iter().copied().filter(|(_, case)| names_it(case)), &names)
        };
        let requirement = |row: &Requirement| Covered {
            id: row.id.clone(),
            part: Part::of(row),
            level: row.level,
            rfc: row.rfc,
            section: row.section.clone(),
            summary: row.summary.clone(),
            shown: showing(&|case| case.requirements.contains(&row.id)),
            not_testable: row.not_testable.clone(),
        };
        let of_tc8 = |row: &Tc8Case| CoveredTc8 {
            id: row.id.clone(),
            section: row.section.clone(),
            summary: row.summary.clone(),
            no_case: row.no_case.clone(),
            shown: showing(&|case| case.also.contains(&row.id)),
        };
        let used = showing(&|_| true).faults;
        let unused = names.iter().filter(|name| !used.iter().any(|used| used == *name));
        Ok(Self {
            requirements: catalogue.iter().map(requirement).collect(),
            tc8: tc8.active.iter().map(of_tc8).collect(),
            unused_faults: unused.map(|&name| name.to_owned()).collect(),
        })
    }

    /// The requirements of some parts, in the order of the catalogue.
    pub fn of_parts<'c>(&'c self, parts: &'c [Part]) -> impl Iterator<Item = &'c Covered> {
        self.requirements.iter().filter(|row| parts.contains(&row.part))
    }
}

impl Covered {
    /// Whether it is looked after. A case counts, even where the catalogue says that there is none.
    #[must_use]
    pub fn status(&self) -> Status {
        match (&self.not_testable, self.shown.cases.is_empty()) {
            (_, false) => Status::Tested,
            (Some(_), true) => Status::NotTestable,
            (None, true) => Status::Neither,
        }
    }
}

impl Status {
    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::NotTestable => "not testable",
            Self::Neither => "neither",
        }
    }
}

impl Shown {
    /// By these cases; `faults` are the names of all faults, in their order.
    fn by<'c>(cases: impl Iterator<Item = (&'c RawCase, &'c Case)>, faults: &[&str]) -> Self {
        let mut shown = Self::default();
        let mut named = BTreeSet::new();
        for (raw, case) in cases {
            shown.cases.push(case.id.clone());
            shown.trials.extend(raw.trials().map(|(id, _)| id.to_string()));
            named.extend(case.faults.iter().map(String::as_str));
        }
        shown.faults =
            faults.iter().filter(|name| named.contains(*name)).map(|&name| name.to_owned()).collect();
        shown
    }
}

/// Every case, with what it says about itself.
fn cases(suite: &Suite) -> Result<Vec<(&RawCase, &Case)>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut cases = Vec::new();
    for raw in suite.cases() {
        match raw.case() {
            Ok(case) => cases.push((raw, case)),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}
