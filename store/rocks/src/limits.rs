//! Bounds between shards and the store's threads.

use core::time::Duration;

/// Events other than answers that wait for one shard. Full: the store keeps the latest of each kind
/// and tells it when there is room; both kinds are cumulative.
pub const EVENTS_MAX: usize = 64;

/// Bytes of a group, above which no further batch is taken into it; one batch may be larger. Full:
/// the next group takes the rest.
pub const GROUP_BYTES_MAX: usize = 8 << 20;

/// Bytes of a group of an import. Full: it is written.
pub const IMPORT_GROUP_BYTES: usize = 1 << 20;

/// How long a group waits that there was no room for. Full: it is tried again.
pub const FULL_RETRY: Duration = Duration::from_millis(50);

/// How long events wait that there was no room for. Full: they are tried again.
pub const TELL_RETRY: Duration = Duration::from_millis(2);

/// How long upkeep rests after the disk could not be read. Full: it is tried again.
pub const UPKEEP_REST: Duration = Duration::from_mins(1);

/// Files that the database keeps open. Full: the one not used for longest is closed.
pub const OPEN_FILES_MAX: i32 = 512;

/// Bytes of write-ahead logs. Full: the memory table that holds the oldest of them is written out.
pub const LOG_BYTES_MAX: u64 = 256 << 20;

/// Bytes of all memory tables. Full: the largest is written out.
pub const TABLES_BYTES_MAX: usize = 256 << 20;

/// The longest group latency that is told apart, microseconds. Full: longer ones count as this.
pub const LATENCY_US_MAX: u64 = 600_000_000;
