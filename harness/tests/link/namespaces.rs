//! The target's namespaces: how a thread comes back from them, what is left of them, who is refused them.

use super::bench::create;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pretty_assertions::{assert_eq, assert_ne};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
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
    let interfaces = || names_of(fs::read_to_string("/proc/thread-self/net/dev").expect("interfaces"));
    let before = interfaces();
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .env(PART, "hold")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    let mut made = held_by(&PathBuf::from(format!("/proc/{}", child.id())));
    made.remove(&namespace());
    assert_eq!(made.len(), 2, "the bench's and the target's: {made:?}");
    // Others of this machine may come and go meanwhile.
    let left = || made.intersection(&held_by_all()).cloned().collect::<BTreeSet<_>>();
    assert_eq!(left(), made);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGKILL).expect("killed");
    child.wait().expect("ended");
    let deadline = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((left(), interfaces()), (BTreeSet::new(), before));
}

/// The other end of [`killed_bench_leaves_nothing_behind`].
pub(crate) fn hold_a_target() -> ! {
    let _target = create();
    println!("ready");
    loop {
        thread::park();
    }
}

/// Every network namespace that a process is in or holds, as far as this user may see.
fn held_by(process: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten().map(|file| file.path());
    let links = files.chain([process.join("ns/net")]).filter_map(|file| fs::read_link(file).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("net:[")).collect()
}

fn held_by_all() -> BTreeSet<String> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    processes.flat_map(|process| held_by(&process.path())).collect()
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
