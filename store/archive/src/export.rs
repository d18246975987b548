//! From a store to the bytes of an archive.

use core::ops::{Bound, ControlFlow};
use std::collections::BTreeMap;

use store_model::{
    BodyKey, EntryKey, Family, FlightStage, MetaKey, Number, SessionKey, SessionPart, Source,
    Stored,
};
use thiserror::Error;
use wire_message::Seed;

use crate::header::FAMILIES;
use crate::limits::KNOWN_BODIES_MAX;
use crate::{Encoder, Header};

/// Why an archive was not finished. The store was only read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError<S, W> {
    /// A record without which nothing can be read is damaged or missing.
    #[error("record {key:?} of the store itself is damaged or missing")]
    Meta {
        /// Which.
        key: MetaKey,
    },
    /// The store can't be read.
    #[error("read the store")]
    Read(#[source] S),
    /// The archive can't be written.
    #[error("write the archive")]
    Write(#[source] W),
}

/// What an archive holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Records of each family, in the order of [`Family::ALL`].
    pub records: [u64; Family::ALL.len()],
    /// Bytes.
    pub bytes: u64,
    /// Records left out because they, or what they need, can't be read.
    pub damaged: u64,
    /// Records left out because their sessions have ended.
    pub ended: u64,
}

/// Gives `write` the bytes of an archive of everything in `source`, record by record: in bounded
/// memory, whatever the store has. A store with damage gives what is whole.
///
/// # Errors
///
/// [`ExportError`].
pub fn export<S: Source, W>(
    source: &S,
    write: &mut dyn FnMut(&[u8]) -> Result<(), W>,
) -> Result<Exported, ExportError<S::Error, W>> {
    let header = header(source)?;
    let (mut buffer, mut exported) = (Vec::new(), Exported::default());
    let mut encoder = Encoder::new(header, &mut buffer);
    let mut choice = Choice::new(source);
    for family in FAMILIES {
        let (mut unread, mut unwritten) = (None, None);
        let walked = source.walk(family, &[], Bound::Unbounded, &mut |key, value| {
            let chosen = match Stored::decode(family, key, value) {
                Ok(stored) => choice.of(&stored),
                Err(_) => Ok(Chosen::Damaged),
            };
            match chosen {
                Ok(Chosen::Taken) => {
                    encoder.record(family, key, value, &mut buffer);
                    if let Some(records) = exported.records.get_mut(usize::from(family.tag())) {
                        *records += 1;
                    }
                }
                Ok(Chosen::Damaged) => exported.damaged += 1,
                Ok(Chosen::Ended) => exported.ended += 1,
                Err(error) => unread = Some(error),
            }
            unwritten = hand_over(&mut buffer, &mut exported, write).err();
            match (&unread, &unwritten) {
                (None, None) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        walked.map_err(ExportError::Read)?;
        unread.map_or(Ok(()), |error| Err(ExportError::Read(error)))?;
        unwritten.map_or(Ok(()), |error| Err(ExportError::Write(error)))?;
    }
    encoder.finish(&mut buffer);
    hand_over(&mut buffer, &mut exported, write).map_err(ExportError::Write)?;
    Ok(exported)
}

fn hand_over<W>(
    buffer: &mut Vec<u8>,
    exported: &mut Exported,
    write: &mut dyn FnMut(&[u8]) -> Result<(), W>,
) -> Result<(), W> {
    exported.bytes += buffer.len() as u64;
    let written = write(buffer);
    buffer.clear();
    written
}

fn header<S: Source, W>(source: &S) -> Result<Header, ExportError<S::Error, W>> {
    let number = |key: MetaKey| {
        let value = source.value(Family::Meta, key.as_bytes());
        let value = value.map_err(ExportError::Read)?;
        let value = value.ok_or(ExportError::Meta { key })?;
        match Stored::decode(Family::Meta, key.as_bytes(), &value) {
            Ok(Stored::Next(number)) => Ok(number.0),
            Ok(Stored::Seed(seed)) => Ok(seed),
            _ => Err(ExportError::Meta { key }),
        }
    };
    Ok(Header {
        next: Number(number(MetaKey::Next)?),
        seed: Seed(number(MetaKey::Seed)?),
    })
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    Damaged,
    Ended,
    Taken,
}

/// Whose records are taken, and which messages can be read.
struct Choice<'a, S> {
    source: &'a S,
    /// The session looked up last.
    last: Option<(Number, Chosen)>,
    bodies: BTreeMap<Number, bool>,
}

impl<'a, S: Source> Choice<'a, S> {
    const fn new(source: &'a S) -> Self {
        Self {
            source,
            last: None,
            bodies: BTreeMap::new(),
        }
    }

    fn of(&mut self, stored: &Stored<'_>) -> Result<Chosen, S::Error> {
        match stored {
            Stored::Session(session, _)
            | Stored::Subscription(session, ..)
            | Stored::Will(session, _) => self.session(*session),
            Stored::Entry(place, entry) => {
                let session = self.session(place.session)?;
                let is_whole = entry.body.is_some() || self.has_body(place.number)?;
                Ok(if is_whole { session } else { Chosen::Damaged })
            }
            Stored::Flight(place, flight) => {
                let session = self.session(place.session)?;
                let is_whole = match flight.stage {
                    FlightStage::Released => true,
                    FlightStage::Sent { priority, number } => self.has_entry(EntryKey {
                        session: place.session,
                        priority,
                        number,
                    })?,
                };
                let is_dangling = session == Chosen::Taken && !is_whole;
                Ok(if is_dangling {
                    Chosen::Damaged
                } else {
                    session
                })
            }
            // Of a session that is there, or of what the broker published itself.
            Stored::Receipt(place, _) => Ok(match self.session(place.origin)? {
                Chosen::Ended => Chosen::Ended,
                Chosen::Damaged | Chosen::Taken => Chosen::Taken,
            }),
            Stored::Body(..)
            | Stored::Delayed(..)
            | Stored::Dropped(_)
            | Stored::Format(_)
            | Stored::Holders(..)
            | Stored::Next(_)
            | Stored::Quarantine(..)
            | Stored::Retained(_)
            | Stored::Seed(_) => Ok(Chosen::Taken),
        }
    }

    /// What becomes of a session's records: without its head nobody knows whose they are.
    fn session(&mut self, session: Number) -> Result<Chosen, S::Error> {
        if let Some((last, chosen)) = self.last
            && last == session
        {
            return Ok(chosen);
        }
        let mut key = Vec::new();
        let part = SessionPart::Head;
        SessionKey { session, part }.write_to(&mut key);
        let chosen = match self.source.value(Family::Sessions, &key)? {
            Some(value) if Stored::decode(Family::Sessions, &key, &value).is_ok() => Chosen::Taken,
            Some(_) => Chosen::Damaged,
            None => {
                key.clear();
                BodyKey(session).write_to(&mut key);
                let dropped = self.source.value(Family::Dropped, &key)?;
                dropped.map_or(Chosen::Damaged, |_| Chosen::Ended)
            }
        };
        self.last = Some((session, chosen));
        Ok(chosen)
    }

    fn has_entry(&mut self, place: EntryKey) -> Result<bool, S::Error> {
        let mut key = Vec::new();
        place.write_to(&mut key);
        let Some(value) = self.source.value(Family::Queue, &key)? else {
            return Ok(false);
        };
        match Stored::decode(Family::Queue, &key, &value) {
            Ok(Stored::Entry(_, entry)) => Ok(entry.body.is_some() || self.has_body(place.number)?),
            _ => Ok(false),
        }
    }

    /// Whether a shared message can be read.
    fn has_body(&mut self, number: Number) -> Result<bool, S::Error> {
        if let Some(known) = self.bodies.get(&number) {
            return Ok(*known);
        }
        let mut key = Vec::new();
        BodyKey(number).write_to(&mut key);
        let value = self.source.value(Family::Bodies, &key)?;
        let is_whole =
            value.is_some_and(|value| Stored::decode(Family::Bodies, &key, &value).is_ok());
        if self.bodies.len() == KNOWN_BODIES_MAX {
            self.bodies.clear();
        }
        self.bodies.insert(number, is_whole);
        Ok(is_whole)
    }
}
