//! How long a client may be silent.

use core::time::Duration;

use wire_message::Instant;

use crate::coarse::Coarse;

/// The keep-alive of one connection: eight bytes, one store for each packet received.
///
/// Nothing is armed when a packet comes. When the connection's timer fires, [`KeepAlive::due`] says
/// whether it was right or when to look again.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.2.10; 3.1.1 section 3.1.2.10.
#[derive(Clone, Copy, Debug)]
pub struct KeepAlive {
    last: Coarse,
    /// Silence allowed, milliseconds; 0: any.
    allowed_ms: u32,
}

impl KeepAlive {
    /// Starts to count at `now`. `interval_s` is the client's, or the server's in its place; 0
    /// turns the mechanism off. `multiplier_percent` is 150 by the standard.
    #[must_use]
    pub fn new(interval_s: u16, multiplier_percent: u32, now: Instant) -> Self {
        let allowed_ms = u64::from(interval_s) * u64::from(multiplier_percent) * 10;
        let allowed_ms = u32::try_from(allowed_ms).unwrap_or(u32::MAX);
        Self {
            last: Coarse::at(now),
            allowed_ms,
        }
    }

    /// A whole packet came: a peer that drips single bytes is still silent.
    pub const fn packet_received(&mut self, now: Instant) {
        self.last = Coarse::at(now);
    }

    /// When the silence becomes too long unless a packet comes; `None` if it never does.
    ///
    /// At `now` or before means that it is: the connection is to be closed, with 0x8D if it is
    /// 5.0. Never early, and at most 0.3 s late.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        // [v5 3.1.2-22], [v311 3.1.2-24].
        (self.allowed_ms > 0).then(|| {
            self.last
                .after(Duration::from_millis(u64::from(self.allowed_ms)), now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn eight_bytes() {
        assert_eq!(size_of::<KeepAlive>(), 8);
    }

    #[test]
    fn v5_3_1_2_22_silence_for_one_and_a_half_keep_alives_is_too_long() {
        let mut keep_alive = KeepAlive::new(10, 150, at(1_000));
        let due = keep_alive.due(at(1_000)).expect("armed");
        assert!(due >= at(16_000) && due <= at(16_300), "{due:?}");
        assert!(
            keep_alive
                .due(at(15_900))
                .is_some_and(|due| due > at(15_900))
        );
        assert!(
            keep_alive
                .due(at(16_300))
                .is_some_and(|due| due <= at(16_300))
        );
        keep_alive.packet_received(at(12_000));
        let due = keep_alive.due(at(16_300)).expect("armed");
        assert!(due >= at(27_000) && due <= at(27_300), "{due:?}");
    }

    #[test]
    fn v311_3_1_2_24_silence_for_one_and_a_half_keep_alives_is_too_long() {
        let keep_alive = KeepAlive::new(u16::MAX, 150, at(0));
        let exact = u64::from(u16::MAX) * 1_500;
        let due = keep_alive.due(at(0)).expect("armed");
        assert!(due >= at(exact) && due <= at(exact + 300), "{due:?}");
    }

    #[test]
    fn zero_turns_it_off() {
        assert_eq!(
            KeepAlive::new(0, 150, at(0)).due(at(u64::MAX / 2_000_000)),
            None
        );
    }

    #[test]
    fn the_multiplier_is_the_operators() {
        let due = KeepAlive::new(10, 300, at(0)).due(at(0)).expect("armed");
        assert!(due >= at(30_000) && due <= at(30_300), "{due:?}");
    }
}
