//! What is stored, byte for byte, and the words in which shards and store speak of it.
//!
//! A shard asks by [`Operation`]s, in numbered [`Batch`]es; a [`Writer`] turns them into keys and
//! values for whatever [`Sink`] holds them; the store answers with [`Event`]s. A [`Reader`] answers
//! questions from any [`Source`], record by record with [`Stored::decode`], which trusts nothing:
//! damaged or unknown bytes are a [`Damage`], never a panic.
//!
//! Nothing here does I/O, reads a clock or knows of a database. `store/rocks` and the simulator's
//! `store/memory` share all of it, so that what the simulator tests is what the disk holds.
//! Wall time ([`UnixMillis`]) is what is stored; the monotonic time of the cores is what goes in
//! and out, by way of a [`WallClock`].
//!
//! Start with `store/README.md`, then [`Family`], [`Operation`], [`Writer`], [`Reader`].

#![warn(clippy::indexing_slicing)]

mod check;
mod chunk;
mod event;
mod family;
mod format;
mod home;
mod key;
pub mod limits;
mod number;
mod operation;
mod reader;
mod record;
mod repetition;
mod source;
mod stored;
mod trail;
mod unix_millis;
mod upkeep;
mod writer;
mod young;

pub use check::{Check, Finding, Wrong, check};
pub use chunk::{
    DelayedChunk, QueueChunk, RetainedChunk, SessionsChunk, StoredDelayed, StoredEntry,
    StoredFlight, StoredReceipt, StoredSession, StoredSubscription, StoredWill,
};
pub use event::{Answer, Event, Read, RequestId, StoreState};
pub use family::Family;
pub use format::{FORMAT, FormatError, check_format, format_bytes};
pub use home::Home;
pub use key::{
    BodyKey, DelayedKey, EntryKey, FlightKey, KeyError, MetaKey, QuarantineKey, ReceiptKey,
    RetainedKey, SessionKey, SessionPart,
};
pub use number::{Number, Numbers};
pub use operation::{
    Batch, Enqueue, EntryPlace, Operation, Origin, PutSession, PutSubscription, PutWill, Queued,
    Sequence,
};
pub use reader::Reader;
pub use record::{
    Body, Entry, Flight, FlightStage, Holders, Receipt, RecordError, Session, Subscription, Will,
};
pub use repetition::{has_message, is_taken_over};
pub use source::{Source, Visit, prefix_end};
pub use stored::{Damage, DamageError, Stored};
pub use trail::Trail;
pub use unix_millis::{UnixMillis, WallClock};
pub use upkeep::Upkeep;
pub use writer::{Purged, Sink, Writer};
