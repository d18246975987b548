//! Exchanges under way: packet ids towards clients and from them.

use rkyv::{Archive, Serialize};
use wire_message::SHARDS_MAX;

use super::{RecordError, archive};
use crate::{Number, UnixMillis};

/// What a packet id stands for, of [`crate::Family::Flight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// How far the exchange has come.
    pub stage: FlightStage,
    /// A number taken when the message was first sent: packets are sent again in this order.
    ///
    /// An entry with a packet id of its own was sent when it was stored; its rank is its number.
    pub rank: Number,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightStage {
    /// PUBREC came and the entry is gone: PUBREL is to be sent until PUBCOMP comes.
    Released,
    /// PUBLISH was sent for the entry at this place of the session's queue.
    Sent {
        /// Of the entry's key.
        priority: u8,
        /// Of the entry's key.
        number: Number,
    },
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct FlightV1 {
    rank: u64,
    number: u64,
    priority: u8,
    /// 0 sent, 1 released.
    stage: u8,
}

impl Flight {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let (stage, priority, number) = match self.stage {
            FlightStage::Sent { priority, number } => (0, priority, number.0),
            FlightStage::Released => (1, 0, 0),
        };
        let flight = FlightV1 {
            rank: self.rank.0,
            number,
            priority,
            stage,
        };
        archive::write(1, key, &flight, out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &[u8]) -> Result<Self, RecordError> {
        let archive: &ArchivedFlightV1 = archive::read(key, value)?;
        let stage = match archive.stage {
            0 => FlightStage::Sent {
                priority: archive.priority,
                number: Number(archive.number.to_native()),
            },
            1 => FlightStage::Released,
            _ => return Err(RecordError::Meaning { what: "stage" }),
        };
        Ok(Self {
            stage,
            rank: Number(archive.rank.to_native()),
        })
    }
}

/// A shard has stored its part of a QoS 2 message, of [`crate::Family::Receipts`].
///
/// As many receipts with one number of shards as they say there are parts mean that the message was
/// taken over: a repetition is a duplicate. If some are missing, a crash came between; the
/// repetition goes to those sessions that lived at none of the homes in the receipts' keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How many shards store the message, at least 1.
    pub parts: u16,
    /// When the message came.
    pub taken_at: UnixMillis,
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct ReceiptV1 {
    taken_at: u64,
    parts: u16,
}

impl Receipt {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let receipt = ReceiptV1 {
            taken_at: self.taken_at.0,
            parts: self.parts,
        };
        archive::write(1, key, &receipt, out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &[u8]) -> Result<Self, RecordError> {
        let archive: &ArchivedReceiptV1 = archive::read(key, value)?;
        let parts = archive.parts.to_native();
        if parts == 0 || usize::from(parts) > SHARDS_MAX {
            return Err(RecordError::Meaning { what: "part count" });
        }
        Ok(Self {
            parts,
            taken_at: UnixMillis(archive.taken_at.to_native()),
        })
    }
}
