//! What was read, owned, on the clock of this process.

use std::sync::Arc;

use wire_message::{ClientId, Message};

use crate::record::{Flight, Receipt, Subscription};
use crate::{DelayedKey, EntryKey, EntryPlace, FlightKey, Number, Queued, ReceiptKey, UnixMillis};

/// The next entries of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueChunk {
    /// In the order in which they are sent; at most [`crate::limits::CHUNK_ENTRIES_MAX`].
    pub entries: Vec<StoredEntry>,
    /// Where to go on, if there may be more.
    pub after: Option<EntryKey>,
    /// Entries that were lost to damage: theirs, or that of their message.
    pub damaged: u64,
}

/// An entry with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// What it is, its session included. Its packet id is set if it was sent when it was stored.
    pub queued: Queued,
    /// The message's number.
    pub number: Number,
    /// Whether other entries shared its message when it was stored.
    pub is_shared: bool,
    /// The message.
    pub message: Arc<Message>,
}

impl StoredEntry {
    /// How to remove it.
    #[must_use]
    pub const fn place(&self) -> EntryPlace {
        EntryPlace {
            session: self.queued.session,
            priority: self.queued.priority,
            number: self.number,
            is_shared: self.is_shared,
        }
    }
}

/// A packet id in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFlight {
    /// Whose, and which.
    pub key: FlightKey,
    /// What for.
    pub flight: Flight,
}

/// A part of a QoS 2 message that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// Which message, and which part.
    pub key: ReceiptKey,
    /// Of how many.
    pub receipt: Receipt,
}

/// The next sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionsChunk {
    /// In the order of their numbers. Of two with one client the later one is valid.
    pub sessions: Vec<StoredSession>,
    /// Where to go on, if there may be more.
    pub after: Option<Number>,
    /// Records that were lost to damage.
    pub damaged: u64,
}

/// A session as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its number.
    pub number: Number,
    /// Its client.
    pub client: ClientId,
    /// User name of the last connection.
    pub username: Option<Box<str>>,
    /// What stands before the client's topics in the broker; empty: nothing.
    pub mount: Box<str>,
    /// Session Expiry Interval, seconds; [`u32::MAX`] is never.
    pub expiry_s: u32,
    /// When the connection was lost; `None`: there was one when the broker ended.
    pub detached_at: Option<UnixMillis>,
    /// Its will, unless that was published or withdrawn.
    pub will: Option<StoredWill>,
    /// In the order of the filters' bytes.
    pub subscriptions: Vec<StoredSubscription>,
}

/// A subscription as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubscription {
    /// Valid, with `$share/<group>/` if it was subscribed to with it.
    pub filter: Box<str>,
    /// How.
    pub subscription: Subscription,
}

/// A will as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWill {
    /// What is published; its times are not those of the publication.
    pub message: Message,
    /// Message Expiry Interval, seconds from publication; `None`: never.
    pub expiry_s: Option<u32>,
    /// Will Delay Interval, seconds from the loss of the connection.
    pub delay_s: u32,
}

/// The next retained messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetainedChunk {
    /// In the order of their topics.
    pub messages: Vec<Arc<Message>>,
    /// Where to go on, if there may be more.
    pub after: Option<Box<str>>,
    /// Messages that were lost to damage.
    pub damaged: u64,
}

/// The next delayed messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelayedChunk {
    /// In the order in which they are due.
    pub messages: Vec<StoredDelayed>,
    /// Where to go on, if there may be more.
    pub after: Option<DelayedKey>,
    /// Messages that were lost to damage.
    pub damaged: u64,
}

/// A delayed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelayed {
    /// When it is due, and its number.
    pub key: DelayedKey,
    /// The message.
    pub message: Arc<Message>,
}
