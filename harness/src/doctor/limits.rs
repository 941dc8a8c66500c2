//! How many files a process may open: the application on the kernel target has a socket or two for each
//! trial under way.

use super::report::Found;
use crate::runner::{Fate, Plan};
use nix::sys::resource::{Resource, getrlimit};

/// Whether all trials that run side by side find a file each time that they need one.
pub(super) fn descriptors(plan: &Plan) -> Found {
    let running = plan.trials.iter().filter(|trial| trial.fate == Fate::Run);
    // A listener, and what it accepts; of a whole suite half of them are open at a time.
    let needed = running.map(|trial| 1 + u64::from(trial.job.connections)).sum::<u64>() / 2 + RESERVE;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        // The upper tester takes all that it may have.
        Ok((_, most)) => judge(most, needed),
        Err(errno) => Found::Warn {
            says: format!("the limit of open files is not told ({errno})"),
            mend: "prlimit --nofile".into(),
        },
    }
}

fn judge(most: u64, needed: u64) -> Found {
    if most >= needed {
        return Found::Ok(format!(
            "{} open files are allowed, the whole suite takes up to {needed}",
            shown(most)
        ));
    }
    Found::Bench {
        says: format!("{most} open files are allowed, and the whole suite takes up to {needed}"),
        mend: format!("sudo prlimit --pid $$ --nofile={0}:{0}", needed.next_power_of_two()),
    }
}

fn shown(most: u64) -> String {
    if most == nix::libc::RLIM_INFINITY { "any number of".into() } else { most.to_string() }
}

/// Of the process itself.
const RESERVE: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn limit_below_the_need_names_the_command_that_raises_it() {
        let expected = Found::Bench {
            says: "4095 open files are allowed, and the whole suite takes up to 4096".into(),
            mend: "sudo prlimit --pid $$ --nofile=4096:4096".into(),
        };
        assert_eq!(judge(4095, 4096), expected);
        let expected = "4096 open files are allowed, the whole suite takes up to 4096";
        assert_eq!(judge(4096, 4096), Found::Ok(expected.into()));
        let expected = "any number of open files are allowed, the whole suite takes up to 4096";
        assert_eq!(judge(u64::MAX, 4096), Found::Ok(expected.into()));
    }
}
