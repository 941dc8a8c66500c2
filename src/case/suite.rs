//! All cases: those that the library carries, or others.

use super::file::CaseFile;
use super::fixtures::Fixtures;
use super::id::TrialId;
use super::model::Script;
use super::raw_case::RawCase;
use crate::yaml::{Diagnostic, Place};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// All cases, each read when somebody asks for it.
#[derive(Debug)]
pub struct Suite {
    files: Vec<CaseFile>,
    is_built_in: bool,
}

/// One trial: a case, a row of its table, a family.
#[derive(Clone, Debug)]
pub struct Trial<'s> {
    /// Its name.
    pub id: TrialId,
    /// Its case.
    pub case: &'s RawCase,
    /// Its row.
    pub row: usize,
}

impl Trial<'_> {
    /// What it does.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn script(&self) -> Result<Script, Vec<Diagnostic>> {
        self.case.script(self.row)
    }
}

impl Suite {
    /// The cases that the library carries.
    ///
    /// # Errors
    /// As [`Suite::read`].
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        let suite = Self::read(embedded::CASES.iter().copied())?;
        Ok(Self { is_built_in: true, ..suite })
    }

    /// The cases of these files: each a path that ends in `area/file.yaml`, and its text.
    ///
    /// # Errors
    /// Names, layout or tables that are wrong. Steps are looked at when they are asked for, or all
    /// of them by [`Suite::check`].
    pub fn read<P, T>(files: impl IntoIterator<Item = (P, T)>) -> Result<Self, Vec<Diagnostic>>
    where
        P: AsRef<str>,
        T: Into<Cow<'static, str>>,
    {
        let mut suite = Self { files: Vec::new(), is_built_in: false };
        let mut problems = Vec::new();
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (path, text) in files {
            match CaseFile::read(path.as_ref(), text) {
                Ok(file) => {
                    if let Some(first) = seen.insert(file.id().to_owned(), file.path().to_owned()) {
                        let place = Place::start_of(file.path().into());
                        problems.push(Diagnostic::new(
                            &place,
                            format!("its cases have the ids of those in {first}"),
                        ));
                    }
                    suite.files.push(file);
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(suite) } else { Err(problems) }
    }

    /// Whether these are the cases that the library carries, which its tests have checked whole.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    /// Its files, in their order.
    #[must_use]
    pub fn files(&self) -> &[CaseFile] {
        &self.files
    }

    /// Its cases, in the order of the files.
    pub fn cases(&self) -> impl Iterator<Item = &RawCase> {
        self.files.iter().flat_map(CaseFile::cases)
    }

    /// Every trial.
    pub fn trials(&self) -> impl Iterator<Item = Trial<'_>> {
        self.cases().flat_map(|case| case.trials().map(move |(id, row)| Trial { id, case, row }))
    }

    /// The trial of that name.
    #[must_use]
    pub fn find(&self, id: &TrialId) -> Option<Trial<'_>> {
        let case = self.cases().find(|case| case.id() == id.case())?;
        let (id, row) = case.trials().find(|(known, _)| known == id)?;
        Some(Trial { id, case, row })
    }

    /// The text of one of its files, for showing a diagnostic.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path() == path).map(CaseFile::text)
    }
}

impl Fixtures {
    /// Name and text of the file that the library carries.
    pub const SOURCE: (&str, &str) = embedded::STATES;

    /// The fixtures that the library carries.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        let (path, text) = Self::SOURCE;
        Self::read(path, text)
    }
}

/// Everything that stands under `cases/`, the description of the language included, by its name there.
pub fn embedded_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    embedded::CASES.iter().chain(embedded::OTHERS).copied()
}

/// Written by `build.rs`.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}
