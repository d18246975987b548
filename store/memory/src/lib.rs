//! The simulator's store: the same keys, records and groups as on a disk, and everything that can
//! happen to a disk, on command and from one seed.
//!
//! A [`MemoryStore`] takes [`store_model::Batch`]es from shards, merges them into groups, writes
//! each group to a log, syncs the log now and then, and tells the shards. It does one thing each
//! time [`MemoryStore::step`] is called; what, and how long its answers take, the [`FaultPlan`]'s
//! seed decides. [`MemoryStore::crash`] leaves a [`Disk`]: all that was synced, and of the rest as
//! much as chance leaves, cut at any byte; [`MemoryStore::kill`] leaves all that was written.
//!
//! Nothing here does I/O, reads a clock or starts a thread, and a run can be repeated exactly.
//! Start with [`MemoryStore`].

mod disk;
mod image;
pub mod limits;
mod log;
mod plan;
mod rng;
mod side;
mod start;
mod store;

pub use disk::Disk;
pub use image::Image;
pub use plan::FaultPlan;
pub use rng::Rng;
pub use start::{OpenError, Opened};
pub use store::{MemoryStore, Stats};
