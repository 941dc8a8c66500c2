//! Ledgers: whatever is wrong with one is said at its place, and looking something up is safe.

use super::text::{judge, refused};
use tcpspec_core::ledger::{Date, Ledger, Target, Waiver};

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let ledger = match Ledger::read(FILE, text) {
        Ok(ledger) => ledger,
        Err(problems) => return refused(&problems, FILE, text),
    };
    let today = Date::from_unix_seconds(1_790_000_000);
    let target = Target { name: "kernel", version: "6.18.4-rc1" };
    for entry in ledger.entries() {
        assert!(entry.case.matches(entry.case.as_str()), "{entry:?}");
        // A pattern of stars only meets a name at once, however long both are.
        assert!(!entry.case.is_exact() || !entry.case.matches(&"a/".repeat(5_000)));
        let waiver = ledger.matches(entry.case.as_str(), &entry.finding, today, target);
        let in_force = entry.applies_to(target) && !entry.has_expired(today);
        assert!(!in_force || !matches!(waiver, Waiver::None), "{entry:?}");
    }
    judge(&ledger.check(&["area/file/case"], &["silent"]), FILE, text);
}

const FILE: &str = "ledger.yaml";
