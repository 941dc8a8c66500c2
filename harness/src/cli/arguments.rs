//! The command line as typed.

use crate::evidence::{Captures, compare};
use crate::runner::Shard;
use crate::{audit, coverage, doctor};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use tcpspec_core::requirement::Threshold;

/// Says whether a TCP stack keeps the standard, requirement by requirement.
///
/// Without a command it runs the suite against this machine's own kernel, in a network namespace
/// of its own.
#[derive(Debug, Parser)]
#[command(name = "tcpspec", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `run` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Arguments of `run`.
    #[command(flatten)]
    pub run: RunArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the suite (the default)
    Run(RunArguments),
    /// Say what requirements, cases, trials, findings or faults are about
    Explain {
        /// `MUST-13`, `closing/half-close/…`, `wrong-state`, `ack-stale`
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Read the cases of this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        cases: Option<PathBuf>,
    },
    /// Run the suite, and write a ledger with which that run is green
    Baseline(BaselineArguments),
    /// Say whether this bench can judge a target, here and now, and what mends it if not
    Doctor(DoctorArguments),
    /// Check case, profile and ledger files without running anything
    Check {
        /// Read the cases of this directory instead of the built-in ones
        #[arg(long, value_name = "DIR")]
        cases: Option<PathBuf>,
        /// Check this profile too
        #[arg(long, value_name = "FILE")]
        target: Vec<PathBuf>,
        /// Check this ledger too
        #[arg(long, value_name = "FILE")]
        ledger: Vec<PathBuf>,
    },
    /// Give the built-in cases away
    #[command(subcommand)]
    Cases(CasesArguments),
    /// Say which cases show each requirement, and what has none
    Coverage(CoverageArguments),
    /// Say what is otherwise in one run than in another; red only if a trial fails that did not
    Compare {
        /// The earlier run: its run.jsonl
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The later run: its run.jsonl
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: compare::Format,
    },
    /// Write one HTML file about one or more runs
    Report {
        /// Their run.jsonl files; each gets a column
        #[arg(value_name = "RUN", required = true)]
        runs: Vec<PathBuf>,
        /// The file to write
        #[arg(short, long, value_name = "FILE", default_value = "report.html")]
        output: PathBuf,
    },
    /// Make one run of the shares of a run: what each left behind with `--shard K/N --out DIR`
    Merge(MergeArguments),
    /// Prove that every case can fail: run it under the faults that it names
    Faults(FaultsArguments),
    /// Look at a real server from an operator's side
    #[command(subcommand)]
    Audit(AuditArguments),
    /// Count the TCP connections of this machine (or namespace) by state
    States {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: audit::Format,
    },
    /// Print what a file looks like, as JSON Schema (draft-07), for editors
    Schema {
        /// Of which
        #[arg(value_enum, value_name = "NAME")]
        of: Schema,
    },
    /// Print the manual page of the program, or of one of its commands
    Man {
        /// `run`, `compare`, …
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// For which
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Play the application on the target (started by the bench, speaks its protocol on descriptor 0)
    #[command(hide = true)]
    UpperTester,
    /// Measure the bench itself (used by ci/bench)
    #[command(hide = true)]
    MeasureBench {
        /// Short trials in the measured run
        #[arg(long, default_value_t = 5000)]
        trials: u32,
        /// Trials at once in the memory measurement
        #[arg(long, default_value_t = 1000)]
        at_once: u32,
    },
}

/// Arguments of `merge`.
#[derive(Args, Clone, Debug)]
pub struct MergeArguments {
    /// The directories of the shares, in any order
    #[arg(value_name = "SHARD", required = true)]
    pub shards: Vec<PathBuf>,
    /// Leave the evidence of the whole run in this directory. What an earlier run left there is replaced
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What a pipeline shows of the run.
    #[command(flatten)]
    pub shown: ShownArguments,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// A file of cases
    Case,
    /// The profile of a target
    Profile,
    /// Known deviations of a target
    Ledger,
    /// A line of run.jsonl
    Record,
}

