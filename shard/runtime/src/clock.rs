//! The only place that reads a clock.

use std::time::Instant as SystemInstant;

use wire_message::Instant;

/// The process's monotonic clock, the same for all shards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: SystemInstant,
}

impl Clock {
    /// A clock that starts now, at a second that is not zero: the engine may subtract a little.
    pub(crate) fn new() -> Self {
        Self {
            start: SystemInstant::now(),
        }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_secs(1) + self.start.elapsed()
    }
}
