//! `tcpspec`: the command line.

use clap::Parser;
use std::process::ExitCode;
use tcpspec::cli::{Cli, Command, exit};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => run(&cli.run),
        Some(Command::Run(arguments)) => run(&arguments),
        Some(Command::UpperTester) => return tcpspec::upper_tester::agent::run(),
        Some(_) => Ok(exit::USAGE),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            eprintln!("tcpspec: {}", stop.message);
            ExitCode::from(stop.code)
        }
    }
}

fn run(arguments: &tcpspec::cli::RunArguments) -> Result<u8, tcpspec::run::Stop> {
    let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    tcpspec::run::run(arguments, program)
}
