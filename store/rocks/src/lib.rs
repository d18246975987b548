//! The store on disk: what shards ask for, in groups, in `RocksDB`.
//!
//! [`Database::open`] opens the folder, checks its format and reads what a start needs;
//! [`Store::start`] starts the thread that writes and those that read. Each shard has a [`Port`]:
//! batches and questions go in, events come out, and the shard is woken ([`Wake`]). Batches of all
//! shards become one write and, if one of them is urgent, one sync; others are synced together a
//! little later. A shard is told how far its batches are on the disk, and never more than is.
//!
//! Keys, records, answers and upkeep are `store-model`'s, which the simulator's `store/memory`
//! shares. This is the one crate that names `RocksDB`, and nothing of that is in its interface
//! but the text of errors.
//!
//! Start with `store/README.md`, then [`Store`] and the crate's README.

#![allow(clippy::disallowed_methods, reason = "drives I/O")]

mod check;
mod checkpoint;
mod database;
mod disk;
mod export;
mod families;
mod format;
mod group;
mod import;
pub mod limits;
mod mend;
mod open;
mod port;
mod readers;
mod side;
mod space;
mod stats;
mod store;
mod swap;
mod view;
mod writer;

pub use check::{Checked, check};
pub use checkpoint::CheckpointError;
pub use database::{Database, Options};
pub use disk::{Disk, DiskError, WriteSync};
pub use group::Group;
pub use import::{Existing, ImportError, Imported, import};
pub use open::{OpenError, Opened};
pub use port::{Port, Wake};
pub use space::Space;
pub use stats::Stats;
pub use store::{Settings, Store};
pub use view::ReadError;
