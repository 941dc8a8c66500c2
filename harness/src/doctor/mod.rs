//! `tcpspec doctor`: can this bench judge this target, here and now? Each check is a line, with what mends
//! it where it is not well. What a run needs is made as a run makes it, and seen to work; nothing is sent
//! that a run would not send.

mod answers;
mod clock;
mod device;
mod interface;
mod kernel;
mod limits;
mod report;
mod rights;

use crate::cli::{DoctorArguments, exit};
use crate::inputs::Inputs;
use crate::run::Stop;
use crate::target::{KernelBench, rules_its_network};
use nix::unistd::geteuid;
use report::Report;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use tcpspec_core::profile::Kind;

/// How the report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// A line for each check
    #[default]
    Text,
    /// One JSON object on one line
    Json,
}

/// Who asks, and for which target: what commands that mend something depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asker {
    /// As the command line names it.
    target: String,
    /// This binary.
    program: PathBuf,
    /// Before this process had a user namespace of its own, in which everybody is root.
    is_root: bool,
    /// Namespaces and what is in them can be made without a user namespace.
    rules_its_network: bool,
}

/// Looks at everything that a run on this target needs, and gives the code to exit with. `program` is the
/// binary that plays the application on the kernel: this one.
///
/// # Errors
/// The profile is invalid, or there is no such target.
pub fn doctor(wanted: &DoctorArguments, program: PathBuf) -> Result<u8, Stop> {
    let asker = Asker {
        target: wanted.target.clone(),
        program: program.clone(),
        is_root: geteuid().is_root(),
        rules_its_network: rules_its_network(),
    };
    // First of all: it must come before any thread.
    let kernel = (wanted.target == "kernel").then(|| KernelBench::prepare(program));
    let inputs = Inputs::read(&wanted.target, None)?;
    let mut report = Report::of(&wanted.target);
    match (&inputs.profile.kind, kernel) {
        (Kind::Kernel, Some(kernel)) => kernel::examine(&mut report, &asker, kernel, &inputs)?,
        (Kind::Kernel, None) => {
            return Err(Stop::new(exit::USAGE, "the kernel target is chosen with `--target kernel`"));
        }
        (Kind::Device(device), _) => device::examine(&mut report, &asker, device, &inputs)?,
        (Kind::Simulated, _) => {
            let says = "a stack in this process, on virtual time: it needs nothing of the bench";
            report.add("bench", report::Found::Ok(says.into()));
        }
    }
    let text = match wanted.format {
        Format::Text => report.text(wanted.color.is_on(std::io::stdout().is_terminal())),
        Format::Json => report.json(),
    };
    // A reader that went away is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(report.code())
}

/// What mends what nobody can explain: it may have been the moment.
const AGAIN: &str = "tcpspec doctor, again";

impl Asker {
    /// A command that only root may give.
    fn as_root(&self, command: &str) -> String {
        if self.is_root { command.to_owned() } else { format!("sudo {command}") }
    }
}
