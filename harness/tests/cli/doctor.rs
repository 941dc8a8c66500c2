//! `tcpspec doctor` on the kernel, as root, as an ordinary user and without rights; and on what is no bench.

use crate::mask::{is_about_a_busy_machine, masked};
use crate::program::{Folder, PROGRAM, QUICK, Said, said, tcpspec};
use pretty_assertions::assert_eq;
use std::process::Command;

const WELL: &str = "\
ok      rights        CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW (root)
ok      namespaces    one for the bench, one for the target
ok      veth          a pair of interfaces joins them
ok      offloads      off at both ends, and seen to be off
ok      addresses     IPv4 and IPv6
ok      buffer        a ring of 32 MiB for 16384 frames, as wanted
ok      link          packets pass both ways
ok      application   the upper tester runs in the target's namespace
ok      socket table  sock_diag tells the state of a connection
ok      stamps        what arrives is stamped by the kernel, not by its reader
ok      closed port   the target resets a SYN: IPv4 after T, IPv6 after T
ok      conversation  handshake, text, close, as a run holds them again and again: IPv4 after T, IPv6 after T
ok      descriptors   MANY open files are allowed, the whole suite takes up to ENOUGH
ok      clock         …

The bench can judge kernel here and now.
";

const OF_ITS_OWN: &str = "CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW (root)";
const BY_A_NAMESPACE: &str = "none of its own: a user namespace gives all that it takes";

/// Runs `tcpspec doctor` from a shell in which `prepare` was done before; what it said, once this machine
/// was quiet enough to be a bench.
fn doctor(mut shell: Command, prepare: &str, program: &str) -> Said {
    let script = format!("{prepare} \"$0\" doctor");
    shell.args(["sh", "-c", &script, program]);
    for _ in 0..5 {
        let said = said(&mut shell);
        if !is_about_a_busy_machine(&said.out) {
            return Said { out: without_limits(&masked(&said.out)), ..said };
        }
    }
    panic!("this machine is too busy");
}

/// What a process may open is this machine's to say.
fn without_limits(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("ok      descriptors   ") {
        Some(_) => "ok      descriptors   MANY open files are allowed, the whole suite takes up to ENOUGH\n"
            .to_owned(),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn as_root_of_a_namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user"]);
    command
}

fn assert_said(said: &Said, code: i32, text: &str) {
    assert_eq!((said.out.as_str(), said.err.as_str(), said.code()), (text, "", Some(code)));
}

#[test]
fn kernel_that_is_well_is_said_to_be() {
    assert_said(&doctor(as_root_of_a_namespace(), "exec", PROGRAM), 0, WELL);
}

#[test]
fn ordinary_user_has_rights_by_a_user_namespace() {
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is run by one.
        return;
    }
    let folder = Folder::new();
    let copy = folder.path().join("tcpspec");
    std::fs::copy(PROGRAM, &copy).expect("a copy that everybody may run");
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]).current_dir("/");
    let said = doctor(nobody, "exec", copy.to_str().expect("a plain name"));
    assert_said(&said, 0, &WELL.replace(OF_ITS_OWN, BY_A_NAMESPACE));
}

/// The report where no bench can be made: this line in place of the one of its check.
fn refused(check: &str, line: &str, rights: &str) -> String {
    let mut report = String::new();
    let mut is_skipped = false;
    for well in WELL.lines().take_while(|line| !line.is_empty()) {
        let name = well[8..20].trim_end();
        if name == check {
            report += &format!("{line}\n");
            is_skipped = true;
        } else if is_skipped && !["descriptors", "clock"].contains(&name) {
            report += &format!("--      {name:12}  skipped: needs {check}\n");
        } else {
            report += &format!("{}\n", well.replace(OF_ITS_OWN, rights));
        }
    }
    report + "\nThe bench cannot judge kernel here and now: 1 check not ok.\n"
}

#[test]
fn limits_of_namespaces_are_told_with_the_command_that_raises_them() {
    // The limits are those of the user namespace that `unshare` makes; they end with it.
    let line = "not ok  namespaces    a network namespace was refused (ENOSPC: No space left on device)\n        \
                mend: sysctl -w user.max_net_namespaces=15000";
    let lower = "echo 0 > /proc/sys/user/max_net_namespaces";
    let said = doctor(as_root_of_a_namespace(), &format!("{lower} && exec"), PROGRAM);
    assert_said(&said, 6, &refused("namespaces", line, OF_ITS_OWN));
    let (_, mend) = line.split_once("mend: ").expect("a command");
    let said = doctor(as_root_of_a_namespace(), &format!("{lower} && {mend} >&2 && exec"), PROGRAM);
    assert_eq!((said.out.as_str(), said.code()), (WELL, Some(0)));
}

