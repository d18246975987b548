//! Retained messages on their way to a new subscription, at the pace of its client.
//!
//! A feed asks for a chunk, sends it as far as the client's window and speed allow, and asks for
//! the next when it is out. What is published meanwhile overtakes it: a message that a feed still
//! holds is dropped when a newer one on its topic is delivered, so that a client never ends with an
//! older value than the last one published.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use shard_session::Delivery;
use shard_topics::{RetainedCursor, Subscription, SubscriptionId, TopicKey};
use wire_message::{Instant, Message, Qos, ShardId, ShardSet, TopicFilter, TopicName, TopicRef};

use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::entry::{Entry, RetainedChunk, RetainedQuery};
use crate::limits::PUMP_MESSAGES_MAX;
use crate::output::Outputs;
use crate::requests::Request;

/// The feeds of one session, in the order of its subscriptions. As many as it has subscriptions
/// at the most.
#[derive(Debug, Default)]
pub(crate) struct Feeds(VecDeque<Feed>);

/// The retained messages for one subscription.
#[derive(Debug)]
pub(crate) struct Feed {
    id: SubscriptionId,
    filter: TopicFilter,
    subscription: Subscription,
    /// Owners that have not been asked for all they have.
    owners: ShardSet,
    cursor: Option<RetainedCursor>,
    chunk: VecDeque<Arc<Message>>,
    asked: bool,
    /// Topics delivered live while a chunk was under way that may hold older values.
    superseded: BTreeSet<TopicName>,
}

impl Feeds {
    /// A newer message on `topic` is being delivered.
    pub(crate) fn supersede(&mut self, topic: TopicRef<'_>) {
        for feed in &mut self.0 {
            if !feed.filter.as_ref().matches(topic) {
                continue;
            }
            feed.chunk.retain(|message| message.topic() != topic);
            if feed.asked {
                feed.superseded.insert(topic.to_owned());
            }
        }
    }

    /// The subscription has ended.
    pub(crate) fn remove(&mut self, id: SubscriptionId) {
        // The answer to a question under way is for the first feed: it must stay until then.
        self.0.retain_mut(|feed| {
            if feed.id == id {
                feed.chunk.clear();
                feed.owners = ShardSet::EMPTY;
            }
            feed.id != id || feed.asked
        });
    }
}

impl Feed {
    fn is_over(&self) -> bool {
        self.chunk.is_empty() && self.owners.is_empty() && !self.asked
    }
}

impl Engine {
    /// Begins to send a session the retained messages for one of its subscriptions.
    pub(crate) fn start_feed(
        &mut self,
        key: SessionKey,
        id: SubscriptionId,
        filter: TopicFilter,
        subscription: Subscription,
    ) {
        let owners = if filter.as_ref().is_wildcard() {
            (0..self.place.shards)
                .filter_map(|shard| u8::try_from(shard).ok().map(ShardId))
                .collect()
        } else {
            let topic =
                TopicRef::new(filter.as_str()).expect("a filter without wildcards is a topic");
            ShardSet::one(TopicKey::new(topic, self.place.seed).owner(self.place.shards))
        };
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let feeds = session.feeds.get_or_insert_default();
        feeds.remove(id);
        feeds.0.push_back(Feed {
            id,
            filter,
            subscription,
            owners,
            cursor: None,
            chunk: VecDeque::new(),
            asked: false,
            superseded: BTreeSet::new(),
        });
    }

    /// Sends a session's retained messages as far as its client takes them now.
    pub(crate) fn feed(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        for _ in 0..PUMP_MESSAGES_MAX {
            let Some(session) = self.clients.sessions.get_mut(key) else {
                return;
            };
            let Some(feeds) = session.feeds.as_mut() else {
                return;
            };
            let Some(feed) = feeds.0.front_mut() else {
                session.feeds = None;
                return;
            };
            if feed.is_over() {
                feeds.0.pop_front();
            } else if feed.asked {
                return;
            } else if feed.chunk.is_empty() {
                self.ask_chunk(key, now, out);
            } else if !self.feed_one(key, now, out) {
                return;
            }
        }
        // More is possible, but this client has had its share of the turn.
        self.clients.arm_session(key, now);
    }

    /// Asks the next owner for the next chunk.
    fn ask_chunk(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        let here = self.place.shard;
        let Some(feed) = self.front_feed(key) else {
            return;
        };
        let Some(owner) = feed.owners.iter().next() else {
            return;
        };
        let query = RetainedQuery {
            filter: feed.filter.clone(),
            after: feed.cursor.take(),
        };
        if owner == here {
            let chunk = self.retained_chunk(query, now);
            self.chunk_came(key, owner, chunk);
            return;
        }
        feed.asked = true;
        let id = self.requests.insert(Request::Retained(key));
        self.links
            .push(owner, Entry::RetainedQuery(id, Box::new(query)), out);
    }

    /// Another shard has answered a feed's question.
    pub(crate) fn retained_answered(
        &mut self,
        key: SessionKey,
        from: ShardId,
        chunk: RetainedChunk,
        now: Instant,
        out: &mut Outputs,
    ) {
        self.chunk_came(key, from, chunk);
        self.pump(key, now, out);
    }

    fn chunk_came(&mut self, key: SessionKey, from: ShardId, chunk: RetainedChunk) {
        let RetainedChunk { messages, after } = chunk;
        let Some(feed) = self.front_feed(key) else {
            return;
        };
        feed.asked = false;
        let superseded = core::mem::take(&mut feed.superseded);
        if !feed.owners.contains(from) {
            // The subscription ended while the answer was under way.
            return;
        }
        if after.is_none() {
            feed.owners.remove(from);
        }
        feed.cursor = after;
        let fresh = |message: &Arc<Message>| !superseded.contains(&message.topic().to_owned());
        feed.chunk.extend(messages.into_iter().filter(fresh));
    }

    /// Sends one retained message; false if the client takes no more now.
    fn feed_one(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) -> bool {
        let upgrade = self.clients.settings.mqtt.upgrade_qos;
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return false;
        };
        let (publisher, room) = (session.publisher, session.outbound.has_room());
        let Some(connection) = session.connection else {
            return false;
        };
        if self
            .clients
            .connections
            .get(connection)
            .is_none_or(|c| c.congested || c.line.as_ref().is_some_and(|line| line.promises()))
        {
            return false;
        }
        let Some(feed) = self.front_feed(key) else {
            return false;
        };
        let granted = feed.subscription.qos;
        let Some(message) = feed.chunk.front() else {
            return true;
        };
        let qos = if upgrade {
            granted
        } else {
            granted.min(message.qos())
        };
        if qos != Qos::AtMostOnce && !room {
            return false;
        }
        let subscription = feed.subscription;
        let Some(message) = feed.chunk.pop_front() else {
            return true;
        };
        let own = subscription.no_local && message.publisher() == publisher;
        if message.expiry().is_past(now) || own {
            return true;
        }
        let id: Option<u32> = subscription.identifier.map(Into::into);
        // [v5 3.3.1-8], [v311 3.3.1-8]: sent because of a subscription, so RETAIN is set.
        let delivery = Delivery::new(message, qos, true).with_subscription_ids(id.as_slice());
        self.clients
            .send_delivery(key, connection, delivery, now, out);
        true
    }

    fn front_feed(&mut self, key: SessionKey) -> Option<&mut Feed> {
        self.clients
            .sessions
            .get_mut(key)?
            .feeds
            .as_mut()?
            .0
            .front_mut()
    }
}
