//! The control side of the broker: status, metrics, system topics, the log level.
//!
//! It lives on one thread of its own, a tokio runtime that the binary drives, and meets the shards
//! only through their mailboxes ([`Mailboxes`], `mailbox.rs`): it asks each for its counters and
//! hands it messages to publish. Nothing here is on the path of a message, and a slow scrape delays
//! nobody. What is shown is made by pure functions ([`metrics`], [`status`], [`sys_topics`]) of one
//! [`Snapshot`]; the rest does the asking and the serving.
//!
//! Start with [`Control`], then `hub.rs`.

#![allow(
    clippy::disallowed_methods,
    reason = "drives I/O: HTTP, wall time, /proc"
)]

mod control;
mod http;
mod hub;
mod log_level;
mod mailbox;
pub mod metrics;
mod process;
mod publisher;
mod snapshot;
pub mod status;
pub mod sys_topics;

pub use control::{Control, ControlSettings, StartError};
pub use log_level::LogLevels;
pub use mailbox::Mailboxes;
pub use snapshot::{BoundListener, LoopFigures, Node, ProcessFigures, ShardFigures, Snapshot};
