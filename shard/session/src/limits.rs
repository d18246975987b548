//! Bounds that no setting changes, and what happens at each.

/// Bytes of all topics behind one client's aliases. Full: the client is disconnected with 0x97.
pub const ALIAS_BYTES_MAX: usize = 1 << 20;
