//! Messages.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};
use wire_message::{MessageRef, PublisherId, Qos, TopicRef};

use super::{RecordError, archive};
use crate::{UnixMillis, WallClock};

/// A stored message: of [`crate::Family::Bodies`], [`crate::Family::Retained`] and
/// [`crate::Family::Delayed`], and inside entries and wills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// Where it was published.
    pub topic: TopicRef<'a>,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// Encoded properties to forward, see [`MessageRef::properties`].
    pub properties: &'a [u8],
    /// As published.
    pub qos: Qos,
    /// The RETAIN flag as published.
    pub retain: bool,
    /// When it stops being worth delivering; `None`: never.
    pub expires_at: Option<UnixMillis>,
    /// When the broker received it.
    pub received_at: UnixMillis,
    /// Who published it.
    pub publisher: PublisherId,
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
pub(super) struct BodyV1<'a> {
    #[rkyv(with = InlineAsBox)]
    topic: &'a str,
    #[rkyv(with = InlineAsBox)]
    properties: &'a [u8],
    #[rkyv(with = InlineAsBox)]
    payload: &'a [u8],
    expires_at: u64,
    received_at: u64,
    publisher: u64,
    /// Quality of service in bits 0 and 1, RETAIN in bit 2.
    flags: u8,
}

impl<'a> Body<'a> {
    /// What is stored of a message.
    #[must_use]
    pub fn of(message: &MessageRef<'a>, clock: WallClock) -> Self {
        Self {
            topic: message.topic,
            payload: message.payload,
            properties: message.properties,
            qos: message.qos,
            retain: message.retain,
            expires_at: clock.expires_at(message.expiry),
            received_at: clock.at(message.received_at),
            publisher: message.publisher,
        }
    }

    /// The message, on the clock of this process.
    #[must_use]
    pub fn message(&self, clock: WallClock) -> MessageRef<'a> {
        MessageRef {
            topic: self.topic,
            payload: self.payload,
            properties: self.properties,
            qos: self.qos,
            retain: self.retain,
            expiry: clock.expiry(self.expires_at),
            received_at: clock.instant(self.received_at),
            publisher: self.publisher,
        }
    }

    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        archive::write(1, key, &self.to_archive(), out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &'a [u8]) -> Result<Self, RecordError> {
        Self::from_archive(archive::read(key, value)?)
    }

    pub(super) fn to_archive(self) -> BodyV1<'a> {
        BodyV1 {
            topic: self.topic.as_str(),
            properties: self.properties,
            payload: self.payload,
            expires_at: UnixMillis::to_record(self.expires_at),
            received_at: self.received_at.0,
            publisher: self.publisher.0,
            flags: self.qos.bits() | u8::from(self.retain) << 2,
        }
    }

    pub(super) fn from_archive(archive: &'a ArchivedBodyV1<'_>) -> Result<Self, RecordError> {
        let topic = archive.topic.as_ref();
        let topic = TopicRef::new(topic).map_err(|_| RecordError::Meaning { what: "topic" })?;
        let (qos, retain) = read_flags(archive.flags)?;
        Ok(Self {
            topic,
            payload: archive.payload.as_ref(),
            properties: archive.properties.as_ref(),
            qos,
            retain,
            expires_at: UnixMillis::from_record(archive.expires_at.to_native()),
            received_at: UnixMillis(archive.received_at.to_native()),
            publisher: PublisherId(archive.publisher.to_native()),
        })
    }
}

/// Quality of service and RETAIN; bits that are not used yet must be zero.
pub(super) fn read_flags(flags: u8) -> Result<(Qos, bool), RecordError> {
    let error = RecordError::Meaning { what: "flags" };
    if flags > 7 {
        return Err(error);
    }
    let qos = Qos::from_bits(flags & 3).ok_or(error)?;
    Ok((qos, flags & 4 != 0))
}
