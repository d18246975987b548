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

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(1);

    fn key(text: &str) -> FilterKey {
        filter_key(
            FilterRef::new(text).expect("the test's filter is valid"),
            SEED,
        )
    }

    #[test]
    fn the_key_is_the_text_before_the_first_wildcard() {
        let bucket = |text: &str| Bucket::of(SEED.hash(text.as_bytes()));
        assert_eq!(key("a/b"), FilterKey::Exact(bucket("a/b")));
        assert_eq!(key("a/b/+/c/#"), FilterKey::Prefix(bucket("a/b"), 2));
        assert_eq!(key("/#"), FilterKey::Prefix(bucket(""), 1));
        assert_eq!(
            (key("#"), key("+/a")),
            (FilterKey::Everywhere, FilterKey::Everywhere)
        );
        assert_eq!(key("#").owner(3), None);
    }

    #[test]
    fn a_very_long_prefix_counts_up_to_the_deepest_level() {
        let text = vec!["a"; DEPTH_MAX].join("/");
        let FilterKey::Prefix(bucket, depth) = key(&format!("{text}/b/c/#")) else {
            unreachable!("the filter has a literal prefix");
        };
        assert_eq!(
            (bucket, depth),
            (Bucket::of(SEED.hash(text.as_bytes())), DEPTH_MAX)
        );
    }

    #[test]
    fn a_topic_and_the_filter_equal_to_it_have_one_owner() {
        for text in ["a", "a/b", "/", "site/7/dev/9"] {
            let topic = TopicKey::new(TopicRef::new(text).expect("valid"), SEED);
            assert_eq!(key(text).owner(5), Some(topic.owner(5)), "{text}");
        }
    }
}
