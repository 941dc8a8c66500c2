//! Many trials on virtual time, on all processors.

use super::job::{Finished, Job};
use super::virtual_time::run_job;
use crate::target::simulated::Stack;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes the stack of one trial, from the trial's seed.
pub type MakeStack = dyn Fn(u64) -> Box<dyn Stack> + Send + Sync;

/// Runs all jobs, on at most `threads` threads, each with a stack of its own, and hands `each` what they
/// say.
pub fn run_all(jobs: &[Job], threads: usize, make: &MakeStack, each: &(dyn Fn(Finished) + Sync)) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            each(run_job(job, make(job.seed), job.conduit()));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(jobs.len()) {
            // One thread less is slower, and no harm.
            let _ = std::thread::Builder::new().name("bench".into()).spawn_scoped(scope, work);
        }
        work();
    });
}

/// Does the same to all of these, on all processors, and gives the results in order. Each takes the next one when it
/// has done with one, for some may have more to do beside.
pub(crate) fn side_by_side<P: Sync, T: Send>(parts: &[P], work: impl Fn(&P) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let some = || {
        let take = || {
            let place = next.fetch_add(1, Ordering::Relaxed);
            parts.get(place).map(|part| (place, part))
        };
        std::iter::from_fn(take).map(|(place, part)| (place, work(part))).collect::<Vec<_>>()
    };
    let mut done = std::thread::scope(|scope| {
        // One thread less is slower, and no harm.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..processors().min(parts.len())).filter_map(spawn).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// How many threads there is a use for.
#[must_use]
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn results_stand_in_the_order_of_their_parts_whoever_did_them() {
        let parts: Vec<u64> = (0..200).collect();
        let slow_first = |part: &u64| {
            std::thread::sleep(std::time::Duration::from_micros(200 - part));
            part * 2
        };
        assert_eq!(side_by_side(&parts, slow_first), parts.iter().map(|part| part * 2).collect::<Vec<_>>());
        assert_eq!(side_by_side(&[], |part: &u64| *part), Vec::<u64>::new());
    }
}
