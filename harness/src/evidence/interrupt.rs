//! Ctrl-C in a run that leaves evidence: the stream is ended in order, and then the program, by the signal.

use nix::sys::signal::{SigSet, Signal, raise};

/// What asks a program to end.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Signals that wait until somebody looks after them.
#[derive(Debug)]
pub(crate) struct Interruptions(());

fn signals() -> SigSet {
    SIGNALS.into_iter().collect()
}

impl Interruptions {
    /// From now on a signal waits. To be called before the process has a second thread, for threads
    /// have it from the one that starts them.
    pub(crate) fn hold() -> Self {
        // It fails for signals that do not exist only.
        let _ = signals().thread_block();
        Self(())
    }

    /// Ends the process at the first signal, by that signal, once `before` has done what it must.
    pub(crate) fn look_after(self, before: impl Fn(&'static str) + Send + 'static) {
        let watching = std::thread::Builder::new().name("signals".into());
        let watch = move || {
            let Ok(signal) = signals().wait() else { return };
            before(signal.as_str());
            let _ = signals().thread_unblock();
            let _ = raise(signal);
        };
        if watching.spawn(watch).is_err() {
            // Then a signal ends it as ever.
            let _ = signals().thread_unblock();
        }
    }
}

/// Does what starts a program of somebody else's: it is to find signals as they were.
pub(crate) fn as_before<T>(start: impl FnOnce() -> T) -> T {
    let Ok(held) = SigSet::thread_get_mask() else { return start() };
    let _ = signals().thread_unblock();
    let started = start();
    let _ = held.thread_set_mask();
    started
}
