//! Kernel stamps are wall-clock time; verdicts need time that never jumps.

use nix::time::{ClockId, clock_gettime};
use tcpspec_core::time::Time;

/// Converts wall-clock stamps to monotonic time, and notices when the wall clock is set.
#[derive(Debug)]
pub(super) struct Clock {
    /// Wall clock minus monotonic clock, in nanoseconds. Both are slewed alike, so that it changes
    /// only when the wall clock is set.
    offset: i64,
    steps: u64,
}

impl Clock {
    pub(super) fn start() -> Self {
        let best = (0..SAMPLES).map(|_| Sample::take()).min_by_key(Sample::width);
        Self { offset: best.map_or(0, |sample| sample.offset()), steps: 0 }
    }

    /// Measures the offset anew. To be called before a batch of stamps is converted.
    pub(super) fn update(&mut self) {
        if let Some(sample) = (0..SAMPLES).map(|_| Sample::take()).find(|sample| sample.width() <= NARROW) {
            self.observe(&sample);
        }
    }

    /// The monotonic moment of a wall-clock stamp in nanoseconds since the epoch.
    pub(super) fn monotonic(&self, wall: u64) -> Time {
        Time(wall.saturating_add_signed(self.offset.saturating_neg()))
    }

    /// How often the wall clock was set since the start.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    fn observe(&mut self, sample: &Sample) {
        let offset = sample.offset();
        if offset.abs_diff(self.offset) > STEP {
            self.steps += 1;
        }
        self.offset = offset;
    }
}

/// One reading of the wall clock between two of the monotonic one, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Sample {
    before: u64,
    wall: u64,
    after: u64,
}

impl Sample {
    fn take() -> Self {
        let before = now(ClockId::CLOCK_MONOTONIC);
        let wall = now(ClockId::CLOCK_REALTIME);
        Self { before, wall, after: now(ClockId::CLOCK_MONOTONIC) }
    }

    /// Wide means that the thread was interrupted in between: the offset is uncertain by half of it.
    fn width(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }

    fn offset(&self) -> i64 {
        (self.wall as i64).saturating_sub((self.before + self.width() / 2) as i64)
    }
}

fn now(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).expect("CLOCK_MONOTONIC and CLOCK_REALTIME exist on every Linux");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// Attempts at a sample that was not interrupted.
const SAMPLES: usize = 4;
/// Widest sample that is believed: its error is below 10 µs.
const NARROW: u64 = 20_000;
/// A change of the offset beyond this is a clock that was set.
const STEP: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const WALL: u64 = 1_700_000_000_000_000_000;

    fn sample(offset_change: i64) -> Sample {
        Sample { before: 5_000, wall: (WALL + 5_050).saturating_add_signed(offset_change), after: 5_100 }
    }

    fn clock() -> Clock {
        Clock { offset: WALL as i64, steps: 0 }
    }

    #[test]
    fn stamp_is_converted_by_the_measured_offset() {
        assert_eq!(sample(0).offset(), WALL as i64);
        assert_eq!(clock().monotonic(WALL + 7_000_000), Time(7_000_000));
    }

    #[test]
    fn offset_that_wanders_by_less_than_a_millisecond_is_followed_and_not_a_step() {
        let mut clock = clock();
        clock.observe(&sample(900_000));
        assert_eq!((clock.steps(), clock.monotonic(WALL + 1_900_000)), (0, Time(1_000_000)));
    }

    #[test]
    fn wall_clock_set_forward_and_back_counts_two_steps() {
        let mut clock = clock();
        clock.observe(&sample(2_000_000));
        clock.observe(&sample(2_000_000));
        clock.observe(&sample(0));
        assert_eq!(clock.steps(), 2);
    }

    #[test]
    fn running_clock_converts_now_to_now() {
        let mut clock = Clock::start();
        clock.update();
        let wall = now(ClockId::CLOCK_REALTIME);
        let monotonic = now(ClockId::CLOCK_MONOTONIC);
        let error = clock.monotonic(wall).0.abs_diff(monotonic);
        assert!(error < 1_000_000, "off by {error} ns");
    }
}
