//! Files that are wrong or cannot be read.

use crate::CASES;
use crate::program::{Folder, QUICK, listed, tcpspec, trials};
use pretty_assertions::assert_eq;

#[test]
fn broken_case_file_is_shown_with_a_caret_and_exits_with_5() {
    let folder = Folder::new();
    let file = folder.file("area/three.yaml", &CASES.replace("expect: RST, seq: 7", "expct: RST, seq: 7"));
    let cases = folder.path().display().to_string();
    for arguments in [&["--cases", &cases][..], &["check", "--cases", &cases], &["--list", "--cases", &cases]]
    {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        for part in [format!("{file}:11:10"), "^^^^^".into(), "did you mean `expect`?".into()] {
            assert!(said.err.contains(&part), "{part:?} is missing:\n{}", said.err);
        }
    }
}

#[test]
fn broken_profile_or_ledger_exits_with_5_and_its_place() {
    let folder = Folder::new();
    let profile = folder.file("dut.yaml", "name: dut\nkind: devise\n");
    let ledger = folder.file("ledger.yaml", "about: a\nentries:\n  - {case: x, finding: y, resaon: z}\n");
    let wrong: [(&[&str], &str, &str); 4] = [
        (&["--target", &profile], "dut.yaml:2:7", "`device`"),
        (&["check", "--target", &profile], "dut.yaml:2:7", "`device`"),
        (&["--ledger", &ledger, QUICK], "ledger.yaml:3:", "`reason`"),
        (&["check", "--ledger", &ledger], "ledger.yaml:3:", "`reason`"),
    ];
    for (arguments, place, hint) in wrong {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        for part in [place, hint, "^"] {
            assert!(said.err.contains(part), "{part:?} is missing:\n{}", said.err);
        }
    }
}

#[test]
fn unreadable_files_exit_with_5_and_one_sentence() {
    let folder = Folder::new();
    let (empty, missing) = (folder.path().display().to_string(), folder.path().join("none.yaml"));
    let missing = missing.display().to_string();
    let (latin, folder_path) = (folder.path().join("latin1.yaml"), empty.clone());
    std::fs::write(&latin, b"name: \xe9\n").expect("a file");
    let latin = latin.display().to_string();
    let wrong: [(&[&str], &str); 6] = [
        (&["--cases", &missing], "cannot read the cases"),
        (&["--target", &missing], "cannot read the profile"),
        (&["--ledger", &missing], "cannot read the ledger"),
        (&["--target", &latin], "cannot read the profile"),
        (&["--target", &folder_path], "cannot read the profile"),
        (&["check", "--ledger", &missing], "cannot read the ledger"),
    ];
    for (arguments, sentence) in wrong {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        assert!(said.err.starts_with(&format!("tcpspec: {sentence}")), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
    std::fs::remove_file(latin).expect("it is ours");
    let nothing = tcpspec(&["--cases", &empty]);
    assert_eq!((nothing.code(), nothing.err), (Some(5), format!("tcpspec: {empty} holds no .yaml file\n")));
}

#[test]
fn check_passes_what_is_built_in_and_finds_what_a_ledger_names_in_vain() {
    let well = tcpspec(&["check"]);
    assert_eq!((well.code(), well.err.as_str()), (Some(0), ""));
    assert!(well.out.ends_with("requirements: all well\n"), "{}", well.out);
    let folder = Folder::new();
    let ledger = folder.file(
        "ledger.yaml",
        "about: a\nentries:\n  - {case: no/such/case, finding: wrong-stat, reason: r, source: s}\n",
    );
    let said = tcpspec(&["check", "--ledger", &ledger]);
    assert_eq!(said.code(), Some(5));
    for part in ["no trial is called `no/such/case`", "did you mean `wrong-state`?"] {
        assert!(said.err.contains(part), "{part:?} is missing:\n{}", said.err);
    }
}

#[test]
fn exported_cases_are_those_of_the_tree_and_can_be_run() {
    let folder = Folder::new();
    let directory = folder.path().join("mine").display().to_string();
    let said = tcpspec(&["cases", "export", &directory]);
    assert_eq!(said.code(), Some(0), "{said:?}");
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/../cases");
    let differences =
        std::process::Command::new("diff").args(["-r", tree, &directory]).output().expect("diff runs");
    assert_eq!(String::from_utf8_lossy(&differences.stdout), "");
    assert!(differences.status.success(), "{differences:?}");
    assert_eq!(listed(&["--cases", &directory]), trials(&[""]));
    // What somebody has written is not replaced unasked.
    let again = tcpspec(&["cases", "export", &directory]);
    let why = format!(
        "tcpspec: {directory} is not empty; `--force` replaces what has the name of a file of the suite\n"
    );
    assert_eq!((again.code(), again.err), (Some(2), why));
    assert_eq!(tcpspec(&["cases", "export", "--force", &directory]).code(), Some(0));
}
