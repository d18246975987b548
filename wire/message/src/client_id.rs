//! Client identifiers.

use core::fmt;

use crate::{Seed, ShardId};

/// The name a client gives itself, or that it was assigned.
///
/// At most 65,535 bytes of valid MQTT text; limits below that are the session's business.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.3.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Box<str>);

impl ClientId {
    /// Wraps text that a decoder has checked.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shard where the session of client `id` lives.
    ///
    /// # Panics
    ///
    /// If `shards` is zero.
    #[must_use]
    pub fn home(id: &str, shards: usize, seed: Seed) -> ShardId {
        let shard = seed.hash(id.as_bytes()) % (shards as u64);
        ShardId(u8::try_from(shard).expect("a process has at most SHARDS_MAX shards"))
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
