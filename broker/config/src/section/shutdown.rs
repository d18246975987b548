//! `shutdown`: how the broker stops.

use crate::field::section;
use crate::value::Interval;

section! {
    /// How the broker stops.
    pub struct ShutdownConfig {
        /// Time from SIGTERM or SIGINT to the end; a second signal ends at once.
        grace_period: Interval = "10s"; in "1s..10m",
    }
}
