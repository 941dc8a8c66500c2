//! Where verdicts are posted by the driving thread and awaited by the threads that print them.

use super::driver::Sink;
use super::job::Finished;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// One slot for each trial of a plan.
pub struct Board {
    slots: Vec<Slot>,
    /// Trials under way, trials that wait for their turn, milliseconds that the longest still needs.
    running: AtomicUsize,
    waiting: AtomicUsize,
    longest: AtomicU64,
    /// Why the bench gave up, where it did.
    broken: Mutex<Option<String>>,
    witness: OnceLock<Witness>,
}

/// Told of every verdict as it is posted, on the thread that posts it.
pub type Witness = Box<dyn Fn(&Arc<Finished>) + Send + Sync>;

#[derive(Default)]
struct Slot {
    state: Mutex<SlotState>,
    posted: Condvar,
}

#[derive(Default)]
enum SlotState {
    #[default]
    Empty,
    Full(Arc<Finished>),
    /// Taken, or never to be filled.
    Closed,
}

impl Board {
    /// A board for `trials` trials.
    #[must_use]
    pub fn new(trials: usize) -> Self {
        Self {
            slots: std::iter::repeat_with(Slot::default).take(trials).collect(),
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            longest: AtomicU64::new(0),
            broken: Mutex::new(None),
            witness: OnceLock::new(),
        }
    }

    /// Waits for the verdict of trial `index` and takes it.
    ///
    /// # Errors
    /// Why there will be none: the bench gave up.
    pub fn take(&self, index: usize) -> Result<Arc<Finished>, String> {
        let slot = &self.slots[index];
        let mut state = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match std::mem::replace(&mut *state, SlotState::Closed) {
                SlotState::Full(finished) => return Ok(finished),
                SlotState::Closed => {
                    let why = self.why_broken();
                    return Err(why.unwrap_or_else(|| "the bench ended before this trial".into()));
                }
                SlotState::Empty => {
                    *state = SlotState::Empty;
                    state = slot.posted.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// From now on this is told of every verdict, whoever takes it. There is one witness at most.
    pub fn tell(&self, witness: Witness) {
        let _ = self.witness.set(witness);
    }

    /// Why the bench gave up, where it did.
    #[must_use]
    pub fn why_broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Posts a verdict.
    pub fn post(&self, finished: Finished) {
        let finished = Arc::new(finished);
        if let Some(witness) = self.witness.get() {
            witness(&finished);
        }
        let slot = &self.slots[finished.index];
        *slot.state.lock().unwrap_or_else(PoisonError::into_inner) = SlotState::Full(finished);
        slot.posted.notify_all();
    }

    /// Closes the board when it goes out of scope in a panic: nobody waits for ever for a thread
    /// that is gone.
    pub fn closing(&self) -> Closing<'_> {
        Closing(self)
    }

    /// No more verdicts will come; `why` where the bench gave up.
    pub fn close(&self, why: Option<String>) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = why;
        for slot in &self.slots {
            let mut state = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*state, SlotState::Empty) {
                *state = SlotState::Closed;
            }
            slot.posted.notify_all();
        }
    }

    /// Trials under way, trials that wait for their turn, and how long the longest may still take.
    #[must_use]
    pub fn progress(&self) -> (usize, usize, Duration) {
        let longest = Duration::from_millis(self.longest.load(Ordering::Relaxed));
        (self.running.load(Ordering::Relaxed), self.waiting.load(Ordering::Relaxed), longest)
    }
}

/// Made by [`Board::closing`].
pub struct Closing<'b>(&'b Board);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close(Some("a bug in tcpspec: the thread that drives the trials panicked".into()));
        }
    }
}

impl Sink for &Board {
    fn finished(&mut self, finished: Finished) {
        self.post(finished);
    }

    fn progress(&mut self, running: usize, waiting: usize, longest: Duration) {
        self.running.store(running, Ordering::Relaxed);
        self.waiting.store(waiting, Ordering::Relaxed);
        self.longest.store(u64::try_from(longest.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::thread;
    use tcpspec_core::verdict::{Outcome, Record, Verdict};

    fn finished(index: usize) -> Finished {
        let outcome = Outcome { verdict: Verdict::Pass, findings: Vec::new(), record: Record::default() };
        Finished { index, outcome, took: Duration::ZERO, attempts: 1, latest: Duration::ZERO }
    }

    fn taken(board: &Board, index: usize) -> Result<usize, String> {
        board.take(index).map(|finished| finished.index)
    }

    #[test]
    fn verdict_is_handed_to_whoever_waits_for_it() {
        let board = Board::new(2);
        thread::scope(|scope| {
            let [first, second] = [0, 1].map(|index| {
                scope.spawn({
                    let board = &board;
                    move || taken(board, index)
                })
            });
            let mut sink = &board;
            sink.finished(finished(1));
            assert_eq!(second.join().unwrap(), Ok(1));
            sink.finished(finished(0));
            assert_eq!(first.join().unwrap(), Ok(0));
        });
    }

    #[test]
    fn witness_is_told_of_verdicts_that_nobody_takes() {
        let board = Board::new(2);
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        board.tell(Box::new(move |finished| heard.lock().unwrap().push(finished.index)));
        (&board).finished(finished(1));
        (&board).finished(finished(0));
        assert_eq!(*told.lock().unwrap(), [1, 0]);
    }

    #[test]
    fn verdicts_that_will_not_come_are_told_with_the_reason_and_others_are_kept() {
        let board = Board::new(3);
        (&board).finished(finished(1));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| taken(&board, 0));
            board.close(Some("no more hosts".into()));
            assert_eq!(waiting.join().unwrap(), Err("no more hosts".into()));
        });
        assert_eq!((taken(&board, 1), taken(&board, 2)), (Ok(1), Err("no more hosts".into())));
        assert_eq!(taken(&board, 1), Err("no more hosts".into()), "a verdict is told once");
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let board = Board::new(1);
        thread::scope(|scope| {
            let driving = scope.spawn(|| {
                let _closing = board.closing();
                panic!("on purpose, in a test");
            });
            let told = taken(&board, 0);
            assert_eq!(told, Err("a bug in tcpspec: the thread that drives the trials panicked".into()));
            assert!(driving.join().is_err());
        });
        // One that ends in order says itself how.
        let board = Board::new(1);
        drop(board.closing());
        (&board).finished(finished(0));
        assert_eq!(taken(&board, 0), Ok(0));
    }
}
