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

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::process::Command;

    /// The signals that a program finds blocked which is started now.
    fn blocked() -> u64 {
        let status = Command::new("cat").arg("/proc/self/status").output().expect("cat runs").stdout;
        let status = String::from_utf8(status).expect("text");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
        u64::from_str_radix(mask.expect("a mask").trim(), 16).expect("hexadecimal")
    }

    #[test]
    fn program_of_somebody_else_finds_signals_as_they_were() {
        // A thread of its own: its mask ends with it.
        let masks = std::thread::spawn(|| {
            let before = blocked();
            let _held = Interruptions::hold();
            [before, blocked(), as_before(blocked), blocked()]
        });
        let bits: u64 = SIGNALS.iter().map(|signal| 1_u64 << (*signal as i32 - 1)).sum();
        assert_eq!(masks.join().expect("it ends"), [0, bits, 0, bits]);
    }
}
