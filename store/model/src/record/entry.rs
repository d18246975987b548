//! A session's queue entries.

use core::num::NonZeroU64;
use std::borrow::Cow;

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};
use wire_message::Qos;
use wire_mqtt::PacketId;

use super::body::{ArchivedBodyV1, BodyV1, read_flags};
use super::{Body, RecordError, archive, open};

/// One message for one session, of [`crate::Family::Queue`].
///
/// Its packet id is known here if it was sent as soon as it was stored; if it was sent later, a
/// [`super::Flight`] record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Quality of service of the delivery.
    pub qos: Qos,
    /// The RETAIN flag of the delivery.
    pub retain: bool,
    /// The packet id of a delivery that is on its way.
    pub packet_id: Option<PacketId>,
    /// The shared subscription that it came through: the hash of its group and filter.
    pub group: Option<NonZeroU64>,
    /// The identifiers of the subscriptions that matched.
    pub subscription_ids: Cow<'a, [u32]>,
    /// The message, if no other entry shares it; otherwise it is in [`crate::Family::Bodies`] under
    /// the entry's number.
    pub body: Option<Body<'a>>,
}

/// Versions of the two forms.
const SHARED: u8 = 1;
const WITH_BODY: u8 = 2;

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct EntryV1<'a> {
    #[rkyv(with = InlineAsBox)]
    subscription_ids: &'a [u32],
    group: u64,
    packet_id: u16,
    /// Quality of service in bits 0 and 1, RETAIN in bit 2.
    flags: u8,
}

/// The archive, version 2: with the message.
#[derive(Archive, Serialize)]
struct EntryWithBodyV1<'a> {
    entry: EntryV1<'a>,
    body: BodyV1<'a>,
}

impl<'a> Entry<'a> {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let entry = EntryV1 {
            subscription_ids: &self.subscription_ids,
            group: self.group.map_or(0, NonZeroU64::get),
            packet_id: self.packet_id.map_or(0, PacketId::value),
            flags: self.qos.bits() | u8::from(self.retain) << 2,
        };
        match self.body {
            None => archive::write(SHARED, key, &entry, out),
            Some(body) => {
                let body = body.to_archive();
                archive::write(WITH_BODY, key, &EntryWithBodyV1 { entry, body }, out);
            }
        }
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &'a [u8]) -> Result<Self, RecordError> {
        match open(key, value)? {
            (SHARED, bytes) => Self::from_archive(archive::access(bytes)?, None),
            (WITH_BODY, bytes) => {
                let whole: &ArchivedEntryWithBodyV1<'_> = archive::access(bytes)?;
                Self::from_archive(&whole.entry, Some(&whole.body))
            }
            (version, _) => Err(RecordError::Version { version }),
        }
    }

    /// Whether the message of the record at `key` stands elsewhere. Neither the entry nor a message
    /// inside it is read beyond the checksum.
    ///
    /// # Errors
    ///
    /// [`RecordError::Checksum`], [`RecordError::Length`] or [`RecordError::Version`].
    pub fn is_shared(key: &[u8], value: &[u8]) -> Result<bool, RecordError> {
        match open(key, value)? {
            (SHARED, _) => Ok(true),
            (WITH_BODY, _) => Ok(false),
            (version, _) => Err(RecordError::Version { version }),
        }
    }

    fn from_archive(
        entry: &ArchivedEntryV1<'_>,
        body: Option<&'a ArchivedBodyV1<'_>>,
    ) -> Result<Self, RecordError> {
        let (qos, retain) = read_flags(entry.flags)?;
        let ids = entry.subscription_ids.iter().map(|id| id.to_native());
        Ok(Self {
            qos,
            retain,
            packet_id: PacketId::new(entry.packet_id.to_native()),
            group: NonZeroU64::new(entry.group.to_native()),
            subscription_ids: ids.collect(),
            body: body.map(Body::from_archive).transpose()?,
        })
    }
}
