//! Publishes of the engine itself: wills, delayed messages, events, redispatched ones.
//!
//! They take the way of a client's publish; where that would hold the client's packet, these wait
//! here, each for itself.

use std::collections::VecDeque;
use std::sync::Arc;

use shard_table::{Key, Slab};
use shard_topics::{Pending, TopicKey};
use store_model::Operation;
use wire_message::{Instant, Message};

use crate::engine::Engine;
use crate::entry::Entry;
use crate::limits::{BACKLOG_MAX, PUMP_MESSAGES_MAX};
use crate::output::Outputs;
use crate::parcel::Parcel;
use crate::persist::Waits;
use crate::requests::Request;
use crate::route::{Routed, Scope, Waiter};

/// Marks keys of the backlog's publishes.
#[derive(Debug)]
pub(crate) enum OfItem {}

pub(crate) type ItemKey = Key<OfItem>;

#[derive(Debug)]
struct Item {
    message: Arc<Message>,
    scope: Scope,
    /// Its retained message is stored, or it has none.
    stored: bool,
    /// What must be durable for that.
    waits: Waits,
    /// What is written down when everything it was for is durable.
    after: Vec<Operation>,
    route: Option<Box<Pending>>,
}

/// Publishes of the engine itself.
#[derive(Debug)]
pub(crate) struct Backlog {
    items: Slab<Item, OfItem>,
    /// Those that may go on.
    ready: VecDeque<ItemKey>,
    /// Those that wait for room in a ring.
    blocked: Vec<ItemKey>,
}

impl Backlog {
    pub(crate) fn new() -> Self {
        Self {
            items: Slab::new(),
            ready: VecDeque::new(),
            blocked: Vec::new(),
        }
    }

    /// Whether another publish may be added; those that can't be put off are added all the same.
    pub(crate) fn has_room(&self) -> bool {
        self.items.len() < BACKLOG_MAX
    }

    /// Whether no publish waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a publish to all that want it; `after` is written down when it is durable there.
    pub(crate) fn push(&mut self, message: Arc<Message>, after: Vec<Operation>) {
        let stored = !message.retain();
        self.add(Item {
            message,
            scope: Scope::All,
            stored,
            waits: Waits::NONE,
            after,
            route: None,
        });
    }

    /// Adds a publish to one shared subscription.
    pub(crate) fn push_group(&mut self, message: Arc<Message>, group: u64, after: Vec<Operation>) {
        self.add(Item {
            message,
            scope: Scope::Group(group),
            stored: true,
            waits: Waits::NONE,
            after,
            route: None,
        });
    }

    fn add(&mut self, item: Item) {
        let key = self.items.insert(item);
        self.ready.push_back(key);
    }
}

impl Engine {
    /// Publishes in the engine's own name, unless the backlog is full: then the message is dropped
    /// and counted.
    pub(crate) fn publish_own(&mut self, message: Arc<Message>) {
        if self.backlog.has_room() {
            self.backlog.push(message, Vec::new());
        } else {
            self.clients.counters.messages_dropped += 1;
            self.clients.counters.messages_dropped_backlog_full += 1;
        }
    }

    /// Takes the engine's own publishes on as far as they go, within a budget.
    pub(crate) fn run_backlog(&mut self, now: Instant, out: &mut Outputs) {
        for _ in 0..PUMP_MESSAGES_MAX {
            let Some(key) = self.backlog.ready.pop_front() else {
                return;
            };
            self.run_item(key, now, out);
        }
    }

    /// Lets those go on that waited for room.
    pub(crate) fn unblock_backlog(&mut self) {
        let blocked = core::mem::take(&mut self.backlog.blocked);
        self.backlog.ready.extend(blocked);
    }

    /// Whether some publish could go on now.
    pub(crate) fn has_ready_backlog(&self) -> bool {
        !self.backlog.ready.is_empty()
    }

    fn run_item(&mut self, key: ItemKey, now: Instant, out: &mut Outputs) {
        let Some(item) = self.backlog.items.get_mut(key) else {
            return;
        };
        let message = Arc::clone(&item.message);
        let (scope, route) = (item.scope, item.route.take());
        if !item.stored {
            if self.clients.journal.is_congested() {
                self.backlog.blocked.push(key);
                return;
            }
            let owner = TopicKey::new(message.topic(), self.place.seed).owner(self.place.shards);
            if owner != self.place.shard {
                let id = self.requests.insert(Request::StoreItem(key));
                self.links
                    .push(owner, Entry::RetainedStore(id, message), out);
                return;
            }
            let before = self.clients.journal.operations();
            self.store_retained(Arc::clone(&message), now);
            let waits = self.waits_since(before);
            self.item_stored_here(key, &waits);
        }
        if scope != Scope::All && route.is_none() && self.place.shards > 1 {
            // Whatever was known led to members that have gone. One shard alone knows its own.
            self.ask_route(&message.topic().to_owned(), Waiter::Item(key), true, out);
            return;
        }
        let mut parcel = Parcel::shared(&message, now);
        // What is removed for it goes into the batch in which it is stored.
        self.clients.journal.begin();
        match self.route(&mut parcel, route.as_deref(), scope, now, out) {
            Routed::Sent(any, mut waits) => {
                if let Some(item) = self.backlog.items.remove(key) {
                    waits.join(&item.waits);
                    self.write_after(waits, item.after);
                }
                let topic = message.topic();
                let is_system = topic.as_str().starts_with("$SYS/");
                // What the broker says about itself is no loss if nobody listens.
                self.count_published(any || is_system);
                if is_system {
                    // Most of these topics name a client, and are published on once in its life; a remembered
                    // route for each would cost more than the client itself.
                    self.routes.forget(TopicKey::new(topic, self.place.seed));
                }
            }
            Routed::NoRoom(_) | Routed::Behind => {
                if let Some(item) = self.backlog.items.get_mut(key) {
                    item.route = route;
                    self.backlog.blocked.push(key);
                }
            }
            Routed::Unknown => {
                let topic = message.topic().to_owned();
                self.ask_route(&topic, Waiter::Item(key), false, out);
            }
        }
    }

    fn item_stored_here(&mut self, key: ItemKey, waits: &Waits) {
        if let Some(item) = self.backlog.items.get_mut(key) {
            item.stored = true;
            item.waits.join(waits);
        }
    }

    /// The owner has stored an item's retained message.
    pub(crate) fn item_stored(&mut self, key: ItemKey, waits: &Waits) {
        self.item_stored_here(key, waits);
        self.backlog.ready.push_back(key);
    }

    /// The owners have told an item's route.
    pub(crate) fn item_routed(&mut self, key: ItemKey, route: Box<Pending>) {
        if let Some(item) = self.backlog.items.get_mut(key) {
            item.route = Some(route);
            self.backlog.ready.push_back(key);
        }
    }

    /// Counts a publish, and whether anybody wanted it.
    pub(crate) fn count_published(&mut self, any: bool) {
        let counters = &mut self.clients.counters;
        counters.messages_publish += 1;
        if !any {
            counters.messages_dropped += 1;
            counters.messages_dropped_no_subscribers += 1;
        }
    }
}
