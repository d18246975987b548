//! What a start found.

use std::time::Duration;

use tracing::{info, warn};

/// What was read, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) sessions: u64,
    pub(crate) subscriptions: u64,
    pub(crate) retained: u64,
    pub(crate) delayed: u64,
    /// Records that can't be read. The store sets them aside once it runs.
    pub(crate) damaged: u64,
}

impl Found {
    /// Tells an operator.
    pub(crate) fn log(self, took: Duration) {
        let Self {
            sessions,
            subscriptions,
            retained,
            delayed,
            damaged,
        } = self;
        let took_s = took.as_secs_f64();
        info!(
            sessions,
            subscriptions, retained, delayed, took_s, "Store is read"
        );
        if damaged > 0 {
            warn!(
                records = damaged,
                "Damaged records in the store are quarantined; what they held is lost"
            );
        }
    }
}
