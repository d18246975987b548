//! Keys of all families, byte by byte: integers are big-endian, so that bytes sort as values do.

mod text;

use thiserror::Error;
use wire_mqtt::PacketId;

pub use self::text::{MetaKey, QuarantineKey, RetainedKey, SessionKey, SessionPart};
use crate::{Home, Number, UnixMillis};

/// Bytes that are no key of their family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Too short or too long.
    #[error("key has {length} bytes, which is no length of its family's")]
    Length {
        /// Bytes found.
        length: usize,
    },
    /// A part says what no program of this version wrote.
    #[error("key has an unknown {what}")]
    Unknown {
        /// Which part.
        what: &'static str,
    },
    /// A part that is text is not well-formed UTF-8.
    #[error("key holds text that is not UTF-8")]
    Text,
}

/// Takes `N` bytes off the front.
fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    Some((*first, rest))
}

fn number(bytes: [u8; 8]) -> Number {
    Number(u64::from_be_bytes(bytes))
}

fn all<const N: usize>(bytes: &[u8]) -> Result<[u8; N], KeyError> {
    bytes.try_into().map_err(|_| KeyError::Length {
        length: bytes.len(),
    })
}

/// A key of [`crate::Family::Bodies`], [`crate::Family::Holders`] or [`crate::Family::Dropped`].
///
/// ```text
/// number 8
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyKey(pub Number);

impl BodyKey {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.0.to_be_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        all(bytes).map(number).map(Self)
    }
}

/// A key of [`crate::Family::Queue`]: a session's entries in the order in which they are sent.
///
/// ```text
/// session 8 | 255 - priority 1 | number 8
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryKey {
    /// Whose.
    pub session: Number,
    /// 255 goes first.
    pub priority: u8,
    /// The message's number, and so its place among those of equal priority.
    pub number: Number,
}

impl EntryKey {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.session.0.to_be_bytes());
        out.push(u8::MAX - self.priority);
        out.extend_from_slice(&self.number.0.to_be_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let whole: [u8; 17] = all(bytes)?;
        let length = KeyError::Length {
            length: bytes.len(),
        };
        let (session, rest) = take(&whole).ok_or(length)?;
        let ([inverted], rest) = take(rest).ok_or(length)?;
        Ok(Self {
            session: number(session),
            priority: u8::MAX - inverted,
            number: number(all(rest)?),
        })
    }
}

impl Ord for EntryKey {
    /// As the bytes sort: by session, then descending priority, then number.
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        let parts = |key: &Self| (key.session, u8::MAX - key.priority, key.number);
        parts(self).cmp(&parts(other))
    }
}

impl PartialOrd for EntryKey {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A key of [`crate::Family::Flight`].
///
/// ```text
/// session 8 | packet id 2
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightKey {
    /// Whose.
    pub session: Number,
    /// Under which the delivery is in flight.
    pub packet_id: PacketId,
}

impl FlightKey {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.session.0.to_be_bytes());
        out.extend_from_slice(&self.packet_id.value().to_be_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`]; [`KeyError::Unknown`] for packet id zero.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let whole: [u8; 10] = all(bytes)?;
        let (session, rest) = take(&whole).ok_or(KeyError::Length { length: 10 })?;
        let packet_id = PacketId::new(u16::from_be_bytes(all(rest)?));
        Ok(Self {
            session: number(session),
            packet_id: packet_id.ok_or(KeyError::Unknown { what: "packet id" })?,
        })
    }
}

/// A key of [`crate::Family::Receipts`]: one for each shard that stored the message.
///
/// ```text
/// origin 8 | packet id 2, or 0 | number of shards - 1 1 | shard 1
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptKey {
    /// The publisher's session; of a delayed message or a will, its own number or its session's.
    pub origin: Number,
    /// The packet id of a client's PUBLISH; `None` for what the broker publishes itself.
    pub packet_id: Option<PacketId>,
    /// The shard that stored the message for its sessions.
    pub part: Home,
}

impl ReceiptKey {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.origin.0.to_be_bytes());
        let packet_id = self.packet_id.map_or(0, PacketId::value);
        out.extend_from_slice(&packet_id.to_be_bytes());
        out.extend_from_slice(&self.part.to_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`]; [`KeyError::Unknown`] for a shard that there was not.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let whole: [u8; 12] = all(bytes)?;
        let length = KeyError::Length { length: 12 };
        let (origin, rest) = take(&whole).ok_or(length)?;
        let (packet_id, rest) = take(rest).ok_or(length)?;
        let part = Home::from_bytes(all(rest)?);
        Ok(Self {
            origin: number(origin),
            packet_id: PacketId::new(u16::from_be_bytes(packet_id)),
            part: part.ok_or(KeyError::Unknown { what: "shard" })?,
        })
    }
}

/// A key of [`crate::Family::Delayed`]: the next that is due comes first.
///
/// ```text
/// due 8 | number 8
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelayedKey {
    /// When the message is to be published.
    pub due: UnixMillis,
    /// Which.
    pub number: Number,
}

impl DelayedKey {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.due.0.to_be_bytes());
        out.extend_from_slice(&self.number.0.to_be_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let whole: [u8; 16] = all(bytes)?;
        let (due, rest) = take(&whole).ok_or(KeyError::Length { length: 16 })?;
        Ok(Self {
            due: UnixMillis(u64::from_be_bytes(due)),
            number: number(all(rest)?),
        })
    }
}
