//! Why namespaces were refused, and the one command that helps first.

use super::Asker;
use super::report::Found;
use crate::target::NamespaceError;
use crate::target::namespace::{Refusal, Step};
use nix::errno::Errno;

/// The check to which a refusal belongs, and what it found.
pub(super) fn refused(error: &NamespaceError, asker: &Asker) -> (&'static str, Found) {
    let found = |mend: String| Found::Bench { says: without_advice(error), mend };
    match error {
        NamespaceError::Refused(refusal) => {
            let is_about_rights = refusal.exhausted.is_none() && refusal.step != Step::NetworkNamespace;
            let check = if is_about_rights { "rights" } else { "namespaces" };
            (check, found(asker.command_against(refusal)))
        }
        NamespaceError::Switch(_) => ("namespaces", found(asker.as_root("tcpspec"))),
        NamespaceError::NoProc(_) => ("namespaces", found(asker.as_root("mount -t proc proc /proc"))),
    }
}

/// How this process may make what it needs.
pub(super) fn granted(asker: &Asker) -> String {
    let owned = "CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW";
    match (asker.rules_its_network, asker.is_root) {
        (true, true) => format!("{owned} (root)"),
        (true, false) => owned.to_owned(),
        (false, _) => "none of its own: a user namespace gives all that it takes".to_owned(),
    }
}

/// The error without the advice that follows it: that is said better by a command.
fn without_advice(error: &NamespaceError) -> String {
    match error {
        NamespaceError::Refused(refusal) => refusal.what(),
        other => other.to_string(),
    }
}

impl Asker {
    fn command_against(&self, refusal: &Refusal) -> String {
        let switch = |setting: &str| self.as_root(&format!("sysctl -w {setting}"));
        if let Some(setting) = &refusal.exhausted {
            return switch(setting);
        }
        match refusal.step {
            Step::UserNamespace if refusal.errno == Errno::EINVAL => "sudo tcpspec".into(),
            _ if refusal.errno == Errno::ENOENT => self.as_root("mount -t proc proc /proc"),
            _ if refusal.apparmor_restricts => switch("kernel.apparmor_restrict_unprivileged_userns=0"),
            _ if refusal.userns_clone_off => switch("kernel.unprivileged_userns_clone=1"),
            _ if refusal.in_container => {
                "start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW`".into()
            }
            // It is root already, and has lost its rights.
            _ if self.is_root => {
                "start tcpspec with CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW, as root has them".into()
            }
            _ => "sudo tcpspec".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const NOBODY: fn() -> Asker = || Asker {
        target: "kernel".into(),
        program: "/usr/bin/tcpspec".into(),
        is_root: false,
        rules_its_network: false,
    };

    fn told(refusal: Refusal) -> (&'static str, Found) {
        refused(&NamespaceError::Refused(refusal), &NOBODY())
    }

    fn bench(says: &str, mend: &str) -> Found {
        Found::Bench { says: says.into(), mend: mend.into() }
    }

    #[test]
    fn apparmor_is_a_matter_of_rights_and_has_a_switch() {
        let refusal =
            Refusal { apparmor_restricts: true, ..Refusal::unexplained(Step::IdentityMap, Errno::EPERM) };
        let says =
            "mapping the user into the new user namespace was refused (EPERM: Operation not permitted)";
        let mend = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
        assert_eq!(told(refusal), ("rights", bench(says, mend)));
    }

    #[test]
    fn switch_of_debian_is_named() {
        let refusal =
            Refusal { userns_clone_off: true, ..Refusal::unexplained(Step::UserNamespace, Errno::EPERM) };
        let says = "a user namespace was refused (EPERM: Operation not permitted)";
        let mend = "sudo sysctl -w kernel.unprivileged_userns_clone=1";
        assert_eq!(told(refusal), ("rights", bench(says, mend)));
    }

    #[test]
    fn refused_for_no_known_reason_root_helps() {
        let says = "a user namespace was refused (EPERM: Operation not permitted)";
        let unknown = Refusal::unexplained(Step::UserNamespace, Errno::EPERM);
        assert_eq!(told(unknown.clone()), ("rights", bench(says, "sudo tcpspec")));
        let contained = Refusal { in_container: true, ..unknown };
        let mend = "start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW`";
        assert_eq!(told(contained), ("rights", bench(says, mend)));
    }

    #[test]
    fn root_is_not_told_to_become_root() {
        let root = Asker { is_root: true, rules_its_network: true, ..NOBODY() };
        let mends = [
            root.as_root("ip link set eth1 up"),
            root.command_against(&Refusal::unexplained(Step::UserNamespace, Errno::EPERM)),
        ];
        assert!(mends.iter().all(|mend| !mend.contains("sudo")), "{mends:?}");
        assert_eq!(granted(&root), "CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW (root)");
    }
}