/// Shells that complete what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// What can be done with the built-in cases.
#[derive(Debug, Subcommand)]
pub enum CasesArguments {
    /// Write them to a directory: `--cases DIR` then runs what you make of them
    Export {
        /// The directory; made where there is none
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Write there even where it is not empty, and replace files of the same names
        #[arg(long)]
        force: bool,
    },
}

/// Audits.
#[derive(Debug, Subcommand)]
pub enum AuditArguments {
    /// How long does a server leave connections half-closed after its peer has closed?
    CloseWait {
        /// The server
        #[arg(long, value_name = "HOST:PORT")]
        target: String,
        /// How many connections, side by side
        #[arg(long, default_value_t = 10, value_name = "N")]
        connections: usize,
        /// The longest that a server may take
        #[arg(long, default_value = "5s", value_parser = humantime::parse_duration, value_name = "SPAN")]
        within: Duration,
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: audit::Format,
    },
}

/// Arguments of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArguments {
    /// The target: `kernel`, `smoltcp`, or the profile of a device
    #[arg(long, default_value = "kernel", value_name = "kernel|smoltcp|FILE")]
    pub target: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: doctor::Format,
    /// When to colour
    #[arg(long, visible_alias = "colour", value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

/// Arguments of `coverage`.
#[derive(Args, Clone, Debug)]
pub struct CoverageArguments {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: coverage::Format,
    /// Read the cases of this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// Tell the verdicts of this run too: what `tcpspec --format json` printed
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// List the requirements of other RFCs than 9293 too; a gap among them, or in TC8, is red as well
    #[arg(long)]
    pub all: bool,
    /// The cases of the automotive TC8 specification instead (this is no certification)
    #[arg(long)]
    pub tc8: bool,
}

/// Arguments of `baseline`.
#[derive(Args, Clone, Debug)]
pub struct BaselineArguments {
    /// What to run.
    #[command(flatten)]
    pub run: RunArguments,
    /// Where to write the ledger
    #[arg(long, value_name = "FILE")]
    pub write: PathBuf,
    /// Write it even where there is such a file
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `faults`.
#[derive(Args, Clone, Debug)]
pub struct FaultsArguments {
    /// Only the trials whose id contains one of these
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Each case under every fault, not only under its own
    #[arg(long)]
    pub all: bool,
    /// Only this fault (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
    /// Where the cases are run; the kernel runs what is not proven on virtual time
    #[arg(long, value_enum, default_value_t = Proving::Both)]
    pub target: Proving,
    /// Run slow trials on the kernel too; on virtual time they always are
    #[arg(long)]
    pub include_ignored: bool,
    /// Write everything that is known as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// As for `run`
    #[arg(long, value_parser = parse_seed, value_name = "HEX")]
    pub seed: Option<u64>,
    /// Read the cases of this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// List the cases with their faults instead of running them
    #[arg(long)]
    pub list: bool,
}

/// Where faults are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proving {
    /// This machine's kernel
    Kernel,
    /// smoltcp on virtual time
    Smoltcp,
    /// First smoltcp, then the kernel
    Both,
}

