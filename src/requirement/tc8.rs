//! The TCP cases of the automotive TC8 specification: which there are and what each checks.

use super::Catalogue;
use super::read::{flag, scalar, text};
use crate::yaml::{self, Diagnostic, Node, Place};

/// The list of TC8's TCP chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tc8 {
    /// The specification and its version, `OA TC8 ECU test specification L3-7 3.0`.
    pub specification: String,
    /// The cases in force.
    pub active: Vec<Tc8Case>,
    /// Ids of cases that the specification has withdrawn.
    pub removed: Vec<String>,
    /// Ids that never were in force.
    pub gaps: Vec<String>,
}

/// One case of TC8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tc8Case {
    /// `TCP_BASICS_01`.
    pub id: String,
    /// The group, `BASICS`.
    pub area: String,
    /// Section of the TC8 specification.
    pub section: String,
    /// What it checks, in our own words.
    pub summary: String,
    /// Sub-cases that its procedure runs.
    pub iterations: u64,
    /// What it rests on, as we infer it: ids of the catalogue, or `RFC#section`.
    pub rfc: Vec<String>,
    /// What the application on the target has to do.
    pub dut_ops: Vec<String>,
    /// It takes more than about a minute.
    pub slow: bool,
    /// Stacks that are known to fail it.
    pub known_fail: Vec<String>,
    /// A remark.
    pub note: Option<String>,
    /// Where it demands other than the RFCs.
    pub conflict: Option<String>,
    /// Why none of our cases checks the same.
    pub no_case: Option<String>,
    /// Where the row stands.
    pub place: Place,
}

/// The file inside this program, by the name that places carry, and its text.
const FILE: (&str, &str) = (
    "cases/requirements/tc8.yaml",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/requirements/tc8.yaml")),
);

impl Tc8 {
    /// The list inside this program, its references looked up in `catalogue`.
    ///
    /// # Errors
    /// As [`Tc8::read`].
    pub fn embedded(catalogue: &Catalogue) -> Result<Self, Diagnostic> {
        Self::read(FILE.0, FILE.1, catalogue)
    }

    /// The list in `text`.
    ///
    /// # Errors
    /// The first thing that is wrong with it; a reference that `catalogue` does not know, too.
    pub fn read(file: &str, text: &str, catalogue: &Catalogue) -> Result<Self, Diagnostic> {
        list(&yaml::parse(file, text)?, catalogue)
    }
}

fn list(root: &Node, catalogue: &Catalogue) -> Result<Tc8, Diagnostic> {
    let fields = root.as_map(&["spec", "active", "removed", "gaps"])?;
    let about = fields.required("spec")?.as_map(&["name", "version", "chapter", "active_cases"])?;
    let name = about.required_as("name", text)?;
    let version = about.required_as("version", scalar)?;
    let rows = fields.required("active")?.as_list()?;
    let active = rows.iter().map(|row| case(row, catalogue)).collect::<Result<Vec<_>, _>>()?;
    let stated = about.required("active_cases")?;
    if stated.as_u64()? != active.len() as u64 {
        return Err(stated.problem(format!("there are {} active cases", active.len())));
    }
    Ok(Tc8 {
        specification: format!("{name} {version}"),
        active,
        removed: fields.required_as("removed", ids)?,
        gaps: fields.required_as("gaps", ids)?,
    })
}

fn case(row: &Node, catalogue: &Catalogue) -> Result<Tc8Case, Diagnostic> {
    let fields = row.as_map(&[
        "id",
        "area",
        "section",
        "summary",
        "iterations",
        "rfc",
        "dut_ops",
        "slow",
        "known_fail",
        "note",
        "conflict",
        "no_case",
    ])?;
    let references = fields.required("rfc")?.as_list()?;
    let rfc = references.iter().map(|node| reference(node, catalogue)).collect::<Result<_, _>>()?;
    Ok(Tc8Case {
        id: fields.required_as("id", text)?,
        area: fields.required_as("area", text)?,
        section: fields.required_as("section", scalar)?,
        summary: fields.required_as("summary", text)?,
        iterations: fields.required_as("iterations", Node::as_u64)?,
        rfc,
        dut_ops: fields.required_as("dut_ops", words)?,
        slow: flag(&fields, "slow")?,
        known_fail: fields.optional_as("known_fail", words)?.unwrap_or_default(),
        note: fields.optional_as("note", text)?,
        conflict: fields.optional_as("conflict", text)?,
        no_case: fields.optional_as("no_case", text)?,
        place: row.place.clone(),
    })
}

/// `MUST-11` of the catalogue, or `9293#3.10.7.4`.
fn reference(node: &Node, catalogue: &Catalogue) -> Result<String, Diagnostic> {
    let reference = node.as_text()?;
    let is_section = reference.split_once('#').is_some_and(|(rfc, _)| rfc.parse::<u16>().is_ok());
    if is_section || catalogue.contains(reference) {
        return Ok(reference.to_owned());
    }
    let hint = catalogue.nearest(reference).map(|id| format!("did you mean `{id}`?"));
    Err(node.problem(format!("`{reference}` is no requirement of the catalogue")).with_hint(hint))
}

fn words(node: &Node) -> Result<Vec<String>, Diagnostic> {
    node.as_list()?.iter().map(text).collect()
}

fn ids(node: &Node) -> Result<Vec<String>, Diagnostic> {
    let id = |row: &Node| row.as_map(&["id", "area", "seen_in"])?.required_as("id", text);
    node.as_list()?.iter().map(id).collect()
}
