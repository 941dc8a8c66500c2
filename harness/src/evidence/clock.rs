//! The moments of a record as times of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tcpspec_core::time::Time;

/// What a record's moments are counted from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordClock {
    /// CLOCK_MONOTONIC, and the time of day when the run began.
    Real {
        /// On the record's clock.
        began: Time,
        /// Since 1970.
        wall: Duration,
    },
    /// Each trial has its own: no time of day belongs to it.
    Virtual,
}

impl RecordClock {
    /// A run on the kernel's clock that begins now.
    pub(crate) fn starting_now(started: SystemTime) -> Self {
        let wall = started.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::Real { began: crate::clock::monotonic(), wall }
    }

    /// Nanoseconds since 1970, or of virtual time: the same seed then gives the same file.
    pub(crate) fn nanoseconds(self, at: Time) -> u64 {
        match self {
            Self::Virtual => at.0,
            Self::Real { began, wall } => {
                let wall = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
                // What was stamped before the run began belongs to none of its trials.
                wall.saturating_add(at.0.saturating_sub(began.0))
            }
        }
    }

    /// How long after the beginning of the run.
    pub(crate) fn since_the_start(self, at: Time) -> Option<Duration> {
        match self {
            Self::Real { began, .. } => Some(at.since(began)),
            Self::Virtual => None,
        }
    }
}
