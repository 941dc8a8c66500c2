//! Without rights, as an ordinary user, and targets that are not there.

use crate::SILENT;
use crate::program::{Folder, PROGRAM, QUICK, Said, listed, said, tcpspec, trials};
use pretty_assertions::assert_eq;
use std::process::Command;

#[test]
fn device_behind_a_missing_interface_exits_with_6_and_names_it() {
    let folder = Folder::new();
    let profile = folder.file(
        "dut.yaml",
        "name: dut\nkind: device\nclaims: []\ninterface: nosuch0\naddress: {v4: 192.0.2.7}\n\
         bench: {v4: 192.0.2.10}\nservices: {closed: 81}\n",
    );
    let said = tcpspec(&["--target", &profile, "closed/"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(6), ""), "{}", said.err);
    assert!(said.err.starts_with("tcpspec: ") && said.err.contains("nosuch0"), "{}", said.err);
}

/// Runs the program as root of a user namespace of its own, after `prepare` in a shell there.
fn in_user_namespace(prepare: &str) -> Said {
    let script = format!("{prepare} \"$0\" {QUICK}");
    said(Command::new("unshare").args(["--user", "--map-root-user", "sh", "-c", &script, PROGRAM]))
}

#[test]
fn without_rights_one_sentence_says_what_was_refused_and_what_helps() {
    // The limits are those of the user namespace that `unshare` makes; they end with it.
    let no_network = in_user_namespace("echo 0 > /proc/sys/user/max_net_namespaces && exec");
    assert_eq!((no_network.code(), no_network.out.as_str()), (Some(6), ""), "{}", no_network.err);
    assert_eq!(
        no_network.err,
        "tcpspec: cannot make a private network for the target: a network namespace was refused (ENOSPC: No \
         space left on device); the limit is reached: raise it with `sudo sysctl \
         user.max_net_namespaces=15000`\n  \
         `tcpspec doctor` says check by check what is wrong with the bench, and what mends it\n"
    );
    let no_user = in_user_namespace(
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all",
    );
    assert_eq!((no_user.code(), no_user.out.as_str()), (Some(6), ""), "{}", no_user.err);
    let expected = "tcpspec: cannot make a private network for the target: a user namespace was refused (ENOSPC: \
                    No space left on device); the limit is reached: raise it with `sudo sysctl \
                    user.max_user_namespaces=15000`, or run as root\n";
    assert!(no_user.err.starts_with(expected) && no_user.err.lines().count() == 2, "{}", no_user.err);
    // What needs no rights is there without them.
    assert_eq!(listed(&[]), {
        let script = "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$0\" --list";
        let mut unshare = Command::new("unshare");
        let said = said(unshare.args(["--user", "--map-root-user", "sh", "-c", script, PROGRAM]));
        said.out.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect::<Vec<_>>()
    });
}

#[test]
fn ordinary_user_needs_no_rights_and_no_preparation() {
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is run by one.
        return;
    }
    let folder = Folder::new();
    let copy = folder.path().join("tcpspec");
    std::fs::copy(PROGRAM, &copy).expect("a copy that everybody may run");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
    let said = said(Command::new("setpriv").args(nobody).arg(&copy).args([QUICK, SILENT]).current_dir("/"));
    let count = trials(&[QUICK, SILENT]).len() as u32;
    assert_eq!((said.code(), said.counts()[..3].to_vec()), (Some(0), vec![count, 0, 0]), "{said:?}");
}
