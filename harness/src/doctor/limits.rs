//! How many files a process may open: the application on the kernel target has a socket or two for each
//! trial under way.

use super::Asker;
use super::report::Found;
use crate::runner::{Fate, Plan};
use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Whether all trials that run side by side find a file each time that they need one.
pub(super) fn descriptors(plan: &Plan, asker: &Asker) -> Found {
    let running = plan.trials.iter().filter(|trial| trial.fate == Fate::Run);
    // A listener, and what it accepts; of a whole suite less than half of them are open at a time.
    let needed = running.map(|trial| 1 + u64::from(trial.job.connections)).sum::<u64>() / 2;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        // The upper tester takes all that it may have.
        Ok((soft, most)) => judge(most, needed, |enough| {
            // Not every root may.
            let may_raise = !asker.is_root || setrlimit(Resource::RLIMIT_NOFILE, soft, enough).is_ok();
            may_raise.then(|| asker.as_root(&format!("prlimit --pid $$ --nofile={enough}:{enough}")))
        }),
        Err(errno) => Found::Warn {
            says: format!("the limit of open files is not told ({errno})"),
            mend: "prlimit --nofile".into(),
        },
    }
}

/// Trials that found no file are repeated when others have ended; with less than half of what is needed
/// some do not find one then, either, and are errors. `raise` is the command for a higher limit, where there is
/// one.
fn judge(most: u64, needed: u64, raise: impl FnOnce(u64) -> Option<String>) -> Found {
    if most >= needed {
        let most = if most == RLIM_INFINITY { "any number of".into() } else { most.to_string() };
        return Found::Ok(format!("{most} open files are allowed, the whole suite takes up to {needed}"));
    }
    let what = format!("{most} open files are allowed, and the whole suite takes up to {needed}");
    let fewer = || format!("tcpspec --test-threads {}", (most / FILES_OF_A_TRIAL).max(1));
    let mend = raise(needed.next_power_of_two()).unwrap_or_else(fewer);
    if most >= needed / 2 {
        return Found::Warn { says: format!("{what}: some trials are run twice"), mend };
    }
    Found::Bench { says: format!("{what}: some trials are errors"), mend }
}

/// With what the upper tester itself has open.
const FILES_OF_A_TRIAL: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn judged(most: u64) -> Found {
        judge(most, 4_100, |enough| Some(format!("raise to {enough}")))
    }

    #[test]
    fn limit_is_told_with_the_command_that_raises_it_where_it_is_too_low() {
        let mend = || "raise to 8192".to_owned();
        let told = [u64::MAX, 4_100, 4_099, 2_050, 2_049].map(judged);
        let expected = [
            Found::Ok("any number of open files are allowed, the whole suite takes up to 4100".into()),
            Found::Ok("4100 open files are allowed, the whole suite takes up to 4100".into()),
            Found::Warn {
                says: "4099 open files are allowed, and the whole suite takes up to 4100: some trials are run twice"
                    .into(),
                mend: mend(),
            },
            Found::Warn {
                says: "2050 open files are allowed, and the whole suite takes up to 4100: some trials are run twice"
                    .into(),
                mend: mend(),
            },
            Found::Bench {
                says: "2049 open files are allowed, and the whole suite takes up to 4100: some trials are errors"
                    .into(),
                mend: mend(),
            },
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn limit_that_cannot_be_raised_is_kept_by_fewer_trials_at_a_time() {
        let says =
            "1024 open files are allowed, and the whole suite takes up to 4100: some trials are errors";
        let mend = "tcpspec --test-threads 341".into();
        assert_eq!(judge(1_024, 4_100, |_| None), Found::Bench { says: says.into(), mend });
    }
}
