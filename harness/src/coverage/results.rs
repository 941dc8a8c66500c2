//! The results of a run, as `tcpspec --format json` writes them.

use crate::cli::exit;
use crate::inputs::read_file;
use crate::run::Stop;
use serde_json::Value;
use std::path::Path;
use tcpspec_core::coverage::{Outcome, Results};

/// Reads a file of results.
///
/// # Errors
/// It cannot be read, a line is no JSON object, or it holds no result of a trial.
pub(super) fn read(path: &Path) -> Result<Results, Stop> {
    parse(&read_file(path, "results")?)
        .map_err(|message| Stop::new(exit::INVALID_FILE, format!("{}{message}", path.display())))
}

/// The results in `text`, or what is wrong with it, to be put behind its name.
fn parse(text: &str) -> Result<Results, String> {
    let mut results = Results::default();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines {
        let object = serde_json::from_str(line).ok().filter(Value::is_object);
        let event = object.ok_or_else(|| {
            format!(":{}: this is no line of `tcpspec --format json`: a JSON object is expected", index + 1)
        })?;
        if event["type"] == "test"
            && let (Some(name), Some(word)) = (event["name"].as_str(), event["event"].as_str())
            // Others say that a trial has begun.
            && let Some(outcome) = Outcome::of_word(word)
        {
            results.note(name, outcome);
        }
    }
    if results == Results::default() {
        return Err(" holds no result of a trial: it is made by `tcpspec --format json > FILE`".into());
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn lines_of_a_run_are_read_and_what_is_no_result_passed_over() {
        let text = r#"{ "type": "suite", "event": "started", "test_count": 3 }
{ "type": "test", "event": "started", "name": "a" }
{ "type": "test", "name": "a", "event": "ok" }

{ "type": "test", "name": "b", "event": "ignored" }
{ "type": "test", "name": "c", "event": "failed", "stdout": "x" }
{ "type": "suite", "event": "failed", "passed": 1 }
"#;
        let mut expected = Results::default();
        expected.note("a", Outcome::Ok);
        expected.note("b", Outcome::Ignored);
        expected.note("c", Outcome::Failed);
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn file_of_something_else_is_refused_with_the_line() {
        let wrong = ":2: this is no line of `tcpspec --format json`: a JSON object is expected";
        assert_eq!(parse("{}\ntest a ... ok\n"), Err(wrong.into()));
        assert_eq!(parse("{}\n[1]\n"), Err(wrong.into()));
        let empty = " holds no result of a trial: it is made by `tcpspec --format json > FILE`";
        assert_eq!(parse("{}\n"), Err(empty.into()));
    }
}
