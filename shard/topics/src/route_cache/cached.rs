//! What is known about one topic.

use wire_message::{Seed, ShardId, TopicName, TopicRef};

use crate::buckets::Buckets;
use crate::pending::Stamp;
use crate::{Epochs, FilterId, GroupRoute, GroupShard, Index, Interest, Route, TopicKey};

/// A topic, its route if it was asked for, and its matches in the shard's own index.
#[derive(Debug)]
pub(super) struct Cached {
    topic: TopicName,
    route: Option<(Route, Option<Stamp>)>,
    local: Box<[FilterId]>,
    local_buckets: Buckets,
    local_sum: u64,
}

impl Cached {
    /// An entry that knows nothing yet.
    pub(super) fn new(key: TopicKey<'_>) -> Self {
        Self {
            topic: key.topic().to_owned(),
            route: None,
            local: Box::default(),
            local_buckets: Buckets::Few {
                len: 0,
                buckets: [key.bucket(); _],
            },
            local_sum: 0,
        }
    }

    #[inline]
    pub(super) fn topic(&self) -> TopicRef<'_> {
        self.topic.as_ref()
    }

    /// Whether no counter that the matches were built from has moved.
    #[inline]
    pub(super) fn is_local_valid(&self, index: &Index) -> bool {
        index.versions().sum(self.local_buckets.as_slice()) == self.local_sum
    }

    /// Whether there is a route, and no counter that it was built from has moved.
    #[inline]
    pub(super) fn is_route_valid(&self, epochs: &Epochs, everywhere_version: u32) -> bool {
        match &self.route {
            Some((_, Some(stamp))) => stamp.is_valid(epochs, everywhere_version),
            _ => false,
        }
    }

    /// Whether route and matches are there, and no counter that they were built from has moved.
    #[inline]
    pub(super) fn is_valid(&self, epochs: &Epochs, interest: &Interest, index: &Index) -> bool {
        let route = match &self.route {
            Some((_, Some(stamp))) => stamp.is_valid(epochs, interest.everywhere_version()),
            // Made from the matches, and goes with them.
            Some((_, None)) => true,
            None => false,
        };
        route && self.is_local_valid(index)
    }

    /// The matches in the shard's own index.
    #[inline]
    pub(super) fn local(&self) -> &[FilterId] {
        &self.local
    }

    /// The route, which is there, and the local matches.
    #[inline]
    pub(super) fn known(&self) -> (&Route, &[FilterId]) {
        let (route, _) = self
            .route
            .as_ref()
            .expect("the route was seen or made just now");
        (route, &self.local)
    }

    /// Looks the topic up in the index. A route that was made from the index goes.
    pub(super) fn set_local(&mut self, key: TopicKey<'_>, index: &Index, seed: Seed) {
        let versions = index.versions();
        self.local_buckets = Buckets::new(key, versions.depths(), seed);
        self.local_sum = versions.sum(self.local_buckets.as_slice());
        let mut matches = Vec::new();
        index.lookup(key, &mut matches);
        self.local = matches.into();
        if let Some((_, None)) = self.route {
            self.route = None;
        }
    }

    pub(super) fn set_route(&mut self, route: Route, stamp: Stamp) {
        self.route = Some((route, Some(stamp)));
    }

    /// Makes the route from the local matches, where `shard` is the only one.
    pub(super) fn set_route_from(&mut self, index: &Index, shard: ShardId) {
        let mut route = Route::default();
        for id in &self.local {
            let entry = index.filter(*id);
            if entry.subscribers_count() > 0 {
                route.shards.insert(shard);
            }
            if entry.has_persistent() {
                route.persistent.insert(shard);
            }
            for group in entry.groups().iter().map(|group| index.group(*group)) {
                let count = |count: usize| u32::try_from(count).expect("fewer than 2^32 members");
                let online = count(group.online());
                let offline = count(group.members().len()) - online;
                route.groups.push(GroupRoute {
                    group: group.name().into(),
                    filter: entry.text().into(),
                    hash: group.hash(),
                    shards: Box::new([GroupShard {
                        shard,
                        online,
                        offline,
                    }]),
                });
            }
        }
        self.route = Some((route, None));
    }

    /// Bytes of memory, the value itself included.
    pub(super) fn bytes(&self) -> usize {
        let route = self.route.as_ref().map_or(0, |(route, stamp)| {
            route.heap_bytes() + stamp.as_ref().map_or(0, Stamp::heap_bytes)
        });
        size_of::<Self>()
            + self.topic.as_str().len()
            + size_of_val(&*self.local)
            + self.local_buckets.heap_bytes()
            + route
    }
}
