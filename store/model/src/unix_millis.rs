//! Wall time, for what must outlast the process.

use wire_message::{Expiry, Instant};

/// A point in time, in milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

/// Stands for "never" where a point in time may be missing.
const NEVER: u64 = u64::MAX;

/// Translates between the clock of the process and wall time.
///
/// Fixed when the process starts. A wall clock that is set while it runs changes nothing until the
/// next start; after that, lives count as if the time between had passed as the new clock says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WallClock {
    at_zero: UnixMillis,
}

impl WallClock {
    /// The clock for which [`Instant::ZERO`] is `at_zero`.
    #[must_use]
    pub const fn new(at_zero: UnixMillis) -> Self {
        Self { at_zero }
    }

    /// The wall time of `instant`, to the millisecond, rounded down.
    #[must_use]
    pub const fn at(self, instant: Instant) -> UnixMillis {
        UnixMillis(self.at_zero.0.saturating_add(instant.as_millis()))
    }

    /// The point on the process's clock; [`Instant::ZERO`] for everything before the start.
    #[must_use]
    pub const fn instant(self, at: UnixMillis) -> Instant {
        Instant::from_millis(at.0.saturating_sub(self.at_zero.0))
    }

    /// The wall time of an expiry, rounded up to the millisecond; `None` is never.
    #[must_use]
    pub fn expires_at(self, expiry: Expiry) -> Option<UnixMillis> {
        let nanos = expiry.instant()?.as_nanos();
        Some(UnixMillis(
            self.at_zero.0.saturating_add(nanos.div_ceil(1_000_000)),
        ))
    }

    /// The inverse of [`Self::expires_at`]; what expired before the start is past at once.
    #[must_use]
    pub fn expiry(self, at: Option<UnixMillis>) -> Expiry {
        at.map_or(Expiry::NEVER, |at| Expiry::at(self.instant(at)))
    }
}

impl UnixMillis {
    /// The form in records, where [`u64::MAX`] is "never".
    pub(crate) fn to_record(at: Option<Self>) -> u64 {
        at.map_or(NEVER, |at| at.0)
    }

    /// The inverse of [`Self::to_record`].
    pub(crate) fn from_record(at: u64) -> Option<Self> {
        (at != NEVER).then_some(Self(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: WallClock = WallClock::new(UnixMillis(1_700_000_000_000));

    #[test]
    fn a_life_goes_on_after_a_restart() {
        let expiry = Expiry::at(Instant::from_secs(100));
        let stored = CLOCK.expires_at(expiry);
        assert_eq!(CLOCK.expiry(stored), expiry);
        let after_a_minute = WallClock::new(UnixMillis(1_700_000_060_000));
        assert_eq!(
            after_a_minute.expiry(stored),
            Expiry::at(Instant::from_secs(40))
        );
        let after_an_hour = WallClock::new(UnixMillis(1_700_003_600_000));
        assert!(after_an_hour.expiry(stored).is_past(Instant::ZERO));
    }

    #[test]
    fn never_stays_never() {
        assert_eq!(CLOCK.expires_at(Expiry::NEVER), None);
        assert_eq!(CLOCK.expiry(None), Expiry::NEVER);
        assert_eq!(
            UnixMillis::from_record(UnixMillis::to_record(Some(UnixMillis(0)))),
            Some(UnixMillis(0))
        );
        assert_eq!(UnixMillis::from_record(UnixMillis::to_record(None)), None);
    }

    #[test]
    fn a_message_never_expires_early_for_being_stored() {
        let expiry = Expiry::at(Instant::from_nanos(1_000_001));
        assert_eq!(
            CLOCK.expiry(CLOCK.expires_at(expiry)),
            Expiry::at(Instant::from_millis(2))
        );
        assert_eq!(CLOCK.at(Instant::from_nanos(1_999_999)).0 % 10, 1);
    }
}
