//! How long a session outlives its connection.

use core::time::Duration;

use wire_message::Instant;
use wire_mqtt::ReasonCode;

/// The Session Expiry Interval in force, seconds; four bytes.
///
/// # Specification
///
/// MQTT 5.0 sections 3.1.2.11.2 and 3.14.2.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpiry(u32);

impl SessionExpiry {
    /// The session ends with its connection.
    pub const WITH_CONNECTION: Self = Self(0);

    /// The session never ends by itself.
    pub const NEVER: Self = Self(u32::MAX);

    /// An interval that was granted before, seconds.
    #[must_use]
    pub const fn of(interval_s: u32) -> Self {
        Self(interval_s)
    }

    /// What a 5.0 CONNECT asks for (absent: 0), but not more than `cap_s`.
    #[must_use]
    pub fn v5(interval_s: Option<u32>, cap_s: u32) -> Self {
        Self(interval_s.unwrap_or(0).min(cap_s))
    }

    /// What a 3.x CONNECT means: clean sessions end with their connection, others after the
    /// configured time.
    #[must_use]
    pub const fn v3(clean_session: bool, default_s: u32) -> Self {
        // [v311 3.1.2-6].
        if clean_session {
            Self::WITH_CONNECTION
        } else {
            Self(default_s)
        }
    }

    /// The interval, seconds; [`u32::MAX`] is never.
    #[must_use]
    pub const fn interval_s(self) -> u32 {
        self.0
    }

    /// Whether the session is still there when its connection is gone.
    #[must_use]
    pub const fn outlives_connection(self) -> bool {
        self.0 > 0
    }

    /// Takes over the interval that a DISCONNECT carries; absent changes nothing.
    ///
    /// # Errors
    ///
    /// [`ReasonCode::ProtocolError`] if the session was to end with its connection and now is not;
    /// nothing has changed.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 3.14.2.2.2.
    pub fn disconnect(&mut self, interval_s: Option<u32>, cap_s: u32) -> Result<(), ReasonCode> {
        let Some(interval_s) = interval_s else {
            return Ok(());
        };
        if self.0 == 0 && interval_s != 0 {
            return Err(ReasonCode::ProtocolError);
        }
        self.0 = interval_s.min(cap_s);
        Ok(())
    }

    /// When a session without a connection since `disconnected_at` ends; `None`: never.
    #[must_use]
    pub fn ends_at(self, disconnected_at: Instant) -> Option<Instant> {
        (self != Self::NEVER).then(|| disconnected_at + Duration::from_secs(u64::from(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_CAP: u32 = u32::MAX;

    #[test]
    fn v5_3_1_2_23_state_outlives_the_connection_if_the_interval_is_above_zero() {
        for (asked, cap, outlives, ends) in [
            (None, NO_CAP, false, Some(10)),
            (Some(0), NO_CAP, false, Some(10)),
            (Some(1), NO_CAP, true, Some(11)),
            (Some(100), 5, true, Some(15)),
            (Some(u32::MAX), 5, true, Some(15)),
            (Some(u32::MAX), NO_CAP, true, None),
            (
                Some(u32::MAX - 1),
                NO_CAP,
                true,
                Some(10 + u64::from(u32::MAX) - 1),
            ),
        ] {
            let expiry = SessionExpiry::v5(asked, cap);
            assert_eq!(expiry.outlives_connection(), outlives, "{asked:?}");
            let ends = ends.map(Instant::from_secs);
            assert_eq!(expiry.ends_at(Instant::from_secs(10)), ends, "{asked:?}");
        }
    }

    #[test]
    fn v311_3_1_2_6_a_clean_session_ends_with_its_connection() {
        assert!(!SessionExpiry::v3(true, 7_200).outlives_connection());
    }

    #[test]
    fn v311_3_1_2_4_another_session_is_kept() {
        let expiry = SessionExpiry::v3(false, 7_200);
        assert!(expiry.outlives_connection());
        assert_eq!(
            expiry.ends_at(Instant::ZERO),
            Some(Instant::from_secs(7_200))
        );
    }

    /// Section 3.14.2.2.2, which has no number.
    #[test]
    fn disconnect_does_not_revive_a_session_that_ends_with_its_connection() {
        let mut expiry = SessionExpiry::WITH_CONNECTION;
        assert_eq!(
            expiry.disconnect(Some(1), NO_CAP),
            Err(ReasonCode::ProtocolError)
        );
        assert_eq!(expiry, SessionExpiry::WITH_CONNECTION);
        assert_eq!(expiry.disconnect(Some(0), NO_CAP), Ok(()));
        assert_eq!(expiry.disconnect(None, NO_CAP), Ok(()));
    }

    #[test]
    fn disconnect_changes_another_interval_within_the_cap() {
        let mut expiry = SessionExpiry::v5(Some(10), 100);
        assert_eq!(expiry.disconnect(None, 100), Ok(()));
        assert_eq!(expiry.interval_s(), 10);
        assert_eq!(expiry.disconnect(Some(1_000), 100), Ok(()));
        assert_eq!(expiry.interval_s(), 100);
        assert_eq!(expiry.disconnect(Some(0), 100), Ok(()));
        assert_eq!(expiry, SessionExpiry::WITH_CONNECTION);
    }
}
