//! The vocabulary that all Skein crates share: messages, topics, identifiers, times.
//!
//! Every type here is a proof or a plain value. A [`TopicRef`] or [`FilterRef`] exists only if its
//! text obeys MQTT section 4.7; a [`Message`] is immutable once made. Nothing here reads a clock,
//! does I/O, or knows a packet's layout: that is `wire/mqtt`.
//!
//! Start with [`Message`], then [`FilterRef::matches`].

#![warn(clippy::indexing_slicing)]

mod client_id;
mod expiry;
mod filter_target;
mod instant;
mod map;
mod message;
mod qos;
mod shard_id;
mod text;
mod topic_filter;
mod topic_name;

pub use client_id::ClientId;
pub use expiry::Expiry;
pub use filter_target::{FilterTarget, ShareGroup};
pub use instant::Instant;
pub use map::{Map, Seed, Table};
pub use message::{Message, MessageRef, PublisherId};
pub use qos::Qos;
pub use shard_id::{SHARDS_MAX, ShardId, ShardSet};
pub use text::{TextError, check_text};
pub use topic_filter::{FilterError, FilterRef, TopicFilter};
pub use topic_name::{TopicError, TopicName, TopicRef};
