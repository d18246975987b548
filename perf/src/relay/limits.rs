//! Bounds of the relay.

/// Bytes that wait for one sink. Full: its sources are not read until half of them have left.
pub(super) const QUEUED_BYTES_MAX: usize = 1 << 20;

/// Bytes received from one connection in one turn. Full: the rest is received in the next turn.
pub(super) const READ_BYTES: usize = 64 * 1024;

/// Number of channels. Full: a connection that names a higher one is closed.
pub(super) const CHANNELS_MAX: u32 = 1 << 20;

/// Bytes of one frame where sources share a channel. Full: the source is closed.
pub(super) const FRAME_BYTES_MAX: usize = 1 << 20;

/// Acknowledgements that wait for one source, bytes. Full: it is not read until half have left.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;
