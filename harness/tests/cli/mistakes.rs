//! Help, and mistakes on the command line.

use crate::program::tcpspec;
use pretty_assertions::assert_eq;

#[test]
fn help_and_version_are_told_on_standard_output() {
    for arguments in [&["--help"][..], &["-h"], &["help"], &["run", "--help"], &["check", "--help"]] {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(said.out.contains("Usage: tcpspec"), "{}", said.out);
    }
    let help = tcpspec(&["--help"]).out;
    for flag in [
        "--exact",
        "--skip",
        "--list",
        "--format",
        "--test-threads",
        "--target",
        "--seed",
        "--level",
        "--ledger",
        "--cases",
        "--include-ignored",
    ] {
        assert!(help.contains(flag), "{flag} is missing: {help}");
    }
    let version = tcpspec(&["--version"]);
    assert_eq!((version.code(), version.out), (Some(0), format!("tcpspec {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_name_the_argument() {
    let mistakes: [(&[&str], &str); 9] = [
        (&["--bogus"], "--bogus"),
        (&["--test-threads", "0"], "--test-threads"),
        (&["--test-threads", "many"], "--test-threads"),
        (&["--seed", "xyz"], "`xyz` is not a hexadecimal number"),
        (&["--level", "would"], "`would` is none of must, should, may"),
        (&["--format", "xml"], "--format"),
        (&["--ignored", "--include-ignored"], "--include-ignored"),
        (&["--quiet", "--format", "json"], "--format"),
        (&["audit"], "audit"),
    ];
    for (arguments, named) in mistakes {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains(named), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn misspelt_filter_is_an_error_that_names_the_nearest() {
    let said = tcpspec(&["closed-prot"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(4), ""));
    assert_eq!(
        said.err,
        "tcpspec: nothing is selected\n  no trial matches `closed-prot`; did you mean `closed-port`?\n  \
         `tcpspec --list` shows all trials\n"
    );
    // Beside one that selects something, and where only a list is asked for.
    for arguments in [&["closed/closed-port", "lisen"][..], &["--list", "lisen"]] {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(4), ""), "{arguments:?}");
        assert!(said.err.contains("`lisen`; did you mean `listen`?"), "{}", said.err);
    }
    let exact = tcpspec(&["--exact", "closed/closed-port"]);
    assert_eq!(exact.code(), Some(4), "a part of an id is no id: {exact:?}");
    let everything_skipped = tcpspec(&["closed/closed-port", "--skip", "closed"]);
    assert_eq!(everything_skipped.code(), Some(4));
    assert!(everything_skipped.err.starts_with("tcpspec: nothing is selected\n"), "{everything_skipped:?}");
}
