//! Every labelled requirement of RFC 9293 has a case, or a reason why it has none.

use crate::case::Suite;
use crate::requirement::Catalogue;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;

#[test]
fn every_label_of_rfc_9293_has_a_case_or_a_reason_and_not_both() {
    let suite = Suite::embedded().expect("right");
    let shown: BTreeSet<String> =
        suite.cases().flat_map(|case| case.case().expect("right").requirements.clone()).collect();
    let is_label = |id: &str| ["MUST-", "SHLD-", "MAY-", "REC-"].iter().any(|label| id.starts_with(label));
    let catalogue = Catalogue::embedded();
    let wrong: Vec<&str> = catalogue
        .iter()
        .filter(|row| row.rfc == 9293 && is_label(&row.id))
        .filter(|row| shown.contains(&row.id) == row.not_testable.is_some())
        .map(|row| row.id.as_str())
        .collect();
    assert_eq!(wrong, Vec::<&str>::new());
}