/// Formats of test output: those of libtest, and KTAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line for each trial
    Pretty,
    /// One character for each trial
    Terse,
    /// One JSON object for each event
    Json,
    /// KTAP version 1, as kernel tests print it
    Tap,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Arguments of `run`. Those that libtest has mean what they mean there.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// Run the trials whose id contains one of these
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Filters that select nothing are no mistake, and neither is an empty selection: `cargo test
    /// NAME` tells the name to every test program
    #[arg(skip)]
    pub filters_may_miss: bool,
    /// Filters and skips name whole ids
    #[arg(long)]
    pub exact: bool,
    /// Leave out the trials whose id contains this (may be repeated)
    #[arg(long, value_name = "FILTER")]
    pub skip: Vec<String>,
    /// List the trials instead of running them
    #[arg(long)]
    pub list: bool,
    /// Run the slow trials too
    #[arg(long)]
    pub include_ignored: bool,
    /// Run only the slow trials; with `--list`, how long each takes stands on standard error
    #[arg(long, conflicts_with = "include_ignored")]
    pub ignored: bool,
    /// Run at most so many trials at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub test_threads: Option<u32>,
    /// Form of the test output
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The same as --format terse
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// When to colour
    #[arg(long, visible_alias = "colour", value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// Accepted for test runners; output is never captured
    #[arg(long, alias = "no-capture", hide = true)]
    pub nocapture: bool,
    /// Accepted for test runners; there is nothing else to show
    #[arg(long, hide = true)]
    pub show_output: bool,
    /// Accepted for test runners; there are no benchmarks
    #[arg(long, hide = true)]
    pub test: bool,
    /// Accepted for test runners, which ask for JSON with it
    #[arg(short = 'Z', hide = true, value_name = "unstable-options")]
    pub unstable: Option<String>,
    /// The target: `kernel`, `smoltcp` (in this process, on virtual time), or the profile of a device
    #[arg(long, default_value = "kernel", value_name = "kernel|smoltcp|FILE")]
    pub target: String,
    /// Ports, initial sequence numbers and payloads follow from it; hexadecimal, random otherwise
    #[arg(long, value_parser = parse_seed, value_name = "HEX")]
    pub seed: Option<u64>,
    /// Violations of this level and above fail the run
    #[arg(long, default_value = "must", value_parser = parse_level, value_name = "must|should|may")]
    pub level: Threshold,
    /// The target's known deviations; the built-in one for `kernel` and `smoltcp` otherwise, `none` for none
    #[arg(long, value_name = "FILE|none")]
    pub ledger: Option<String>,
    /// Read the cases of this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// Put this fault between bench and target, to see what a case makes of it; not with a device
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// Leave the evidence of the run in this directory: run.jsonl, junit.xml and pcap/. What an earlier run
    /// left there is replaced
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Which trials have their packets written to DIR/pcap
    #[arg(long, value_enum, default_value_t, requires = "out", value_name = "fail|all|none")]
    pub pcap: Captures,
    /// Run a share of the trials, the Kth of N; `tcpspec merge` makes one run of the shares again
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// Run only what was red in the run that left its evidence in this directory, with the same seed
    #[arg(long, value_name = "DIR")]
    pub rerun_failed: Option<PathBuf>,
    /// Run everything N times, each time with a seed of its own; the worst decides
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: Option<u32>,
    /// Stop at the first run that is not green; without --repeat, run until there is one
    #[arg(long)]
    pub until_fail: bool,
    /// What a pipeline shows of the run.
    #[command(flatten)]
    pub shown: ShownArguments,
}

/// What a pipeline shows of a run.
#[derive(Args, Clone, Debug, Default)]
pub struct ShownArguments {
    /// Write DIR/summary.md too, and add it to the summary page of the pipeline, where $GITHUB_STEP_SUMMARY
    /// names one
    #[arg(long, value_enum, requires = "out", value_name = "FORMAT")]
    pub summary: Option<Summary>,
    /// Print what is red so that the pipeline shows it at the case's line
    #[arg(long, value_enum, requires = "out", value_name = "SERVICE")]
    pub annotations: Option<Annotations>,
}

/// Forms of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Summary {
    /// GitHub's dialect, which GitLab reads as well
    Markdown,
}

/// Services that show annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Annotations {
    /// GitHub's workflow commands
    Github,
}

impl RunArguments {
    /// Whether a program reads the test output: what is meant for people goes elsewhere.
    pub(crate) fn is_for_programs(&self) -> bool {
        matches!(self.format, Some(Format::Json | Format::Tap))
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| format!("`{text}` is not a hexadecimal number of at most 16 digits"))
}

fn parse_level(text: &str) -> Result<Threshold, String> {
    text.parse().map_err(|error: tcpspec_core::requirement::UnknownLevel| error.to_string())
}

impl Colour {
    /// Whether to colour what goes to a terminal, or elsewhere.
    pub(crate) fn is_on(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            Self::Always => true,
            Self::Never => false,
        }
    }
}
