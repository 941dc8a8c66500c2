//! A baseline makes the same run green, and is not taken for a ledger that somebody has thought about.

use crate::program::{Folder, Said, tcpspec};
use pretty_assertions::assert_eq;
use std::path::Path;

const SMOLTCP: [&str; 4] = ["--target", "smoltcp", "closed/", "acceptance/"];

fn run(before: &[&str], ledger: &str) -> Said {
    tcpspec(&[before, &SMOLTCP, &["--seed", "1", "--ledger", ledger]].concat())
}

#[test]
fn run_with_its_baseline_is_green_and_check_wants_reasons() {
    let folder = Folder::new();
    let file = folder.path().join("baseline.yaml").display().to_string();
    assert_eq!(run(&[], "none").code(), Some(1));
    let written = run(&["baseline", "--write", &file], "none");
    assert_eq!((written.code(), written.err.as_str()), (Some(0), ""), "{}", written.out);
    let with = run(&[], &file);
    assert_eq!((with.code(), with.counts()[1]), (Some(0), 0), "{}", with.out);
    // Every entry twice: no reason, no source.
    let text = std::fs::read_to_string(&file).expect("it is written");
    assert!(text.starts_with("# Baseline of smoltcp 0.14.0, written by tcpspec "), "{text}");
    assert!(text.contains("  - case: closed/closed-port/end-beyond-the-wrap:*:text\n"), "{text}");
    let open = text.matches("reason: TODO\n    source: TODO\n").count();
    assert_eq!(open, text.matches("- case: ").count());
    let end = format!("baseline: {open} entries in {file}, {open} to be reasoned\n");
    assert!(written.out.ends_with(&end), "{}", written.out);
    let checked = tcpspec(&["check", "--ledger", &file]);
    assert_eq!((checked.code(), checked.out.as_str()), (Some(5), ""));
    assert_eq!(checked.err.matches("is still to be given").count(), 2 * open);
    assert!(checked.err.contains("= help: say why this is accepted"), "{}", checked.err);
    assert!(checked.err.contains(&format!("{file}:")), "{}", checked.err);
}

#[test]
fn baseline_overwrites_a_file_only_when_told_so() {
    let folder = Folder::new();
    let file = folder.file("mine.yaml", "mine\n");
    let refused = run(&["baseline", "--write", &file], "none");
    assert_eq!((refused.code(), refused.out.as_str()), (Some(2), ""));
    assert_eq!(refused.err, format!("tcpspec: {file} exists already; `--force` writes it anew\n"));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "mine\n");
    assert_eq!(run(&["baseline", "--force", "--write", &file], "none").code(), Some(0));
    assert!(std::fs::read_to_string(&file).expect("a file").starts_with("# Baseline of smoltcp "));
    assert_eq!(tcpspec(&["baseline", "--list", "--write", &file]).code(), Some(2));
}

#[test]
fn baseline_that_cannot_be_written_ends_before_the_run() {
    let folder = Folder::new();
    let folder = folder.path().display();
    let said = run(&["baseline", "--write", &format!("{folder}/none/mine.yaml")], "none");
    assert_eq!((said.code(), said.out.as_str()), (Some(5), ""));
    assert_eq!(
        said.err,
        format!(
            "tcpspec: cannot write the ledger {folder}/none/mine.yaml: No such file or directory (os error 2)\n"
        )
    );
    let said = run(&["baseline", "--force", "--write", &folder.to_string()], "none");
    assert_eq!((said.code(), said.out.as_str()), (Some(5), ""));
    assert_eq!(
        said.err,
        format!("tcpspec: cannot write the ledger {folder}: Is a directory (os error 21)\n")
    );
    // A run that does not begin leaves no file behind.
    let file = format!("{folder}/mine.yaml");
    let said = tcpspec(&["baseline", "--write", &file, "--target", "smoltcp", "no-such-trial"]);
    assert_eq!((said.code(), Path::new(&file).exists()), (Some(4), false));
}

#[test]
fn baseline_keeps_the_reasons_of_the_ledger_it_ran_with() {
    let folder = Folder::new();
    let file = folder.path().join("baseline.yaml").display().to_string();
    let written = tcpspec(&[&["baseline", "--write", &file], &SMOLTCP[..]].concat());
    assert!(written.out.ends_with(", 0 to be reasoned\n"), "{}", written.out);
    assert_eq!(tcpspec(&["check", "--ledger", &file]).code(), Some(0));
    assert_eq!(run(&[], &file).code(), Some(0));
}

#[test]
fn entry_that_stands_twice_ends_the_run_with_both_places() {
    let folder = Folder::new();
    let entry =
        "  - {case: closed/closed-port/end-beyond-the-wrap, finding: wrong-segment, reason: r, source: s}\n";
    let file = folder.file("twice.yaml", &format!("about: x\nentries:\n{entry}{entry}"));
    let said = run(&[], &file);
    assert_eq!((said.code(), said.out.as_str()), (Some(5), ""));
    for part in [&format!("{file}:4:"), "this entry stands twice", "first here", "remove one of them"] {
        assert!(said.err.contains(part), "{}", said.err);
    }
}
