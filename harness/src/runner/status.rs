//! One line on a terminal that says how many trials run, how many wait, and for how long.

use super::board::Board;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The status line: drawn only while nothing else is printed.
pub struct Status {
    state: Mutex<State>,
    ended: Condvar,
    shown: bool,
}

struct State {
    /// When a line of the test output may last have been printed.
    last_line: Instant,
    /// The line stands on the terminal.
    drawn: bool,
    over: bool,
}

/// The line appears once nothing was printed for so long.
const QUIET: Duration = Duration::from_millis(400);

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// Moves to the first column and empties the line.
const CLEAR: &str = "\r\x1b[2K";

impl Status {
    /// A line on this terminal; none where standard error or standard output is none.
    #[must_use]
    pub fn new(wanted: bool) -> Arc<Self> {
        let shown = wanted && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let state = Mutex::new(State { last_line: Instant::now(), drawn: false, over: false });
        Arc::new(Self { state, ended: Condvar::new(), shown })
    }

    /// A line of test output is about to be printed.
    pub fn make_way(&self) {
        let mut state = self.state();
        state.last_line = Instant::now();
        // Where it does not stand there, half a line of the test output may.
        if std::mem::take(&mut state.drawn) {
            let _ = write!(std::io::stderr(), "{CLEAR}");
        }
    }

    /// Draws the line now and then, until [`Status::end`].
    pub fn run(&self, board: &Board) {
        let mut state = self.state();
        while self.shown && !state.over {
            let (running, waiting, longest) = board.progress();
            if state.last_line.elapsed() >= QUIET && running + waiting > 0 {
                let _ = write!(std::io::stderr(), "{CLEAR}{}\r", line(running, waiting, longest));
                state.drawn = true;
            }
            state = self.ended.wait_timeout(state, PERIOD).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the line away for good.
    pub fn end(&self) {
        self.make_way();
        self.state().over = true;
        self.ended.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it says. Short: it must fit the narrowest terminal, for what is wrapped cannot be taken away.
fn line(running: usize, waiting: usize, longest: Duration) -> String {
    let rest = longest.as_millis().div_ceil(1000);
    format!("{running} running (at most {rest} s more), {waiting} waiting their turn")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn the_line_says_how_many_run_how_many_wait_and_for_how_long() {
        let texts = [
            line(64, 12, Duration::from_millis(2001)),
            line(1, 0, Duration::from_secs(60)),
            line(9999, 9999, Duration::from_secs(99_999)),
        ];
        assert_eq!(
            texts,
            [
                "64 running (at most 3 s more), 12 waiting their turn",
                "1 running (at most 60 s more), 0 waiting their turn",
                "9999 running (at most 99999 s more), 9999 waiting their turn",
            ]
        );
    }
}
