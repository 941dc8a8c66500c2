//! Commands that a run names: the one that repeats it, and the one that says what its bench lacks.

use crate::cli::RunArguments;
use tcpspec_core::requirement::Threshold;

/// The command that repeats a run like this, but for seed and trial: whatever else can change a
/// verdict is in it.
pub(super) fn again(program: &str, run: &RunArguments) -> String {
    let mut command = String::from(program);
    let mut add = |flag: &str, value: &str| command.push_str(&format!(" {flag} {}", quoted(value)));
    if run.target != "kernel" {
        add("--target", &run.target);
    }
    if let Some(cases) = &run.cases {
        add("--cases", &cases.display().to_string());
    }
    if let Some(ledger) = &run.ledger {
        add("--ledger", ledger);
    }
    if let Some(fault) = &run.fault {
        add("--fault", fault);
    }
    if run.level != Threshold::Must {
        add("--level", &run.level.to_string());
    }
    command
}

/// Where to look when the bench is at fault, or cannot reach the target.
pub(super) fn see_doctor(target: &str) -> String {
    let target = if target == "kernel" { String::new() } else { format!(" --target {}", quoted(target)) };
    format!("`tcpspec doctor{target}` says check by check what is wrong with the bench, and what mends it")
}

/// A word as a shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:=,@%".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use pretty_assertions::assert_eq;

    fn arguments(words: &[&str]) -> RunArguments {
        let words = ["tcpspec"].iter().chain(words);
        crate::cli::Cli::try_parse_from(words).expect("arguments").run
    }

    #[test]
    fn doctor_is_named_with_the_target_of_the_run() {
        let rest = "says check by check what is wrong with the bench, and what mends it";
        assert_eq!(see_doctor("kernel"), format!("`tcpspec doctor` {rest}"));
        assert_eq!(see_doctor("my dut.yaml"), format!("`tcpspec doctor --target 'my dut.yaml'` {rest}"));
    }

    #[test]
    fn command_that_repeats_a_trial_has_all_that_can_change_its_verdict() {
        assert_eq!(
            again("tcpspec", &arguments(&["closed", "--test-threads", "3", "-q", "--seed", "7"])),
            "tcpspec"
        );
        let all = ["--target", "my dut.yaml", "--cases", "c/", "--ledger", "it's", "--level", "should"];
        assert_eq!(
            again("tcpspec", &arguments(&all)),
            r"tcpspec --target 'my dut.yaml' --cases c/ --ledger 'it'\''s' --level should"
        );
        assert_eq!([quoted(""), quoted("a/b:v4:seq=1"), quoted("$x")], ["''", "a/b:v4:seq=1", "'$x'"]);
    }
}
