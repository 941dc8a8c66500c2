//! One line on a terminal that says how many trials run, how many wait, and for how long.

use super::board::Board;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The status line: drawn only while nothing else is printed.
pub struct Status {
    /// When a line of the test output may last have been printed.
    last_line: Mutex<Instant>,
    over: AtomicBool,
    shown: bool,
}

/// The line appears once nothing was printed for so long.
const QUIET: Duration = Duration::from_millis(400);

/// Moves to the first column and empties the line.
const CLEAR: &str = "\r\x1b[2K";

impl Status {
    /// A line on this terminal; none where standard error or standard output is none.
    #[must_use]
    pub fn new(wanted: bool) -> Arc<Self> {
        let shown = wanted && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Arc::new(Self { last_line: Mutex::new(Instant::now()), over: AtomicBool::new(false), shown })
    }

    /// A line of test output is about to be printed.
    pub fn make_way(&self) {
        if self.shown {
            let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Instant::now();
            let _ = write!(std::io::stderr(), "{CLEAR}");
        }
    }

    /// Draws the line now and then, until [`Status::end`].
    pub fn run(&self, board: &Board) {
        while self.shown && !self.over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(250));
            let last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() < QUIET || self.over.load(Ordering::Relaxed) {
                continue;
            }
            let (running, waiting, longest) = board.progress();
            if running + waiting == 0 {
                continue;
            }
            let rest = longest.as_secs();
            let _ = write!(
                std::io::stderr(),
                "{CLEAR}{running} running, {waiting} waiting their turn, at most {rest} s to go\r"
            );
        }
    }

    /// Takes the line away for good.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.make_way();
    }
}
