//! Hash tables whose order an injected seed decides.

use core::hash::BuildHasher;

use foldhash::fast::{FixedState, FoldHasher};

/// The secret that keys every hash of a process: homes of client ids, slices of topics, tables.
///
/// Random in production, so that clients can't choose colliding names; fixed in simulation, so
/// that a run repeats. All shards of a process share one seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The hash of `bytes` under this seed, the same on every shard.
    #[must_use]
    pub fn hash(self, bytes: &[u8]) -> u64 {
        self.hash_one(bytes)
    }
}

impl BuildHasher for Seed {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        FixedState::with_seed(self.0).build_hasher()
    }
}

/// A hash map keyed by the process's [`Seed`]; make one with `Map::with_hasher(seed)`.
pub type Map<K, V> = hashbrown::HashMap<K, V, Seed>;

/// A hash table whose owner supplies hash and equality: for entries that live in a slab.
pub type Table<T> = hashbrown::HashTable<T>;
