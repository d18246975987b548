//! Bounds of the data plane, and what happens at each.

/// Entries in the ring from one shard to another. Full: the engine holds the publishing
/// connections, which are not read until there is room.
pub const RING_ENTRIES: usize = 4096;

/// Requests of one shard to another that await an answer, and so entries in the ring of answers.
/// Full: as if the ring of entries were full; the ring of answers itself never is.
pub const REQUESTS_PER_PEER_MAX: usize = 1024;

/// Ring slots that publishes leave to requests and handovers. Full: publishes are held earlier.
pub const RING_RESERVE: usize = 256;

/// Packets taken from one connection before the next one gets its turn. Full: the rest waits for
/// the next turn.
pub const PACKETS_PER_TURN_MAX: usize = 256;

/// Bytes of messages handed to the store and not durable yet. Full: publishes for stored sessions
/// and retained ones are held.
pub const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// Operations that stay in one batch because they are one change. Full: a programming error; a
/// message through more overlapping subscriptions of several filters may be cut.
pub const TRANSACTION_OPERATIONS_MAX: usize = 64;

/// Messages in a stored session's queue in memory at which the next page is read. Full: what comes
/// is on the disk only, as long as something before it is.
pub const PAGE_LOW: usize = 64;

/// Entries of an absent client above the bound of its queue while the oldest are looked for. Full:
/// the newest is dropped.
pub const SURPLUS_MAX: u64 = 256;

/// Bytes of usual publishes that go to another shard as one entry. Full: the next entry takes the
/// rest.
pub const PACKETS_BYTES_MAX: usize = 16 * 1024;

/// Messages taken from a session's queue for its client at once. Full: the rest goes out when the
/// client acknowledges or the driver has sent what it holds.
pub const PUMP_MESSAGES_MAX: usize = 256;

/// Payload bytes from which receivers share one copy instead of having their own. Full: shared.
pub const SHARED_PAYLOAD_MIN: usize = 4096;

/// Publishes of the engine itself (wills, delayed messages, redispatched ones) that wait for a
/// route or for room in a ring. Full: timers that would make more are put off.
pub const BACKLOG_MAX: usize = 65_536;

/// Memory that a remembered route may take on average. Full: the least used routes are forgotten.
pub const ROUTE_BYTES_PER_TOPIC: usize = 1024;

/// Retained messages asked for at once on behalf of a new subscription. Full: the next chunk is
/// asked for when this one has gone out.
pub const RETAINED_CHUNK_MAX: usize = 128;

/// Expired timers handled in one call. Full: the rest follows in the next turn.
pub const TIMERS_PER_TURN_MAX: usize = 1024;

/// Subscriptions given to every client. Full: refused when the configuration is checked.
pub const AUTO_SUBSCRIPTIONS_MAX: usize = 30;

/// Rewrite rules. Full: refused when the configuration is checked.
pub const REWRITE_RULES_MAX: usize = 30;

/// Longest delay of `$delayed`, seconds; more is read as a Unix time. Full: refused with 0x90.
pub const DELAY_S_MAX: u64 = 42_949_670;

const _: () = assert!(
    PACKETS_PER_TURN_MAX * 4 <= RING_ENTRIES,
    "one turn cannot fill a ring"
);
const _: () = assert!(
    SHARED_PAYLOAD_MIN * 2 <= PACKETS_BYTES_MAX,
    "an entry has room for more than one usual publish"
);
const _: () = assert!(
    RING_RESERVE * 4 <= RING_ENTRIES,
    "most of a ring is for publishes"
);
