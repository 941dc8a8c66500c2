//! The file of faults -> its entries.

use super::{FaultCatalogue, FaultEntry, FaultGroup};
use crate::verdict::FindingCode;
use crate::yaml::{self, Diagnostic, Fields, Key, Node, Problems, nearest};

impl FaultCatalogue {
    /// Reads a file of faults; `file` is the name that places carry.
    ///
    /// # Errors
    /// Everything that is wrong with it: unknown and missing keys, a name that is not lower-case words
    /// joined by hyphens or stands twice, an unknown finding or group, no sentence, no finding.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let root = yaml::parse(file, text).map_err(|problem| vec![problem])?;
        let mut problems = Problems::default();
        let entries = entries(&root, &mut problems).unwrap_or_default();
        problems.finish(Self { entries })
    }
}

fn entries(root: &Node, problems: &mut Problems) -> Option<Vec<FaultEntry>> {
    let fields = Fields::read(root, &["about", "faults"], problems)?;
    problems.note(fields.optional_as("about", sentence));
    let faults = problems.note(fields.required_as("faults", Node::as_entries))?;
    Some(faults.iter().filter_map(|(name, node)| entry(name, node, problems)).collect())
}

fn entry(name: &Key, node: &Node, problems: &mut Problems) -> Option<FaultEntry> {
    let fields = Fields::read(node, &["does", "findings", "group"], problems)?;
    let known = problems.note(kebab_case(name));
    let does = problems.note(fields.required_as("does", sentence));
    let group = problems.note(fields.required_as("group", group));
    let findings = problems.note(fields.required("findings").and_then(Node::as_list))?;
    if findings.is_empty() {
        problems.push(node.problem("a fault that no finding diagnoses cannot be noticed"));
    }
    let findings = findings.iter().filter_map(|node| problems.note(finding(node))).collect();
    Some(FaultEntry { name: known?, does: does?, findings, group: group?, place: name.place.clone() })
}

fn kebab_case(key: &Key) -> Result<String, Diagnostic> {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    if key.name.split('-').all(word) {
        return Ok(key.name.clone());
    }
    let problem = "a fault is named by lower-case words and digits, joined by hyphens";
    Err(Diagnostic::new(&key.place, problem))
}

fn sentence(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_text()?.trim();
    if text.is_empty() { Err(node.problem("this needs a sentence")) } else { Ok(text.to_owned()) }
}

fn group(node: &Node) -> Result<FaultGroup, Diagnostic> {
    let word = node.as_text()?;
    word.parse().map_err(|error: super::NoGroup| {
        let names = FaultGroup::ALL.map(FaultGroup::name);
        let hint = match nearest(word, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names.join(", ")),
        };
        node.problem(error.to_string()).with_hint(hint)
    })
}

fn finding(node: &Node) -> Result<FindingCode, Diagnostic> {
    let word = node.as_text()?;
    let of_the_target = || FindingCode::ALL.iter().filter(|code| !code.is_of_the_bench());
    of_the_target().copied().find(|code| code.code() == word).ok_or_else(|| {
        let hint = nearest(word, of_the_target().map(|code| code.code()));
        node.problem(format!("`{word}` is no finding about a target"))
            .with_hint(hint.map(|near| format!("did you mean `{near}`?")))
    })
}
