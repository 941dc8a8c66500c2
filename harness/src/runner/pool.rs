//! Many trials on virtual time, on all processors.

use super::job::{Finished, Job};
use super::virtual_time::run_job;
use crate::target::simulated::Stack;
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

/// How many threads there is a use for.
#[must_use]
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
