//! Bounds of the simulated store.

/// Bytes of the log that are kept beside the image. Full: what is synced moves into the image.
pub const LOG_BYTES_MAX: usize = 1 << 20;
