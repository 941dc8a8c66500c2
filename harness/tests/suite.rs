//! The suite itself under `cargo test`: its target is the kernel of this machine.
//!
//! Its arguments are those of `tcpspec run`, libtest's among them, so that `cargo test --test suite
//! -- reset --skip v6` and other test runners (`--list --format terse`, `--exact NAME --nocapture`)
//! do what they do elsewhere.

use clap::Parser;
use std::process::ExitCode;
use tcpspec::cli::{self, RunArguments, exit};
use tcpspec::run::run;

/// The conformance suite as a test program.
#[derive(Parser)]
struct Suite {
    #[command(flatten)]
    run: RunArguments,
}

/// libtest's own code for a red run.
const RED: u8 = 101;

fn main() -> ExitCode {
    let arguments = RunArguments { filters_may_miss: true, ..Suite::parse().run };
    cli::end_when_unread();
    match run(&arguments, env!("CARGO_BIN_EXE_tcpspec").into()) {
        Ok(exit::GREEN) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(RED),
        Err(stop) => {
            eprintln!("tcpspec: {}", stop.message);
            ExitCode::from(RED)
        }
    }
}
