//! What shards tell each other: reading this file is reading the architecture.
//!
//! Between each ordered pair of shards run two rings. *Entries* are messages and requests; the
//! ring is bounded, and a full one holds back the connections that would add to it. *Answers*
//! are to requests; their number is bounded by [`crate::limits::REQUESTS_PER_PEER_MAX`], so that
//! ring is never full and two shards can't block each other. Each ring is FIFO; that is the only
//! order shards promise each other.

use core::net::SocketAddr;
use std::sync::Arc;

use shard_topics::{Mark, Presence, RetainedCursor, Route, SessionIndex};
use wire_message::{
    Expiry, Instant, Message, MessageRef, PublisherId, TopicFilter, TopicName, TopicRef,
};
use wire_mqtt::{PlainPublish, Version};

use crate::persist::Taking;
use crate::settings::ListenerId;

/// The requester's number for a request, given back in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// A connection on its way to the shard where its session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The listener that accepted it, on every shard the same.
    pub listener: ListenerId,
    /// The far end.
    pub peer: SocketAddr,
    /// When it was accepted; its CONNECT is due within the connect timeout from here.
    pub accepted_at: Instant,
}

/// One entry in the ring from one shard to another.
#[derive(Debug)]
pub enum Entry {
    /// A connection whose session lives here. The driver fills in the transport and passes it to
    /// [`crate::Engine::adopted`].
    Adopt(Box<Adoption>),
    /// Give the exclusive right to a topic to a session of the sender. Answered with
    /// [`Answer::Claimed`].
    ExclusiveClaim(RequestId, Box<TopicFilter>, SessionIndex),
    /// A session of the sender gives the exclusive right to a topic back.
    ExclusiveRelease(Box<TopicFilter>, SessionIndex),
    /// The sender has one session more for the filter. Answered with [`Answer::Known`].
    InterestAdd(RequestId, Box<Interested>),
    /// The sender has one session less for the filter.
    InterestRemove(Box<Interested>),
    /// A member of a shared subscription came or went; the presence is the new one.
    Presence(Box<Interested>),
    /// Deliver usual publishes to the receiver's sessions.
    Packets(Box<Packets>),
    /// Deliver to the receiver's sessions.
    Publish(Publish),
    /// Which shards have sessions for the topic? Answered with [`Answer::Route`].
    RouteQuery(RequestId, Box<TopicName>),
    /// Retained messages, please. Answered with [`Answer::Retained`].
    RetainedQuery(RequestId, Box<RetainedQuery>),
    /// Retain the message, or forget the topic's if the payload is empty. Answered with
    /// [`Answer::Stored`].
    RetainedStore(RequestId, Arc<Message>),
}

/// A filter, and the kind of session that wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interested {
    /// The filter.
    pub filter: TopicFilter,
    /// How.
    pub wish: InterestWish,
}

/// How a session wants a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterestWish {
    /// As a member of the group of this name.
    Member(Box<str>, Presence),
    /// All messages.
    Plain(Mark),
}

/// A message for the receiver's sessions: one entry, however many they are.
#[derive(Debug)]
pub struct Publish {
    /// The message.
    pub message: Arc<Message>,
    /// Shared subscriptions for which the receiver picks one member each.
    pub groups: Option<Box<GroupPicks>>,
    /// Goes with a QoS 2 message that must not be stored twice.
    pub taking: Option<Box<Taking>>,
    /// Whether plain subscriptions get it too.
    pub plain: bool,
    /// Whether stored sessions are among its receivers, and the sender is to be told when what the
    /// receiver writes for them is durable.
    pub stored: bool,
    /// Whether a client waits for that.
    pub urgent: bool,
}

/// Usual publishes of one client for the receiver's sessions, in order: without RETAIN and
/// properties, and for no shared subscription.
#[derive(Clone, Debug)]
pub struct Packets {
    /// Who published them.
    pub publisher: PublisherId,
    /// When they came.
    pub received_at: Instant,
    /// The publisher's version.
    pub version: Version,
    /// The packets as they came, one after the other; at most
    /// [`crate::limits::PACKETS_BYTES_MAX`], if there are several.
    pub bytes: Box<[u8]>,
}

impl Packets {
    /// Each packet, and its parts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], PlainPublish<'_>)> {
        let mut rest = &self.bytes[..];
        core::iter::from_fn(move || {
            let (plain, size) = PlainPublish::parse(rest, self.version)?;
            let packet;
            (packet, rest) = rest.split_at(size as usize);
            Some((packet, plain))
        })
    }

    /// Each packet's message.
    pub fn messages(&self) -> impl Iterator<Item = MessageRef<'_>> {
        self.iter().filter_map(|(_, plain)| self.checked(&plain))
    }

    /// The message of one of the packets; `None` if its topic is none, which the sender has seen to.
    pub(crate) fn checked<'a>(&self, plain: &PlainPublish<'a>) -> Option<MessageRef<'a>> {
        let topic = TopicRef::from_bytes(plain.topic).ok()?;
        Some(self.message(plain, topic))
    }

    /// The message of one of the packets, whose topic is known.
    pub(crate) const fn message<'a>(
        &self,
        plain: &PlainPublish<'a>,
        topic: TopicRef<'a>,
    ) -> MessageRef<'a> {
        usual_message(plain, topic, self.publisher, self.received_at)
    }
}

/// The message of a publish without RETAIN and properties.
pub(crate) const fn usual_message<'a>(
    plain: &PlainPublish<'a>,
    topic: TopicRef<'a>,
    publisher: PublisherId,
    received_at: Instant,
) -> MessageRef<'a> {
    MessageRef {
        topic,
        payload: plain.payload,
        properties: &[],
        qos: plain.qos,
        retain: false,
        expiry: Expiry::NEVER,
        received_at,
        publisher,
    }
}

/// The shared subscriptions that a shard was picked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPicks(pub Vec<GroupPick>);

/// A shared subscription that a shard was picked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPick {
    /// Names group and filter; see [`shard_topics::GroupRoute::hash`].
    pub hash: u64,
    /// Whether the shard was picked for its connected members. If it has none by now, it passes
    /// the message on; if not, an absent member gets it.
    pub online: bool,
}

/// A chunk of retained messages that match a filter.
#[derive(Clone, Debug)]
pub struct RetainedQuery {
    /// The filter.
    pub filter: TopicFilter,
    /// Where the last chunk ended; `None` at the start.
    pub after: Option<RetainedCursor>,
}

/// The next retained messages that match a filter.
#[derive(Clone, Debug)]
pub struct RetainedChunk {
    /// The messages, in the order of their topics.
    pub messages: Vec<Arc<Message>>,
    /// Where to go on, if there may be more.
    pub after: Option<RetainedCursor>,
}

/// An answer in the ring of answers.
#[derive(Debug)]
pub enum Answer {
    /// Whether the exclusive right was given.
    Claimed(RequestId, bool),
    /// It is done: the filter is routed from here on.
    Known(RequestId),
    /// The next retained messages.
    Retained(RequestId, Box<RetainedChunk>),
    /// The owner's part of a topic's route.
    Route(RequestId, Box<Route>),
    /// The message is retained, and durable with the requester's entry of this number; 0: it is
    /// not stored.
    Stored(RequestId, u64),
}

/// Two entries share a cache line; 4096 entries are 128 KiB per pair of shards.
const _: () = assert!(size_of::<Entry>() <= 32);
