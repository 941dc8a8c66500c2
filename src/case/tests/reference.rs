//! The examples of `cases/LANGUAGE.md` are read as they stand there.

use crate::case::{Capability, CaseFile, Fixtures, Variable, Vocabulary, Word};
use crate::profile::Timers;
use crate::requirement::Catalogue;
use crate::yaml::render;
use pretty_assertions::assert_eq;

const REFERENCE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/LANGUAGE.md"));

/// Every block of YAML.
fn examples() -> impl Iterator<Item = &'static str> {
    REFERENCE.split("```yaml\n").skip(1).filter_map(|behind| behind.split("```").next())
}

/// The example as a case file: as it is, or its steps in a case of their own.
fn as_file(example: &str) -> String {
    if example.starts_with("about:") {
        return example.to_owned();
    }
    let steps: String = example.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "about: An example\ncases:\n  example:\n    title: It is read\n    requirements: [MUST-2]\n    effect: None.\n    \
         given: ESTABLISHED\n    steps:\n{steps}"
    )
}

fn problems(example: &'static str) -> Vec<String> {
    if example.starts_with("states:") {
        let problems = Fixtures::read("example.yaml", example).err().unwrap_or_default();
        return problems.iter().map(|problem| render(problem, example)).collect();
    }
    let (text, catalogue) = (as_file(example), Catalogue::embedded());
    let vocabulary = Vocabulary { catalogue: Some(&catalogue), ..Vocabulary::default() };
    let problems = match CaseFile::read("area/example.yaml", text.clone()) {
        Ok(file) => file.check(&vocabulary),
        Err(problems) => problems,
    };
    problems.iter().map(|problem| render(problem, &text)).collect()
}

#[test]
fn every_example_keeps_the_language() {
    let problems: Vec<String> = examples().flat_map(problems).collect();
    assert_eq!(problems.join("\n\n"), "");
    assert_eq!(examples().count(), 15);
}

#[test]
fn trial_ids_are_those_of_the_reference() {
    let tables = examples().find(|example| example.contains("product-of-lists")).expect("tables");
    let file = CaseFile::read("area/example.yaml", tables).expect("a file");
    let ids: Vec<String> =
        file.cases().iter().flat_map(|case| case.trials()).map(|(id, _)| id.to_string()).collect();
    let ends =
        [":v4:state=FIN-WAIT-1:seq=2", ":v4:size=1:options=1", ":v4:with-options", ":v4:near:size=100"];
    for end in ends {
        assert!(REFERENCE.contains(end) && ids.iter().any(|id| id.ends_with(end)), "{end}");
    }
}

#[test]
fn every_word_is_in_the_reference() {
    let words = Variable::words().chain(Capability::words()).chain(Timers::VARIABLES);
    let missing: Vec<&str> = words
        .filter(|word| !REFERENCE.split(|c: char| c.is_whitespace() || c == '`').any(|other| other == *word))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
