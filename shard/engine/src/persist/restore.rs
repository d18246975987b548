//! The start: what the store has goes back into the engines, before they turn.

use std::sync::Arc;

use shard_session::{Inbound, Outbound, Queue, SessionExpiry, Subscriptions, Will};
use shard_topics::{Mark, Presence, SessionIndex};
use store_model::{Number, Operation, StoredDelayed, StoredSession, StoredSubscription};
use wire_message::{FilterTarget, Instant, Message, PublisherId, ShardId, TopicFilter};

use super::heads::from_record;
use crate::connection::{SessionKey, UNARMED};
use crate::engine::Engine;
use crate::entry::Interested;
use crate::output::Outputs;
use crate::session::{Identity, Session};

/// What a restored session means for the owner of a filter; for [`Engine::restore_for`].
#[derive(Clone, Debug)]
pub enum Restored {
    /// It has the exclusive right to the topic.
    Claim(TopicFilter, SessionIndex),
    /// It wants the filter.
    Interest(Interested),
}

impl Engine {
    /// Takes a session of an earlier run back, without a client. What must be told to the owners
    /// of its filters on other shards, by [`Self::restore_for`].
    ///
    /// Sessions come in the order of their numbers; of two with one client the later counts.
    pub fn restore_session(
        &mut self,
        stored: &StoredSession,
        now: Instant,
    ) -> Vec<(ShardId, Restored)> {
        self.clients.now = now;
        if let Some(earlier) = self.clients.find(stored.client.as_str()) {
            // What it would tell others waits in the outbox until there is room.
            let mut out = Outputs::default();
            self.end_session(earlier, now, &mut out);
        }
        let clock = self.clients.journal.clock();
        let publisher = PublisherId(self.place.seed.hash(stored.client.as_str().as_bytes()) | 1);
        let identity = (stored.username.is_some() || !stored.mount.is_empty()).then(|| {
            Box::new(Identity {
                username: stored.username.clone(),
                mount: stored.mount.clone(),
            })
        });
        let will = stored.will.as_ref().map(|will| {
            let message = will.message.as_ref();
            Box::new(Will::new(&message, will.expiry_s, will.delay_s))
        });
        let expiry = SessionExpiry::of(stored.expiry_s);
        let detached_at = stored.detached_at.map_or(now, |at| clock.instant(at));
        if expiry.ends_at(detached_at).is_some_and(|end| end <= now) {
            self.end_restored(stored.number, will.as_deref(), now);
            return Vec::new();
        }
        let key = self.clients.insert(Session {
            client: stored.client.clone(),
            connection: None,
            publisher,
            subscriptions: Subscriptions::new(),
            outbound: Outbound::new(1),
            queue: Queue::new(),
            inbound: Inbound::new(),
            feeds: None,
            will,
            identity,
            disk: None,
            number: stored.number,
            armed: UNARMED,
            detached_at,
            expiry,
            mark: Mark::Persistent,
            unread: true,
        });
        if stored.detached_at.is_none() {
            // The end of the last run is not known: its time without a client begins here.
            self.clients.write_head(key);
        }
        let mut others = Vec::new();
        for subscription in &stored.subscriptions {
            self.restore_subscription(key, subscription, &mut others);
        }
        if let Some(due) = self.session_due(key, now) {
            self.clients.arm_session(key, due);
        }
        others
    }

    /// A session's time was over before the start.
    fn end_restored(&mut self, session: Number, will: Option<&Will>, now: Instant) {
        self.clients.counters.session_terminated += 1;
        if let Some(will) = will {
            let message = Arc::new(will.message_at(now).to_message());
            self.backlog.push(message, Vec::new());
        }
        self.clients
            .journal
            .push(Operation::DropSession { session });
    }

    fn restore_subscription(
        &mut self,
        key: SessionKey,
        stored: &StoredSubscription,
        others: &mut Vec<(ShardId, Restored)>,
    ) {
        let Ok(target) = FilterTarget::parse(&stored.filter) else {
            return;
        };
        let index = SessionIndex(key.index());
        let qos_max = self.clients.settings.mqtt.connect.qos_max;
        let subscription = from_record(&stored.subscription, qos_max);
        let subscribed = self.index.subscribe(target, index, subscription);
        if let Some(session) = self.clients.sessions.get_mut(key) {
            session.subscriptions.add(subscribed.id.to_bits());
        }
        if subscribed.replaced.is_some() {
            return;
        }
        if let Some(group) = subscribed.id.group() {
            self.index.group_mut(group).set_online(index, false);
        }
        self.count_restored(target);
        let interested = Interested::new(target, Mark::Persistent, Presence::Offline);
        for owner in self.owners_of(&interested) {
            if owner == self.place.shard {
                self.add_interest(&interested, owner);
            } else {
                others.push((owner, Restored::Interest(interested.clone())));
            }
        }
        if subscription.exclusive {
            let filter = target.filter().to_owned();
            let owner = self.exclusive_owner(&filter);
            if owner == self.place.shard {
                self.claim(&filter, owner, index);
            } else {
                others.push((owner, Restored::Claim(filter, index)));
            }
        }
    }

    /// A session of `from` was restored that has to do with a filter of this shard.
    pub fn restore_for(&mut self, from: ShardId, restored: &Restored) {
        match restored {
            Restored::Claim(filter, session) => {
                self.claim(filter, from, *session);
            }
            Restored::Interest(interested) => self.add_interest(interested, from),
        }
    }

    /// Takes a retained message of an earlier run back, on the owner of its topic.
    pub fn restore_retained(&mut self, message: Arc<Message>, now: Instant) {
        let topic = message.topic().to_owned();
        if message.expiry().is_past(now) || self.retained.set(message).is_err() {
            self.clients.counters.messages_retained_dropped += 1;
            self.clients.journal.push(Operation::DropRetained(topic));
        }
    }

    /// Takes a delayed message of an earlier run back, on any one shard.
    pub fn restore_delayed(&mut self, stored: StoredDelayed, now: Instant) {
        let due = self.clients.journal.clock().instant(stored.key.due);
        self.keep_delayed(due.max(now), stored.message, Some(stored.key));
    }
}
