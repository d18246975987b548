//! What outlasts the process: the engine's side of the store.
//!
//! The engine writes down, as operations of a [`Journal`], what it does to sessions that outlive
//! their connections, to retained and to delayed messages; the driver hands each turn's operations
//! to the store as one batch. What promises something to a client waits ([`Waits`]) until the store
//! has said that it is durable: here for batches of this shard, and by way of the shard that
//! wrote them for others. Packets that wait stand in line with their connection ([`Line`]), so
//! their order is kept.
//!
//! A stored session without a connection has nothing but its entry in memory: what waits for it is
//! on the disk, and is read again, in pieces, when its client comes back.

mod asks;
mod awaiting;
mod deferred;
mod deliver;
mod disk;
mod entries;
mod heads;
mod hold;
mod journal;
mod line;
mod load;
mod pages;
mod queue;
mod receipts;
mod restore;
mod turn;

pub(crate) use asks::Asks;
pub(crate) use awaiting::{Awaiting, Waits};
pub(crate) use deferred::Deferred;
pub(crate) use disk::Disk;
pub(crate) use entries::Writing;
pub(crate) use journal::Journal;
pub(crate) use line::{Line, Packet};
pub use receipts::Taking;
pub use restore::Restored;
