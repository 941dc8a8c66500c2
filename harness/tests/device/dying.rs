//! Devices that stop answering in the middle of a run, and those that only seem to.

use super::lab::Lab;
use super::programs::{ALL, profile};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use pretty_assertions::assert_eq;
use std::time::Duration;

const STOPPED: &str = "target-stopped-answering";

pub(crate) fn device_that_dies() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.serve_nginx();
    // So few at once that most still wait for their turn when it dies.
    let ledger = lab.linux_ledger();
    let ledger = ledger.to_str().expect("a plain name");
    let arguments = ["--test-threads", "8", "--skip", "lasting", "--ledger", ledger];
    let mut running = lab.begin_tcpspec(&profile(ALL), &arguments);
    running.until_passed(10);
    lab.on_device("ip", "link set device down");
    let run = running.end();
    let wrong = ["inconclusive", "error"].map(|word| run.count(word));
    assert_eq!((run.code, wrong), (Some(1), [0; 2]), "{}", run.text);
    let told = run
        .text
        .lines()
        .filter(|line| line.trim_start().starts_with("finding") && line.contains(STOPPED))
        .count();
    assert!(told > 100 && told == run.count("fail"), "{told} of {:?}", run.verdicts());
    assert!(run.text.contains("the target no longer answers anybody"));
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
}

/// Whoever asks its web server anything takes it off the wire; its reset command brings it back.
pub(crate) fn device_that_a_trial_stops() {
    // Whoever is not loses the right to take an interface down with the program that xinetd starts.
    if !geteuid().is_root() {
        std::process::exit(super::NEEDS_ROOT);
    }
    let mut lab = Lab::new();
    lab.serve_inetd_with_a_trap();
    lab.on_device(
        "sysctl",
        "-q -w net.ipv6.conf.device.keep_addr_on_down=1 net.ipv6.conf.device.accept_dad=0",
    );
    let reset = lab.words_on_device("ip", "link set device up");
    let services = profile("discard: 9, http: 80, closed: 81") + &format!("reset: [{}]\n", reset.join(", "));
    let run = lab.tcpspec(
        &services,
        &["service/http/answer-begins", "service/discard/text-is", "closed/closed-port/segment-with-ack"],
    );
    let mut blamed: Vec<_> = run.text.lines().filter_map(|line| line.strip_prefix("FAIL  ")).collect();
    blamed.sort_unstable();
    let culprits = ["v4", "v6"].map(|family| format!("service/http/answer-begins-behind-the-syn:{family}"));
    assert_eq!((run.code, blamed), (Some(1), culprits.iter().map(String::as_str).collect()), "{}", run.text);
    let told = run.text.lines().filter(|line| line.contains("finding") && line.contains(STOPPED)).count();
    assert_eq!((told, run.count("fail"), run.count("error")), (2, 2, 0), "{}", run.text);
}

pub(crate) fn program_that_dies() {
    let mut lab = Lab::new();
    let inetd = Pid::from_raw(lab.serve_inetd().id() as i32);
    let mut running =
        lab.begin_tcpspec(&profile("echo: 7, discard: 9"), &["--test-threads", "4", "--skip", "lasting"]);
    running.until_passed(10);
    kill(inetd, Signal::SIGKILL).expect("a process of our own");
    let run = running.end();
    // Its ports are closed now: states are not reached any more, but the stack says so.
    assert!(run.code == Some(1) && run.count("inconclusive") > 10, "{}", run.text);
    assert_eq!((run.count("error"), run.text.contains(STOPPED)), (0, false), "{}", run.text);
}

pub(crate) fn service_that_takes_no_more() {
    let mut lab = Lab::new();
    lab.on_device("sysctl", "-q -w net.core.somaxconn=1");
    // It accepts nothing: two connections wait in its queue, and what comes then is met by silence.
    lab.serve_inetd().signal(Signal::SIGSTOP);
    let run = lab.tcpspec(&profile("discard: 9"), &["service/discard", "reset/received"]);
    assert!(run.code == Some(1) && run.count("inconclusive") > 10, "{}", run.text);
    assert_eq!((run.count("error"), run.text.contains(STOPPED)), (0, false), "{}", run.text);
}
