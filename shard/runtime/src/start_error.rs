//! Why shards do not start.

use std::io;
use std::net::SocketAddr;

use shard_uring::ProbeError;

/// Why the shards did not start. Nothing runs, and all sockets are closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener has no socket.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The kernel's reason.
        source: io::Error,
    },
    /// This machine does not let shards run.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The processors can't be found out.
    #[error("read this machine's processors below /sys, which must be mounted: {0}")]
    Processors(String),
    /// The settings name no core, or more than there may be shards.
    #[error("{0} shards were asked for, 1 to 256 are possible")]
    ShardCount(usize),
    /// The store can't be used; nothing in it has changed.
    #[error("{0}")]
    Store(String),
    /// A shard's thread did not come up.
    #[error("start a shard's thread: {0}")]
    Thread(String),
}
