//! A route that is being asked for.

use wire_message::{Seed, ShardId, ShardSet};

use crate::buckets::Buckets;
use crate::{Epochs, Interest, Route, TopicKey};

/// What is known of a topic's route while owners are being asked.
///
/// The counters were read before anybody was asked, so an answer is never older than they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    owners: ShardSet,
    route: Route,
    stamp: Stamp,
}

/// The counters that a route was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    buckets: Buckets,
    sum: u64,
}

impl Stamp {
    /// Reads the counters that the topic's route depends on.
    pub(crate) fn new(
        key: TopicKey<'_>,
        seed: Seed,
        epochs: &Epochs,
        everywhere_version: u32,
    ) -> Self {
        let depth_counter = epochs.load_depth_counter();
        let buckets = Buckets::new(key, epochs.depths(), seed);
        let sum = epochs.sum(buckets.as_slice(), depth_counter) + u64::from(everywhere_version);
        Self { buckets, sum }
    }

    /// Whether no counter has moved.
    #[inline]
    pub(crate) fn is_valid(&self, epochs: &Epochs, everywhere_version: u32) -> bool {
        let sum = epochs.sum(self.buckets.as_slice(), epochs.load_depth_counter());
        sum + u64::from(everywhere_version) == self.sum
    }

    /// Bytes of memory besides the value itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.buckets.heap_bytes()
    }
}

impl Pending {
    /// Begins to resolve the topic: reads the counters, answers what `interest`'s shard owns, and
    /// notes who else must be asked.
    ///
    /// # Panics
    ///
    /// In a process of one shard: its [`Interest`] is empty, only the index knows the route.
    #[must_use]
    pub fn new(key: TopicKey<'_>, seed: Seed, epochs: &Epochs, interest: &Interest) -> Self {
        assert!(
            epochs.shards() > 1,
            "one shard asks its index, see `RouteCache::lookup`"
        );
        let stamp = Stamp::new(key, seed, epochs, interest.everywhere_version());
        let buckets = stamp.buckets.as_slice().iter();
        let mut owners: ShardSet = buckets
            .map(|bucket| bucket.owner(epochs.shards()))
            .collect();
        let mut route = Route::default();
        if owners.remove(interest.shard()) {
            route = interest.answer(key);
        }
        interest.everywhere(key, &mut route);
        Self {
            owners,
            route,
            stamp,
        }
    }

    /// What is known of the route so far: all of it once every owner has answered.
    #[must_use]
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// The shards that have not answered yet.
    #[must_use]
    pub const fn owners(&self) -> &ShardSet {
        &self.owners
    }

    /// Takes the answer of one owner in; true if it was the last. An answer of somebody who was not
    /// asked, or has answered, is passed over.
    pub fn merge(&mut self, from: ShardId, answer: Route) -> bool {
        if self.owners.remove(from) {
            self.route.merge(answer);
        }
        self.owners.is_empty()
    }

    pub(crate) fn into_parts(self) -> (Route, Stamp) {
        (self.route, self.stamp)
    }
}
