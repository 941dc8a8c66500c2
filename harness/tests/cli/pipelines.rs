//! What a pipeline does with runs: shares, repetitions, what was red once more, what it shows.

use crate::KNOWN;
use crate::program::{Folder, QUICK, Said, command, said, tcpspec, trials};
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;
use std::path::Path;
use tcpspec::evidence::{Stream, read};

fn path(folder: &Folder, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

fn run_in(folder: &Folder, name: &str) -> Stream {
    read(&folder.path().join(name).join("run.jsonl")).unwrap_or_else(|error| panic!("{error}"))
}

fn ids(run: &Stream) -> BTreeSet<String> {
    run.trials.iter().map(|trial| trial.id.clone()).collect()
}

/// The shares of a run of some quick trials and one that is red without a ledger.
fn shared(folder: &Folder, of: usize, arguments: &[&str]) -> Vec<(String, Said)> {
    let share = |index: usize| {
        let out = path(folder, &format!("share-{index}"));
        let share = format!("{index}/{of}");
        let said = tcpspec(&[&["--shard", &share, "--out", &out, QUICK, KNOWN], arguments].concat());
        (out, said)
    };
    (1..=of).map(share).collect()
}

fn merged(folder: &Folder, shares: &[(String, Said)], arguments: &[&str]) -> Said {
    let out = path(folder, "whole");
    let shares: Vec<_> = shares.iter().map(|(out, _)| out.as_str()).collect();
    tcpspec(&[&["merge", "--out", &out], shares.as_slice(), arguments].concat())
}

#[test]
fn shares_of_a_run_are_merged_into_what_one_run_would_have_left() {
    let folder = Folder::new();
    let shares = shared(&folder, 3, &["--seed", "7f3a", "--ledger", "none"]);
    let codes: BTreeSet<_> = shares.iter().map(|(_, said)| said.code()).collect();
    assert_eq!(codes, [Some(0), Some(1)].into(), "one of them has the red trial");
    let said = merged(&folder, &shares, &[]);
    assert_eq!(said.code(), Some(1), "{said:?}");
    let out = path(&folder, "alone");
    let alone = tcpspec(&["--seed", "7f3a", "--ledger", "none", "--out", &out, QUICK, KNOWN]);
    assert_eq!(alone.code(), Some(1));
    let (whole, alone) = (run_in(&folder, "whole"), run_in(&folder, "alone"));
    assert_eq!(ids(&whole), ids(&alone));
    assert_eq!(whole.footer.counts, alone.footer.counts);
    assert_eq!((whole.header.selected, whole.footer.exit_code), (alone.header.selected, Some(1)));
    assert_eq!((&whole.header.seed, &whole.header.ledger), (&"7f3a".into(), &"none".into()));
    let red = whole.trials.iter().find(|trial| trial.red).expect("the one");
    let capture = red.capture.as_ref().expect("it failed");
    for name in [capture, "junit.xml", "report.html"] {
        assert!(Path::new(&path(&folder, "whole")).join(name).is_file(), "{name}");
    }
    assert!(said.out.starts_with(&format!("FAIL  {KNOWN}\n")), "{}", said.out);
    let compared =
        tcpspec(&["compare", &path(&folder, "alone/run.jsonl"), &path(&folder, "whole/run.jsonl")]);
    assert!(
        compared.out.contains(" 0 newly failing, 0 newly passing, 0 otherwise changed"),
        "{}",
        compared.out
    );
}

#[test]
fn capture_that_was_not_handed_on_is_not_linked_and_none_leads_elsewhere() {
    let folder = Folder::new();
    let out = path(&folder, "one");
    tcpspec(&["--shard", "1/1", "--ledger", "none", "--out", &out, "--exact", KNOWN]);
    let merged = |name: &str| {
        let said = tcpspec(&["merge", "--out", &path(&folder, name), &out]);
        assert_eq!(said.code(), Some(1), "{said:?}");
        run_in(&folder, name).trials[0].capture.clone()
    };
    let capture = merged("with").expect("it failed");
    assert!(folder.path().join("with").join(&capture).is_file());
    std::fs::remove_file(folder.path().join("one").join(&capture)).expect("it is there");
    assert_eq!(merged("without"), None);
    let stream = folder.path().join("one/run.jsonl");
    let text = std::fs::read_to_string(&stream).expect("a run");
    folder.file("secret", "of somebody else");
    for elsewhere in ["pcap/../../secret", "../secret", "/etc/hostname"] {
        std::fs::write(&stream, text.replace(&capture, elsewhere)).expect("our own file");
        assert_eq!(merged("elsewhere"), None, "{elsewhere}");
    }
}

#[test]
fn entry_of_the_ledger_spread_over_shares_is_stale_when_all_of_them_pass() {
    let folder = Folder::new();
    let entry = |case: &str, finding: &str| {
        format!("  - case: {case}\n    finding: {finding}\n    reason: r\n    source: s\n")
    };
    let known = entry(KNOWN, "answered-where-silence-required");
    // It names all the quick trials of one case, on both families.
    let stale = entry("closed/closed-port/*", "wrong-field");
    let ledger = folder.file("ledger.yaml", &format!("about: mine\nentries:\n{known}{stale}"));
    let of = "closed/closed-port/";
    let share =
        |share: &str, out: &str| tcpspec(&["--ledger", &ledger, "--shard", share, "--out", out, of, KNOWN]);
    let outs = [path(&folder, "one"), path(&folder, "two")];
    for (number, out) in outs.iter().enumerate() {
        let said = share(&format!("{}/2", number + 1), out);
        assert_eq!(said.code(), Some(0), "no share knows of the other: {}", said.out);
    }
    let said = tcpspec(&["merge", "--out", &path(&folder, "whole"), &outs[0], &outs[1]]);
    assert_eq!(said.code(), Some(1), "{said:?}");
    let expected =
        format!("target: {ledger}:7: {} trials pass: `wrong-field` is no longer found", trials(&[of]).len());
    assert!(said.out.contains(&expected), "{}", said.out);
}

#[test]
fn share_that_is_missing_is_an_error_and_leaves_nothing() {
    let folder = Folder::new();
    let shares = shared(&folder, 2, &[]);
    let said = merged(&folder, &shares[..1], &[]);
    assert_eq!((said.code(), said.err.as_str()), (Some(5), "tcpspec: shares are missing: 2 of 2\n"));
    assert!(!folder.path().join("whole").exists());
    let too_many = tcpspec(&["--shard", "3/3", "--exact", KNOWN]);
    assert_eq!(
        (too_many.code(), too_many.err.as_str()),
        (Some(4), "tcpspec: share 3/3 is empty: 1 trials are selected\n")
    );
}

#[test]
fn only_what_was_red_is_run_again_with_the_same_seed() {
    let folder = Folder::new();
    let out = path(&folder, "out");
    let first = tcpspec(&["--seed", "7f3a", "--ledger", "none", "--out", &out, QUICK, KNOWN]);
    assert_eq!(first.code(), Some(1));
    let again = tcpspec(&["--rerun-failed", &out, "--ledger", "none"]);
    assert_eq!((again.code(), again.counts()[..2].to_vec()), (Some(1), vec![0, 1]));
    assert!(again.out.starts_with("tcpspec 0.1.0: linux, seed 7f3a\n"), "{}", again.out);
    // With its ledger it is green, and so there is nothing left to run.
    let mended = tcpspec(&["--rerun-failed", &out, "--out", &out]);
    assert_eq!((mended.code(), ids(&run_in(&folder, "out"))), (Some(0), [KNOWN.to_owned()].into()));
    let none = tcpspec(&["--rerun-failed", &out]);
    assert_eq!((none.code(), none.err), (Some(0), format!("tcpspec: nothing was red in {out}\n")));
    let other = tcpspec(&["--target", "smoltcp", "--rerun-failed", &path(&folder, "nowhere")]);
    assert_eq!(other.code(), Some(5), "{other:?}");
}

#[test]
fn what_was_red_on_another_target_is_not_run_on_this_one() {
    let folder = Folder::new();
    let out = path(&folder, "out");
    tcpspec(&["--ledger", "none", "--out", &out, "--exact", KNOWN]);
    let said = tcpspec(&["--target", "smoltcp", "--rerun-failed", &out]);
    let why = format!("tcpspec: the run in {out} is about linux, this one about smoltcp\n");
    assert_eq!((said.code(), said.err), (Some(2), why));
}

#[test]
fn repetitions_have_seeds_of_their_own_and_the_worst_decides() {
    let folder = Folder::new();
    let out = path(&folder, "out");
    let quick = &trials(&[QUICK])[0];
    let green = tcpspec(&["--repeat", "3", "--seed", "fe", "--out", &out, "--exact", quick]);
    assert_eq!(green.code(), Some(0), "{green:?}");
    let seeds: Vec<_> = (1..=3).map(|run| run_in(&folder, &format!("out/{run}")).header.seed).collect();
    assert_eq!(seeds, ["fe", "ff", "100"]);
    let end = "== 3 runs: 3 green\nno trial said different things in different runs\n";
    assert!(green.out.ends_with(end), "{}", green.out);
    // It ends with the first that is red, and does not take runs of before for its own.
    let red = tcpspec(&[
        "--repeat",
        "3",
        "--until-fail",
        "--seed",
        "1",
        "--ledger",
        "none",
        "--out",
        &out,
        "--exact",
        KNOWN,
    ]);
    assert_eq!(red.code(), Some(1), "{red:?}");
    let end = format!("== 1 run: 1 red\n  run 1, seed 1: exit code 1, {out}/1\n");
    assert!(red.out.ends_with(&end), "{}", red.out);
    assert!(!folder.path().join("out/2").exists());
}

#[test]
fn repetition_that_cannot_begin_says_so_once() {
    let said = tcpspec(&["--repeat", "5", "closed/no-such-thing"]);
    assert_eq!((said.code(), said.err.matches("nothing is selected").count()), (Some(4), 1), "{said:?}");
    let tap = tcpspec(&["--repeat", "2", "--format", "tap", "--exact", KNOWN]);
    assert_eq!((tap.code(), tap.out.as_str()), (Some(2), ""));
    let baseline = tcpspec(&["baseline", "--write", "/nowhere/x", "--repeat", "2"]);
    assert_eq!(baseline.code(), Some(2), "{baseline:?}");
}

#[test]
fn pipeline_is_shown_what_is_red() {
    let folder = Folder::new();
    let (out, page) = (path(&folder, "out"), path(&folder, "page.md"));
    folder.file("page.md", "what an earlier step wrote\n");
    let arguments = [
        "--ledger",
        "none",
        "--out",
        &out,
        "--summary",
        "markdown",
        "--annotations",
        "github",
        "--exact",
        KNOWN,
    ];
    let said = said(command(&arguments).env("GITHUB_STEP_SUMMARY", &page));
    assert_eq!(said.code(), Some(1));
    let annotation = "::error file=cases/reset/received.yaml,line=";
    let title = KNOWN.replace(':', "%3A");
    let lines: Vec<_> = said.out.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(lines.len(), 1, "{}", said.out);
    assert!(lines[0].starts_with(annotation) && lines[0].contains(&title), "{}", lines[0]);
    let summary = std::fs::read_to_string(folder.path().join("out/summary.md")).unwrap();
    assert!(summary.contains(": red\n") && summary.contains(&format!("| `{KNOWN}` | ")), "{summary}");
    assert_eq!(std::fs::read_to_string(page).unwrap(), format!("what an earlier step wrote\n{summary}"));
}

#[test]
fn summary_page_that_cannot_be_written_is_told_and_not_green() {
    let folder = Folder::new();
    let arguments =
        ["--out", &path(&folder, "out"), "--summary", "markdown", "--exact", &trials(&[QUICK])[0]];
    let said = said(command(&arguments).env("GITHUB_STEP_SUMMARY", "/nowhere/page"));
    assert_eq!(said.code(), Some(3));
    let why = "bench: the evidence is not complete: cannot write the summary page /nowhere/page: ";
    assert!(said.out.contains(why), "{}", said.out);
}
