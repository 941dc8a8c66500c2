//! `tcpspec`: the command line.

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use tcpspec::audit::{self, CloseWaitAudit, Format};

/// Tells you whether a TCP stack keeps the standard.
#[derive(Parser)]
#[command(name = "tcpspec")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays the application on the target; started by the bench.
    #[command(hide = true)]
    UpperTester,
    /// Looks at a real server from outside.
    #[command(subcommand)]
    Audit(Audit),
    /// Counts the TCP connections of this machine by state, and names who holds CLOSE-WAIT.
    States {
        /// How the report is written.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Measures how long a server leaves connections half-closed after its peer has closed.
    CloseWait {
        /// The server: a name, an IPv4 address, or an IPv6 address in brackets; and the port.
        #[arg(long, value_name = "HOST:PORT")]
        target: String,
        /// How many connections, all at once.
        #[arg(long, value_name = "N", default_value_t = 10)]
        connections: usize,
        /// How long the server may take.
        #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
        within: Duration,
        /// How the report is written.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let result = match Arguments::parse().command {
        Command::UpperTester => return tcpspec::upper_tester::agent::run(),
        Command::States { format } => audit::states(format, &mut out).map(|()| ExitCode::SUCCESS),
        Command::Audit(Audit::CloseWait { target, connections, within, format }) => {
            let audit = CloseWaitAudit { target, connections, within };
            audit::close_wait(&audit, format, &mut out).map(audit::Kept::exit_code)
        }
    };
    let result = result.and_then(|code| Ok(out.flush().map(|()| code)?));
    result.unwrap_or_else(|error| {
        eprintln!("tcpspec: {error}");
        error.exit_code()
    })
}
