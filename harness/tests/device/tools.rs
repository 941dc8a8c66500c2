//! Programs that a laboratory is made of, and what becomes of a test that cannot be made.

use libtest_mimic::{Completion, Failed};
use std::path::Path;

/// What every laboratory is made of.
const TOOLS: [&str; 6] = ["ip", "ethtool", "sysctl", "nsenter", "setpriv", "unshare"];

/// Why a test cannot be made that needs a laboratory and these programs besides.
pub(crate) fn missing(programs: &[&str]) -> Option<String> {
    let missing = TOOLS.iter().chain(programs).find(|program| !is_installed(program))?;
    Some(format!("{missing} is not installed"))
}

/// A test that could not be made is not run, unless TCPSPEC_REQUIRE_ALL says that all must be.
pub(crate) fn not_run(why: &str) -> Result<Completion, Failed> {
    if std::env::var_os("TCPSPEC_REQUIRE_ALL").is_some_and(|value| value == "1") {
        return Err(Failed::from(format!("{why}, and TCPSPEC_REQUIRE_ALL is set")));
    }
    Ok(Completion::ignored_with(format!("not run: {why}")))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.into_iter().any(|folder| Path::new(&folder).join(program).is_file())
}
