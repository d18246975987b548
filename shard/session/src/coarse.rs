//! Points in time that take four bytes.

use core::time::Duration;

use wire_message::Instant;

/// A tick is 2^27 ns, 134 ms.
const TICK_BITS: u32 = 27;

/// A past point in time to 134 ms, good for the 18 years after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coarse(u32);

impl Coarse {
    /// The tick that `now` lies in.
    pub(crate) const fn at(now: Instant) -> Self {
        Self(low_u32(now.as_nanos() >> TICK_BITS))
    }

    /// Time since then, never too much: the part of a tick that is not known is left out.
    pub(crate) const fn elapsed(self, now: Instant) -> Duration {
        let ticks = Self::at(now).0.wrapping_sub(self.0).saturating_sub(1);
        Duration::from_nanos((ticks as u64) << TICK_BITS)
    }

    /// The first tick at which [`Coarse::elapsed`] has reached `span`, seen from `now`.
    pub(crate) fn after(self, span: Duration, now: Instant) -> Instant {
        let left = span.saturating_sub(self.elapsed(now));
        let this_tick = Instant::from_nanos(now.as_nanos() >> TICK_BITS << TICK_BITS);
        let tick = Duration::from_nanos(1 << TICK_BITS);
        if left.is_zero() {
            this_tick
        } else {
            this_tick + round_up(left) + first_tick(self, now, tick)
        }
    }
}

/// The tick in which the point itself lies does not count as elapsed.
fn first_tick(from: Coarse, now: Instant, tick: Duration) -> Duration {
    if from == Coarse::at(now) {
        tick
    } else {
        Duration::ZERO
    }
}

fn round_up(span: Duration) -> Duration {
    let ticks = span.as_nanos().div_ceil(1 << TICK_BITS);
    Duration::from_nanos(u64::try_from(ticks << TICK_BITS).unwrap_or(u64::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "differences are taken modulo 2^32"
)]
const fn low_u32(ticks: u64) -> u32 {
    ticks as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The announced end is the first tick at which the span counts as elapsed, and that is
        /// neither early nor more than two ticks late.
        #[test]
        fn the_end_of_a_span_is_where_it_has_elapsed(
            start in 0..u64::MAX / 4, span in 0..1_u64 << 50, look in 0..1_u64 << 50,
        ) {
            let tick = 1_u64 << TICK_BITS;
            let from = Coarse::at(Instant::from_nanos(start));
            let span = Duration::from_nanos(span);
            let now = Instant::from_nanos(start + look);
            let end = from.after(span, now);
            if from.elapsed(now) >= span {
                prop_assert!(end <= now);
            } else {
                prop_assert!(from.elapsed(end) >= span);
                prop_assert!(from.elapsed(Instant::from_nanos(end.as_nanos() - 1)) < span);
                let exact = start + u64::try_from(span.as_nanos()).expect("small");
                prop_assert!(end.as_nanos() >= exact);
                prop_assert!(end.as_nanos() <= exact + 2 * tick);
            }
        }
    }
}
