//! Where a key belongs: its epoch counter and its owner.

use wire_message::ShardId;

/// Epoch counters of a process.
pub const BUCKETS: usize = 1 << 16;

/// Levels of a literal prefix that count for a filter's key, at the most.
///
/// Full: a filter with a longer prefix is keyed by its first `DEPTH_MAX` levels. That is still a
/// prefix of every topic it matches, so nothing is missed; such filters only share an owner.
pub const DEPTH_MAX: usize = 127;

/// The number of an epoch counter: the low 16 bits of a key's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub u16);

impl Bucket {
    /// The bucket of the key that hashes to `hash`.
    #[must_use]
    pub const fn of(hash: u64) -> Self {
        Self((hash & 0xffff) as u16)
    }

    /// The shard that owns the keys of this bucket.
    ///
    /// # Panics
    ///
    /// If `shards` is zero.
    #[must_use]
    pub fn owner(self, shards: usize) -> ShardId {
        let shard = usize::from(self.0) % shards;
        ShardId(u8::try_from(shard).expect("a process has at most SHARDS_MAX shards"))
    }

    /// The bucket as an index into a table of buckets.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
