//! Requests to other shards that await an answer, and what each is for.

use shard_table::{Key, Slab};
use wire_message::{Map, Seed};

use crate::backlog::ItemKey;
use crate::connection::SessionKey;
use crate::entry::RequestId;
use crate::key::ConnectionKey;
use crate::route::Resolving;
use crate::subscribe::SubscribeKey;

/// Marks keys of questions for routes.
#[derive(Debug)]
pub(crate) enum OfResolving {}

pub(crate) type ResolvingKey = Key<OfResolving>;

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The exclusive right for an item of a SUBSCRIBE.
    Claim(SubscribeKey, usize),
    /// A filter of a SUBSCRIBE being known.
    Interest(SubscribeKey),
    /// Retained messages for a session's feed.
    Retained(SessionKey),
    /// A part of a route.
    Route(ResolvingKey),
    /// A retained message being stored, for a connection's front packet.
    Store(ConnectionKey),
    /// A retained message being stored, for a publish of the engine itself.
    StoreItem(ItemKey),
}

/// All requests under way. Bounded: see [`crate::limits::REQUESTS_PER_PEER_MAX`] for those in the
/// rings; a connection has one packet in progress that may wait to ask.
#[derive(Debug)]
pub(crate) struct Requests {
    asked: Slab<Request>,
    resolving: Slab<(Resolving, bool), OfResolving>,
    by_topic: Map<Box<str>, ResolvingKey>,
}

impl Requests {
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            asked: Slab::new(),
            resolving: Slab::new(),
            by_topic: Map::with_hasher(seed),
        }
    }

    /// Notes a request; its id goes with it.
    pub(crate) fn insert(&mut self, request: Request) -> RequestId {
        RequestId(self.asked.insert(request).index())
    }

    /// The request that an answer is to.
    pub(crate) fn take(&mut self, id: RequestId) -> Request {
        let key = self
            .asked
            .key_from(id.0)
            .expect("a shard answers what it was asked, once");
        self.asked.remove(key).expect("the key was just found")
    }

    /// The question for a topic's route that others may join.
    pub(crate) fn resolving_mut(&mut self, topic: &str) -> Option<&mut Resolving> {
        let key = *self.by_topic.get(topic)?;
        self.resolving_by_key(key)
    }

    pub(crate) fn resolving_by_key(&mut self, key: ResolvingKey) -> Option<&mut Resolving> {
        self.resolving.get_mut(key).map(|(resolving, _)| resolving)
    }

    /// Notes a question for a route; others may join it if it is `listed`.
    pub(crate) fn insert_resolving(
        &mut self,
        topic: &str,
        resolving: Resolving,
        listed: bool,
    ) -> ResolvingKey {
        let key = self.resolving.insert((resolving, listed));
        if listed {
            self.by_topic.insert(topic.into(), key);
        }
        key
    }

    pub(crate) fn remove_resolving(&mut self, key: ResolvingKey) -> Resolving {
        let (resolving, listed) = self
            .resolving
            .remove(key)
            .expect("the question is under way");
        if listed {
            self.by_topic.remove(resolving.topic());
        }
        resolving
    }

    /// Whether no answer is awaited.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
}
