//! `tcpspec`: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("upper-tester") => tcpspec::upper_tester::agent::run(),
        _ => ExitCode::from(2),
    }
}
