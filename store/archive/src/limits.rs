//! Bounds of an archive.

/// Bytes of one frame, sum included. A message has at most 256 MiB of payload and as much of
/// properties. Full: the archive is not read.
pub const FRAME_BYTES_MAX: usize = 1 << 30;

/// Shared messages of which an export remembers that they can be read. Full: it forgets them all and
/// looks again.
pub const KNOWN_BODIES_MAX: usize = 1 << 16;
