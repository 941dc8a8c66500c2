//! `--target smoltcp`: the suite on virtual time, as a user starts it.

mod program;

use pretty_assertions::assert_eq;
use program::{Folder, PROGRAM, Said, listed, said, tcpspec};
use std::process::Command;
use tcpspec::cli::{Cli, exit};
use tcpspec::run::{SimulatedTarget, run_simulated};
use tcpspec::target::simulated::{SmoltcpStack, Stack};
use tcpspec_core::ledger::Ledger;
use tcpspec_core::profile::{self, Profile};

/// What was said of each trial, whatever the order and the time.
fn verdicts(said: &Said) -> Vec<(&str, &str)> {
    let mut lines = said.lines();
    lines.sort_unstable();
    lines
}

#[test]
fn suite_is_green_at_every_level_with_the_ledger_and_without_waiting() {
    let whole = tcpspec(&["--target", "smoltcp", "--level", "may", "--include-ignored"]);
    assert_eq!(whole.code(), Some(0), "{whole:?}");
    let [passed, failed, ignored, _] = whole.counts();
    assert_eq!((failed, passed + ignored), (0, listed(&["--target", "smoltcp"]).len() as u32));
    assert!(passed > 400, "{passed}");
    assert!(whole.out.contains("\nbench: at most 0 µs late, 0 trials repeated\n"), "{}", whole.out);
    let without = tcpspec(&["--target", "smoltcp", "--ledger", "none"]);
    assert_eq!(without.code(), Some(1));
}

#[test]
fn same_seed_says_the_same_on_any_number_of_threads() {
    let with_threads = |threads| {
        let filters = ["reset/", "closed/", "--ledger", "none", "--test-threads", threads];
        tcpspec(&[&["--target", "smoltcp", "--seed", "7"][..], &filters].concat())
    };
    let [one, many] = ["1", "9"].map(with_threads);
    assert_eq!((one.code(), verdicts(&one)), (Some(1), verdicts(&many)));
    let blocks = |said: &Said| {
        let mut blocks: Vec<String> = said.out.split("\n---- ").skip(1).map(str::to_owned).collect();
        // Behind the last one stand the counts.
        let last = blocks.pop().expect("failures");
        blocks.push(last.split("\n\nfailures:").next().unwrap_or_default().to_owned());
        blocks.sort_unstable();
        blocks
    };
    assert_eq!(blocks(&one), blocks(&many));
}

#[test]
fn needs_no_right_at_all() {
    // Neither namespaces nor, without capabilities, packet sockets.
    let script = "echo 0 > /proc/sys/user/max_net_namespaces && echo 0 > /proc/sys/user/max_user_namespaces \
                  && exec setpriv --bounding-set=-all --inh-caps=-all \"$0\" --target smoltcp";
    let said = said(Command::new("unshare").args(["--user", "--map-root-user", "sh", "-c", script, PROGRAM]));
    assert_eq!((said.code(), said.counts()[1]), (Some(0), 0), "{said:?}");
}

#[test]
fn misspelt_target_is_told_the_right_name() {
    let said = tcpspec(&["--target", "smotlcp"]);
    assert_eq!(
        (said.code(), said.out.as_str(), said.err.as_str()),
        (Some(2), "", "tcpspec: there is no target `smotlcp`; did you mean `smoltcp`?\n")
    );
}

#[test]
fn profile_from_a_file_is_what_smoltcp_is_judged_by() {
    let folder = Folder::new();
    let profile = |msl: &str| {
        let text = profile::SMOLTCP.1.replace("msl: 5s", &format!("msl: {msl}"));
        folder.file(&format!("{msl}.yaml"), &text)
    };
    let run = |msl| tcpspec(&["--target", &profile(msl), "time-wait/lasting/lasts"]).code();
    assert_eq!([run("5s"), run("120s")], [Some(0), Some(1)]);
}

#[test]
fn failure_names_the_command_that_repeats_it() {
    let arguments = ["--target", "smoltcp", "--seed", "7", "--ledger", "none"];
    let red = tcpspec(&[&arguments[..], &["opening/syn-sent/close-ends-the-attempt:v4"]].concat());
    let again =
        "tcpspec --target smoltcp --ledger none --seed 7 --exact opening/syn-sent/close-ends-the-attempt:v4";
    assert!(red.out.contains(again), "{}", red.out);
}

#[test]
fn stack_of_one_s_own_needs_a_profile_that_calls_it_simulated() {
    let run = |(file, text)| {
        let target = SimulatedTarget {
            profile: Profile::read(file, text).expect("a right profile"),
            ledger: Ledger::default(),
            version: String::new(),
            make: Box::new(|seed| Box::new(SmoltcpStack::new(seed)) as Box<dyn Stack>),
        };
        let arguments = <Cli as clap::Parser>::parse_from(["own", "opening/passive"]).run;
        run_simulated(&arguments, target).map_err(|stop| stop.code)
    };
    assert_eq!([run(profile::SMOLTCP), run(profile::LINUX)], [Ok(exit::GREEN), Err(exit::INVALID_FILE)]);
}
