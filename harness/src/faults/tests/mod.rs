mod random;
mod script;

use super::*;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;
use tcpspec_core::fault::{FaultCatalogue, FaultGroup};

#[test]
fn every_fault_of_the_file_exists_and_no_other() {
    let catalogue = FaultCatalogue::embedded().expect("the file is well formed");
    let named: BTreeSet<_> = catalogue.names().into_iter().collect();
    assert_eq!(names().collect::<BTreeSet<_>>(), named);
    assert_eq!(names().count(), named.len());
    assert!(names().all(|name| fault(name, 1).is_some()));
    assert!(fault("no-such-fault", 1).is_none());
}

/// All that the faults of a group change in the conversations of `scenes.txt`; what is not named there
/// is as without the fault.
fn changes(group: FaultGroup) -> String {
    let catalogue = FaultCatalogue::embedded().expect("the file is well formed");
    let mut text = String::new();
    for entry in catalogue.iter().filter(|entry| entry.group == group) {
        text += &format!("{}: {}\n", entry.name, entry.does);
        for scene in SCENES.split("# ").skip(1) {
            let (title, script) = scene.split_once('\n').expect("a title");
            let conduit = Conduit::through(fault(&entry.name, 1).expect("it exists"));
            let differences = script::differences(conduit, script);
            if !differences.is_empty() {
                text += &format!("  {title}\n{differences}");
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn every_fault_changes_something() {
    let changes: String = FaultGroup::ALL.into_iter().map(changes).collect();
    let idle: Vec<_> = changes.split("\n\n").filter(|fault| !fault.contains("=>")).map(str::trim).collect();
    assert_eq!(idle, [""]);
}

macro_rules! groups {
    ($($test:ident: $group:ident,)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(changes(FaultGroup::$group));
        })*
    };
}

groups! {
    faults_of_numbers_change_what_they_say: Numbers,
    faults_of_answers_change_what_they_say: Answers,
    faults_of_states_change_what_they_say: States,
    faults_of_acceptance_change_what_they_say: Acceptance,
    faults_of_options_change_what_they_say: Options,
    faults_of_data_change_what_they_say: Data,
    faults_of_timing_change_what_they_say: Timing,
    faults_of_windows_change_what_they_say: Window,
    faults_of_icmp_change_what_they_say: Icmp,
    faults_of_ip_change_what_they_say: Ip,
}

const SCENES: &str = include_str!("scenes.txt");
