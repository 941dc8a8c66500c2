//! Lists, filters, and what they select.

use crate::program::{PROGRAM, QUICK, listed, said, tcpspec, trials};
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;
use std::process::Command;
use tcpspec_core::case::TrialId;

#[test]
fn list_names_every_trial_once_by_its_grammar_and_always_the_same() {
    let names = listed(&[]);
    assert!(names.len() > 400, "{}", names.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for name in &names {
        let id: TrialId = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&id.to_string(), name);
    }
    assert_eq!(listed(&["--seed", "1"]), names);
    assert_eq!(listed(&["--format", "terse"]), names, "as test runners ask");
    assert_eq!(listed(&["--ignored", "--skip", "/"]), [""; 0], "a list may be empty");
}

#[test]
fn listed_id_is_safe_in_a_shell() {
    let names = trials(&[QUICK, "active/", "reset/received"]);
    let harmless = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || "/:=-+._".contains(c));
    assert_eq!(names.iter().find(|name| !harmless(name)), None);
    // The longest words, with every kind of separator.
    for name in names.iter().filter(|name| name.contains('=')).take(1).chain(names.first()) {
        let said = said(Command::new("sh").arg("-c").arg(format!("{PROGRAM} --exact {name}")));
        assert_eq!((said.code(), said.counts()[0]), (Some(0), 1), "{said:?}");
        assert_eq!(said.lines(), [(name.as_str(), "ok")]);
    }
}

#[test]
fn several_filters_select_their_union_and_the_counts_are_true() {
    let filters = ["segment-without-ack-draws-rst-ack:v4:syn", "segment-with-ack-draws-rst:v6:text"];
    let (all, names) = (listed(&[]), listed(&filters));
    let wanted: BTreeSet<_> =
        all.iter().filter(|name| filters.iter().any(|filter| name.contains(filter))).cloned().collect();
    assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    let said = tcpspec(&filters);
    let (passed, rest) = (names.len() as u32, (all.len() - names.len()) as u32);
    assert_eq!((said.code(), said.counts()), (Some(0), [passed, 0, 0, rest]));
    assert_eq!(said.lines().iter().map(|(name, _)| name.to_string()).collect::<BTreeSet<_>>(), wanted);
    // Said twice is selected once.
    let twice = tcpspec(&[filters[0], filters[0]]);
    assert_eq!(twice.counts()[0], tcpspec(&[filters[0]]).counts()[0]);
}

#[test]
fn exact_and_skip_name_whole_ids() {
    let names = trials(&[QUICK]);
    let [one, other] = [&names[0], &names[names.len() - 1]];
    assert_eq!(tcpspec(&["--exact", one, other]).counts()[..2], [2, 0]);
    assert_eq!(tcpspec(&["--exact", one, other, "--skip", other]).lines(), [(one.as_str(), "ok")]);
    // A part of an id skips nothing where ids are exact, and all that it is part of otherwise.
    assert_eq!(tcpspec(&["--exact", one, "--skip", "closed"]).counts()[0], 1);
    let without_v6 = listed(&[QUICK, "--skip", "v6"]);
    assert_eq!(without_v6, names.iter().filter(|name| !name.contains("v6")).cloned().collect::<Vec<_>>());
}
