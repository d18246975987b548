//! The versions of a shard's own index: when a cached list of matches is stale.

use wire_message::{FilterRef, Seed};

use crate::{BUCKETS, Bucket, DEPTH_MAX, DepthSet, FilterKey, filter_key};

/// How many filters have their key at each prefix depth.
#[derive(Debug)]
pub(crate) struct DepthCounts {
    counts: Box<[u32]>,
    set: DepthSet,
}

impl DepthCounts {
    pub(crate) fn new() -> Self {
        Self {
            counts: vec![0; DEPTH_MAX + 1].into(),
            set: DepthSet::default(),
        }
    }

    /// The depths in use.
    pub(crate) const fn set(&self) -> DepthSet {
        self.set
    }

    /// A filter with a key at `depth` comes; true if it is the first there.
    pub(crate) fn add(&mut self, depth: usize) -> bool {
        self.counts[depth] += 1;
        self.set.insert(depth);
        self.counts[depth] == 1
    }

    /// A filter with a key at `depth` goes; true if it was the last there.
    pub(crate) fn remove(&mut self, depth: usize) -> bool {
        self.counts[depth] -= 1;
        if self.counts[depth] == 0 {
            self.set.remove(depth);
        }
        self.counts[depth] == 0
    }
}

/// What [`crate::Epochs`] is among shards, for the filters of one: plain counters by key.
#[derive(Debug)]
pub(crate) struct Versions {
    seed: Seed,
    counters: Box<[u32]>,
    depths: DepthCounts,
    /// Counts changes of the depths in use and of the filters that start with a wildcard.
    common: u32,
}

impl Versions {
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            seed,
            counters: vec![0; BUCKETS].into(),
            depths: DepthCounts::new(),
            common: 0,
        }
    }

    pub(crate) const fn depths(&self) -> DepthSet {
        self.depths.set()
    }

    /// A filter came.
    pub(crate) fn add(&mut self, filter: FilterRef<'_>) {
        if let FilterKey::Prefix(_, depth) = filter_key(filter, self.seed) {
            self.common = self.common.wrapping_add(self.depths.add(depth).into());
        }
        self.change(filter);
    }

    /// A filter is gone.
    pub(crate) fn remove(&mut self, filter: FilterRef<'_>) {
        if let FilterKey::Prefix(_, depth) = filter_key(filter, self.seed) {
            self.common = self.common.wrapping_add(self.depths.remove(depth).into());
        }
        self.change(filter);
    }

    /// What a filter leads to changed.
    pub(crate) fn change(&mut self, filter: FilterRef<'_>) {
        match filter_key(filter, self.seed) {
            FilterKey::Everywhere => self.common = self.common.wrapping_add(1),
            FilterKey::Exact(bucket) | FilterKey::Prefix(bucket, _) => {
                let counter = &mut self.counters[bucket.index()];
                *counter = counter.wrapping_add(1);
            }
        }
    }

    /// The sum of the counters of `buckets` and of what concerns every topic. Counters only grow,
    /// so it stays the same only while all of them do.
    #[inline]
    pub(crate) fn sum(&self, buckets: &[Bucket]) -> u64 {
        let counters = buckets
            .iter()
            .map(|bucket| u64::from(self.counters[bucket.index()]));
        counters.fold(u64::from(self.common), |sum, counter| sum + counter)
    }
}
