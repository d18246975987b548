//! Any record of any family, read from its bytes.

use thiserror::Error;
use wire_message::FilterTarget;

use crate::key::{
    BodyKey, DelayedKey, EntryKey, FlightKey, KeyError, MetaKey, QuarantineKey, ReceiptKey,
    RetainedKey, SessionKey, SessionPart,
};
use crate::record::{
    Body, Entry, Flight, Holders, Receipt, RecordError, Session, Subscription, Will, read_number,
};
use crate::{Family, FormatError, Number, check_format};

/// A record with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored<'a> {
    /// A message that several entries share.
    Body(Number, Body<'a>),
    /// A message to be published later.
    Delayed(DelayedKey, Body<'a>),
    /// A session that ended and may still have records.
    Dropped(Number),
    /// A message for a session.
    Entry(EntryKey, Entry<'a>),
    /// A packet id in use towards a client.
    Flight(FlightKey, Flight),
    /// The format version.
    Format(u32),
    /// How many entries share a body.
    Holders(Number, Holders),
    /// The number that all stored ones are below.
    Next(Number),
    /// A damaged record, as it was found.
    Quarantine(QuarantineKey<'a>, &'a [u8]),
    /// A shard's part of a QoS 2 message from a client.
    Receipt(ReceiptKey, Receipt),
    /// A retained message.
    Retained(Body<'a>),
    /// The secret that keys hashes.
    Seed(u64),
    /// The head of a session.
    Session(Number, Session<'a>),
    /// A subscription of a session to a filter, which is valid.
    Subscription(Number, &'a str, Subscription),
    /// The will of a session.
    Will(Number, Will<'a>),
}

/// A record that can't be read. It is to be set aside, counted and reported, and nothing stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("record in {}", family.name())]
pub struct Damage {
    /// Where it stands.
    pub family: Family,
    /// What is wrong with it.
    #[source]
    pub error: DamageError,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DamageError {
    /// The format version can't be used: the store is not to be touched.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The value.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl<'a> Stored<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// [`Damage`] for whatever no program up to this version has written.
    pub fn decode(family: Family, key: &'a [u8], value: &'a [u8]) -> Result<Self, Damage> {
        decode(family, key, value).map_err(|error| Damage { family, error })
    }
}

fn decode<'a>(family: Family, key: &'a [u8], value: &'a [u8]) -> Result<Stored<'a>, DamageError> {
    Ok(match family {
        Family::Bodies => Stored::Body(BodyKey::decode(key)?.0, Body::read(key, value)?),
        Family::Delayed => Stored::Delayed(DelayedKey::decode(key)?, Body::read(key, value)?),
        Family::Dropped => {
            let session = BodyKey::decode(key)?.0;
            if read_number(key, value)? != session.0 {
                return Err(RecordError::Meaning { what: "session" }.into());
            }
            Stored::Dropped(session)
        }
        Family::Flight => Stored::Flight(FlightKey::decode(key)?, Flight::read(key, value)?),
        Family::Holders => Stored::Holders(BodyKey::decode(key)?.0, Holders::decode(value)?),
        Family::Meta => meta(key, value)?,
        Family::Quarantine => Stored::Quarantine(QuarantineKey::decode(key)?, value),
        Family::Queue => Stored::Entry(EntryKey::decode(key)?, Entry::read(key, value)?),
        Family::Receipts => Stored::Receipt(ReceiptKey::decode(key)?, Receipt::read(key, value)?),
        Family::Retained => {
            let (topic, body) = (RetainedKey::decode(key)?.0, Body::read(key, value)?);
            if body.topic.as_str() != topic {
                return Err(RecordError::Meaning { what: "topic" }.into());
            }
            Stored::Retained(body)
        }
        Family::Sessions => session(key, value)?,
    })
}

fn meta<'a>(key: &[u8], value: &[u8]) -> Result<Stored<'a>, DamageError> {
    Ok(match MetaKey::decode(key)? {
        MetaKey::Format => Stored::Format(check_format(value)?),
        MetaKey::Next => Stored::Next(Number(read_number(key, value)?)),
        MetaKey::Seed => Stored::Seed(read_number(key, value)?),
    })
}

fn session<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Stored<'a>, DamageError> {
    let SessionKey { session, part } = SessionKey::decode(key)?;
    Ok(match part {
        SessionPart::Head => Stored::Session(session, Session::read(key, value)?),
        SessionPart::Will => Stored::Will(session, Will::read(key, value)?),
        SessionPart::Subscription(text) => {
            FilterTarget::parse(text).map_err(|_| KeyError::Unknown { what: "filter" })?;
            Stored::Subscription(session, text, Subscription::read(key, value)?)
        }
    })
}
