//! When a message stops being worth delivering.

use core::time::Duration;

use crate::Instant;

/// The end of a message's life, or none.
///
/// Eight bytes; the largest instant stands for "never".
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.3, `Message Expiry Interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(Instant);

impl Expiry {
    /// The message never expires.
    pub const NEVER: Self = Self(Instant::from_nanos(u64::MAX));

    /// The message expires at `instant`.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The message expires `interval_s` seconds after `now`; `None` means never.
    #[must_use]
    pub fn after(interval_s: Option<u32>, now: Instant) -> Self {
        interval_s.map_or(Self::NEVER, |s| {
            Self(now + Duration::from_secs(u64::from(s)))
        })
    }

    /// The instant, or `None` if the message never expires.
    #[must_use]
    pub fn instant(self) -> Option<Instant> {
        (self != Self::NEVER).then_some(self.0)
    }

    /// Whether the message is not to be delivered any more at `now`.
    #[must_use]
    pub fn is_past(self, now: Instant) -> bool {
        self.0 <= now
    }

    /// Whole seconds left at `now`, rounded up so that a live message never shows zero; what is less
    /// than a millisecond above a whole second does not count, for times are stored to the
    /// millisecond.
    ///
    /// `None` if the message never expires.
    #[must_use]
    pub fn remaining_s(self, now: Instant) -> Option<u32> {
        let left = self.instant()?.since(now);
        let seconds = left.as_millis().div_ceil(1_000);
        let least = u128::from(!left.is_zero());
        Some(u32::try_from(seconds.max(least)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remaining_time_rounds_up_and_ends_at_zero() {
        let expiry = Expiry::after(Some(2), Instant::from_secs(10));
        assert_eq!(expiry.remaining_s(Instant::from_secs(10)), Some(2));
        assert_eq!(expiry.remaining_s(Instant::from_millis(11_999)), Some(1));
        assert_eq!(expiry.remaining_s(Instant::from_secs(12)), Some(0));
        let nanos = |nanos| Instant::from_nanos(nanos);
        assert_eq!(expiry.remaining_s(nanos(11_999_999_999)), Some(1));
        assert_eq!(expiry.remaining_s(nanos(9_999_999_000)), Some(2));
        assert!(!expiry.is_past(Instant::from_millis(11_999)));
        assert!(expiry.is_past(Instant::from_secs(12)));
    }

    #[test]
    fn without_an_interval_nothing_expires() {
        let expiry = Expiry::after(None, Instant::ZERO);
        assert_eq!(expiry.remaining_s(Instant::from_secs(1 << 33)), None);
        assert!(!expiry.is_past(Instant::from_secs(1 << 33)));
    }
}
