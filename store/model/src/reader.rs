//! Questions, answered from records.

mod oldest;
mod scan;

use core::ops::{Bound, ControlFlow};
use std::sync::Arc;

use wire_message::Message;

use crate::limits::{CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX};
use crate::{
    Answer, Body, BodyKey, Entry, EntryKey, Family, FlightStage, Number, QueueChunk, Queued, Read,
    Source, Stored, StoredEntry, StoredFlight, StoredReceipt, WallClock,
};

/// Answers questions from one [`Source`]; collects what is damaged.
#[derive(Debug)]
pub struct Reader<'a, S> {
    source: &'a S,
    clock: WallClock,
    damaged: Vec<(Family, Vec<u8>)>,
}

/// Says to a walk whether to go on.
const fn go_on(wanted: bool) -> ControlFlow<()> {
    if wanted {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

impl<'a, S: Source> Reader<'a, S> {
    /// Reads from `source`; times are given on the clock of this process.
    #[must_use]
    pub const fn new(source: &'a S, clock: WallClock) -> Self {
        Self {
            source,
            clock,
            damaged: Vec::new(),
        }
    }

    /// The answer to `read`.
    ///
    /// # Errors
    ///
    /// The source's: the disk can't be read, and so there is no answer.
    pub fn answer(&mut self, read: &Read) -> Result<Answer, S::Error> {
        Ok(match read {
            Read::Delayed { after } => Answer::Delayed(self.delayed(*after)?),
            Read::Flights { session } => Answer::Flights(self.flights(*session)?),
            Read::Measure { session } => self.measure(*session)?,
            Read::Oldest { session, priority } => Answer::Oldest(self.oldest(*session, *priority)?),
            Read::Queue { session, after } => Answer::Queue(self.queue(*session, *after)?),
            Read::Receipts { origin } => Answer::Receipts(self.receipts(*origin)?),
            Read::Retained { after } => Answer::Retained(self.retained(after.as_deref())?),
            Read::Sessions { after } => Answer::Sessions(self.sessions(*after)?),
        })
    }

    /// Takes the records found damaged so far, which the store is to set aside.
    pub fn take_damaged(&mut self) -> Vec<(Family, Vec<u8>)> {
        core::mem::take(&mut self.damaged)
    }

    fn message(&self, body: &Body<'_>) -> Arc<Message> {
        Arc::new(body.message(self.clock).to_message())
    }

    fn set_aside(&mut self, family: Family, key: &[u8]) {
        self.damaged.push((family, key.to_vec()));
    }

    fn queue(&mut self, session: Number, after: Option<EntryKey>) -> Result<QueueChunk, S::Error> {
        let source = self.source;
        let prefix = session.0.to_be_bytes();
        let after = after.map(|after| key_bytes(|out| after.write_to(out)));
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut chunk = QueueChunk::default();
        let (mut bytes, mut last, mut failed) = (0, None, None);
        source.walk(Family::Queue, &prefix, from, &mut |key, value| {
            if chunk.entries.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                chunk.after = last;
                return ControlFlow::Break(());
            }
            let Ok(Stored::Entry(place, entry)) = Stored::decode(Family::Queue, key, value) else {
                chunk.damaged += 1;
                self.set_aside(Family::Queue, key);
                return ControlFlow::Continue(());
            };
            last = Some(place);
            match self.entry(place, &entry) {
                Ok(Some(stored)) => {
                    bytes += stored.message.cost_bytes();
                    chunk.entries.push(stored);
                }
                Ok(None) => {
                    chunk.damaged += 1;
                    self.set_aside(Family::Queue, key);
                }
                Err(error) => failed = Some(error),
            }
            go_on(failed.is_none())
        })?;
        failed.map_or(Ok(chunk), Err)
    }

    /// An entry with its message; `None` if the message is damaged or gone.
    fn entry(&mut self, key: EntryKey, entry: &Entry<'_>) -> Result<Option<StoredEntry>, S::Error> {
        let message = match &entry.body {
            Some(body) => Some(self.message(body)),
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
        Ok(message.map(|message| StoredEntry {
            queued,
            number: key.number,
            is_shared: entry.body.is_none(),
            message,
        }))
    }

    fn shared(&mut self, number: Number) -> Result<Option<Arc<Message>>, S::Error> {
        let key = key_bytes(|out| BodyKey(number).write_to(out));
        let Some(value) = self.source.value(Family::Bodies, &key)? else {
            return Ok(None);
        };
        if let Ok(Stored::Body(_, body)) = Stored::decode(Family::Bodies, &key, &value) {
            return Ok(Some(self.message(&body)));
        }
        self.set_aside(Family::Bodies, &key);
        Ok(None)
    }

    fn flights(&mut self, session: Number) -> Result<Vec<StoredFlight>, S::Error> {
        let source = self.source;
        let mut flights = Vec::new();
        let prefix = session.0.to_be_bytes();
        source.walk(
            Family::Flight,
            &prefix,
            Bound::Unbounded,
            &mut |key, value| {
                match Stored::decode(Family::Flight, key, value) {
                    Ok(Stored::Flight(key, flight)) => flights.push(StoredFlight { key, flight }),
                    _ => self.set_aside(Family::Flight, key),
                }
                ControlFlow::Continue(())
            },
        )?;
        flights.sort_by_key(|one| (one.flight.rank, one.flight.stage != FlightStage::Released));
        Ok(flights)
    }

    fn receipts(&mut self, origin: Number) -> Result<Vec<StoredReceipt>, S::Error> {
        let source = self.source;
        let mut receipts = Vec::new();
        let prefix = origin.0.to_be_bytes();
        source.walk(
            Family::Receipts,
            &prefix,
            Bound::Unbounded,
            &mut |key, value| {
                match Stored::decode(Family::Receipts, key, value) {
                    Ok(Stored::Receipt(key, receipt)) => {
                        receipts.push(StoredReceipt { key, receipt });
                    }
                    _ => self.set_aside(Family::Receipts, key),
                }
                ControlFlow::Continue(())
            },
        )?;
        Ok(receipts)
    }

    fn measure(&self, session: Number) -> Result<Answer, S::Error> {
        let (mut entries, mut bytes) = (0, 0);
        let prefix = session.0.to_be_bytes();
        let from = Bound::Unbounded;
        self.source
            .walk(Family::Queue, &prefix, from, &mut |key, value| {
                entries += 1;
                bytes += (key.len() + value.len()) as u64;
                ControlFlow::Continue(())
            })?;
        Ok(Answer::Measured { entries, bytes })
    }
}

fn key_bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut key = Vec::new();
    write(&mut key);
    key
}
