//! Filters with a value each, from a topic to all filters that match it.

use wire_message::{FilterRef, Seed, TopicFilter};

use crate::TopicKey;
use crate::pool::Pool;

/// The number of a filter in its index, valid until the filter is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(pub(crate) u32);

/// Filters and their values.
#[derive(Debug)]
pub(crate) struct Filters<V> {
    entries: Pool<(TopicFilter, V)>,
    live: Vec<u32>,
}

impl<V> Filters<V> {
    pub(crate) fn new(_seed: Seed) -> Self {
        Self {
            entries: Pool::new(),
            live: Vec::new(),
        }
    }

    /// Number of filters.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The filter's number.
    pub(crate) fn find(&self, filter: FilterRef<'_>) -> Option<FilterId> {
        let same = |id: &&u32| self.entries.get(**id).0.as_ref() == filter;
        self.live.iter().find(same).map(|id| FilterId(*id))
    }

    /// Adds a filter that is not there.
    pub(crate) fn insert(&mut self, filter: FilterRef<'_>, value: V) -> FilterId {
        let id = self.entries.insert((filter.to_owned(), value));
        self.live.push(id);
        FilterId(id)
    }

    /// Takes a filter out.
    pub(crate) fn remove(&mut self, id: FilterId) -> V {
        self.live.retain(|live| *live != id.0);
        self.entries.remove(id.0).1
    }

    /// The filter's text.
    pub(crate) fn text(&self, id: FilterId) -> &str {
        self.entries.get(id.0).0.as_str()
    }

    pub(crate) fn get(&self, id: FilterId) -> &V {
        &self.entries.get(id.0).1
    }

    pub(crate) fn get_mut(&mut self, id: FilterId) -> &mut V {
        &mut self.entries.get_mut(id.0).1
    }

    /// Appends the filters that match `topic`, in no order, each once.
    pub(crate) fn lookup(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>) {
        let hit = |id: &&u32| self.entries.get(**id).0.as_ref().matches(key.topic());
        matches.extend(self.live.iter().filter(hit).map(|id| FilterId(*id)));
    }
}
