//! What the store did, for those who watch.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store_model::{Family, StoreState};
use store_rocks::{Space, Stats, Store};

/// What the store did since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreFigures {
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
    /// Syncs.
    pub syncs: u64,
    /// Attempts at a group for which there was no room.
    pub full: u64,
    /// Questions answered.
    pub answers: u64,
    /// Questions that the disk gave no answer to.
    pub unreadable: u64,
    /// Damaged records set aside.
    pub damaged: u64,
    /// How long groups took.
    pub latency: GroupLatency,
    /// What it takes and has left; `None` if the disk can't be read.
    pub space: Option<StoreSpace>,
}

/// What the store takes, and what it has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSpace {
    /// Bytes of the tables that count.
    pub tables_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Bytes of memory tables.
    pub memory_bytes: u64,
    /// Bytes of tables that are to be merged, estimated.
    pub pending_compaction_bytes: u64,
    /// Merges of tables that run now.
    pub compactions: u64,
    /// Whether nothing is written until tables are merged.
    pub is_write_stopped: bool,
    /// Merges of tables and other work beside the writes that failed.
    pub background_errors: u64,
    /// Records of each family by its name, estimated.
    pub records: Vec<(&'static str, u64)>,
    /// Damaged records set aside, by count.
    pub quarantined: u64,
    /// Bytes that are free on the device.
    pub free_bytes: u64,
    /// Of these, bytes that the store leaves alone.
    pub reserve_bytes: u64,
}

/// How long groups took, from the first batch taken to the group written, and synced if somebody
/// waited for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLatency {
    /// How many took up to so long, in ascending order.
    pub up_to: Vec<(Duration, u64)>,
    /// How many there were.
    pub count: u64,
    /// What they took together, to two digits.
    pub sum: Duration,
}

/// The times that are told apart, microseconds.
const BOUNDS_US: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 5_000_000, 30_000_000,
];

/// A store that runs, shared with those who watch it; empty once it is closed.
pub(crate) type SharedStore = Arc<Mutex<Option<Store>>>;

/// Tells what the store does; may go to any thread.
#[derive(Clone, Debug)]
pub struct StoreWatch(pub(crate) SharedStore);

impl StoreWatch {
    /// What the store did so far; `None` once it is being closed. Asks the disk, so it may take a
    /// while.
    #[must_use]
    pub fn figures(&self) -> Option<StoreFigures> {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stats, read) = store
            .as_ref()
            .map(|store| (store.stats(), store.space().ok()))?;
        drop(store);
        Some(figures(&stats, read.as_ref().map(space)))
    }
}

fn figures(stats: &Stats, space: Option<StoreSpace>) -> StoreFigures {
    StoreFigures {
        state: stats.state,
        groups: stats.groups,
        batches: stats.batches,
        group_bytes: stats.group_bytes,
        upkeep: stats.upkeep,
        syncs: stats.syncs,
        full: stats.full,
        answers: stats.answers,
        unreadable: stats.unreadable,
        damaged: stats.damaged,
        latency: latency(stats),
        space,
    }
}

fn space(space: &Space) -> StoreSpace {
    StoreSpace {
        tables_bytes: space.tables_bytes,
        log_bytes: space.log_bytes,
        memory_bytes: space.memory_bytes,
        pending_compaction_bytes: space.pending_compaction_bytes,
        compactions: space.compactions,
        is_write_stopped: space.is_write_stopped,
        background_errors: space.background_errors,
        records: Family::ALL
            .map(|family| (family.name(), space.records_of(family)))
            .into(),
        quarantined: space.quarantined,
        free_bytes: space.free_bytes,
        reserve_bytes: space.reserve_bytes,
    }
}

fn latency(stats: &Stats) -> GroupLatency {
    let mut up_to: Vec<_> = BOUNDS_US
        .map(|bound| (Duration::from_micros(bound), 0))
        .into();
    let (mut count, mut sum) = (0, Duration::ZERO);
    for step in stats.group_latency_us.iter_recorded() {
        let groups = step.count_since_last_iteration();
        let took = Duration::from_micros(step.value_iterated_to());
        count += groups;
        sum += took.saturating_mul(u32::try_from(groups).unwrap_or(u32::MAX));
        for (_, within) in up_to.iter_mut().filter(|(bound, _)| took <= *bound) {
            *within += groups;
        }
    }
    GroupLatency { up_to, count, sum }
}
