//! What a shard learnt about topics.

use wire_message::{Map, Seed};

use crate::pending::stamp;
use crate::{Bucket, Epochs, FilterId, Index, Interest, Pending, Route, TopicKey};

/// Bounds of a [`RouteCache`]. Full: the entry that was not used for longest makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteCacheLimits {
    /// Topics.
    pub entries_max: usize,
    /// Memory of all entries.
    pub bytes_max: usize,
}

/// What the cache says about a topic.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// Other shards must be asked first; then call [`RouteCache::store`].
    Ask(Pending),
    /// The route, and the filters of this shard's own sessions that match.
    Known {
        /// Where the messages go.
        route: &'a Route,
        /// Matches in this shard's index.
        local: &'a [FilterId],
    },
}

#[derive(Debug, Default)]
struct Cached {
    route: Option<Route>,
    buckets: Vec<Bucket>,
    epochs: u64,
    local: Vec<FilterId>,
}

/// Routes and local matches by topic, valid while no counter they were built from has moved.
#[derive(Debug)]
pub struct RouteCache {
    seed: Seed,
    limits: RouteCacheLimits,
    entries: Map<Box<str>, Cached>,
}

impl RouteCache {
    /// An empty cache.
    #[must_use]
    pub fn new(seed: Seed, limits: RouteCacheLimits) -> Self {
        Self {
            seed,
            limits,
            entries: Map::with_hasher(seed),
        }
    }

    /// The route of a topic on which a session of this shard publishes.
    ///
    /// Needs no other shard when the cache holds a valid route, or when this shard owns every key
    /// of the topic (always, when it is the only one).
    pub fn lookup(
        &mut self,
        key: TopicKey<'_>,
        epochs: &Epochs,
        interest: &Interest,
        index: &Index,
    ) -> Lookup<'_> {
        let text = key.topic().as_str();
        let valid = self.entries.get(text).is_some_and(|cached| {
            cached.route.is_some()
                && cached.epochs
                    == stamp(
                        &cached.buckets,
                        epochs,
                        epochs.load_depth_counter(),
                        interest,
                    )
        });
        if !valid {
            let pending = Pending::new(key, self.seed, epochs, interest);
            if !pending.owners.is_empty() {
                return Lookup::Ask(pending);
            }
            let (route, local) = self.store(key, pending, index);
            return Lookup::Known { route, local };
        }
        self.local_matches(key, index);
        let cached = &self.entries[text];
        let route = cached
            .route
            .as_ref()
            .expect("the route was seen to be valid");
        Lookup::Known {
            route,
            local: &cached.local,
        }
    }

    /// Keeps a route whose last owner has answered, and returns it with the local matches.
    ///
    /// If a counter has moved since the owners were asked, the route serves the publishes that
    /// waited for it, and the next look-up asks again.
    ///
    /// # Panics
    ///
    /// If an owner has not answered.
    pub fn store(
        &mut self,
        key: TopicKey<'_>,
        pending: Pending,
        index: &Index,
    ) -> (&Route, &[FilterId]) {
        assert!(
            pending.owners.is_empty(),
            "a route is stored when every owner has answered"
        );
        self.local_matches(key, index);
        let cached = self
            .entries
            .get_mut(key.topic().as_str())
            .expect("just made");
        cached.buckets = pending.buckets;
        cached.epochs = pending.epochs;
        (cached.route.insert(pending.route), &cached.local)
    }

    /// The filters of this shard's own sessions that match the topic: for a message that came from
    /// another shard.
    pub fn local_matches(&mut self, key: TopicKey<'_>, index: &Index) -> &[FilterId] {
        if self.entries.len() >= self.limits.entries_max {
            self.entries.clear();
        }
        let cached = self.entries.entry(key.topic().as_str().into()).or_default();
        cached.local.clear();
        index.lookup(key, &mut cached.local);
        &cached.local
    }

    /// Topics in the cache.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the cache is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
