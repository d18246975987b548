//! What shards ask to know and what the store tells them.

use crate::chunk::{DelayedChunk, QueueChunk, RetainedChunk, SessionsChunk};
use crate::chunk::{StoredFlight, StoredReceipt};
use crate::{DelayedKey, EntryKey, EntryPlace, Number, Sequence};

/// The asker's number for a question, given back in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// A question. Answers are whole or come in chunks; the asker asks for the next chunk, so it never
/// gets more than it has room for.
///
/// An answer shows at least what the asker's batches before the question did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Delayed messages in the order in which they are due.
    Delayed {
        /// The last one that is known.
        after: Option<DelayedKey>,
    },
    /// Packet ids in use towards the client of a session, in the order in which packets were sent.
    Flights {
        /// Whose.
        session: Number,
    },
    /// How many entries a session's queue has, and their bytes.
    Measure {
        /// Whose.
        session: Number,
    },
    /// What a session loses first if its queue is too long: the oldest of those entries that have
    /// the lowest priority that there is, unless that is above `priority`.
    Oldest {
        /// Whose.
        session: Number,
        /// The highest that may be lost.
        priority: u8,
    },
    /// A session's entries, with their messages.
    Queue {
        /// Whose.
        session: Number,
        /// The last one that is known.
        after: Option<EntryKey>,
    },
    /// Parts of QoS 2 messages whose PUBREL is awaited from a client.
    Receipts {
        /// The client's session.
        origin: Number,
    },
    /// Retained messages in the order of their topics.
    Retained {
        /// The last topic that is known.
        after: Option<Box<str>>,
    },
    /// Sessions with their subscriptions and wills, in the order of their numbers.
    Sessions {
        /// The last one that is known.
        after: Option<Number>,
    },
}

/// Something that the store tells a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The answer to a question.
    Answer(RequestId, Answer),
    /// All batches of this shard up to this one are on the disk and survive whatever happens to
    /// process and machine. Cumulative; never for a batch before one that is not.
    Durable {
        /// The last of them.
        through: Sequence,
    },
    /// The store is in another state than it was.
    State(StoreState),
}

/// An answer to a [`Read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Read::Delayed`].
    Delayed(DelayedChunk),
    /// To [`Read::Flights`].
    Flights(Vec<StoredFlight>),
    /// To [`Read::Measure`].
    Measured {
        /// Entries.
        entries: u64,
        /// Bytes of keys and values, without shared messages.
        bytes: u64,
    },
    /// To [`Read::Oldest`]: at most [`crate::limits::CHUNK_ENTRIES_MAX`], the oldest first. Without
    /// entries if there are none of so low a priority. What is damaged is passed over and set aside.
    Oldest(Vec<EntryPlace>),
    /// To [`Read::Queue`].
    Queue(QueueChunk),
    /// To [`Read::Receipts`].
    Receipts(Vec<StoredReceipt>),
    /// To [`Read::Retained`].
    Retained(RetainedChunk),
    /// To [`Read::Sessions`].
    Sessions(SessionsChunk),
    /// To any question: the disk could not be read. Nothing is known and nothing was lost by it;
    /// the same question may be asked again.
    Unreadable,
}

/// How the store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreState {
    /// A write or sync failed, and what of it is on the disk is not known. Nothing is written any
    /// more and nothing becomes durable until the process starts again; reads go on.
    Failed,
    /// There is no room. Nothing of the group that did not fit was written; it is tried again, so
    /// what waits becomes durable, in order, when there is room.
    Full,
    /// Batches become durable.
    #[default]
    Healthy,
}
