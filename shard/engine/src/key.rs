//! The driver's name for a connection.

use shard_table::Key;

/// Marks keys of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfConnection {}

/// A connection of one shard: index and generation, so that an old key never names a new connection.
pub type ConnectionKey = Key<OfConnection>;
