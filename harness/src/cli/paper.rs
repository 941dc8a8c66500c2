//! `tcpspec man`, `tcpspec completions`: made of the same definition as `--help`.

use super::{Cli, Shell, exit};
use crate::run::Stop;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io::{self, Write};
use tcpspec_core::yaml::nearest;

/// Prints the manual page of the program, or of a command of it (`audit close-wait` is `audit-close-wait`).
///
/// # Errors
/// There is no such command.
pub fn man(command: Option<&str>) -> Result<u8, Stop> {
    let name = command.map_or("tcpspec".to_owned(), |command| format!("tcpspec-{command}"));
    let pages = pages();
    let page = pages.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        let known = || pages.iter().filter_map(|(known, _)| known.strip_prefix("tcpspec-"));
        let command = command.unwrap_or_default();
        let hint = match nearest(command, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
        };
        Stop::new(exit::USAGE, format!("there is no command `{command}`; {hint}"))
    })?;
    // A reader that went away is no reason to stop.
    let _ = io::stdout().write_all(&page.1);
    Ok(exit::GREEN)
}

/// Prints completions for a shell.
///
/// # Errors
/// None.
pub fn completions(shell: Shell) -> Result<u8, Stop> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut visible(), "tcpspec", &mut text);
    let _ = io::stdout().write_all(&text);
    Ok(exit::GREEN)
}

/// Every page there is: its name, and its text.
#[must_use]
pub fn pages() -> Vec<(String, Vec<u8>)> {
    let mut pages = Vec::new();
    let mut program = visible();
    program.build();
    collect("tcpspec", &program, &mut pages);
    pages
}

fn collect(name: &str, command: &Command, pages: &mut Vec<(String, Vec<u8>)>) {
    for command in command.get_subcommands() {
        collect(&format!("{name}-{}", command.get_name()), command, pages);
    }
    let mut page = Vec::new();
    let man = Man::new(command.clone().name(name.to_owned()).display_name(name.to_owned()));
    let written =
        man.render(&mut page).and_then(|()| if name == "tcpspec" { more(&mut page) } else { Ok(()) });
    written.expect("memory takes it");
    pages.push((name.to_owned(), page));
}

/// What the page of the program has behind what its arguments say.
fn more(page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in exit::MEANINGS {
        roff.control("TP", []).text([bold(code.to_string())]).text([roman(meaning)]);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (name, meaning) in ENVIRONMENT {
        roff.control("TP", []).text([bold(name)]).text([roman(meaning)]);
    }
    roff.control("SH", ["EXAMPLES"]);
    for (command, meaning) in EXAMPLES {
        roff.control("TP", []).text([bold(command)]).text([roman(meaning)]);
    }
    roff.to_writer(page)
}

/// The program without what is for itself alone, or accepted without meaning anything.
fn visible() -> Command {
    without_hidden(&Cli::command()).version(env!("CARGO_PKG_VERSION")).args_conflicts_with_subcommands(true)
}

fn without_hidden(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set());
    let visible = Command::new(command.get_name().to_owned())
        .args(arguments.cloned())
        .subcommands(commands.map(without_hidden))
        // It explains nothing that is not explained in place.
        .disable_help_subcommand(true)
        .subcommand_required(command.is_subcommand_required_set());
    let visible = match command.get_about() {
        Some(about) => visible.about(about.clone()),
        None => visible,
    };
    match command.get_long_about() {
        Some(about) => visible.long_about(about.clone()),
        None => visible,
    }
}

const ENVIRONMENT: [(&str, &str); 3] = [
    ("NO_COLOR", "If it is set and not empty, nothing is coloured unless --color always says so."),
    ("GITHUB_STEP_SUMMARY", "The file to which --summary markdown adds the summary of the run."),
    (
        "TMPDIR",
        "Where --repeat keeps the evidence of its runs until it has compared them, if --out names no place.",
    ),
];

const EXAMPLES: [(&str, &str); 6] = [
    ("tcpspec", "Runs the suite against this machine's own kernel, in a network namespace of its own."),
    ("tcpspec --list closing", "Names the trials whose id contains closing."),
    (
        "tcpspec --target board.yaml --out results",
        "Runs it against a device, and leaves the evidence in results/.",
    ),
    ("tcpspec explain MUST-13", "Says what is known of a requirement."),
    ("tcpspec compare old/run.jsonl new/run.jsonl", "Says what fails now and did not before."),
    ("tcpspec doctor --target board.yaml", "Says whether the bench can judge this device, here and now."),
];
