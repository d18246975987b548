//! Bounds of a turn and of what a shard holds for the network.

use core::time::Duration;

/// Bytes received from one connection in one turn. Full: the rest is received in the next turn.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// Entries taken from one ring in one turn. Full: the rest follows in the next turn.
pub(crate) const ENTRIES_PER_TURN_MAX: usize = 64;

/// Messages taken from the control side in one turn. Full: the rest follows in the next turn.
pub(crate) const CONTROL_PER_TURN_MAX: usize = 64;

/// Messages that wait between a shard and the control side, each way. Full: the control side is told
/// so and tries again; what a shard has to say is kept until there is room.
pub(crate) const MAILBOX_MESSAGES: usize = 1024;

/// Events taken from the store in one turn; each may carry a part of a session's queue. Full: the rest
/// follows in the next turn.
pub(crate) const STORE_EVENTS_PER_TURN_MAX: usize = 16;

/// Records that are read at a start before the shards get their shares of them. Full: they get them.
pub(crate) const ROUND_RECORDS: usize = 8192;

/// Shares that wait for a shard at a start. Full: reading waits.
pub(crate) const ROUNDS_AHEAD_MAX: usize = 2;

/// Longest sleep of a shard. Nothing needs it; it bounds what a lost wake could cost.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(250);

/// How long a connection that is to be closed may take to accept its last bytes and to finish. Full:
/// it is cut off.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// What [`LINGER`] becomes when the process ends. Full: the kernel sends what it still has by itself.
pub(crate) const LEAVE: Duration = Duration::from_millis(500);

/// How long a listener that is out of descriptors rests.
pub(crate) const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Memory that glommio pins for its own input and output. Full: never, a shard makes none.
pub(crate) const GLOMMIO_IO_BYTES: usize = 64 * 1024;

/// Depth of glommio's own rings. Full: glommio submits what is there and goes on.
pub(crate) const GLOMMIO_RING_DEPTH: usize = 128;

/// When glommio interrupts its tasks for the first time. Full: never, no process lives that long.
pub(crate) const GLOMMIO_PREEMPT: Duration = Duration::from_hours(24 * 365 * 50);

/// Locked memory that a shard's rings take: the smallest limit under which 1, 2, 4 and 8 shards were
/// seen to start. Full: the start is refused.
pub(crate) const LOCKED_BYTES_PER_SHARD: u64 = 512 * 1024;
