//! Whoever plays the application on the target: listens, accepts, sends, closes, and says what it
//! observed.
//!
//! The bench sees one trait, [`UpperTester`]; the words are those of [`tcpspec_core::app`]. The
//! first implementation is [`ProcessUpperTester`]: a child process with real sockets in the
//! target's network namespace, so that an application can be killed with all that it holds.

pub mod agent;
mod channel;
mod process;
pub mod protocol;

pub use channel::Flushed;
pub use process::ProcessUpperTester;

use nix::time::{ClockId, clock_gettime};
use std::os::fd::BorrowedFd;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppReport, CommandId};

/// The application on the target, as the bench's one thread sees it. Nothing here blocks.
pub trait UpperTester {
    /// Asks for `command` on behalf of `trial`; its report comes through [`Self::receive`] with
    /// the same `id`. Sent with the next [`Self::flush`].
    ///
    /// # Errors
    /// [`UpperTesterError::Gone`] if nobody is there to ask.
    fn submit(&mut self, trial: u64, id: CommandId, command: &AppCommand) -> Result<(), UpperTesterError>;

    /// Lets go of every socket of `trial`, resetting its connections; reports still awaited will
    /// not come. Sent with the next [`Self::flush`].
    fn release(&mut self, trial: u64);

    /// Sends what was submitted, as far as the other side takes it. What is left goes with the
    /// next call (or with [`Self::receive`]).
    ///
    /// # Errors
    /// [`UpperTesterError::Gone`] if nobody is there.
    fn flush(&mut self) -> Result<Flushed, UpperTesterError>;

    /// What to wait on: readable means that [`Self::receive`] has something, and after
    /// [`Flushed::Partly`] writable means that [`Self::flush`] will come further. None where
    /// nothing will come.
    fn poll_fd(&self) -> Option<BorrowedFd<'_>>;

    /// Hands every report that is there to `each`, with its trial. Returns at once if there is none.
    ///
    /// # Errors
    /// [`UpperTesterError::Gone`] once the other side ended unasked (what it said before is handed
    /// out first), [`UpperTesterError::Protocol`] if it said something that it must not.
    fn receive(&mut self, each: &mut dyn FnMut(u64, AppReport)) -> Result<(), UpperTesterError>;

    /// Makes sure that it is still there. Where it goes, the target closes its connections, and that
    /// may be seen on the wire before the end of the upper tester is seen here: whoever is about to
    /// blame the target asks first.
    ///
    /// # Errors
    /// [`UpperTesterError::Gone`] if it is gone unasked, or on its way.
    fn check(&mut self) -> Result<(), UpperTesterError>;
}

/// Why an upper tester cannot serve. Always the bench's fault, never the target's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpperTesterError {
    /// The process could not be started.
    #[error("the upper tester {program} cannot be started: {why}")]
    NotStarted {
        /// Path of the program.
        program: String,
        /// What the system said.
        why: String,
    },
    /// It is not there any more.
    #[error("the upper tester is gone: {0}")]
    Gone(String),
    /// It broke the protocol.
    #[error("the upper tester broke the protocol: {0}")]
    Protocol(String),
}

/// CLOCK_MONOTONIC in nanoseconds.
fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux always has CLOCK_MONOTONIC");
    u64::try_from(Duration::from(now).as_nanos()).unwrap_or(u64::MAX)
}
