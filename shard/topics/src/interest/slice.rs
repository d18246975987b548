//! Filters with the shards that want them.

use wire_message::{FilterRef, Seed};

use super::exact::ExactInterest;
use super::shared::SharedSet;
use super::wanted::WantedSet;
use crate::filters::Filters;
use crate::table::Table;
use crate::{FilterId, Route, TopicKey};

/// A set of filters: exact ones by hash, those with wildcards and the shared ones by text.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) exact: ExactInterest,
    pub(super) wildcards: Filters<WantedSet>,
    pub(super) shared: Filters<SharedSet>,
}

impl Slice {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            exact: ExactInterest::new(Table::new()),
            wildcards: Filters::new(seed),
            shared: Filters::new(seed),
        }
    }

    /// Adds to `route` what matches the topic.
    pub(super) fn route(&self, key: TopicKey<'_>, route: &mut Route) {
        self.exact.route(key.hash(), route);
        let mut matches: Vec<FilterId> = Vec::new();
        self.wildcards.lookup(key, &mut matches);
        for id in matches.drain(..) {
            self.wildcards.get(id).route(route);
        }
        self.shared.lookup(key, &mut matches);
        for id in matches {
            route
                .groups
                .extend(self.shared.get(id).routes(self.shared.text(id)));
        }
    }
}

/// Changes the value of a filter, which comes before if it is new, and goes after if `is_empty`.
///
/// Returns what `act` did, whether the filter came, and whether it went.
pub(super) fn change<V: Default, R>(
    filters: &mut Filters<V>,
    filter: FilterRef<'_>,
    act: impl FnOnce(&mut V) -> R,
    is_empty: impl FnOnce(&V) -> bool,
) -> (R, bool, bool) {
    let known = filters.find(filter);
    let id = known.unwrap_or_else(|| filters.insert(filter, V::default()));
    let value = filters.get_mut(id);
    let done = act(value);
    let empty = is_empty(value);
    if empty {
        filters.remove(id);
    }
    (done, known.is_none(), empty)
}
