//! Entries, the messages that they share, and how both go.

use std::borrow::Cow;

use super::{Sink, Writer};
use crate::key::{BodyKey, EntryKey};
use crate::limits::SWEEP_RELEASES;
use crate::operation::{Enqueue, EntryPlace, Queued};
use crate::record::{Body, Entry, Holders};
use crate::young::Released;
use crate::{Family, Number};

/// What is left of an ended session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// Nothing after these.
    All,
    /// More.
    Some,
}

impl Writer {
    /// Removes entries and other records of an ended session; with the last of them what tells
    /// that it ended.
    pub fn purge<'a>(
        &mut self,
        session: Number,
        entries: impl IntoIterator<Item = EntryPlace>,
        others: impl IntoIterator<Item = (Family, &'a [u8])>,
        purged: Purged,
        sink: &mut impl Sink,
    ) {
        for place in entries {
            self.remove(place, sink);
        }
        for (family, key) in others {
            sink.delete(family, key);
        }
        if purged == Purged::All {
            self.begin(|key| BodyKey(session).write_to(key));
            sink.delete(Family::Dropped, &self.key);
        }
    }

    /// Releases since the last sweep began of which only a sweep can tell whether they were the
    /// last. If there are any, a store that has nothing else to do sweeps.
    #[must_use]
    pub const fn unswept(&self) -> u64 {
        self.releases
    }

    /// Whether enough was released that a sweep through [`Family::Holders`] is worth its while
    /// although the store has other things to do.
    #[must_use]
    pub const fn is_sweep_due(&self) -> bool {
        self.releases >= SWEEP_RELEASES
    }

    /// A sweep begins.
    pub const fn begin_sweep(&mut self) {
        self.releases = 0;
    }

    /// Removes those bodies that have no holders left.
    pub fn sweep(
        &mut self,
        found: impl IntoIterator<Item = (Number, Holders)>,
        sink: &mut impl Sink,
    ) {
        for (number, holders) in found {
            if holders.0 <= 0 {
                self.delete_body(number, sink);
            }
        }
    }

    pub(super) fn enqueue(&mut self, enqueue: &Enqueue, sink: &mut impl Sink) {
        self.raise(enqueue.number);
        let number = enqueue.number;
        let message = enqueue.message.as_ref().as_ref();
        let body = Body::of(&message, self.clock);
        match &enqueue.entries[..] {
            [] => {}
            [one] => self.put_entry(number, one, Some(body), sink),
            several => {
                self.begin(|key| BodyKey(number).write_to(key));
                body.write(&self.key, &mut self.value);
                sink.put(Family::Bodies, &self.key, &self.value);
                let holders = u32::try_from(several.len()).unwrap_or(u32::MAX);
                let value = Holders(i64::from(holders)).to_bytes();
                sink.put(Family::Holders, &self.key, &value);
                self.young.stored(number, holders);
                for queued in several {
                    self.put_entry(number, queued, None, sink);
                }
            }
        }
        if let Some((origin, part, receipt)) = enqueue.receipt {
            self.put_receipt(origin, part, receipt, sink);
        }
    }

    fn put_entry(
        &mut self,
        number: Number,
        queued: &Queued,
        body: Option<Body<'_>>,
        sink: &mut impl Sink,
    ) {
        let key = EntryKey {
            session: queued.session,
            priority: queued.priority,
            number,
        };
        self.begin(|out| key.write_to(out));
        let entry = Entry {
            qos: queued.qos,
            retain: queued.retain,
            packet_id: queued.packet_id,
            group: queued.group,
            subscription_ids: Cow::Borrowed(&queued.subscription_ids),
            body,
        };
        entry.write(&self.key, &mut self.value);
        sink.put(Family::Queue, &self.key, &self.value);
    }

    pub(super) fn remove(&mut self, place: EntryPlace, sink: &mut impl Sink) {
        let EntryPlace {
            session,
            priority,
            number,
            is_shared,
        } = place;
        let key = EntryKey {
            session,
            priority,
            number,
        };
        self.begin(|out| key.write_to(out));
        sink.delete(Family::Queue, &self.key);
        if !is_shared {
            return;
        }
        match self.young.released(number) {
            Released::Last => {
                self.delete_body(number, sink);
                return;
            }
            Released::Others => {}
            Released::Unknown => self.releases += 1,
        }
        self.begin(|out| BodyKey(number).write_to(out));
        sink.add(Family::Holders, &self.key, Holders(-1));
    }

    fn delete_body(&mut self, number: Number, sink: &mut impl Sink) {
        self.begin(|key| BodyKey(number).write_to(key));
        sink.delete(Family::Bodies, &self.key);
        sink.delete(Family::Holders, &self.key);
    }
}
