use super::*;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;
use tcpspec_core::fault::FaultCatalogue;

#[test]
fn every_fault_of_the_file_exists_and_no_other() {
    let catalogue = FaultCatalogue::embedded().expect("the file is well formed");
    let named: BTreeSet<_> = catalogue.names().into_iter().collect();
    assert_eq!(names().collect::<BTreeSet<_>>(), named);
    assert_eq!(names().count(), named.len());
    assert!(names().all(|name| fault(name, 1).is_some()));
    assert!(fault("no-such-fault", 1).is_none());
}
