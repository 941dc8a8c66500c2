//! A case whose lines are known: what it says is read when somebody asks for it, and no more of it than that.

use super::capability::Capability;
use super::file::Source;
use super::id::{Family, TrialId};
use super::model::{Case, Row, Script};
use super::outline::{KeyLines, Piece, key_lines, without_keys};
use super::read::{Keys, name, word};
use super::script;
use super::substitution::Substitution;
use super::table::{Table, TableRow};
use super::words::Word;
use crate::yaml::{self, Diagnostic, Node, Place, Problems, Value};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A case whose lines are known, and whose content is read when it is asked for.
#[derive(Debug)]
pub struct RawCase {
    id: String,
    place: Place,
    source: Arc<Source>,
    first_line: u32,
    body: Range<usize>,
    families: Vec<Family>,
    table: Table,
    node: OnceLock<Result<Node, Diagnostic>>,
    gist: OnceLock<Result<Gist, Vec<Diagnostic>>>,
    case: OnceLock<Result<Case, Vec<Diagnostic>>>,
}

/// What the trials of a case do, row by row. Its lines are read once, and forgotten with this value.
#[derive(Debug)]
pub struct Scripts<'c> {
    case: &'c RawCase,
    /// What its rows do, and nothing else: all that a run reads.
    node: Result<Node, Diagnostic>,
    /// What of that its rows have in common.
    shared: OnceLock<script::Shared>,
}

/// What decides whether and how a case is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gist {
    /// The requirements that it shows, by their ids.
    pub requirements: Vec<String>,
    /// What target and upper tester must be able to do.
    pub needs: Vec<Capability>,
    /// It is left out unless it is asked for.
    pub slow: bool,
}

impl RawCase {
    pub(super) fn new(file: &str, piece: Piece, source: &Arc<Source>, problems: &mut Problems) -> Self {
        let mut case = Self {
            id: format!("{file}/{}", piece.name),
            place: piece.place,
            source: source.clone(),
            first_line: piece.first_line,
            body: piece.body,
            families: Family::ALL.to_vec(),
            table: Table::none(),
            node: OnceLock::new(),
            gist: OnceLock::new(),
            case: OnceLock::new(),
        };
        for lines in key_lines(&source.text[case.body.clone()], case.first_line) {
            match lines.key {
                "families" => {
                    let families = case.key(&lines, problems).map(|node| families(&node));
                    case.families = families.and_then(|read| problems.note(read)).unwrap_or_default();
                }
                "for" => {
                    let table = case.key(&lines, problems).map(|node| Table::read(&node, problems));
                    case.table = table.unwrap_or_else(Table::none);
                }
                _ => {}
            }
        }
        case
    }

    /// `area/file/case`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The last part of its id.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// Where its name stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The families that it runs on.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The rows of its table; one empty row where it has none.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.table.rows.iter().map(TableRow::row)
    }

    /// How many trials it has.
    #[must_use]
    pub fn trial_count(&self) -> usize {
        self.table.rows.len() * self.families.len()
    }

    /// The names of its trials with their rows: for each row its families.
    pub fn trials(&self) -> impl Iterator<Item = (TrialId, usize)> {
        let rows = self.table.rows.iter().enumerate();
        rows.flat_map(move |(number, row)| {
            self.families.iter().map(move |family| {
                // Names of files, cases and rows have been checked.
                (TrialId::of_checked(&self.id, *family, &row.suffix), number)
            })
        })
    }

    /// What it says about itself.
    ///
    /// # Errors
    /// Everything that is wrong with it, its steps apart.
    pub fn case(&self) -> Result<&Case, Vec<Diagnostic>> {
        self.case.get_or_init(|| self.read_case()).as_ref().map_err(Clone::clone)
    }

    /// What decides whether and how it is run. Its title and its like are not looked at: a tenth of the work
    /// before the first packet would be in what nobody reads.
    ///
    /// # Errors
    /// Everything that is wrong with that.
    pub fn gist(&self) -> Result<&Gist, Vec<Diagnostic>> {
        let read = || read_gist(&self.without_what_nobody_runs().map_err(|problem| vec![problem])?);
        self.gist.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// What its trials do. [`RawCase::gist`] is known afterwards: it stands between the lines.
    #[must_use]
    pub fn scripts(&self) -> Scripts<'_> {
        let node = self.without_what_nobody_runs();
        if let Ok(node) = &node {
            self.gist.get_or_init(|| read_gist(node));
        }
        Scripts { case: self, node, shared: OnceLock::new() }
    }

    /// What its trials of this row do, where that of others is not wanted.
    ///
    /// # Errors
    /// As [`Scripts::row`].
    pub fn script(&self, row: usize) -> Result<Script, Vec<Diagnostic>> {
        self.scripts().row(row)
    }

    /// The columns of its table that nothing uses.
    pub(super) fn unused_columns(&self) -> Vec<Diagnostic> {
        let (Ok(node), Some(row)) = (self.node(), self.table.rows.first()) else { return Vec::new() };
        let Ok(entries) = node.as_entries() else { return Vec::new() };
        let row = Substitution::of(row);
        let is_used = |column: &str| {
            let nodes = entries.iter().filter(|(key, _)| script::KEYS.contains(&key.name.as_str()));
            nodes.map(|(_, node)| node).any(|node| row.is_used(column, node))
        };
        let unused = self.table.columns.iter().filter(|(column, _)| !is_used(column));
        unused.map(|(column, place)| Diagnostic::new(place, format!("nothing uses `${column}`"))).collect()
    }

    /// The whole case as YAML; its place is that of its name.
    pub(super) fn node(&self) -> Result<&Node, Diagnostic> {
        let parse = || {
            let mut node = yaml::parse_part(self.source.name, self.first_line, self.text())?;
            node.place = self.place.clone();
            match node.value {
                Value::Null => Err(node.problem("this case is empty")),
                _ => Ok(node),
            }
        };
        self.node.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    /// What the case says about itself, read without its table and its steps.
    fn metadata(&self) -> Result<Node, Diagnostic> {
        let left_out: Vec<&str> = script::KEYS.iter().chain(&["for"]).copied().collect();
        self.without(&left_out)
    }

    /// The case without some of its keys.
    fn without(&self, left_out: &[&str]) -> Result<Node, Diagnostic> {
        let text = without_keys(self.text(), left_out);
        let mut node = yaml::parse_part(self.source.name, self.first_line, &text)?;
        node.place = self.place.clone();
        if node.value == Value::Null {
            node.value = Value::Map(Vec::new());
        }
        Ok(node)
    }

    /// The case without its table and what it tells a reader.
    fn without_what_nobody_runs(&self) -> Result<Node, Diagnostic> {
        let others = METADATA_KEYS.iter().filter(|key| !GIST_KEYS.contains(key));
        self.without(&others.copied().collect::<Vec<_>>())
    }

    /// One key of the case, read without the others.
    fn key(&self, lines: &KeyLines<'_>, problems: &mut Problems) -> Option<Node> {
        let node = problems.note(yaml::parse_part(self.source.name, lines.first_line, lines.text))?;
        let entries = problems.note(node.as_entries())?;
        entries.first().map(|(_, value)| value.clone())
    }

    /// Its lines, below its name.
    fn text(&self) -> &str {
        &self.source.text[self.body.clone()]
    }

    fn read_case(&self) -> Result<Case, Vec<Diagnostic>> {
        let node = self.metadata().map_err(|problem| vec![problem])?;
        let mut problems = Problems::default();
        let case = Keys::of(&node, &keys_of_a_case(), &mut problems).map(|mut keys| {
            let title = keys.required("title", sentence);
            let requirements = keys.required("requirements", requirements);
            let effect = keys.required("effect", sentence);
            Case {
                id: self.id.clone(),
                place: self.place.clone(),
                title: title.unwrap_or_default(),
                requirements: requirements.unwrap_or_default(),
                effect: effect.unwrap_or_default(),
                needs: keys.list("needs", word::<Capability>).unwrap_or_default(),
                families: self.families.clone(),
                slow: keys.switch("slow"),
                faults: keys.list("faults", name).unwrap_or_default(),
                also: keys.list("also", |node| node.as_text().map(str::to_owned)).unwrap_or_default(),
                rows: self.rows().collect(),
            }
        });
        match case {
            Some(case) if problems.is_empty() => Ok(case),
            _ => Err(problems.into()),
        }
    }
}

