//! The bench's clock.

use nix::time::{ClockId, clock_gettime};
use tcpspec_core::time::Time;

/// CLOCK_MONOTONIC.
#[must_use]
pub fn monotonic() -> Time {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux always has CLOCK_MONOTONIC");
    Time(now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64)
}
