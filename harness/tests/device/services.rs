//! What the servers of a device make possible, and what not.

use super::lab::{Lab, run};
use super::programs::{ALL, limited, profile};
use nix::unistd::geteuid;
use pretty_assertions::assert_eq;
use std::os::unix::process::CommandExt;
use std::process::Command;

pub(crate) fn whole_suite_on_nginx_and_inetd_is_green() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    lab.serve_nginx();
    let ledger = lab.linux_ledger();
    let ledger = ledger.to_str().expect("a plain name");
    // Its longest waits are those for the end of TIME-WAIT: minutes.
    let run = lab.tcpspec(&profile(ALL), &["--ledger", ledger, "--skip", "lasting"]);
    run.assert_green(200);
    assert!(run.text.contains("expected by the ledger"), "{}", run.text);
    let skipped = run.skipped();
    let reasons = ["lab lacks: connect", "lab lacks: hold-open", "lab lacks: receive"];
    assert!(reasons.iter().all(|reason| skipped.contains_key(reason)), "{skipped:?}");
    assert_eq!(run.count("skip"), skipped.values().sum::<usize>());
}

pub(crate) fn web_server_alone() {
    let mut lab = Lab::new();
    lab.serve_busybox();
    let states = ["service/", "acceptance/after-fin", "reset/received/rst-at-rcv-nxt"];
    // Its queue is short: what a profile has limits for.
    let run = lab.tcpspec(&limited("http: 80, closed: 81", "limits: {connections: 8}\n"), &states);
    run.assert_green(15);
    let skipped = run.skipped();
    assert_eq!(skipped.get("lab lacks: echo"), Some(&14), "{skipped:?}");
    for state in ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT"] {
        assert!(
            run.passed(&format!("reset/received/rst-at-rcv-nxt-ends-the-connection:v4:state={state}")),
            "{state}"
        );
    }
}

pub(crate) fn daytime_alone() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let run = lab.tcpspec(
        &profile("daytime: 13"),
        &["service/", "reset/received/rst-at-rcv-nxt", "closed/closed-port"],
    );
    run.assert_green(16);
    for state in ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT"] {
        assert!(
            run.passed(&format!("reset/received/rst-at-rcv-nxt-ends-the-connection:v6:state={state}")),
            "{state}"
        );
    }
    let skipped = run.skipped();
    let reasons = ["closed", "discard", "echo", "http"].map(|what| format!("lab lacks: {what}"));
    assert!(reasons.iter().all(|reason| skipped.contains_key(reason.as_str())), "{skipped:?}");
}

pub(crate) fn echo_alone() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    let run = lab.tcpspec(&profile("echo: 7"), &["service/", "data/", "reset/received/rst-at-rcv-nxt"]);
    run.assert_green(12);
    assert!(run.passed("reset/received/rst-at-rcv-nxt-ends-the-connection:v4:state=ESTABLISHED"));
    assert!(run.passed("service/echo/text-out-of-order-comes-back-in-order:v6"));
    // What these send would come back.
    assert!(run.text.contains("service/discard/text-is-acknowledged:v4:octets=1 "), "{}", run.text);
    assert!(run.skipped().contains_key("lab lacks: discard"));
}

pub(crate) fn service_that_is_another_is_noticed() {
    let mut lab = Lab::new();
    lab.serve_inetd();
    // The ports of echo and discard are exchanged, and daytime claims to be a web server.
    let run = lab.tcpspec(&profile("echo: 9, discard: 7, http: 13"), &["service/"]);
    assert_eq!(run.code, Some(1), "{}", run.text);
    let failed = |id: &str| {
        run.text.lines().any(|line| line.starts_with(&format!("test {id} ")) && line.ends_with("FAILED"))
    };
    let noticed = [
        "service/echo/text-comes-back:v4:octets=1",
        "service/discard/fin-behind-text-is-acknowledged:v4:octets=536",
        "service/http/four-segments-of-an-active-close:v6",
    ];
    assert_eq!(noticed.map(failed), [true; 3], "{}", run.text);
}

/// Root becomes nobody; anybody else is an ordinary user already.
pub(crate) fn ordinary_user_can_test_a_device() {
    if !geteuid().is_root() {
        return;
    }
    let program = std::env::current_exe().expect("a program");
    let mut command = Command::new(program);
    command.env(super::ONE, "daytime_alone_reaches_the_closing_states");
    run(command.uid(65_534).gid(65_534));
}
