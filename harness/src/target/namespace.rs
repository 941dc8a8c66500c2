//! Two network namespaces of our own, one for the bench and one for the target. They vanish with
//! the process, whatever ends it.

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::prctl::set_dumpable;
use nix::unistd::{getegid, geteuid};
use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// The two namespaces. The thread that made them, and every thread it starts afterwards, is in
/// the bench's.
#[derive(Debug)]
pub struct Namespaces {
    bench: OwnedFd,
    target: OwnedFd,
}

/// One of the two namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where the bench has its end of the link.
    Bench,
    /// Where the stack under test runs.
    Target,
}

impl Namespaces {
    /// Moves the calling thread into a new network namespace, inside a new user namespace where the
    /// rights of this process require it, and makes a second one for the target. In a user namespace
    /// this process is root over its own network, and nobody outside.
    ///
    /// To be called before the process has a second thread: a user namespace cannot be entered later,
    /// and threads that exist already would stay outside.
    ///
    /// # Errors
    /// The machine does not allow it; the error says what was refused and what helps.
    pub fn create() -> Result<Self, NamespaceError> {
        if rules_its_network() {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused(Step::NetworkNamespace, errno))?;
        } else {
            enter_user_namespace()?;
        }
        let bench = current()?;
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused(Step::NetworkNamespace, errno))?;
        let target = current()?;
        setns(&bench, CloneFlags::CLONE_NEWNET).map_err(NamespaceError::Switch)?;
        Ok(Self { bench, target })
    }

    /// Runs `work` on this thread inside the namespace of `side`, and comes back. Sockets opened there
    /// stay there.
    ///
    /// # Errors
    /// The kernel refuses the change.
    ///
    /// # Panics
    /// If the thread cannot come back: it would test the wrong stack from then on.
    pub fn within<T>(&self, side: Side, work: impl FnOnce() -> T) -> Result<T, NamespaceError> {
        let back = Return(current()?);
        setns(self.descriptor(side), CloneFlags::CLONE_NEWNET).map_err(NamespaceError::Switch)?;
        let result = work();
        drop(back);
        Ok(result)
    }

    /// The descriptor by which a namespace is known to the kernel.
    #[must_use]
    pub fn descriptor(&self, side: Side) -> BorrowedFd<'_> {
        match side {
            Side::Bench => self.bench.as_fd(),
            Side::Target => self.target.as_fd(),
        }
    }
}

/// Why there are no namespaces.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamespaceError {
    /// The machine refuses to make one.
    #[error("cannot make a private network for the target: {}; {}", .0.what(), .0.advice())]
    Refused(Refusal),
    /// A namespace that exists cannot be entered.
    #[error("cannot change to the other network namespace ({0})")]
    Switch(Errno),
    /// A descriptor of the current namespace cannot be had.
    #[error("cannot open /proc/thread-self/ns/net ({0}): is /proc mounted?")]
    NoProc(String),
}

/// What was refused, and what this machine is like, as far as it explains why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was refused.
    pub step: Step,
    /// What the kernel said.
    pub errno: Errno,
    /// Whether this is a container, as far as can be seen from inside.
    pub in_container: bool,
    /// `kernel.apparmor_restrict_unprivileged_userns` is on (Ubuntu 23.10 and later).
    pub apparmor_restricts: bool,
    /// `kernel.unprivileged_userns_clone` is off (Debian and others).
    pub userns_clone_off: bool,
    /// The limit that was reached, with a value that is higher: `user.max_net_namespaces=15000`.
    pub exhausted: Option<String>,
}

/// A step on the way to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `unshare(CLONE_NEWUSER | CLONE_NEWNET)`
    UserNamespace,
    /// Writing `/proc/self/uid_map` and its like.
    IdentityMap,
    /// `unshare(CLONE_NEWNET)`
    NetworkNamespace,
}

impl Step {
    fn text(self) -> &'static str {
        match self {
            Self::UserNamespace => "a user namespace",
            Self::IdentityMap => "mapping the user into the new user namespace",
            Self::NetworkNamespace => "a network namespace",
        }
    }
}

