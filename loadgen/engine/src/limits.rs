//! Bounds of a worker's turn and of how long others are waited for.

use core::time::Duration;

/// Bytes received from one connection in one turn. Full: the rest is received in the next turn.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// Messages taken from a worker's mailbox in one turn. Full: the rest follows in the next turn.
pub(crate) const MAIL_PER_TURN_MAX: usize = 64;

/// Longest sleep of a worker. Nothing needs it; it bounds what a lost wake could cost.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(250);

/// How long a connection that has said goodbye waits for the broker to close it: whoever closes first
/// keeps the port occupied for a minute, and the generator needs its ports. Full: it is closed here.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// Longest time that a sleep is asked to be shorter. Full: a worker that wakes up still later is late; an
/// earlier one would wait awake for that long.
pub(crate) const OVERSLEEP_MAX: Duration = Duration::from_micros(50);

/// Kinds of trouble that a worker tells apart. Full: the others count as the last kind.
pub(crate) const TROUBLES_MAX: usize = 16;

/// Memory that glommio pins for its own input and output. Full: never, a worker makes none.
pub(crate) const GLOMMIO_IO_BYTES: usize = 64 * 1024;

/// Depth of glommio's own rings. Full: glommio submits what is there and goes on.
pub(crate) const GLOMMIO_RING_DEPTH: usize = 128;

/// When glommio interrupts its tasks for the first time. Full: never, a run ends before.
pub(crate) const GLOMMIO_PREEMPT: Duration = Duration::from_hours(24 * 365);

/// Locked memory that the rings of a worker take. Full: the start is refused.
pub(crate) const LOCKED_BYTES_PER_WORKER: u64 = 512 * 1024;

/// How long workers may take to start. Full: the run fails.
pub(crate) const START_MAX: Duration = Duration::from_mins(1);

/// How long a worker may take to answer. Full: the run fails; its turns cannot be that long.
pub(crate) const ANSWER_MAX: Duration = Duration::from_mins(1);

/// How long child processes may take to end. Full: they are killed.
pub(crate) const CHILD_END_MAX: Duration = Duration::from_secs(5);

/// How long before a border the workers are told of it. Full: never, it is a distance.
pub(crate) const AHEAD: Duration = Duration::from_millis(3);

/// How long after the start of its workers a run begins. Full: never, it is a distance.
pub(crate) const START_DISTANCE: Duration = Duration::from_millis(10);

/// How often it is looked whether the run is to stop. Full: never, it is a period.
pub(crate) const STOP_POLL: Duration = Duration::from_millis(50);

/// How often it is looked whether a stage has settled, once all workers have. Full: never, it is a
/// period.
pub(crate) const SETTLE_POLL: Duration = Duration::from_millis(20);

/// How long all workers may be settled, with deliveries missing and none coming, until the stage is
/// taken for settled: longer than brokers pause. Full: what is missing counts as lost.
pub(crate) const SETTLE_STALL: Duration = Duration::from_secs(10);

const _: () = assert!(TROUBLES_MAX > 0, "there is a last kind");
