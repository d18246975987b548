//! Bounds of a driver.

/// Sockets of one driver. Full: [`crate::Driver::attach`] gives the socket back.
pub(crate) const SOCKETS_MAX: u32 = 1 << 24;

/// Bytes that a send buffer starts with. Full: it grows.
pub(crate) const OUTBOX_START_BYTES: usize = 512;

/// Send buffers up to this size are kept apart, so that small writes do not occupy large buffers.
/// Full: the buffer counts as large.
pub(crate) const OUTBOX_SMALL_BYTES: usize = 4 * 1024;

/// Largest send buffer that the pool keeps. Full: a larger one is freed once it is sent.
pub(crate) const OUTBOX_KEPT_BYTES: usize = 1024 * 1024;

/// Places for shared bytes that a send buffer in the pool keeps. Full: the rest is freed.
pub(crate) const SPLICES_KEPT: usize = 16;

/// Pieces of memory handed to the kernel in one send. Full: the rest follows in the next send.
pub(crate) const PIECES_PER_SEND_MAX: usize = 64;

/// Sockets up to which a flush sends by system calls if it may choose. Full: all of them are served by
/// entries in the ring.
pub(crate) const CALLS_PER_FLUSH_MAX: usize = 8;

/// Times that a closing driver waits for the kernel to let go of its send buffers. Full: it leaks
/// them, because the kernel may still read them.
pub(crate) const CLOSE_ROUNDS_MAX: u32 = 100;

/// Memory that is locked to see whether it may be. Full: the rest is believed; one buffer of a ring has
/// at most a gibibyte.
pub(crate) const LOCK_TRIAL_BYTES_MAX: usize = 1 << 30;

const _: () = assert!(OUTBOX_START_BYTES <= OUTBOX_SMALL_BYTES);
const _: () = assert!(OUTBOX_SMALL_BYTES <= OUTBOX_KEPT_BYTES);
const _: () = assert!(PIECES_PER_SEND_MAX <= 1024, "IOV_MAX of Linux");
