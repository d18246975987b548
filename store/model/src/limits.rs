//! Bounds of what is stored at once, and what happens at each.

/// Requests of one shard, batches and questions, that wait in its ring to the store. Full: the shard
/// gets its request back, holds its publishers and tries again later.
pub const REQUESTS_MAX: usize = 256;

/// Questions of one shard that are not answered. Full: the shard gets the question back.
pub const QUESTIONS_MAX: usize = 64;

/// Operations in one batch. Full: the shard begins the next batch; what must be atomic is in one.
pub const BATCH_OPERATIONS_MAX: usize = 4096;

/// Bytes that an entry takes, key included, if its message is shared and it came through up to four
/// subscriptions with identifiers. Full: further identifiers take four bytes each.
pub const SHARED_ENTRY_BYTES_MAX: usize = 64;

/// Messages whose number of holders is known in memory. Full: that of the oldest is forgotten; its
/// body is removed by a sweep and not at once.
pub const YOUNG_BODIES_MAX: usize = 1 << 18;

/// Releases of messages not known in memory before a sweep is worth its while. Full: a sweep begins.
pub const SWEEP_RELEASES: u64 = 1 << 16;

/// Records that a sweep or the removal of an ended session looks at in one step. Full: the rest
/// follows in the next.
pub const SWEEP_CHUNK: usize = 1024;

/// Damaged records that wait to be set aside. Full: others stay until they are read again.
pub const DAMAGED_MAX: usize = 1024;

/// Entries in one chunk of a session's queue. Full: the next chunk takes the rest.
pub const CHUNK_ENTRIES_MAX: usize = 256;

/// Bytes of messages in one chunk, above which it ends; a single message may be larger. Full: the
/// next chunk takes the rest.
pub const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Bodies whose holders a check counts at once. Full: it goes through all queues once more for the
/// next.
pub const CHECK_BODIES_MAX: usize = 1 << 20;

/// Findings that a check names. Full: others are counted.
pub const FINDINGS_MAX: usize = 1000;

/// Ring entries whose durability is awaited from one shard. Full: the receiving shard takes no
/// further entries from that shard until some are durable, and so holds its publishers.
pub const TRAIL_MARKS_MAX: usize = 8192;
