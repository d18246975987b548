//! What the engine wants done.

use core::ops::Range;
use std::sync::Arc;

use store_model::{Batch, Read, RequestId};
use wire_message::{Message, ShardId};
use wire_mqtt::PacketId;

use crate::control::ControlOutput;
use crate::entry::{Adoption, Answer, Entry};
use crate::key::ConnectionKey;

/// One thing for the driver to do, in order.
#[derive(Debug)]
pub enum Output {
    /// Put into the ring of answers to `to`, which has room because its requester saw to it.
    Answer {
        /// The shard that asked.
        to: ShardId,
        /// The answer.
        answer: Answer,
    },
    /// Ask the store, whose ring has room: after the batches before.
    Ask(RequestId, Read),
    /// Send what is queued for the connection, then close it. Its key is void from here on; a
    /// peer that takes nothing is cut off after a grace of the driver's.
    Close {
        /// The connection.
        connection: ConnectionKey,
    },
    /// Tell the control side.
    Control(Box<ControlOutput>),
    /// Tell a shard that what its entries up to `through` had this one write is durable. Cumulative:
    /// of several only the last need arrive.
    Durable {
        /// The shard.
        to: ShardId,
        /// The number of the last of the entries.
        through: u64,
    },
    /// Pass the connection's transport, with all bytes not consumed, to another shard, as
    /// [`Entry::Adopt`]. Its key is void from here on. One ring slot was kept for it.
    HandOver {
        /// The connection.
        connection: ConnectionKey,
        /// Where its session lives.
        to: ShardId,
        /// What the other engine must know; the driver adds transport and bytes.
        adoption: Box<Adoption>,
    },
    /// Put into the ring of entries to `to`; the engine counted the room.
    Push {
        /// The receiver.
        to: ShardId,
        /// The entry.
        entry: Entry,
    },
    /// Feed the connection's unconsumed bytes again, then read on.
    Resume {
        /// The connection.
        connection: ConnectionKey,
    },
    /// Append bytes to what is to be sent to the connection.
    Send {
        /// The connection.
        connection: ConnectionKey,
        /// Which of [`Outputs::bytes`]; many connections may share a range.
        range: Range<u32>,
        /// Where in the range to put which packet id (big-endian), in this connection's copy.
        packet_id: Option<(u32, PacketId)>,
    },
    /// Append the message's payload to what is to be sent to the connection, without a copy.
    SendPayload {
        /// The connection.
        connection: ConnectionKey,
        /// Whose payload.
        message: Arc<Message>,
    },
    /// Hand a batch to the store, whose ring has room.
    Store(Batch),
}

/// The driver's reusable buffer for what the engine wants done.
///
/// The driver takes all actions in order, then clears both parts.
#[derive(Debug, Default)]
pub struct Outputs {
    /// What to do, in order.
    pub actions: Vec<Output>,
    /// Encoded packets that [`Output::Send`] refers to.
    pub bytes: Vec<u8>,
}

impl Outputs {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.actions.clear();
        self.bytes.clear();
    }

    /// Has bytes sent to a connection; with those before them at once if these follow them.
    pub(crate) fn send(
        &mut self,
        connection: ConnectionKey,
        range: Range<u32>,
        packet_id: Option<(u32, PacketId)>,
    ) {
        if packet_id.is_none()
            && let Some(Output::Send {
                connection: last,
                range: before,
                packet_id: None,
            }) = self.actions.last_mut()
            && *last == connection
            && before.end == range.start
        {
            before.end = range.end;
            return;
        }
        self.actions.push(Output::Send {
            connection,
            range,
            packet_id,
        });
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

/// Four actions take three cache lines.
const _: () = assert!(size_of::<Output>() <= 48);
