//! The clock: how finely it ticks, and how late a thread that sleeps is woken, also on a busy machine.

use super::answers::span;
use super::report::Found;
use crate::clock::monotonic;
use crate::runner::{TOO_LATE, processors};
use nix::time::{ClockId, clock_getres};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tcpspec_core::profile::Tolerance;
use tcpspec_core::time::Span;

/// For how long each of the two measurements is made.
const MEASURED_FOR: Duration = Duration::from_millis(250);
/// As short a wait as a trial may have.
const NAP: Duration = Duration::from_millis(1);
const QUIETER: &str = "end what keeps the processors busy (`top` shows it), or use a quieter machine";
/// A clock that ticks less often is not the one of which the cases' bounds are made.
const COARSE: Duration = Duration::from_millis(1);

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
    resolution: Duration,
    /// The latest wake-up with the machine as it is.
    idle: Duration,
    /// The latest with every processor busy besides.
    busy: Duration,
}

/// Measures the clock for half a second. To be called on a thread that may start others.
pub(super) fn look(tolerance: Tolerance) -> Found {
    let resolution = clock_getres(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
    let idle = latest_wake_up();
    Measured { resolution, idle, busy: among_busy_threads(processors()) }.judge(tolerance)
}

impl Measured {
    /// Lateness widens every bound by as much; beyond [`TOO_LATE`] a trial that found something is an error
    /// (`runner::doubt`).
    fn judge(self, tolerance: Tolerance) -> Found {
        let Self { resolution, idle, busy } = self;
        if resolution > COARSE {
            return Found::Warn {
                says: format!("it ticks only every {}: bounds are as coarse", Span(resolution)),
                mend: "boot this machine without `highres=off nohz=off`".into(),
            };
        }
        let measured = format!(
            "ticks every {} ns; wakes up to {} late, {} with every processor busy",
            resolution.as_nanos(),
            span(idle),
            span(busy)
        );
        let mend = QUIETER.to_owned();
        if idle > TOO_LATE {
            let says = format!("{measured}: trials that find something are errors above {}", Span(TOO_LATE));
            return Found::Bench { says, mend };
        }
        let tolerated = tolerance.absolute;
        if idle.max(busy) > tolerated {
            let says = format!(
                "{measured}: bounds of time widen beyond the {} that the target is given, and verdicts may be \
                 inconclusive",
                Span(tolerated)
            );
            return Found::Warn { says, mend };
        }
        Found::Ok(format!("{measured}; the target is given {}", Span(tolerated)))
    }
}

/// How late the latest of many short naps ended.
fn latest_wake_up() -> Duration {
    let began = monotonic();
    let mut latest = Duration::ZERO;
    loop {
        let due = monotonic() + NAP;
        thread::sleep(NAP);
        let now = monotonic();
        latest = latest.max(now.since(due));
        if now.since(began) >= MEASURED_FOR {
            return latest;
        }
    }
}

/// The same, with a thread on every processor that never sleeps.
fn among_busy_threads(processors: usize) -> Duration {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..processors {
            let spin = || {
                while !is_over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            };
            // One that cannot be had loads nothing.
            let _ = thread::Builder::new().spawn_scoped(scope, spin);
        }
        let latest = latest_wake_up();
        is_over.store(true, Ordering::Relaxed);
        latest
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const TOLERANCE: Tolerance = Tolerance { absolute: Duration::from_millis(50), relative: 0.05 };

    fn judged(resolution: u64, idle: u64, busy: u64) -> Found {
        let [resolution, idle, busy] = [resolution, idle, busy].map(Duration::from_micros);
        Measured { resolution, idle, busy }.judge(TOLERANCE)
    }

    #[test]
    fn lateness_within_the_tolerance_is_told_and_well() {
        let expected = "ticks every 1000 ns; wakes up to 80 µs late, 50 ms with every processor busy; the target is \
                        given 50 ms";
        assert_eq!(judged(1, 80, 50_000), Found::Ok(expected.into()));
    }

    #[test]
    fn lateness_beyond_the_tolerance_warns() {
        let expected = "ticks every 1000 ns; wakes up to 80 µs late, 51 ms with every processor busy: bounds of \
                        time widen beyond the 50 ms that the target is given, and verdicts may be inconclusive";
        let mend = QUIETER.into();
        assert_eq!(judged(1, 80, 51_000), Found::Warn { says: expected.into(), mend });
    }

    #[test]
    fn lateness_of_a_machine_left_alone_that_makes_errors_is_no_bench() {
        let expected = "ticks every 1000 ns; wakes up to 500 ms late, 600 ms with every processor busy: trials \
                        that find something are errors above 500 ms";
        let mend = QUIETER.into();
        assert_eq!(judged(1, 501_000, 600_000), Found::Bench { says: expected.into(), mend });
    }

    #[test]
    fn coarse_clock_warns() {
        let expected = "it ticks only every 4 ms: bounds are as coarse";
        let mend = "boot this machine without `highres=off nohz=off`".into();
        assert_eq!(judged(4_000, 80, 80), Found::Warn { says: expected.into(), mend });
    }

    #[test]
    fn what_was_measured_is_late_by_something() {
        let late = latest_wake_up();
        assert!(late > Duration::ZERO && late < Duration::from_secs(60), "{late:?}");
    }
}
