//! What a shard asks the store to do.

use core::num::NonZeroU64;
use std::sync::Arc;

use wire_message::{ClientId, Message, Qos, TopicName};
use wire_mqtt::PacketId;

use crate::record::{Flight, Receipt, Subscription};
use crate::{Home, Number, UnixMillis};

/// The number of a shard's batch, from 1, one more each time; of one run of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// What one shard wants written at once: usually that of one turn of its loop.
///
/// Atomic: after a crash all of it is there or nothing. A shard's batches become durable in their
/// order; between shards there is no order, so what must go together comes from one shard.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its place among the shard's batches.
    pub sequence: Sequence,
    /// In order; at most [`crate::limits::BATCH_OPERATIONS_MAX`].
    pub operations: Vec<Operation>,
    /// Somebody waits for it: the group that it is in is synced at once. Others are synced with
    /// the next urgent one, or when the store's interval is over.
    pub urgent: bool,
}

/// One change.
///
/// Repeated or out of place, none does harm beyond its own session: what is put replaces, what is
/// not there is removed without a word.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Keep a message to be published at `due`.
    Delay {
        /// Its number, from [`crate::Numbers::take`].
        number: Number,
        /// When it is to be published.
        due: UnixMillis,
        /// The message.
        message: Arc<Message>,
    },
    /// A delayed message was published, or never will be.
    DropDelayed {
        /// As it was kept.
        due: UnixMillis,
        /// As it was kept.
        number: Number,
    },
    /// The exchange under a packet id is over.
    DropFlight {
        /// Whose.
        session: Number,
        /// Which.
        packet_id: PacketId,
    },
    /// PUBREL came, or is not awaited any more: the packet id is free again, once this is told of
    /// every part.
    DropReceipt {
        /// Which message.
        origin: Origin,
        /// A shard that stored it.
        part: Home,
    },
    /// A topic has no retained message any more.
    DropRetained(TopicName),
    /// A session ends: it is gone at once, its records soon after.
    DropSession {
        /// Which; its number is never given again.
        session: Number,
    },
    /// A subscription ends.
    DropSubscription {
        /// Whose.
        session: Number,
        /// As subscribed to.
        filter: Box<str>,
    },
    /// A will was published or withdrawn.
    DropWill {
        /// Whose.
        session: Number,
    },
    /// A message for sessions of this shard.
    Enqueue(Box<Enqueue>),
    /// An entry was sent after it was stored, or its receiver has taken the message over.
    PutFlight {
        /// Whose.
        session: Number,
        /// Under which it is in flight.
        packet_id: PacketId,
        /// What is.
        flight: Flight,
    },
    /// This shard has done its part of a QoS 2 message for which it stores nothing else.
    PutReceipt {
        /// Which message.
        origin: Origin,
        /// This shard.
        part: Home,
        /// How many parts there are.
        receipt: Receipt,
    },
    /// Retain a message, in place of the one on its topic.
    PutRetained(Arc<Message>),
    /// A session begins, or its head changes.
    PutSession(Box<PutSession>),
    /// A subscription, or its new options.
    PutSubscription(Box<PutSubscription>),
    /// A session's will.
    PutWill(Box<PutWill>),
    /// An entry is acknowledged, expired or dropped.
    Remove(EntryPlace),
}

/// Where a message came from, as far as repetitions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The publisher's session; of a delayed message or a will, its own number or its session's.
    pub number: Number,
    /// The packet id of a client's PUBLISH; `None` for what the broker publishes itself.
    pub packet_id: Option<PacketId>,
}

/// A message for `entries`: stored inside the entry if there is one, once beside them if there are
/// several, not at all if there are none.
#[derive(Clone, Debug)]
pub struct Enqueue {
    /// Its number, from [`crate::Numbers::take`]; used for no other message.
    pub number: Number,
    /// The message.
    pub message: Arc<Message>,
    /// Who gets it; each session once. A second copy for a session is a message of its own.
    pub entries: Vec<Queued>,
    /// The receipt of this shard's part, if it came with QoS 2 from a persistent session.
    pub receipt: Option<(Origin, Home, Receipt)>,
}

/// A message's entry in one session's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Whose.
    pub session: Number,
    /// 255 goes first.
    pub priority: u8,
    /// Quality of service of the delivery.
    pub qos: Qos,
    /// The RETAIN flag of the delivery.
    pub retain: bool,
    /// If it is sent at once: under which packet id.
    pub packet_id: Option<PacketId>,
    /// The shared subscription that it came through: the hash of its group and filter.
    pub group: Option<NonZeroU64>,
    /// The identifiers of the subscriptions that matched.
    pub subscription_ids: Vec<u32>,
}

/// Where an entry stands, and whether its message stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPlace {
    /// Whose.
    pub session: Number,
    /// As it was queued.
    pub priority: u8,
    /// The message's number.
    pub number: Number,
    /// Whether the message had several entries on its shard when it was stored.
    pub is_shared: bool,
}

/// The head of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutSession {
    /// Its number: new with every new session, from [`crate::Numbers::take`].
    pub session: Number,
    /// Its client.
    pub client: ClientId,
    /// User name.
    pub username: Option<Box<str>>,
    /// What stands before the client's topics in the broker; empty: nothing.
    pub mount: Box<str>,
    /// Session Expiry Interval, seconds; [`u32::MAX`] is never.
    pub expiry_s: u32,
    /// When the connection was lost; `None` while there is one.
    pub detached_at: Option<UnixMillis>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutSubscription {
    /// Whose.
    pub session: Number,
    /// As subscribed to: with `$share/<group>/`.
    pub filter: Box<str>,
    /// How.
    pub subscription: Subscription,
}

/// A will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutWill {
    /// Whose.
    pub session: Number,
    /// What is published; its times are not used.
    pub message: Arc<Message>,
    /// Message Expiry Interval, seconds from publication; `None`: never.
    pub expiry_s: Option<u32>,
    /// Will Delay Interval, seconds from the loss of the connection.
    pub delay_s: u32,
}

/// Rings hold many of these.
const _: () = assert!(size_of::<Operation>() <= 56);
