//! What follows from the seed, and how much runs at once.

use crate::program::{PROGRAM, Said, said, tcpspec, trials};
use crate::{DEVIATING, SILENT};
use pretty_assertions::assert_eq;
use std::process::Command;

/// What a failing trial shows that follows from the seed: ports and numbers of the bench's choice.
fn chosen(said: &Said) -> Vec<String> {
    let ports = said.out.split("port ").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_digit));
    let ports: Vec<String> = ports.map(Iterator::collect).collect();
    let numbers = said
        .out
        .lines()
        .filter(|line| line.contains("= RCV.NXT"))
        .map(|line| line.split(['(', ')']).nth(1).unwrap_or_default().to_owned());
    let all: Vec<_> = ports.into_iter().chain(numbers).collect();
    assert!(all.len() >= 3, "{all:?} in {}", said.out);
    all
}

#[test]
fn same_seed_chooses_the_same_and_the_command_printed_repeats_it() {
    // Its table of differences shows RCV.NXT in full: our initial sequence number plus 1 or 2.
    let shows_number = "reset/received/rst-left-of-the-window-is-ignored:v4:state=CLOSE-WAIT";
    let first = tcpspec(&["--ledger", "none", "--exact", shows_number]);
    let again = first.out.lines().find_map(|line| line.strip_prefix("  again        tcpspec "));
    let again = again.unwrap_or_else(|| panic!("no command: {}", first.out));
    let seed = again.split(' ').skip_while(|word| *word != "--seed").nth(1).expect("a seed");
    assert!(
        first.out.starts_with("tcpspec ") && first.out.contains(&format!("seed {seed}\n")),
        "{}",
        first.out
    );
    let second = said(Command::new("sh").arg("-c").arg(format!("{PROGRAM} {again}")));
    assert_eq!((second.code(), chosen(&second)), (Some(1), chosen(&first)));
    // Its choices do not depend on what else runs, and other seeds choose otherwise.
    let beside = tcpspec(&["--ledger", "none", "--seed", seed, "--exact", shows_number, DEVIATING]);
    let other = tcpspec(&["--ledger", "none", "--seed", "1", "--exact", shows_number]);
    assert_eq!(chosen(&beside), chosen(&first));
    assert!(chosen(&other).iter().zip(chosen(&first)).all(|(one, two)| *one != two));
}

#[test]
fn test_threads_bounds_the_trials_in_flight() {
    // Each of them waits for a second, so that this many must follow one another.
    for (threads, at_least) in [(1, 4.0), (3, 2.0)] {
        let said = tcpspec(&["--test-threads", &threads.to_string(), SILENT]);
        let took = said.out.split("finished in ").nth(1).and_then(|rest| rest.split('s').next());
        let took: f64 = took.and_then(|text| text.parse().ok()).expect("a duration");
        assert_eq!((said.code(), said.counts()[0]), (Some(0), 4));
        assert!(took >= at_least, "{threads} threads took {took} s");
        if threads == 1 {
            let order: Vec<_> = said.lines().into_iter().map(|(name, _)| name.to_owned()).collect();
            assert_eq!(order, trials(&[SILENT]), "one after another, in the order of the list");
        }
    }
}
