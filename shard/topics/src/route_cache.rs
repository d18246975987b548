//! What a shard learnt about topics.

mod cached;
mod clock;
mod places;

use wire_message::{Seed, TopicRef};

use self::cached::Cached;
use self::clock::Clock;
use crate::{Epochs, FilterId, Index, Interest, Pending, Route, TopicKey};

/// Bounds of a [`RouteCache`]. Full: an entry that was not used for long makes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteCacheLimits {
    /// Topics; one at the least.
    pub entries_max: usize,
    /// Memory of all entries. The entry used last stays, whatever its size.
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

/// What the cache knows of a topic, up to date.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    /// The topic.
    pub topic: TopicRef<'a>,
    /// Where the messages go.
    pub route: &'a Route,
    /// Matches in this shard's index.
    pub local: &'a [FilterId],
}

/// What [`RouteCache::refresh`] came to.
enum Refreshed {
    Ask(Pending),
    Known(usize),
}

/// Routes and local matches by topic, valid while no counter they were built from has moved.
///
/// One entry serves both sides: the publisher's shard takes the route from it, the subscribers'
/// shard the matches in its own index. A topic in use is matched once, whatever is published on it.
#[derive(Debug)]
pub struct RouteCache {
    seed: Seed,
    entries: Clock,
}

impl RouteCache {
    /// An empty cache.
    #[must_use]
    pub fn new(seed: Seed, limits: RouteCacheLimits) -> Self {
        Self {
            seed,
            entries: Clock::new(limits),
        }
    }

    /// The route of a topic on which a session of this shard publishes.
    ///
    /// Needs no other shard when the cache holds a valid route, or when this shard owns every key
    /// of the topic. In a process of one shard the route is made from `index` alone.
    pub fn lookup(
        &mut self,
        key: TopicKey<'_>,
        epochs: &Epochs,
        interest: &Interest,
        index: &Index,
    ) -> Lookup<'_> {
        let place = match self.entries.find(key) {
            Some(place) if self.entries.get(place).is_valid(epochs, interest, index) => place,
            _ => match self.refresh(key, epochs, interest, index) {
                Refreshed::Ask(pending) => return Lookup::Ask(pending),
                Refreshed::Known(place) => place,
            },
        };
        let (route, local) = self.entries.get(place).known();
        Lookup::Known { route, local }
    }

    /// What is known of the topic with these bytes, if it is known and up to date: for topics that
    /// have not been checked. One that is found here has been.
    #[inline]
    pub fn current(
        &mut self,
        topic: &[u8],
        epochs: &Epochs,
        interest: &Interest,
        index: &Index,
    ) -> Option<Current<'_>> {
        let place = self.entries.find_bytes(self.seed.hash(topic), topic)?;
        let cached = self.entries.get(place);
        if !cached.is_valid(epochs, interest, index) {
            return None;
        }
        let (route, local) = cached.known();
        Some(Current {
            topic: cached.topic(),
            route,
            local,
        })
    }

    /// The topic with these bytes, and the filters of this shard's own sessions that match it, if
    /// that is known and up to date: for a message that came from another shard. See
    /// [`Self::current`].
    #[inline]
    pub fn current_local(
        &mut self,
        topic: &[u8],
        index: &Index,
    ) -> Option<(TopicRef<'_>, &[FilterId])> {
        let place = self.entries.find_bytes(self.seed.hash(topic), topic)?;
        let cached = self.entries.get(place);
        cached
            .is_local_valid(index)
            .then(|| (cached.topic(), cached.local()))
    }

    /// Brings the topic's entry up to date.
    #[cold]
    #[inline(never)]
    fn refresh(
        &mut self,
        key: TopicKey<'_>,
        epochs: &Epochs,
        interest: &Interest,
        index: &Index,
    ) -> Refreshed {
        let place = self.local(key, index);
        let cached = self.entries.get(place);
        if epochs.shards() == 1 {
            self.entries.change(place, |cached| {
                cached.set_route_from(index, interest.shard());
            });
        } else if !cached.is_route_valid(epochs, interest.everywhere_version()) {
            let pending = Pending::new(key, self.seed, epochs, interest);
            if !pending.owners().is_empty() {
                return Refreshed::Ask(pending);
            }
            self.set_route(place, pending);
        }
        Refreshed::Known(place)
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
            pending.owners().is_empty(),
            "a route is stored when every owner has answered"
        );
        let place = self.local(key, index);
        self.set_route(place, pending);
        self.entries.get(place).known()
    }

    /// The filters of this shard's own sessions that match the topic: for a message that came from
    /// another shard.
    pub fn local_matches(&mut self, key: TopicKey<'_>, index: &Index) -> &[FilterId] {
        let place = self.local(key, index);
        self.entries.get(place).local()
    }

    /// Forgets a topic on which nothing more is expected.
    pub fn forget(&mut self, key: TopicKey<'_>) {
        if let Some(place) = self.entries.find(key) {
            self.entries.remove(place);
        }
    }

    /// Topics in the cache.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the cache is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// Memory of all entries.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.entries.bytes()
    }

    /// The place of the topic's entry, with valid local matches.
    fn local(&mut self, key: TopicKey<'_>, index: &Index) -> usize {
        match self.entries.find(key) {
            Some(place) if self.entries.get(place).is_local_valid(index) => place,
            Some(place) => {
                self.entries
                    .change(place, |cached| cached.set_local(key, index, self.seed));
                place
            }
            None => {
                let mut cached = Box::new(Cached::new(key));
                cached.set_local(key, index, self.seed);
                self.entries.insert(key.hash(), cached)
            }
        }
    }

    fn set_route(&mut self, place: usize, pending: Pending) {
        let (route, stamp) = pending.into_parts();
        self.entries
            .change(place, |cached| cached.set_route(route, stamp));
    }
}

#[cfg(test)]
mod tests;
