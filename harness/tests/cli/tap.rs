//! `--format tap`, read by a strict parser of KTAP version 1 as the kernel's documentation has it
//! (Documentation/dev-tools/ktap.rst).

use crate::program::{Folder, QUICK, tcpspec, trials};
use crate::{CASES, KNOWN};
use pretty_assertions::assert_eq;

/// A result line: `<result> <number> [<description>][ # [<directive>] [<diagnostic data>]]`.
#[derive(Debug, PartialEq)]
struct Line {
    ok: bool,
    description: String,
    directive: Option<String>,
    data: String,
    /// Diagnostic lines directly before it.
    diagnostics: Vec<String>,
}

const DIRECTIVES: [&str; 5] = ["SKIP", "TODO", "XFAIL", "TIMEOUT", "ERROR"];

/// Reads the output of one test without subtests. What the document merely allows (unknown lines, no plan)
/// is refused.
fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = text.lines();
    if lines.next() != Some("KTAP version 1") {
        return Err("no version line".into());
    }
    let plan = lines.next().and_then(|line| line.strip_prefix("1..")?.parse::<usize>().ok());
    let plan = plan.ok_or("no plan line")?;
    let mut results = Vec::new();
    let mut diagnostics = Vec::new();
    for line in lines {
        if let Some(text) = line.strip_prefix("# ") {
            diagnostics.push(text.to_owned());
            continue;
        }
        let (ok, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(format!("unknown line: {line:?}")),
        };
        let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if number.parse() != Ok(results.len() + 1) {
            return Err(format!("out of order: {line:?}"));
        }
        let (description, behind) = match rest.split_once(" # ") {
            Some((description, behind)) => (description, behind),
            None => (rest, ""),
        };
        if description.contains('#') || behind.contains('#') {
            return Err(format!("a hash sign too many: {line:?}"));
        }
        let (word, data) = behind.split_once(' ').unwrap_or((behind, ""));
        let directive = DIRECTIVES.contains(&word).then(|| word.to_owned());
        if ok && ["TIMEOUT", "ERROR"].contains(&word) {
            return Err(format!("`ok` with this directive: {line:?}"));
        }
        let data = if directive.is_some() { data } else { behind };
        results.push(Line {
            ok,
            description: description.strip_prefix("- ").unwrap_or(description).to_owned(),
            directive,
            data: data.to_owned(),
            diagnostics: std::mem::take(&mut diagnostics),
        });
    }
    if results.len() == plan { Ok(results) } else { Err(format!("{} of {plan} tests", results.len())) }
}

#[test]
fn parser_refuses_what_the_grammar_does_not_have() {
    assert!(parse("KTAP version 1\n1..1\n# why\nnot ok 1 a # ERROR it broke\n").is_ok());
    for wrong in [
        "1..1\nok 1 a\n",
        "KTAP version 1\nok 1 a\n",
        "KTAP version 1\n1..2\nok 1 a\n",
        "KTAP version 1\n1..1\nok 2 a\n",
        "KTAP version 1\n1..1\nnonsense\nok 1 a\n",
        "KTAP version 1\n1..1\nok 1 a # SKIP b # c\n",
        "KTAP version 1\n1..1\nok 1 a # ERROR b\n",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn tap_has_one_result_for_each_trial_that_is_selected() {
    let said = tcpspec(&["--format", "tap", "--seed", "7f3a", QUICK, KNOWN]);
    assert_eq!(said.code(), Some(0), "{said:?}");
    let results = parse(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let mut ids: Vec<_> = results.iter().map(|line| line.description.clone()).collect();
    ids.sort();
    let mut wanted = trials(&[QUICK, KNOWN]);
    wanted.sort();
    assert_eq!(ids, wanted);
    for line in &results {
        let expected = if line.description == KNOWN { Some("XFAIL") } else { None };
        assert_eq!((line.ok, line.directive.as_deref()), (true, expected), "{line:?}");
    }
    // Header and summary are for people.
    assert!(said.err.contains("seed 7f3a") && said.err.contains("verdicts: "), "{}", said.err);
}

#[test]
fn failure_explains_itself_before_its_line() {
    let said = tcpspec(&["--format", "tap", "--ledger", "none", "--exact", KNOWN]);
    assert_eq!(said.code(), Some(1));
    let results = parse(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let [line] = &results[..] else { panic!("{results:?}") };
    assert_eq!((line.ok, line.description.as_str(), &line.directive), (false, KNOWN, &None));
    assert_eq!(line.diagnostics[0], format!("FAIL  {KNOWN}"));
    assert!(line.diagnostics.iter().any(|line| line.contains("✗ expected")), "{line:?}");
}

#[test]
fn trials_that_are_not_run_are_skips_with_a_reason() {
    let folder = Folder::new();
    folder.file("area/file.yaml", CASES);
    let said = tcpspec(&["--format", "tap", "--cases", &folder.path().display().to_string(), ":v4"]);
    let mut results = parse(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    results.sort_by(|one, other| one.description.cmp(&other.description));
    let told: Vec<_> = results
        .iter()
        .map(|line| (line.description.as_str(), line.ok, line.directive.as_deref(), line.data.as_str()))
        .collect();
    let expected = [
        ("area/file/impossible:v4", true, Some("SKIP"), "linux lacks: daytime"),
        ("area/file/ordinary:v4", true, None, ""),
        ("area/file/slow:v4", true, Some("SKIP"), "it is slow: --include-ignored runs it"),
    ];
    assert_eq!(told, expected);
}
