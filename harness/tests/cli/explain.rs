//! What an id stands for, from the command line.

use crate::CASES;
use crate::program::{Folder, tcpspec};
use pretty_assertions::assert_eq;

#[test]
fn every_kind_of_id_is_explained() {
    let kinds = [
        ("MUST-13", "requirement"),
        ("closed/closed-port/end-beyond-the-wrap", "case"),
        (crate::KNOWN, "trial"),
        ("wrong-state", "finding"),
        ("ack-stale", "fault"),
    ];
    for (id, kind) in kinds {
        let said = tcpspec(&["explain", id]);
        assert_eq!((said.code(), said.err.as_str()), (Some(0), ""), "{id}");
        assert_eq!(said.out.lines().next(), Some(format!("{id}  ({kind})").as_str()));
    }
    // What this kernel does otherwise is known, with its source.
    let known = tcpspec(&["explain", crate::KNOWN]).out;
    assert!(
        known.contains("  Linux        The first number behind the window counts as inside it.\n"),
        "{known}"
    );
    assert!(known.contains("source: net/ipv4/tcp_input.c, tcp_sequence()"), "{known}");
}

#[test]
fn several_ids_are_explained_in_their_order_or_not_at_all() {
    let page = |id: &str| tcpspec(&["explain", id]).out;
    let said = tcpspec(&["explain", "wrong-state", "MUST-13"]);
    assert_eq!((said.code(), said.err.as_str()), (Some(0), ""));
    assert_eq!(said.out, format!("{}\n{}", page("wrong-state"), page("MUST-13")));
    let said = tcpspec(&["explain", "MUST-13", "wrong-sate"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(2), ""));
    assert_eq!(said.err, "tcpspec: nothing is called `wrong-sate`; did you mean `wrong-state`?\n");
}

#[test]
fn unknown_id_exits_with_2_and_names_the_nearest() {
    let said = tcpspec(&["explain", "MUST13x"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(2), ""));
    assert_eq!(said.err, "tcpspec: nothing is called `MUST13x`; did you mean `MUST-13`?\n");
}

#[test]
fn cases_of_another_folder_are_explained() {
    let folder = Folder::new();
    folder.file("area/three.yaml", CASES);
    let cases = folder.path().display().to_string();
    let said = tcpspec(&["explain", "--cases", &cases, "area/three/slow"]);
    assert_eq!((said.code(), said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains(&format!("{cases}/area/three.yaml:")), "{}", said.out);
    assert_eq!(tcpspec(&["explain", "--cases", &cases, crate::KNOWN]).code(), Some(2));
}
