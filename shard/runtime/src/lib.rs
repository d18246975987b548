//! One shard's thread: sockets in, the engine, sockets out, and rings to the other threads.
//!
//! [`Shards::start`] starts one pinned thread per shard. Each runs a glommio executor whose root task
//! is the turn: reap completions, feed connections, drain the rings, run due timers, flush every
//! socket that has something to send with one send, and wait in the shard's own `io_uring` if nothing
//! is left. There is no protocol knowledge here: bytes go to the engine, and what it wants done is done
//! in order.
//!
//! Invariants: an idle connection has no task, timer, future or buffer; all work of a turn is bounded
//! (`limits.rs`); the clock is read once per turn, in one place; a thread sleeps only after it has said
//! so and looked once more (`sleep_flag.rs`); glommio is named in `shard_thread.rs` only.
//!
//! Start with [`Shards`], then `shard.rs`.
#![allow(clippy::disallowed_methods, reason = "drives I/O")]

mod atomic;
mod clock;
mod connections;
mod entropy;
mod limits;
mod lingering;
mod links;
mod listening;
mod mailbox;
mod shard;
mod shard_thread;
mod shards;
mod sleep_flag;
mod start_error;
mod stop;
mod store;
mod teller;
mod turns;
mod unread;

pub use mailbox::{Bell, Mailbox};
pub use shards::{Shards, ShardsSettings, available_cores};
pub use start_error::StartError;
pub use stop::{EndError, StopSignal};
pub use store::{GroupLatency, StoreFigures, StoreSettings, StoreSpace, StoreWatch};
pub use turns::Turns;
