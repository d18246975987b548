//! Everything that is known of the broker at one moment.

use core::net::SocketAddr;
use core::time::Duration;
use std::time::SystemTime;

use shard_engine::{Counters, Gauges};
use shard_runtime::StoreFigures;

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name, as configured.
    pub name: String,
    /// Version of the broker.
    pub version: &'static str,
    /// Kernel release.
    pub kernel: String,
    /// Wall time of the start.
    pub started: SystemTime,
    /// The listeners with the ports that they got.
    pub listeners: Vec<BoundListener>,
    /// Open files that the process may have, which bounds connections.
    pub open_files_max: u64,
}

/// A listener that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundListener {
    /// Name, with its kind: `tcp:default`.
    pub name: String,
    /// Address, with the real port if 0 was asked for.
    pub address: SocketAddr,
}

/// What one shard reports.
#[derive(Clone, Debug, Default)]
pub struct ShardFigures {
    /// Counters of its engine.
    pub counters: Counters,
    /// Gauges of its engine.
    pub gauges: Gauges,
}

/// What the loop of one shard counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoopFigures {
    /// Turns since the start.
    pub turns: u64,
    /// How many of them ended asleep.
    pub sleeps: u64,
}

/// What the kernel says of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Resident memory, bytes.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_files: u64,
    /// Processor time used, user and system.
    pub cpu: Duration,
}

/// Everything that is known of the broker at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What does not change.
    pub node: Node,
    /// Wall time of the snapshot.
    pub now: SystemTime,
    /// The shards in order; a shard that did not answer in time is none.
    pub shards: Vec<Option<ShardFigures>>,
    /// The loops of the shards, in order; known of a silent shard too.
    pub loops: Vec<LoopFigures>,
    /// What the kernel says.
    pub process: ProcessFigures,
    /// What the store says; none if there is none, or it is being closed.
    pub store: Option<StoreFigures>,
    /// Whether the broker takes clients: not before all listeners are open nor once it stops.
    pub ready: bool,
}

impl Snapshot {
    /// Time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.now
            .duration_since(self.node.started)
            .unwrap_or_default()
    }

    /// Counters of all shards that answered, added up.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        for shard in self.shards.iter().flatten() {
            sum.add(&shard.counters);
        }
        sum
    }

    /// Gauges of all shards that answered, added up.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let mut sum = Gauges::default();
        for shard in self.shards.iter().flatten() {
            sum.add(&shard.gauges);
        }
        sum
    }
}
