//! What stands on a terminal: the status line comes and goes, and takes nothing with it.

use crate::SILENT;
use crate::program::{QUICK, Said, command, trials};
use nix::errno::Errno;
use nix::pty::openpty;
use nix::unistd::read;
use pretty_assertions::assert_eq;
use std::process::Stdio;

/// Everything that the program wrote to a terminal, and how it ended.
fn on_a_terminal(arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let ends = openpty(None, None).expect("a terminal");
    let copy = || Stdio::from(ends.slave.try_clone().expect("a copy of its end"));
    let mut command = command(arguments);
    command.stdin(copy()).stdout(copy()).stderr(copy()).env_remove("NO_COLOR").env("TERM", "xterm");
    command.envs(environment.iter().copied());
    let mut child = command.spawn().expect("the program starts");
    // Every copy of the other end must be closed for the end to be seen.
    drop((command, ends.slave));
    let mut octets = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        match read(&ends.master, &mut buffer) {
            Ok(0) | Err(Errno::EIO) => break,
            Ok(length) => octets.extend_from_slice(&buffer[..length]),
            Err(errno) => panic!("reading the terminal: {errno}"),
        }
    }
    let status = child.wait().expect("it ends");
    Said { status, out: String::from_utf8(octets).expect("text"), err: String::new() }
}

/// What is to be read on the terminal in the end, line by line.
fn screen(written: &str) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let mut column = 0;
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        let line = lines.last_mut().expect("there is always one");
        match character {
            '\r' => column = 0,
            '\n' => lines.push(Vec::new()),
            '\x1b' => {
                let sequence: String = characters.by_ref().take_while(|c| !c.is_ascii_alphabetic()).collect();
                // `take_while` ate the letter: only two sequences are known here.
                match sequence.as_str() {
                    "[2" => line.clear(),
                    colour => {
                        assert!(colour.chars().skip(1).all(|c| c.is_ascii_digit() || c == ';'), "{colour}")
                    }
                }
            }
            _ => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

const STATUS: &str = "running (at most ";

fn has(screen: &[String], line: &str) -> bool {
    screen.iter().any(|shown| shown == line)
}

#[test]
fn status_line_says_how_many_run_and_wait_and_goes_without_a_trace() {
    for threads in ["1", "100"] {
        let said = on_a_terminal(&["--test-threads", threads, SILENT], &[]);
        assert_eq!(said.code(), Some(0), "{}", said.out);
        let expected = match threads {
            "1" => "1 running (at most ",
            _ => "4 running (at most ",
        };
        assert!(said.out.contains(expected), "{:?}", said.out);
        assert!(said.out.contains(" s more), "), "{:?}", said.out);
        let screen = screen(&said.out);
        assert!(!screen.iter().any(|line| line.contains("waiting their turn")), "{screen:#?}");
        for name in trials(&[SILENT]) {
            assert!(screen.iter().any(|line| line.starts_with(&format!("test {name} "))), "{screen:#?}");
            assert!(
                screen.iter().any(|line| line.contains(&name) && line.ends_with("... ok")),
                "{screen:#?}"
            );
        }
        assert!(has(&screen, "verdicts: 4 pass"), "{screen:#?}");
    }
}

#[test]
fn status_line_is_only_for_lines_that_people_read() {
    // Its dots stand on one line, which must not be wiped out.
    let terse = on_a_terminal(&["-q", SILENT], &[]);
    assert!(has(&screen(&terse.out), "...."), "{:#?}", screen(&terse.out));
    let json = on_a_terminal(&["--format", "json", SILENT], &[]);
    for said in [terse, json, on_a_terminal(&["--list", SILENT], &[])] {
        assert!(!said.out.contains(STATUS) && !said.out.contains("\x1b[2K"), "{:?}", said.out);
    }
}

#[test]
fn colour_is_for_terminals_and_can_be_refused() {
    let green = "\x1b[32mok";
    let name = &trials(&[QUICK])[0];
    let coloured =
        |arguments: &[&str], environment: &[_]| on_a_terminal(arguments, environment).out.contains(green);
    assert!(coloured(&[name], &[]));
    assert!(!coloured(&[name], &[("NO_COLOR", "1")]));
    assert!(coloured(&[name], &[("NO_COLOR", "")]), "empty means that it is not set (no-color.org)");
    assert!(!coloured(&["--color", "never", name], &[]));
    assert!(coloured(&["--color", "always", name], &[("NO_COLOR", "1")]));
    let piped = |arguments: &[&str]| crate::program::tcpspec(arguments).out.contains(green);
    assert_eq!([piped(&[name]), piped(&["--color", "always", name])], [false, true]);
}
