//! What the driver tells the engine.

use store_model::Event;
use wire_message::ShardId;

use crate::control::ControlInput;
use crate::entry::{Answer, Entry};
use crate::key::ConnectionKey;

/// Something that happened outside, apart from bytes (see [`crate::Engine::received`]).
#[derive(Debug)]
pub enum Input {
    /// A shard answered a request.
    Answer {
        /// Who answered.
        from: ShardId,
        /// What.
        answer: Answer,
    },
    /// The transport is gone, and every byte that came before was consumed. Not to be told for a
    /// connection that the engine closed or handed over.
    Closed {
        /// The connection.
        connection: ConnectionKey,
    },
    /// The control side wants something.
    Control(Box<ControlInput>),
    /// Another shard has made durable what this shard's entries up to `through` had it write.
    Durable {
        /// Which shard.
        from: ShardId,
        /// The number of the last of the entries, counted from 1 without adoptions.
        through: u64,
    },
    /// A shard sent an entry. [`Entry::Adopt`] does not come this way: see
    /// [`crate::Engine::adopted`].
    Entry {
        /// Who sent it.
        from: ShardId,
        /// What.
        entry: Entry,
    },
    /// The ring of entries to a shard has this many free slots.
    Room {
        /// The shard at the other end.
        to: ShardId,
        /// Free slots now.
        slots: usize,
    },
    /// This many bytes for the connection were taken by the kernel.
    Sent {
        /// The connection.
        connection: ConnectionKey,
        /// How many.
        bytes: u32,
    },
    /// The store says something.
    Store(Event),
    /// The process is to end: tell clients, publish what is due.
    Stop,
}

/// What became of bytes given to [`crate::Engine::received`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many the engine is done with, from the front. The driver keeps the rest.
    pub consumed: usize,
    /// What the driver does next.
    pub next: Next,
}

/// What the driver does after feeding a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Feed the rest again in the next turn: this connection has had its share of this one.
    Again,
    /// Nothing more: the outputs close the connection or hand it over.
    Gone,
    /// Read on; the packet at the front of the rest has `wanted` bytes in all as far as is known.
    More {
        /// Bytes from the front of the rest, at least one more than the rest has.
        wanted: usize,
    },
    /// Do not read, and do not tell [`Input::Closed`], until [`Output::Resume`] comes: then feed
    /// the rest again.
    ///
    /// [`Output::Resume`]: crate::Output::Resume
    Paused,
}
