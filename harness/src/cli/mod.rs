//! Arguments, and what becomes of them.

mod arguments;
pub mod paper;

pub use arguments::{
    Annotations, AuditArguments, BaselineArguments, CasesArguments, Cli, Colour, Command, CoverageArguments,
    DoctorArguments, FaultsArguments, Format, MergeArguments, Proving, RunArguments, Schema, Shell,
    ShownArguments, Summary,
};

/// Ends the program without a word when its output is read no further: `tcpspec | head`. To be
/// called by a program that writes reports, not by one that plays an application.
pub fn end_when_unread() {
    crate::link::sys::end_when_unread();
}

/// Exit codes of `tcpspec` (README, "Exit codes").
pub mod exit {
    /// Nothing red.
    pub const GREEN: u8 = 0;
    /// The target broke a requirement, a state could not be reached, or the ledger is stale.
    pub const RED: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 2;
    /// Nothing red, but the bench failed somewhere.
    pub const BENCH_FAULT: u8 = 3;
    /// Nothing was selected.
    pub const NOTHING_SELECTED: u8 = 4;
    /// A case, profile or ledger file is invalid.
    pub const INVALID_FILE: u8 = 5;
    /// The bench cannot be set up here.
    pub const BENCH_UNABLE: u8 = 6;
    /// The target does not answer.
    pub const UNREACHABLE: u8 = 7;

    /// What each means, as documents say it.
    pub const MEANINGS: [(u8, &str); 8] = [
        (GREEN, "nothing red"),
        (RED, "a fail, an inconclusive trial, or a ledger entry that no longer holds"),
        (USAGE, "the command line is wrong"),
        (BENCH_FAULT, "nothing red but errors of the bench"),
        (NOTHING_SELECTED, "nothing was selected, or a filter selects nothing"),
        (INVALID_FILE, "a case, profile or ledger file, or a file of a run, is invalid"),
        (BENCH_UNABLE, "the bench cannot be set up on this machine"),
        (UNREACHABLE, "the target does not answer"),
    ];
}
