//! The target's namespaces: how a thread comes back from them, what is left of them, who is refused them.

use super::bench::create;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pretty_assertions::{assert_eq, assert_ne};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tcpspec::target::KernelTarget;

pub(crate) fn thread_comes_back_from_the_target() {
    let (target, _link) = create();
    let here = namespace();
    let there = target.in_target(namespace).expect("in the target");
    assert_ne!(there, here);
    let panicked = std::panic::catch_unwind(|| target.in_target(|| panic!("on purpose"))).is_err();
    assert_eq!((panicked, namespace()), (true, here.clone()));
    let nested = target.in_target(|| target.in_target(namespace).expect("nested") == namespace());
    assert_eq!((nested.expect("in the target"), namespace()), (true, here.clone()));
    assert_eq!(thread::scope(|scope| scope.spawn(namespace).join().expect("ends")), here);
}

pub(crate) fn refused_namespace_says_what_helps() {
    let child = Command::new(std::env::current_exe().expect("this program")).env(PART, "refuse").output();
    let said = String::from_utf8(child.expect("started").stdout).expect("text");
    assert_eq!(
        said,
        "cannot make a private network for the target: a network namespace was refused (ENOSPC: No space left on \
         device); the limit is reached: raise it with `sudo sysctl user.max_net_namespaces=15000`\n"
    );
}

/// The other end of [`refused_namespace_says_what_helps`]: a user namespace that forbids itself what is
/// needed. The limit holds for it alone.
pub(crate) fn be_refused() -> ! {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER).expect("a user namespace");
    for (file, text) in [
        ("self/setgroups", "deny".to_owned()),
        ("self/uid_map", format!("0 {user} 1")),
        ("self/gid_map", format!("0 {group} 1")),
        ("sys/user/max_net_namespaces", "0".to_owned()),
    ] {
        fs::write(format!("/proc/{file}"), text).expect(file);
    }
    let error = KernelTarget::create().expect_err("refused");
    println!("{error}");
    std::process::exit(0)
}

pub(crate) fn killed_bench_leaves_nothing_behind() {
    let outside =
        || (namespaces_of_the_machine(), fs::read_to_string("/proc/thread-self/net/dev").map(names_of));
    let before = outside();
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .env(PART, "hold")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    assert_ne!(outside().0, before.0, "the target's namespaces can be seen while it lives");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGKILL).expect("killed");
    child.wait().expect("ended");
    let deadline = Instant::now() + Duration::from_secs(5);
    while outside().0 != before.0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let after = outside();
    assert_eq!((after.0, after.1.expect("interfaces")), (before.0, before.1.expect("interfaces")));
}

/// The other end of [`killed_bench_leaves_nothing_behind`].
pub(crate) fn hold_a_target() -> ! {
    let _target = create();
    println!("ready");
    loop {
        thread::park();
    }
}

/// Every network namespace that a process of this machine is in, as far as this user may see.
fn namespaces_of_the_machine() -> BTreeSet<String> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read_link(process.path().join("ns/net")).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

fn names_of(interfaces: String) -> Vec<String> {
    interfaces
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim().to_owned())
        .collect()
}

fn namespace() -> String {
    fs::read_link("/proc/thread-self/ns/net").expect("a namespace").to_string_lossy().into_owned()
}

/// Which part this program plays when a trial starts it anew.
pub(crate) const PART: &str = "TCPSPEC_TEST_PART";
