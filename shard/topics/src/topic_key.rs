//! Topics and filters together with the hashes that route them.

use wire_message::{FilterRef, Seed, ShardId, TopicRef};

use crate::{Bucket, DEPTH_MAX};

/// A topic and the hash of its whole text: computed once for a publish, used by every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicKey<'a> {
    topic: TopicRef<'a>,
    hash: u64,
}

impl<'a> TopicKey<'a> {
    /// Hashes `topic` under the process's seed.
    #[must_use]
    pub fn new(topic: TopicRef<'a>, seed: Seed) -> Self {
        let hash = seed.hash(topic.as_str().as_bytes());
        Self { topic, hash }
    }

    /// The topic.
    #[must_use]
    pub const fn topic(self) -> TopicRef<'a> {
        self.topic
    }

    /// The hash of the whole topic.
    #[must_use]
    pub const fn hash(self) -> u64 {
        self.hash
    }

    /// The bucket of the filter equal to this topic.
    #[must_use]
    pub const fn bucket(self) -> Bucket {
        Bucket::of(self.hash)
    }

    /// The shard that owns the filter equal to this topic, and its retained message.
    #[must_use]
    pub fn owner(self, shards: usize) -> ShardId {
        self.bucket().owner(shards)
    }
}

/// The part of a filter that decides its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKey {
    /// The filter starts with a wildcard: every shard holds it.
    Everywhere,
    /// The filter has no wildcard; the bucket of its whole text.
    Exact(Bucket),
    /// The bucket of the literal levels before the first wildcard, and their number: 1 to
    /// [`DEPTH_MAX`].
    Prefix(Bucket, usize),
}

impl FilterKey {
    /// The shard that owns the filter; `None` if every shard holds it.
    #[must_use]
    pub fn owner(self, shards: usize) -> Option<ShardId> {
        match self {
            Self::Everywhere => None,
            Self::Exact(bucket) | Self::Prefix(bucket, _) => Some(bucket.owner(shards)),
        }
    }
}

/// The key of `filter` under the process's seed.
#[must_use]
pub fn filter_key(filter: FilterRef<'_>, seed: Seed) -> FilterKey {
    let (prefix, depth) = filter.literal_prefix();
    if prefix.len() == filter.as_str().len() {
        return FilterKey::Exact(Bucket::of(seed.hash(prefix.as_bytes())));
    }
    if depth == 0 {
        return FilterKey::Everywhere;
    }
    let depth = depth.min(DEPTH_MAX);
    let key = levels_prefix(prefix, depth);
    FilterKey::Prefix(Bucket::of(seed.hash(key.as_bytes())), depth)
}

/// The first `depth` levels of `text`, or all of it if it has fewer.
fn levels_prefix(text: &str, depth: usize) -> &str {
    let end = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/')
        .nth(depth - 1);
    end.map_or(text, |(end, _)| &text[..end])
}
