//! The only place that reads a clock.

use std::time::{Instant as SystemInstant, SystemTime, UNIX_EPOCH};

use wire_message::Instant;

/// The process's monotonic clock, the same for all shards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: SystemInstant,
    unix_s_at_zero: u64,
}

/// What the clock shows at its start. Not zero, because the engine may subtract a little.
const START: Instant = Instant::from_secs(1);

impl Clock {
    /// A clock that starts now.
    pub(crate) fn new() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            start: SystemInstant::now(),
            unix_s_at_zero: unix.as_secs().saturating_sub(START.as_secs()),
        }
    }

    pub(crate) fn now(self) -> Instant {
        START + self.start.elapsed()
    }

    /// Unix time at [`Instant::ZERO`], as the system's clock had it at the start.
    pub(crate) fn unix_s_at_zero(self) -> u64 {
        self.unix_s_at_zero
    }
}
