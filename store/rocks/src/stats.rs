//! What a store did, in numbers.

use std::time::Duration;

use hdrhistogram::Histogram;
use store_model::StoreState;

use crate::limits::LATENCY_US_MAX;

/// What a store did since it started.
#[derive(Clone, Debug)]
pub struct Stats {
    /// How it is.
    pub state: StoreState,
    /// Groups of shards' batches that were written.
    pub groups: u64,
    /// Batches in them.
    pub batches: u64,
    /// Bytes that they added to the log.
    pub group_bytes: u64,
    /// Groups of the store's own work that were written.
    pub upkeep: u64,
    /// Syncs, those that came with a group included.
    pub syncs: u64,
    /// Attempts at a group for which there was no room.
    pub full: u64,
    /// Questions answered.
    pub answers: u64,
    /// Questions that the disk gave no answer to.
    pub unreadable: u64,
    /// Damaged records set aside.
    pub damaged: u64,
    /// From the first batch of a group taken to the group written, and synced if one of its
    /// batches is urgent: microseconds, to two digits. Times without room count.
    pub group_latency_us: Histogram<u64>,
}

impl Stats {
    pub(crate) fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, LATENCY_US_MAX, 2);
        Self {
            state: StoreState::Healthy,
            groups: 0,
            batches: 0,
            group_bytes: 0,
            upkeep: 0,
            syncs: 0,
            full: 0,
            answers: 0,
            unreadable: 0,
            damaged: 0,
            group_latency_us: latency.expect("the bounds are constants in range"),
        }
    }

    pub(crate) fn record_latency(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.group_latency_us.saturating_record(micros);
    }
}
