//! `tcpspec`: the command line.

use clap::Parser;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tcpspec::audit::{self, CloseWaitAudit, Kept};
use tcpspec::cli::{self, AuditArguments, CasesArguments, Cli, Command, paper};
use tcpspec::evidence::{compare, html, merge};
use tcpspec::{baseline, check, coverage, doctor, explain, export, measure, prove, run, schema};

/// A run makes and drops millions of small things on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Two megabytes at a time, each cleared first, are more than is ever touched: without them the first
    // verdict comes sooner, and a run takes a quarter less memory.
    let _ = nix::sys::prctl::set_thp_disable(true);
    let cli = Cli::parse();
    // An application must see a closed connection as an error.
    if !matches!(cli.command, Some(Command::UpperTester)) {
        cli::end_when_unread();
    }
    let result = match cli.command {
        None => run::run(&cli.run, this_program()),
        Some(Command::Run(arguments)) => run::run(&arguments, this_program()),
        Some(Command::Explain { ids, cases }) => explain::explain(&ids, cases.as_deref()),
        Some(Command::Baseline(arguments)) => baseline::baseline(&arguments, this_program()),
        Some(Command::Check { cases, target, ledger }) => check::check(cases.as_deref(), &target, &ledger),
        Some(Command::Doctor(arguments)) => doctor::doctor(&arguments, this_program()),
        Some(Command::Cases(CasesArguments::Export { directory, force })) => {
            export::export(&directory, force)
        }
        Some(Command::Coverage(arguments)) => coverage::coverage(&arguments),
        Some(Command::Compare { old, new, format }) => compare::compare(&old, &new, format),
        Some(Command::Report { runs, output }) => html::report(&runs, &output),
        Some(Command::Merge(arguments)) => merge::merge(&arguments),
        Some(Command::Faults(arguments)) => prove::prove(&arguments, this_program()),
        Some(Command::MeasureBench { trials, at_once }) => measure::measure(trials, at_once, this_program()),
        Some(Command::Schema { of }) => schema::schema(of),
        Some(Command::Man { command }) => paper::man(command.as_deref()),
        Some(Command::Completions { shell }) => paper::completions(shell),
        Some(Command::UpperTester) => return tcpspec::upper_tester::agent::run(),
        Some(Command::Audit(AuditArguments::CloseWait { target, connections, within, format })) => {
            let wanted = CloseWaitAudit { target, connections, within };
            return reported(|out| audit::close_wait(&wanted, format, out).map(Kept::exit_code));
        }
        Some(Command::States { format }) => {
            return reported(|out| audit::states(format, out).map(|()| ExitCode::SUCCESS));
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            eprintln!("tcpspec: {}", stop.message);
            ExitCode::from(stop.code)
        }
    }
}

fn reported(report: impl FnOnce(&mut dyn Write) -> Result<ExitCode, audit::AuditError>) -> ExitCode {
    let mut out = io::stdout().lock();
    let result = report(&mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    result.unwrap_or_else(|error| {
        eprintln!("tcpspec: {error}");
        error.exit_code()
    })
}

/// It also plays the application on the target, in a process of its own.
fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into())
}
