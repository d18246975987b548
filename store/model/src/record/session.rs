//! Sessions, their subscriptions and wills.

use core::num::NonZeroU32;

use rkyv::with::{InlineAsBox, Map};
use rkyv::{Archive, Serialize};
use wire_message::Qos;

use super::body::BodyV1;
use super::{Body, RecordError, archive};
use crate::UnixMillis;

/// The head of a session, of [`crate::Family::Sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Its client.
    pub client: &'a str,
    /// User name of the last connection.
    pub username: Option<&'a str>,
    /// What stands before the client's topics in the broker; empty: nothing.
    pub mount: &'a str,
    /// Session Expiry Interval, seconds; [`u32::MAX`] is never.
    pub expiry_s: u32,
    /// When the connection was lost; `None` while there is one. Found at a start, the broker's end
    /// is not known: the interval counts from the start.
    pub detached_at: Option<UnixMillis>,
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct SessionV1<'a> {
    #[rkyv(with = InlineAsBox)]
    client: &'a str,
    #[rkyv(with = Map<InlineAsBox>)]
    username: Option<&'a str>,
    #[rkyv(with = InlineAsBox)]
    mount: &'a str,
    detached_at: u64,
    expiry_s: u32,
}

impl<'a> Session<'a> {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let session = SessionV1 {
            client: self.client,
            username: self.username,
            mount: self.mount,
            detached_at: UnixMillis::to_record(self.detached_at),
            expiry_s: self.expiry_s,
        };
        archive::write(1, key, &session, out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &'a [u8]) -> Result<Self, RecordError> {
        let archive: &'a ArchivedSessionV1<'a> = archive::read(key, value)?;
        Ok(Self {
            client: archive.client.as_ref(),
            username: archive.username.as_ref().map(AsRef::as_ref),
            mount: archive.mount.as_ref(),
            expiry_s: archive.expiry_s.to_native(),
            detached_at: UnixMillis::from_record(archive.detached_at.to_native()),
        })
    }
}

/// A session's subscription to the filter in its key, of [`crate::Family::Sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The highest quality of service of deliveries, as granted.
    pub qos: Qos,
    /// The session's own publishes are not delivered to it.
    pub no_local: bool,
    /// Deliveries keep the RETAIN flag of the publish.
    pub retain_as_published: bool,
    /// Retain Handling, 0 to 2.
    pub retain_handling: u8,
    /// Taken with `$exclusive/`.
    pub exclusive: bool,
    /// The subscription identifier.
    pub identifier: Option<NonZeroU32>,
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct SubscriptionV1 {
    identifier: u32,
    /// QoS in bits 0 and 1, No Local 2, Retain As Published 3, Retain Handling 4 and 5, exclusive 6.
    options: u8,
}

impl Subscription {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let options = self.qos.bits()
            | u8::from(self.no_local) << 2
            | u8::from(self.retain_as_published) << 3
            | (self.retain_handling & 3) << 4
            | u8::from(self.exclusive) << 6;
        let identifier = self.identifier.map_or(0, NonZeroU32::get);
        let subscription = SubscriptionV1 {
            identifier,
            options,
        };
        archive::write(1, key, &subscription, out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &[u8]) -> Result<Self, RecordError> {
        let archive: &ArchivedSubscriptionV1 = archive::read(key, value)?;
        let error = RecordError::Meaning { what: "options" };
        let options = archive.options;
        let retain_handling = options >> 4 & 3;
        if options & 0x80 != 0 || retain_handling == 3 {
            return Err(error);
        }
        Ok(Self {
            qos: Qos::from_bits(options & 3).ok_or(error)?,
            no_local: options & 4 != 0,
            retain_as_published: options & 8 != 0,
            retain_handling,
            exclusive: options & 64 != 0,
            identifier: NonZeroU32::new(archive.identifier.to_native()),
        })
    }
}

/// A session's will, of [`crate::Family::Sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// What is published; its times are not used.
    pub body: Body<'a>,
    /// Message Expiry Interval, seconds from publication; `None`: never.
    pub expiry_s: Option<u32>,
    /// Will Delay Interval, seconds from the loss of the connection.
    pub delay_s: u32,
}

/// The archive, version 1.
#[derive(Archive, Serialize)]
struct WillV1<'a> {
    body: BodyV1<'a>,
    delay_s: u32,
    expiry_s: Option<u32>,
}

impl<'a> Will<'a> {
    /// Writes the record for `key` into `out`, whose former content is gone.
    pub fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        let will = WillV1 {
            body: self.body.to_archive(),
            delay_s: self.delay_s,
            expiry_s: self.expiry_s,
        };
        archive::write(1, key, &will, out);
    }

    /// Reads the record at `key`.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn read(key: &[u8], value: &'a [u8]) -> Result<Self, RecordError> {
        let archive: &'a ArchivedWillV1<'a> = archive::read(key, value)?;
        Ok(Self {
            body: Body::from_archive(&archive.body)?,
            expiry_s: archive.expiry_s.as_ref().map(|s| s.to_native()),
            delay_s: archive.delay_s.to_native(),
        })
    }
}
