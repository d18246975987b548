//! How much a client may send: token buckets.

use wire_message::Instant;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// A sustained rate with a burst on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units (messages or bytes) per second, at least 1.
    pub per_second: u64,
    /// Units that may come at once after a pause, at least 1.
    pub burst: u64,
}

/// The answer of [`Limiter::charge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It passes and is paid for.
    Passed,
    /// It does not pass, and nothing was charged; try again at this time.
    Wait(Instant),
}

/// A token bucket in eight bytes: only the time at which it will be full again.
///
/// What is larger than the whole bucket passes when the bucket is full, and is paid off before
/// anything else passes: the sustained rate holds whatever the sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limiter {
    full_at: Instant,
}

impl Limiter {
    /// A full bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            full_at: Instant::ZERO,
        }
    }

    /// Takes `units` out of the bucket, if they are there.
    pub fn charge(&mut self, units: u64, rate: Rate, now: Instant) -> Charge {
        let missing = self.full_at.max(now);
        let capacity = nanos(rate.burst, rate);
        let needed = nanos(units.min(rate.burst), rate);
        // The bucket holds what it fills in between `full_at - capacity` and now.
        let passes_at = Instant::from_nanos(
            self.full_at
                .as_nanos()
                .saturating_add(needed)
                .saturating_sub(capacity),
        );
        if passes_at > now {
            return Charge::Wait(passes_at);
        }
        let cost = nanos(units, rate);
        self.full_at = Instant::from_nanos(missing.as_nanos().saturating_add(cost));
        Charge::Passed
    }
}

/// The time in which `rate` brings `units`, rounded up so that it is never exceeded.
fn nanos(units: u64, rate: Rate) -> u64 {
    let nanos = (u128::from(units) * NANOS_PER_SECOND).div_ceil(u128::from(rate.per_second.max(1)));
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn eight_bytes() {
        assert_eq!(size_of::<Limiter>(), 8);
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let rate = Rate {
            per_second: 10,
            burst: 5,
        };
        let mut limiter = Limiter::new();
        for _ in 0..5 {
            assert_eq!(limiter.charge(1, rate, at(1_000)), Charge::Passed);
        }
        assert_eq!(limiter.charge(1, rate, at(1_000)), Charge::Wait(at(1_100)));
        assert_eq!(limiter.charge(1, rate, at(1_099)), Charge::Wait(at(1_100)));
        assert_eq!(limiter.charge(1, rate, at(1_100)), Charge::Passed);
        assert_eq!(limiter.charge(1, rate, at(1_100)), Charge::Wait(at(1_200)));
        assert_eq!(limiter.charge(2, rate, at(1_100)), Charge::Wait(at(1_300)));
    }

    #[test]
    fn what_is_larger_than_the_bucket_passes_once_and_is_paid_off() {
        let rate = Rate {
            per_second: 1_000,
            burst: 100,
        };
        let mut limiter = Limiter::new();
        assert_eq!(limiter.charge(5_000, rate, at(1_000)), Charge::Passed);
        assert_eq!(limiter.charge(1, rate, at(1_000)), Charge::Wait(at(5_901)));
        assert_eq!(
            limiter.charge(5_000, rate, at(5_901)),
            Charge::Wait(at(6_000))
        );
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let rate = Rate {
            per_second: 1,
            burst: u64::MAX,
        };
        let mut limiter = Limiter::new();
        assert_eq!(limiter.charge(u64::MAX, rate, at(1)), Charge::Passed);
        assert_eq!(
            limiter.charge(
                0,
                Rate {
                    per_second: 0,
                    burst: 0
                },
                at(1)
            ),
            Charge::Wait(Instant::from_nanos(u64::MAX))
        );
    }

    proptest! {
        /// Whatever is asked for, in any span no more passes than the burst, the rate times the
        /// span, and one packet's overdraft.
        #[test]
        fn the_rate_holds(
            per_second in 1..2_000_u64, burst in 1..500_u64,
            steps in prop::collection::vec((0..300_u64, 0..700_u64), 1..200),
        ) {
            let rate = Rate { per_second, burst };
            let mut limiter = Limiter::new();
            let (mut now, mut passed, mut largest) = (at(0), 0, 0);
            for (sleep_ms, units) in steps {
                now = now + core::time::Duration::from_millis(sleep_ms);
                match limiter.charge(units, rate, now) {
                    Charge::Passed => {
                        passed += units;
                        largest = largest.max(units);
                    }
                    Charge::Wait(until) => {
                        prop_assert!(until > now);
                        let mut later = limiter;
                        prop_assert_eq!(later.charge(units, rate, until), Charge::Passed);
                    }
                }
                let brought = now.as_millis() * per_second / 1_000 + 1;
                prop_assert!(passed <= brought + burst + largest.saturating_sub(burst));
            }
        }
    }
}
