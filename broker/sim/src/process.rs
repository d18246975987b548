//! The process that the engines live in: one after the other, each with a clock of its own.

use store_model::{UnixMillis, WallClock};
use wire_message::Instant;

/// Wall time when the simulation begins.
const BEGINNING: u64 = 1_000_000_000;

/// A run of the broker's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// How many there were before.
    pub(crate) number: u32,
    /// When it began, in the time of the simulation.
    pub(crate) started: Instant,
    /// When its clock is zero, milliseconds of the simulation.
    zero_ms: u64,
}

impl Process {
    /// The first one.
    pub(crate) const fn first(now: Instant) -> Self {
        Self {
            number: 0,
            started: now,
            zero_ms: 0,
        }
    }

    /// The one after it: the monotonic clock of a machine that was off begins anew.
    pub(crate) const fn next(self, now: Instant, is_clock_new: bool) -> Self {
        Self {
            number: self.number + 1,
            started: now,
            zero_ms: if is_clock_new {
                now.as_millis()
            } else {
                self.zero_ms
            },
        }
    }

    /// The time of the process's clock.
    pub(crate) const fn time(&self, now: Instant) -> Instant {
        Instant::from_nanos(now.as_nanos() - self.zero_ms * 1_000_000)
    }

    /// Between the process's clock and wall time, which goes on as the simulation's does.
    pub(crate) const fn clock(&self) -> WallClock {
        WallClock::new(UnixMillis(BEGINNING + self.zero_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_goes_on_whatever_the_clock_of_the_process_does() {
        let now = Instant::from_millis(5_000);
        let first = Process::first(Instant::ZERO);
        for is_clock_new in [false, true] {
            let next = first.next(now, is_clock_new);
            let later = now + core::time::Duration::from_millis(7);
            assert_eq!(next.time(later) < later, is_clock_new);
            let wall = next.clock().at(next.time(later));
            assert_eq!(wall, first.clock().at(first.time(later)));
        }
    }
}