#[test]
fn without_rights_every_line_is_told_all_the_same() {
    let line = "not ok  namespaces    a user namespace was refused (ENOSPC: No space left on device)\n        \
                mend: sysctl -w user.max_user_namespaces=15000";
    let lower = "echo 0 > /proc/sys/user/max_user_namespaces";
    let prepare = format!("{lower} && exec setpriv --bounding-set=-all --inh-caps=-all");
    let said = doctor(as_root_of_a_namespace(), &prepare, PROGRAM);
    assert_said(&said, 6, &refused("namespaces", line, BY_A_NAMESPACE));
}

#[test]
fn too_few_open_files_are_told_with_the_command_that_allows_more() {
    let lower = "prlimit --pid $$ --nofile=1024:1024";
    let said = doctor(as_root_of_a_namespace(), &format!("{lower} && exec"), PROGRAM);
    let told = said.out.lines().find(|line| line.contains(" descriptors ")).expect("a line");
    let before = "not ok  descriptors   1024 open files are allowed, and the whole suite takes up to ";
    assert!(told.starts_with(before) && told.ends_with(": some trials are errors"), "{told}");
    let mend = said.out.lines().find_map(|line| line.trim_start().strip_prefix("mend: ")).expect("a command");
    // Root of a user namespace may not raise it.
    assert_eq!((mend, said.code()), ("tcpspec --test-threads 341", Some(6)));
    let raise = "prlimit --pid $$ --nofile=8192:8192";
    let may_raise = Command::new("sh").args(["-c", &format!("{lower} && {raise}")]).output();
    if may_raise.is_ok_and(|output| output.status.success()) {
        let said = doctor(Command::new("env"), &format!("{lower} && exec"), PROGRAM);
        assert!(said.out.contains(&format!("mend: {raise}\n")), "{}", said.out);
        let mended = doctor(Command::new("env"), &format!("{lower} && {raise} && exec"), PROGRAM);
        assert_said(&mended, 0, WELL);
    }
}

#[test]
fn simulated_target_needs_nothing_of_the_bench() {
    let said = tcpspec(&["doctor", "--target", "smoltcp", "--color", "never"]);
    let text = "ok      bench  a stack in this process, on virtual time: it needs nothing of the bench\n\n\
                The bench can judge smoltcp here and now.\n";
    assert_said(&said, 0, text);
}

#[test]
fn invalid_profile_is_told_as_check_tells_it() {
    let folder = Folder::new();
    let file = folder.file("dut.yaml", "name: dut\nkind: device\ninterfce: eth1\n");
    let doctor = tcpspec(&["doctor", "--target", &file]);
    let check = tcpspec(&["check", "--target", &file]);
    assert_eq!((doctor.out.as_str(), doctor.err, doctor.status), ("", check.err, check.status));
    assert_eq!(check.status.code(), Some(5));
    let missing = tcpspec(&["doctor", "--target", "smolcp"]);
    assert_eq!(missing.code(), Some(2));
    assert_eq!(missing.err, "tcpspec: there is no target `smolcp`; did you mean `smoltcp`?\n");
}

#[test]
fn json_says_the_same() {
    let said = tcpspec(&["doctor", "--target", "smoltcp", "--format", "json"]);
    let text = "{\"target\":\"smoltcp\",\"checks\":[{\"check\":\"bench\",\"mark\":\"ok\",\"says\":\"a stack in this process, \
                on virtual time: it needs nothing of the bench\"}],\"sentence\":\"The bench can judge smoltcp here and \
                now.\",\"exit_code\":0}\n";
    assert_said(&said, 0, text);
}

#[test]
fn run_that_blames_its_bench_ends_with_where_to_look() {
    let run = |files: &str, arguments: &str| {
        let script = format!("prlimit --pid $$ --nofile={files}:{files} && exec \"$0\" {arguments}");
        said(Command::new("sh").args(["-c", &script, PROGRAM]))
    };
    let hint = "bench: `tcpspec doctor` says check by check what is wrong with the bench, and what mends it";
    // The application has no file left for a listener.
    let blamed = run("14", "acceptance/sequence/empty");
    assert_eq!((blamed.code(), blamed.out.trim_end().lines().last()), (Some(3), Some(hint)), "{blamed:?}");
    let for_programs = run("14", "acceptance/sequence/empty --format json");
    assert_eq!(for_programs.err.trim_end().lines().last(), Some(hint), "{for_programs:?}");
    let believed = run("256", QUICK);
    assert!(believed.code() != Some(3) && !believed.out.contains("doctor"), "{believed:?}");
}
