//! Counters, shared by all shards, that say when a cached route is stale.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use wire_message::{SHARDS_MAX, ShardId};

use crate::bits::{high_64, low_64};
use crate::{BUCKETS, Bucket};

/// The prefix depths (1 to [`crate::DEPTH_MAX`]) at which wildcard filters have their key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepthSet(u128);

impl DepthSet {
    /// Whether `depth` is in use.
    #[must_use]
    pub const fn contains(self, depth: usize) -> bool {
        self.0 >> depth & 1 == 1
    }

    /// Adds `depth`.
    pub fn insert(&mut self, depth: usize) {
        self.0 |= 1 << depth;
    }

    /// Takes `depth` out.
    pub fn remove(&mut self, depth: usize) {
        self.0 &= !(1 << depth);
    }

    /// Whether no depth is in use.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The depths of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The depths in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let depth = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(depth as usize)
        })
    }
}

/// One counter for each bucket of keys, one for the set of prefix depths in use, and that set; and
/// whether anybody listens to what the broker tells about itself.
///
/// The only memory that shards share for writing. Every word has one writer: the owner of the
/// bucket, or the shard whose depths it holds (the depth counter alone has several, and is only
/// ever added to).
///
/// # Memory order
///
/// A writer changes its [`crate::Interest`], then bumps the counter (`Release`), then has the
/// subscriber told. A reader loads the counters (`Acquire`), then asks the owners. The telling, the
/// subscriber's SUBACK, what the client does next and the publish it causes form a chain of
/// synchronising steps (rings, kernel), so a publish sent after that SUBACK is looked up by a shard
/// to which the bump is visible: its cached route fails the comparison, and the question it then
/// asks reaches the owner after the change. Depth bits are set before the depth counter is bumped
/// and read after it is loaded: who sees the old set has the old count, and fails the comparison.
#[derive(Debug)]
pub struct Epochs {
    counters: Box<[AtomicU32]>,
    depths: Box<[[AtomicU64; 2]]>,
    depth_counter: AtomicU32,
    /// Subscriptions to what the broker tells about itself, by the shard of their sessions.
    system: Box<[AtomicU32]>,
    shards: usize,
}

impl Epochs {
    /// Counters for a process of `shards` shards, all zero, 256 KiB.
    ///
    /// # Panics
    ///
    /// If `shards` is 0 or more than [`SHARDS_MAX`].
    #[must_use]
    pub fn new(shards: usize) -> Self {
        assert!(
            (1..=SHARDS_MAX).contains(&shards),
            "a process has 1 to {SHARDS_MAX} shards"
        );
        Self {
            counters: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
            depths: (0..shards)
                .map(|_| [AtomicU64::new(0), AtomicU64::new(0)])
                .collect(),
            depth_counter: AtomicU32::new(0),
            system: (0..shards).map(|_| AtomicU32::new(0)).collect(),
            shards,
        }
    }

    /// Shards of the process.
    #[must_use]
    pub const fn shards(&self) -> usize {
        self.shards
    }

    /// The counter of `bucket`.
    #[must_use]
    pub fn load(&self, bucket: Bucket) -> u32 {
        self.counters[bucket.index()].load(Ordering::Acquire)
    }

    /// Makes every cached route that was built from `bucket` stale. For the bucket's owner.
    pub fn bump(&self, bucket: Bucket) {
        let counter = &self.counters[bucket.index()];
        // One writer: a load and a store do, without a locked instruction.
        let value = counter.load(Ordering::Relaxed);
        counter.store(value.wrapping_add(1), Ordering::Release);
    }

    /// The sum of the counters of `buckets` and of the counter of depths. Counters only grow, so it
    /// stays the same only while all of them do.
    #[inline]
    pub(crate) fn sum(&self, buckets: &[Bucket], depth_counter: u32) -> u64 {
        let counters = buckets.iter().map(|bucket| u64::from(self.load(*bucket)));
        counters.fold(u64::from(depth_counter), |sum, counter| sum + counter)
    }

    /// The counter of the set of depths.
    #[must_use]
    pub fn load_depth_counter(&self) -> u32 {
        self.depth_counter.load(Ordering::Acquire)
    }

    /// The depths in use on any shard. Load the depth counter first.
    #[must_use]
    pub fn depths(&self) -> DepthSet {
        let words = self
            .depths
            .iter()
            .fold([0, 0], |[low, high], [more_low, more_high]| {
                [
                    low | more_low.load(Ordering::Acquire),
                    high | more_high.load(Ordering::Acquire),
                ]
            });
        DepthSet(u128::from(words[1]) << 64 | u128::from(words[0]))
    }

    /// Tells how many subscriptions below `$SYS` the sessions of `shard` have: before a subscriber is
    /// told, as with [`Self::bump`].
    pub fn set_system(&self, shard: ShardId, subscriptions: u32) {
        self.system[shard.index()].store(subscriptions, Ordering::Release);
    }

    /// Whether any session of the process has a subscription below `$SYS`.
    #[must_use]
    pub fn has_system(&self) -> bool {
        let shards = self.system.iter();
        shards
            .map(|shard| shard.load(Ordering::Acquire))
            .any(|count| count > 0)
    }

    /// Publishes the depths in use among the filters that `owner` owns.
    pub fn set_depths(&self, owner: ShardId, depths: DepthSet) {
        let [low, high] = &self.depths[owner.index()];
        let value = depths.0;
        low.store(low_64(value), Ordering::Release);
        high.store(high_64(value), Ordering::Release);
        self.depth_counter.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_moves_the_sum_of_every_list_with_the_bucket() {
        let epochs = Epochs::new(4);
        let (with, without) = ([Bucket(7), Bucket(9)], [Bucket(8), Bucket(9)]);
        let before = (epochs.sum(&with, 0), epochs.sum(&without, 0));
        epochs.bump(Bucket(7));
        assert_eq!(epochs.load(Bucket(7)), 1);
        assert_ne!(epochs.sum(&with, 0), before.0);
        assert_eq!(epochs.sum(&without, 0), before.1);
    }

    #[test]
    fn somebody_listens_below_sys_while_any_shard_says_so() {
        let epochs = Epochs::new(2);
        assert!(!epochs.has_system());
        epochs.set_system(ShardId(1), 2);
        epochs.set_system(ShardId(0), 0);
        assert!(epochs.has_system());
        epochs.set_system(ShardId(1), 0);
        assert!(!epochs.has_system());
    }

    #[test]
    fn depths_are_those_of_all_shards() {
        let epochs = Epochs::new(2);
        let (mut first, mut second) = (DepthSet::default(), DepthSet::default());
        first.insert(1);
        first.insert(crate::DEPTH_MAX);
        second.insert(64);
        epochs.set_depths(ShardId(0), first);
        epochs.set_depths(ShardId(1), second);
        assert!(epochs.depths().iter().eq([1, 64, crate::DEPTH_MAX]));
        assert_eq!(epochs.load_depth_counter(), 2);
        first.remove(1);
        epochs.set_depths(ShardId(0), first);
        assert_eq!(epochs.depths(), first.union(second));
        assert!(!epochs.depths().contains(1) && epochs.depths().contains(64));
    }
}