impl Scripts<'_> {
    /// What the trials of this row do (a number below that of [`RawCase::rows`]).
    ///
    /// # Errors
    /// Everything that is wrong with its beginning, its steps and its end.
    pub fn row(&self, row: usize) -> Result<Script, Vec<Diagnostic>> {
        let Self { case, node, shared } = self;
        let node = node.as_ref().map_err(|problem| vec![problem.clone()])?;
        let row = case.table.rows.get(row).ok_or_else(|| {
            vec![Diagnostic::new(&case.place, format!("this case has {} rows", case.table.rows.len()))]
        })?;
        script::read(node, &Substitution::of(row), shared).map_err(|problems| match row.suffix.as_str() {
            "" => problems,
            suffix => {
                let in_the_row = |problem: Diagnostic| problem.with_note(format!("in the row {suffix}"));
                problems.into_iter().map(in_the_row).collect()
            }
        })
    }
}

fn read_gist(node: &Node) -> Result<Gist, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let gist = Keys::of(node, &keys_of_a_case(), &mut problems).map(|mut keys| Gist {
        requirements: keys.required("requirements", requirements).unwrap_or_default(),
        needs: keys.list("needs", word::<Capability>).unwrap_or_default(),
        slow: keys.switch("slow"),
    });
    match gist {
        Some(gist) if problems.is_empty() => Ok(gist),
        _ => Err(problems.into()),
    }
}

pub(super) fn keys_of_a_case() -> Vec<&'static str> {
    METADATA_KEYS.iter().chain(&script::KEYS).copied().collect()
}

/// Text that is not empty.
pub(super) fn sentence(node: &Node) -> Result<String, Diagnostic> {
    match node.as_text()?.trim() {
        "" => Err(node.problem("this is empty")),
        text => Ok(text.to_owned()),
    }
}

fn requirements(node: &Node) -> Result<Vec<String>, Diagnostic> {
    match node.as_list()? {
        [] => Err(node.problem("a case shows one requirement at least")),
        ids => ids.iter().map(|id| id.as_scalar().map(str::to_owned)).collect(),
    }
}

fn families(node: &Node) -> Result<Vec<Family>, Diagnostic> {
    let families: Vec<Family> = node.as_list()?.iter().map(word).collect::<Result<_, _>>()?;
    let all = Family::ALL.into_iter().filter(|family| families.contains(family));
    match families.is_empty() {
        true => Err(node.problem("a case runs on one family at least")),
        false => Ok(all.collect()),
    }
}

impl Word for Family {
    const KIND: &'static str = "a family";
    const WORDS: &'static [(&'static str, Self)] = &[("v4", Self::V4), ("v6", Self::V6)];
}

/// What a case says about itself.
const METADATA_KEYS: &[&str] =
    &["title", "requirements", "also", "effect", "needs", "families", "slow", "faults", "for"];

/// What decides whether and how a case is run.
const GIST_KEYS: &[&str] = &["requirements", "needs", "slow"];
