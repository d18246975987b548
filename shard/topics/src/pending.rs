//! A route that is being asked for.

use wire_message::{ShardId, ShardSet};

use crate::{Bucket, Epochs, Interest, Route, TopicKey};

/// What is known of a topic's route while owners are being asked.
///
/// The counters were read before anybody was asked, so an answer is never older than they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub(crate) owners: ShardSet,
    pub(crate) route: Route,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) epochs: u64,
}

impl Pending {
    /// Begins to resolve the topic: reads the counters, answers what `interest`'s shard owns, and
    /// notes who else must be asked.
    #[must_use]
    pub fn new(
        key: TopicKey<'_>,
        seed: wire_message::Seed,
        epochs: &Epochs,
        interest: &Interest,
    ) -> Self {
        let depth_counter = epochs.load_depth_counter();
        let depths = epochs.depths();
        let mut buckets = vec![key.bucket()];
        let text = key.topic().as_str();
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'/')
            .map(|(end, _)| end);
        for (index, end) in ends.chain([text.len()]).enumerate() {
            // A `#` after the whole topic matches it too.
            if index + 1 <= crate::DEPTH_MAX && depths.contains(index + 1) {
                buckets.push(Bucket::of(seed.hash(text[..end].as_bytes())));
            }
        }
        let sum = stamp(&buckets, epochs, depth_counter, interest);
        let mut owners: ShardSet = buckets
            .iter()
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
            buckets,
            epochs: sum,
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

    /// Takes the answer of one owner in; true if it was the last.
    pub fn merge(&mut self, from: ShardId, answer: Route) -> bool {
        if self.owners.remove(from) {
            self.route.merge(answer);
        }
        self.owners.is_empty()
    }
}

/// The sum of the counters that a route depends on. Counters only grow, so the sum stays the same
/// only while all of them do.
pub(crate) fn stamp(
    buckets: &[Bucket],
    epochs: &Epochs,
    depth_counter: u32,
    interest: &Interest,
) -> u64 {
    let fixed = u64::from(depth_counter) + u64::from(interest.everywhere_version());
    buckets
        .iter()
        .fold(fixed, |sum, bucket| sum + u64::from(epochs.load(*bucket)))
}
