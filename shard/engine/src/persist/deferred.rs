//! Operations that follow from others: what is removed in one place once it is durable in
//! another.

use shard_table::{Key, Slab};
use store_model::Operation;

use super::Waits;
use super::awaiting::Waiter;
use crate::engine::Engine;

/// Marks keys of deferred operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfDeferred {}

pub(crate) type DeferredKey = Key<OfDeferred>;

/// Operations that wait for others to be durable. As many as there are messages that move: wills,
/// delayed and redispatched ones.
#[derive(Debug)]
pub(crate) struct Deferred(Slab<(Waits, Vec<Operation>), OfDeferred>);

impl Deferred {
    pub(crate) fn new() -> Self {
        Self(Slab::new())
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Engine {
    /// Writes `operations` down once what `waits` says is durable.
    pub(crate) fn write_after(&mut self, waits: Waits, operations: Vec<Operation>) {
        if operations.is_empty() {
            return;
        }
        // What this shard writes gets to the disk in the order in which it is written.
        let waits = waits.without(self.place.shard);
        match self.clients.awaiting.unmet(&waits) {
            None => self.write_all(operations),
            Some(unmet) => {
                let key = self.deferred.0.insert((waits, operations));
                self.clients.awaiting.register(unmet, Waiter::Deferred(key));
            }
        }
    }

    /// Some of what the operations wait for is durable.
    pub(super) fn write_deferred(&mut self, key: DeferredKey) {
        let Some((waits, _)) = self.deferred.0.get(key) else {
            return;
        };
        if let Some(unmet) = self.clients.awaiting.unmet(waits) {
            self.clients.awaiting.register(unmet, Waiter::Deferred(key));
        } else if let Some((_, operations)) = self.deferred.0.remove(key) {
            self.write_all(operations);
        }
    }

    fn write_all(&mut self, operations: Vec<Operation>) {
        self.clients.journal.begin();
        for operation in operations {
            if let Operation::Remove(place) = &operation {
                self.clients.moved_away(place);
            }
            self.clients.journal.push(operation);
        }
    }
}
