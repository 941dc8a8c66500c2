//! Manual pages and completions: those of the tree are those of the program, and what reads them takes them.
//!
//! `TCPSPEC_WRITE=1 cargo test -p tcpspec --test cli paper` writes them anew.

use crate::evidence::is_missing;
use crate::program::{Folder, PROGRAM, tcpspec};
use pretty_assertions::assert_eq;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use tcpspec::cli::paper;

const SHELLS: [(&str, &str); 3] = [("bash", "tcpspec.bash"), ("zsh", "_tcpspec"), ("fish", "tcpspec.fish")];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("package").join(name)
}

/// The files of a folder of the tree, or of what should be there, if that is to be written.
fn kept(name: &str, now: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let folder = folder(name);
    if std::env::var_os("TCPSPEC_WRITE").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder of the tree");
        for (name, text) in now {
            std::fs::write(folder.join(name), text).expect("a file of the tree");
        }
    }
    let files = std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("text"))).collect()
}

fn pages() -> BTreeMap<String, String> {
    let pages = paper::pages().into_iter();
    pages.map(|(name, page)| (format!("{name}.1"), String::from_utf8(page).expect("text"))).collect()
}

fn completions() -> BTreeMap<String, String> {
    let said = |shell| tcpspec(&["completions", shell]);
    SHELLS.into_iter().map(|(shell, file)| (file.to_owned(), said(shell).out)).collect()
}

const WRITE: &str = "write them anew: TCPSPEC_WRITE=1 cargo test -p tcpspec --test cli paper";

#[test]
fn pages_of_the_tree_are_those_of_the_program() {
    let now = pages();
    assert_eq!(kept("man", &now), now, "{WRITE}");
    let printed = |words: &[&str]| tcpspec(words).out;
    assert_eq!(printed(&["man"]), now["tcpspec.1"]);
    assert_eq!(printed(&["man", "audit-close-wait"]), now["tcpspec-audit-close-wait.1"]);
    let unknown = tcpspec(&["man", "compre"]);
    let why = "tcpspec: there is no command `compre`; did you mean `compare`?\n";
    assert_eq!((unknown.code(), unknown.err.as_str()), (Some(2), why));
}

#[test]
fn completions_of_the_tree_are_those_of_the_program() {
    let now = completions();
    assert_eq!(kept("completions", &now), now, "{WRITE}");
}

#[test]
fn nothing_is_told_of_what_is_hidden() {
    let texts: Vec<_> = pages().into_values().chain(completions().into_values()).collect();
    for hidden in
        ["upper-tester", r"upper\-tester", "measure-bench", r"measure\-bench", "nocapture", "unstable"]
    {
        assert_eq!(texts.iter().filter(|text| text.contains(hidden)).count(), 0, "{hidden}");
    }
    assert!(texts.iter().all(|text| text.contains("tcpspec")));
}

#[test]
fn every_command_has_a_page() {
    let help = tcpspec(&["--help"]).out;
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let named = commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let named: BTreeSet<_> = named.map(|name| format!("tcpspec-{name}.1")).collect();
    assert!(named.len() > 10, "{help}");
    let pages: BTreeSet<_> = pages().into_keys().collect();
    assert_eq!(named.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn formatter_of_pages_finds_nothing_wrong() {
    if is_missing("mandoc") {
        return;
    }
    let folder = Folder::new();
    for (name, page) in pages() {
        let page = folder.file(&name, &page);
        let output =
            Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(page).output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn shells_understand_their_completions() {
    for (shell, file) in SHELLS {
        if is_missing(shell) {
            continue;
        }
        let output =
            Command::new(shell).arg("-n").arg(folder("completions").join(file)).output().expect("it runs");
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // And one of them says what it would offer.
    let script = format!(
        "source {}; COMP_WORDS=(tcpspec com); COMP_CWORD=1; _tcpspec tcpspec com tcpspec; echo ${{COMPREPLY[@]}}",
        folder("completions").join("tcpspec.bash").display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    let offered = String::from_utf8_lossy(&output.stdout);
    assert_eq!(offered.split_whitespace().collect::<Vec<_>>(), ["compare", "completions"], "{PROGRAM}");
}
