//! What a store is started with.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Where sessions, queues, retained and delayed messages are kept, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The folder; made if it is missing. One process uses it at a time.
    pub folder: PathBuf,
    /// From a write that nobody waits for to its sync, at most.
    pub sync_interval: Duration,
    /// Bytes that are left free on the disk: with less, nothing is written until there is more.
    pub reserve_bytes: u64,
    /// Threads that read what waits for clients.
    pub readers: NonZeroUsize,
}