impl Refusal {
    /// What was refused, and what the kernel said: the first half of a sentence.
    pub(crate) fn what(&self) -> String {
        format!("{} was refused ({})", self.step.text(), self.errno)
    }

    /// What helps, as the second half of a sentence.
    fn advice(&self) -> String {
        if self.step == Step::UserNamespace && self.errno == Errno::EINVAL {
            return "either the kernel has none (CONFIG_USER_NS), or this process had already started a thread".into();
        }
        if let Some(setting) = &self.exhausted {
            let root = if self.step == Step::UserNamespace { ", or run as root" } else { "" };
            return format!("the limit is reached: raise it with `sudo sysctl {setting}`{root}");
        }
        let mut ways = Vec::new();
        if self.apparmor_restricts {
            ways.push("allow it with `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`");
        }
        if self.userns_clone_off {
            ways.push("allow it with `sudo sysctl kernel.unprivileged_userns_clone=1`");
        }
        if self.in_container {
            ways.push("start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW`");
            ways.push("start it with `--privileged`");
        } else {
            ways.push("run as root");
        }
        ways.join(", or ")
    }
}

fn enter_user_namespace() -> Result<(), NamespaceError> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
        .map_err(|errno| refused(Step::UserNamespace, errno))?;
    // A binary with file capabilities is root's in /proc (prctl(2), PR_SET_DUMPABLE), where this process must write
    // now. What it was given ended with the old user namespace.
    let _ = set_dumpable(true);
    // user_namespaces(7): an ordinary user may map groups only after giving up setgroups(2).
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))
}

/// Whether this process may make network namespaces and configure and tap what is in them.
pub(crate) fn rules_its_network() -> bool {
    const NEEDED: u64 = 1 << 12 | 1 << 13 | 1 << 21; // CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN
    fs::read_to_string("/proc/thread-self/status")
        .ok()
        .and_then(|status| {
            let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
            u64::from_str_radix(effective.trim(), 16).ok()
        })
        .is_some_and(|effective| effective & NEEDED == NEEDED)
}

fn write(path: &str, text: &str) -> Result<(), NamespaceError> {
    fs::write(path, text).map_err(|error| {
        refused(Step::IdentityMap, Errno::from_raw(error.raw_os_error().unwrap_or_default()))
    })
}

/// The network namespace of the calling thread.
fn current() -> Result<OwnedFd, NamespaceError> {
    File::open("/proc/thread-self/ns/net")
        .map(OwnedFd::from)
        .map_err(|error| NamespaceError::NoProc(error.to_string()))
}

fn refused(step: Step, errno: Errno) -> NamespaceError {
    let setting =
        |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    let in_container = ["/.dockerenv", "/run/.containerenv"].iter().any(|path| Path::new(path).exists())
        || std::env::var_os("container").is_some();
    NamespaceError::Refused(Refusal {
        step,
        errno,
        in_container,
        apparmor_restricts: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1",
        userns_clone_off: setting("/proc/sys/kernel/unprivileged_userns_clone") == "0",
        exhausted: (errno == Errno::ENOSPC).then(|| exhausted(step)),
    })
}

/// A new user namespace comes with a new network namespace, so that either may have been short.
fn exhausted(step: Step) -> String {
    let limit = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/user/{name}")).unwrap_or_default();
        text.trim().parse::<u64>().unwrap_or_default()
    };
    let [users, networks] = ["max_user_namespaces", "max_net_namespaces"].map(limit);
    let (name, now) = match step {
        Step::UserNamespace if users <= networks => ("max_user_namespaces", users),
        _ => ("max_net_namespaces", networks),
    };
    format!("user.{name}={}", (now.saturating_mul(2)).max(15_000))
}

