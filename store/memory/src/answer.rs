//! Answers to questions, in chunks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use store_model::limits::{CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX};
use store_model::{
    Answer, Body, BodyKey, DelayedChunk, DelayedKey, Entry, EntryKey, Family, FlightStage, Number,
    QueueChunk, Queued, Read, RetainedChunk, SessionsChunk, Stored, StoredDelayed, StoredEntry,
    StoredFlight, StoredReceipt, StoredSession, StoredSubscription, StoredWill, WallClock,
};
use wire_message::{ClientId, Message};

use crate::Image;

/// Reads for one question; collects what is damaged.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) image: &'a Image,
    pub(crate) clock: WallClock,
    /// Records to be set aside.
    pub(crate) damaged: Vec<(Family, Vec<u8>)>,
}

impl Reader<'_> {
    pub(crate) fn answer(&mut self, read: &Read) -> Answer {
        match read {
            Read::Delayed { after } => Answer::Delayed(self.delayed(*after)),
            Read::Flights { session } => Answer::Flights(self.flights(*session)),
            Read::Measure { session } => self.measure(*session),
            Read::Queue { session, after } => Answer::Queue(self.queue(*session, *after)),
            Read::Receipts { origin } => Answer::Receipts(self.receipts(*origin)),
            Read::Retained { after } => Answer::Retained(self.retained(after.as_deref())),
            Read::Sessions { after } => Answer::Sessions(self.sessions(*after)),
        }
    }

    fn message(&self, body: &Body<'_>) -> Arc<Message> {
        Arc::new(body.message(self.clock).to_message())
    }

    fn set_aside(&mut self, family: Family, key: &[u8]) {
        self.damaged.push((family, key.to_vec()));
    }

    fn queue(&mut self, session: Number, after: Option<EntryKey>) -> QueueChunk {
        let image = self.image;
        let prefix = session.0.to_be_bytes();
        let from = after.map_or(Bound::Included(prefix.to_vec()), |after| {
            Bound::Excluded(key_bytes(|out| after.write_to(out)))
        });
        let mut chunk = QueueChunk::default();
        let (mut bytes, mut last) = (0, None);
        for (key, value) in image.from(Family::Queue, from) {
            if !key.starts_with(&prefix) {
                return chunk;
            }
            if chunk.entries.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                chunk.after = last;
                return chunk;
            }
            let Ok(Stored::Entry(place, entry)) = Stored::decode(Family::Queue, key, value) else {
                chunk.damaged += 1;
                self.set_aside(Family::Queue, key);
                continue;
            };
            last = Some(place);
            if let Some(stored) = self.entry(place, &entry) {
                bytes += stored.message.cost_bytes();
                chunk.entries.push(stored);
            } else {
                chunk.damaged += 1;
                self.set_aside(Family::Queue, key);
            }
        }
        chunk
    }

    /// An entry with its message; `None` if the message can't be read.
    fn entry(&mut self, key: EntryKey, entry: &Entry<'_>) -> Option<StoredEntry> {
        let message = match &entry.body {
            Some(body) => self.message(body),
            None => self.shared(key.number)?,
        };
        let queued = Queued {
            session: key.session,
            priority: key.priority,
            qos: entry.qos,
            retain: entry.retain,
            packet_id: entry.packet_id,
            group: entry.group,
            subscription_ids: entry.subscription_ids.to_vec(),
        };
        Some(StoredEntry {
            queued,
            number: key.number,
            is_shared: entry.body.is_none(),
            message,
        })
    }

    fn shared(&mut self, number: Number) -> Option<Arc<Message>> {
        let key = key_bytes(|out| BodyKey(number).write_to(out));
        let value = self.image.value(Family::Bodies, &key)?;
        if let Ok(Stored::Body(_, body)) = Stored::decode(Family::Bodies, &key, value) {
            return Some(self.message(&body));
        }
        self.set_aside(Family::Bodies, &key);
        None
    }

    fn flights(&mut self, session: Number) -> Vec<StoredFlight> {
        let mut flights = Vec::new();
        let prefix = session.0.to_be_bytes();
        for (key, value) in self.image.prefixed(Family::Flight, &prefix) {
            match Stored::decode(Family::Flight, key, value) {
                Ok(Stored::Flight(key, flight)) => flights.push(StoredFlight { key, flight }),
                _ => self.damaged.push((Family::Flight, key.to_vec())),
            }
        }
        flights.sort_by_key(|one| (one.flight.rank, one.flight.stage != FlightStage::Released));
        flights
    }

    fn receipts(&mut self, origin: Number) -> Vec<StoredReceipt> {
        let mut receipts = Vec::new();
        let prefix = origin.0.to_be_bytes();
        for (key, value) in self.image.prefixed(Family::Receipts, &prefix) {
            match Stored::decode(Family::Receipts, key, value) {
                Ok(Stored::Receipt(key, receipt)) => receipts.push(StoredReceipt { key, receipt }),
                _ => self.damaged.push((Family::Receipts, key.to_vec())),
            }
        }
        receipts
    }

    fn measure(&self, session: Number) -> Answer {
        let (mut entries, mut bytes) = (0, 0);
        let prefix = session.0.to_be_bytes();
        for (key, value) in self.image.prefixed(Family::Queue, &prefix) {
            entries += 1;
            bytes += (key.len() + value.len()) as u64;
        }
        Answer::Measured { entries, bytes }
    }

    fn retained(&mut self, after: Option<&str>) -> RetainedChunk {
        let image = self.image;
        let from = after.map_or(Bound::Unbounded, |topic| {
            Bound::Excluded(topic.as_bytes().to_vec())
        });
        let from = from_start(from);
        let mut chunk = RetainedChunk::default();
        let mut bytes = 0;
        for (key, value) in image.from(Family::Retained, from) {
            if chunk.messages.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                let last = chunk.messages.last();
                chunk.after = last.map(|message| message.topic().as_str().into());
                return chunk;
            }
            if let Ok(Stored::Retained(body)) = Stored::decode(Family::Retained, key, value) {
                let message = self.message(&body);
                bytes += message.cost_bytes();
                chunk.messages.push(message);
            } else {
                chunk.damaged += 1;
                self.set_aside(Family::Retained, key);
            }
        }
        chunk
    }

    fn delayed(&mut self, after: Option<DelayedKey>) -> DelayedChunk {
        let image = self.image;
        let from = after.map_or(Bound::Unbounded, |key| {
            Bound::Excluded(key_bytes(|out| key.write_to(out)))
        });
        let mut chunk = DelayedChunk::default();
        let mut bytes = 0;
        for (key, value) in image.from(Family::Delayed, from_start(from)) {
            if chunk.messages.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                chunk.after = chunk.messages.last().map(|one| one.key);
                return chunk;
            }
            if let Ok(Stored::Delayed(due, body)) = Stored::decode(Family::Delayed, key, value) {
                let message = self.message(&body);
                bytes += message.cost_bytes();
                chunk.messages.push(StoredDelayed { key: due, message });
            } else {
                chunk.damaged += 1;
                self.set_aside(Family::Delayed, key);
            }
        }
        chunk
    }

    fn sessions(&mut self, after: Option<Number>) -> SessionsChunk {
        let image = self.image;
        let from = after.map_or(0, |after| after.0.saturating_add(1));
        let from = Bound::Included(from.to_be_bytes().to_vec());
        let mut chunk = SessionsChunk::default();
        let mut parts = BTreeMap::<Number, Parts<'_>>::new();
        for (key, value) in image.from(Family::Sessions, from) {
            let Some(number) = key.first_chunk::<8>() else {
                chunk.damaged += 1;
                self.set_aside(Family::Sessions, key);
                continue;
            };
            let number = Number(u64::from_be_bytes(*number));
            if parts.len() == CHUNK_ENTRIES_MAX && !parts.contains_key(&number) {
                chunk.after = parts.last_key_value().map(|(number, _)| *number);
                break;
            }
            let part = parts.entry(number).or_default();
            part.keys.push(key);
            if !self.part(key, value, part) {
                chunk.damaged += 1;
                self.set_aside(Family::Sessions, key);
            }
        }
        for (number, parts) in parts {
            match parts.head {
                Some(head) => chunk.sessions.push(StoredSession {
                    will: parts.will,
                    subscriptions: parts.subscriptions,
                    ..head
                }),
                // It ended, and the rest of it is about to go.
                None if self.is_dropped(number) => {}
                // Without its head nobody knows whose it is.
                None => {
                    for key in parts.keys {
                        chunk.damaged += 1;
                        self.set_aside(Family::Sessions, key);
                    }
                }
            }
        }
        chunk
    }

    fn is_dropped(&self, session: Number) -> bool {
        let key = session.0.to_be_bytes();
        self.image.value(Family::Dropped, &key).is_some()
    }

    /// Reads a part of a session; false if it is damaged.
    fn part(&self, key: &[u8], value: &[u8], parts: &mut Parts<'_>) -> bool {
        match Stored::decode(Family::Sessions, key, value) {
            Ok(Stored::Session(number, session)) => {
                parts.head = Some(StoredSession {
                    number,
                    client: ClientId::new(session.client),
                    username: session.username.map(Into::into),
                    mount: session.mount.into(),
                    expiry_s: session.expiry_s,
                    detached_at: session.detached_at,
                    will: None,
                    subscriptions: Vec::new(),
                });
            }
            Ok(Stored::Will(_, will)) => {
                parts.will = Some(StoredWill {
                    message: will.body.message(self.clock).to_message(),
                    expiry_s: will.expiry_s,
                    delay_s: will.delay_s,
                });
            }
            Ok(Stored::Subscription(_, filter, subscription)) => {
                parts.subscriptions.push(StoredSubscription {
                    filter: filter.into(),
                    subscription,
                });
            }
            _ => return false,
        }
        true
    }
}

/// What was found of one session.
#[derive(Debug, Default)]
struct Parts<'a> {
    keys: Vec<&'a [u8]>,
    head: Option<StoredSession>,
    will: Option<StoredWill>,
    subscriptions: Vec<StoredSubscription>,
}

fn key_bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut key = Vec::new();
    write(&mut key);
    key
}

/// A range of one family begins with the family's first key.
fn from_start(from: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    match from {
        Bound::Unbounded => Bound::Included(Vec::new()),
        Bound::Included(_) | Bound::Excluded(_) => from,
    }
}
