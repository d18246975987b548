//! `store`: what outlasts the process.

use crate::field::section;
use crate::value::{ByteCount, Durability, Interval};

section! {
    /// What outlasts the process, in `node.data_dir`.
    pub struct StoreConfig {
        /// Whether sessions, what waits for them, retained and delayed messages are stored. If not,
        /// they end with the process, and what is stored already stays as it is.
        enabled: bool = "true",
        /// What clients may rely on. `strict`: nothing is acknowledged before it is on the disk.
        /// `relaxed`: it is on the disk a little more than `sync_interval` later at most, and a crash
        /// may cost what is not. `memory`: their sessions end with the process.
        durability: Durability = "strict",
        /// Time after which what nobody waits for is on the disk, at most.
        sync_interval: Interval = "1s"; in "1ms..1m",
        /// Time that a publish is held while the disk does not keep up or is full; then it is refused
        /// with 0x97, Quota exceeded.
        wait_max: Interval = "10s"; in "0s..1h",
        /// Room that is left on the disk: with less, nothing is written until there is more.
        reserve_bytes: ByteCount = "1GB"; in "0B..1024GB",
        /// Threads that read what waits for clients that come back.
        reader_threads: u16 = "1"; in "1..64",
    }
}