#[cfg(test)]
impl Refusal {
    /// On a machine that shows no reason for it.
    pub(crate) fn unexplained(step: Step, errno: Errno) -> Self {
        Self {
            step,
            errno,
            in_container: false,
            apparmor_restricts: false,
            userns_clone_off: false,
            exhausted: None,
        }
    }
}

/// Brings the thread back to a namespace, also when the work in the other one panics.
struct Return(OwnedFd);

impl Drop for Return {
    fn drop(&mut self) {
        setns(&self.0, CloneFlags::CLONE_NEWNET).expect("a thread may go back to the namespace it came from");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn text(refusal: Refusal) -> String {
        NamespaceError::Refused(refusal).to_string()
    }

    #[test]
    fn refused_without_a_known_reason_says_run_as_root() {
        assert_eq!(
            text(Refusal::unexplained(Step::UserNamespace, Errno::EPERM)),
            "cannot make a private network for the target: a user namespace was refused \
             (EPERM: Operation not permitted); run as root"
        );
    }

    #[test]
    fn refused_by_apparmor_names_its_switch() {
        let refusal =
            Refusal { apparmor_restricts: true, ..Refusal::unexplained(Step::IdentityMap, Errno::EPERM) };
        assert_eq!(
            text(refusal),
            "cannot make a private network for the target: mapping the user into the new user namespace was \
             refused (EPERM: Operation not permitted); allow it with \
             `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run as root"
        );
    }

    #[test]
    fn refused_by_debian_switch_names_it() {
        let refusal =
            Refusal { userns_clone_off: true, ..Refusal::unexplained(Step::UserNamespace, Errno::EPERM) };
        assert_eq!(
            text(refusal),
            "cannot make a private network for the target: a user namespace was refused \
             (EPERM: Operation not permitted); allow it with \
             `sudo sysctl kernel.unprivileged_userns_clone=1`, or run as root"
        );
    }

    #[test]
    fn refused_for_want_of_namespaces_says_how_to_have_more() {
        let advice = |step, setting: &str| {
            let exhausted = Some(setting.to_owned());
            Refusal { exhausted, ..Refusal::unexplained(step, Errno::ENOSPC) }.advice()
        };
        assert_eq!(
            [
                advice(Step::NetworkNamespace, "user.max_net_namespaces=90000"),
                advice(Step::UserNamespace, "user.max_user_namespaces=15000"),
            ],
            [
                "the limit is reached: raise it with `sudo sysctl user.max_net_namespaces=90000`",
                "the limit is reached: raise it with `sudo sysctl user.max_user_namespaces=15000`, or run as root",
            ]
        );
    }

    #[test]
    fn limit_that_was_reached_is_named_with_a_higher_one() {
        for step in [Step::UserNamespace, Step::NetworkNamespace] {
            let NamespaceError::Refused(refusal) = refused(step, Errno::ENOSPC) else { panic!("{step:?}") };
            let setting = refusal.exhausted.expect("a limit");
            let (name, higher) = setting.split_once('=').expect("a name and a number");
            let now = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")))
                .expect("a limit of Linux");
            let number = |text: &str| text.trim().parse::<u64>().expect("a number");
            assert!(number(higher) > number(&now), "{setting}, now {now}");
        }
        assert!(matches!(
            refused(Step::UserNamespace, Errno::EPERM),
            NamespaceError::Refused(Refusal { exhausted: None, .. })
        ));
    }

    #[test]
    fn refused_in_a_container_says_how_to_start_it() {
        let refusal =
            Refusal { in_container: true, ..Refusal::unexplained(Step::UserNamespace, Errno::EPERM) };
        assert_eq!(
            text(refusal),
            "cannot make a private network for the target: a user namespace was refused \
             (EPERM: Operation not permitted); start the container with \
             `--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW`, or start it with `--privileged`"
        );
    }

    #[test]
    fn refused_because_of_a_thread_says_so() {
        assert_eq!(
            Refusal::unexplained(Step::UserNamespace, Errno::EINVAL).advice(),
            "either the kernel has none (CONFIG_USER_NS), or this process had already started a thread"
        );
    }
}
