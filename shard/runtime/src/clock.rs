//! The only place that reads a clock.

use std::time::{Duration, Instant as SystemInstant, SystemTime, UNIX_EPOCH};

use store_model::{UnixMillis, WallClock};
use wire_message::Instant;

/// The process's monotonic clock, the same for all shards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: SystemInstant,
    wall: WallClock,
}

/// What the clock shows at its start. Not zero, because the engine may subtract a little.
const START: Instant = Instant::from_secs(1);

impl Clock {
    /// A clock that starts now.
    pub(crate) fn new() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let unix_ms = u64::try_from(unix.as_millis()).unwrap_or(u64::MAX);
        Self {
            start: SystemInstant::now(),
            wall: WallClock::new(UnixMillis(unix_ms.saturating_sub(START.as_millis()))),
        }
    }

    pub(crate) fn now(self) -> Instant {
        START + self.running()
    }

    /// Time since its start.
    pub(crate) fn running(self) -> Duration {
        self.start.elapsed()
    }

    /// Wall time, as the system's clock had it at the start.
    pub(crate) fn wall(self) -> WallClock {
        self.wall
    }
}
