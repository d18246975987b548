//! From operations to keys and values.

use std::borrow::Cow;
use std::sync::Arc;

use wire_message::{Message, ShardId, ShardSet};
use wire_mqtt::PacketId;

use crate::key::{
    BodyKey, DelayedKey, EntryKey, FlightKey, MetaKey, QuarantineKey, ReceiptKey, RetainedKey,
    SessionKey, SessionPart,
};
use crate::limits::SWEEP_RELEASES;
use crate::operation::{Enqueue, EntryPlace, Operation, Origin, PutSession, PutWill, Queued};
use crate::record::{Body, Entry, Flight, Holders, Receipt, Session, Will, write_number};
use crate::young::{Released, Young};
use crate::{Family, Number, UnixMillis, WallClock};

/// What takes writes: the database's batch, or the simulator's.
///
/// All calls for one group are one atomic write. In order: of two writes to a key the later counts.
pub trait Sink {
    /// Adds `holders` to the number at `key`, which is zero if it is not there.
    fn add(&mut self, family: Family, key: &[u8], holders: Holders);
    /// Removes `key`, if it is there.
    fn delete(&mut self, family: Family, key: &[u8]);
    /// Sets `key` to `value`.
    fn put(&mut self, family: Family, key: &[u8], value: &[u8]);
}

/// Turns operations into writes. Reads nothing: every write is blind.
///
/// The one thing it remembers is how many entries share the messages stored lately
/// ([`crate::limits::YOUNG_BODIES_MAX`]), so that a body goes with the last of them. Of older
/// bodies the database counts the holders, and a sweep removes those that have none.
#[derive(Debug)]
pub struct Writer {
    clock: WallClock,
    young: Young,
    /// All numbers seen are below.
    next: Number,
    /// As written.
    next_written: Number,
    /// Releases of messages that are not young, since the last sweep began.
    releases: u64,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// What is left of an ended session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// Nothing after these.
    All,
    /// More.
    Some,
}

impl Writer {
    /// A writer for a store whose numbers are below `next`. It remembers the holders of
    /// `young_max` bodies, and wants a sweep at once: what became of bodies before is not known.
    #[must_use]
    pub const fn new(clock: WallClock, next: Number, young_max: usize) -> Self {
        Self {
            clock,
            young: Young::new(young_max),
            next,
            next_written: next,
            releases: SWEEP_RELEASES,
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Writes one operation.
    pub fn apply(&mut self, operation: &Operation, sink: &mut impl Sink) {
        match operation {
            Operation::Delay {
                number,
                due,
                message,
            } => self.delay(*due, *number, message, sink),
            Operation::DropDelayed { due, number } => self.drop_delayed(*due, *number, sink),
            Operation::DropFlight { session, packet_id } => {
                self.begin_flight(*session, *packet_id);
                sink.delete(Family::Flight, &self.key);
            }
            Operation::DropReceipts { origin, parts } => self.drop_receipts(*origin, *parts, sink),
            Operation::DropRetained(topic) => {
                sink.delete(Family::Retained, topic.as_ref().as_str().as_bytes());
            }
            Operation::DropSession { session } => self.drop_session(*session, sink),
            Operation::DropSubscription { session, filter } => {
                self.delete_part(*session, SessionPart::Subscription(filter), sink);
            }
            Operation::DropWill { session } => self.delete_part(*session, SessionPart::Will, sink),
            Operation::Enqueue(enqueue) => self.enqueue(enqueue, sink),
            Operation::PutFlight {
                session,
                packet_id,
                flight,
            } => self.put_flight(*session, *packet_id, flight, sink),
            Operation::PutReceipt {
                origin,
                part,
                receipt,
            } => self.put_receipt(*origin, *part, *receipt, sink),
            Operation::PutRetained(message) => {
                self.begin(|key| RetainedKey(message.topic().as_str()).write_to(key));
                self.put_message(Family::Retained, message, sink);
            }
            Operation::PutSession(session) => self.put_session(session, sink),
            Operation::PutSubscription(put) => {
                self.begin_part(put.session, SessionPart::Subscription(&put.filter));
                put.subscription.write(&self.key, &mut self.value);
                sink.put(Family::Sessions, &self.key, &self.value);
            }
            Operation::PutWill(will) => self.put_will(will, sink),
            Operation::Remove(place) => self.remove(*place, sink),
        }
    }

    /// Ends a group: has the numbers that it used never used again.
    pub fn finish_group(&mut self, sink: &mut impl Sink) {
        if self.next == self.next_written {
            return;
        }
        self.next_written = self.next;
        self.begin(|key| MetaKey::Next.write_to(key));
        write_number(&self.key, self.next.0, &mut self.value);
        sink.put(Family::Meta, &self.key, &self.value);
    }

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

    /// Whether enough was released that a sweep through [`Family::Holders`] is worth its while.
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

    /// Sets a damaged record aside, as it was found.
    pub fn set_aside(&mut self, family: Family, key: &[u8], value: &[u8], sink: &mut impl Sink) {
        self.begin(|out| QuarantineKey { family, key }.write_to(out));
        sink.put(Family::Quarantine, &self.key, value);
        sink.delete(family, key);
    }

    fn enqueue(&mut self, enqueue: &Enqueue, sink: &mut impl Sink) {
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

    fn remove(&mut self, place: EntryPlace, sink: &mut impl Sink) {
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

    fn delay(
        &mut self,
        due: UnixMillis,
        number: Number,
        message: &Arc<Message>,
        sink: &mut impl Sink,
    ) {
        self.raise(number);
        self.begin(|key| DelayedKey { due, number }.write_to(key));
        self.put_message(Family::Delayed, message, sink);
    }

    fn drop_delayed(&mut self, due: UnixMillis, number: Number, sink: &mut impl Sink) {
        self.begin(|key| DelayedKey { due, number }.write_to(key));
        sink.delete(Family::Delayed, &self.key);
    }

    fn drop_receipts(&mut self, origin: Origin, parts: ShardSet, sink: &mut impl Sink) {
        for part in parts.iter() {
            self.begin(|key| receipt_key(origin, part).write_to(key));
            sink.delete(Family::Receipts, &self.key);
        }
    }

    fn put_flight(
        &mut self,
        session: Number,
        packet_id: PacketId,
        flight: &Flight,
        sink: &mut impl Sink,
    ) {
        self.raise(flight.rank);
        self.begin_flight(session, packet_id);
        flight.write(&self.key, &mut self.value);
        sink.put(Family::Flight, &self.key, &self.value);
    }

    fn drop_session(&mut self, session: Number, sink: &mut impl Sink) {
        // The rest goes key by key when it is purged: many removed ranges would slow down reads.
        self.delete_part(session, SessionPart::Head, sink);
        self.begin(|key| BodyKey(session).write_to(key));
        write_number(&self.key, session.0, &mut self.value);
        sink.put(Family::Dropped, &self.key, &self.value);
    }

    fn put_session(&mut self, put: &PutSession, sink: &mut impl Sink) {
        self.raise(put.session);
        self.begin_part(put.session, SessionPart::Head);
        let session = Session {
            client: put.client.as_str(),
            username: put.username.as_deref(),
            mount: &put.mount,
            expiry_s: put.expiry_s,
            detached_at: put.detached_at,
        };
        session.write(&self.key, &mut self.value);
        sink.put(Family::Sessions, &self.key, &self.value);
    }

    fn put_will(&mut self, put: &PutWill, sink: &mut impl Sink) {
        self.begin_part(put.session, SessionPart::Will);
        let will = Will {
            body: Body::of(&put.message.as_ref().as_ref(), self.clock),
            expiry_s: put.expiry_s,
            delay_s: put.delay_s,
        };
        will.write(&self.key, &mut self.value);
        sink.put(Family::Sessions, &self.key, &self.value);
    }

    fn put_receipt(
        &mut self,
        origin: Origin,
        part: ShardId,
        receipt: Receipt,
        sink: &mut impl Sink,
    ) {
        self.begin(|key| receipt_key(origin, part).write_to(key));
        receipt.write(&self.key, &mut self.value);
        sink.put(Family::Receipts, &self.key, &self.value);
    }

    /// Puts a message at the key that was begun.
    fn put_message(&mut self, family: Family, message: &Arc<Message>, sink: &mut impl Sink) {
        Body::of(&message.as_ref().as_ref(), self.clock).write(&self.key, &mut self.value);
        sink.put(family, &self.key, &self.value);
    }

    fn delete_part(&mut self, session: Number, part: SessionPart<'_>, sink: &mut impl Sink) {
        self.begin_part(session, part);
        sink.delete(Family::Sessions, &self.key);
    }

    fn begin_flight(&mut self, session: Number, packet_id: PacketId) {
        self.begin(|key| FlightKey { session, packet_id }.write_to(key));
    }

    fn begin_part(&mut self, session: Number, part: SessionPart<'_>) {
        self.begin(|key| SessionKey { session, part }.write_to(key));
    }

    fn begin(&mut self, write_key: impl FnOnce(&mut Vec<u8>)) {
        self.key.clear();
        write_key(&mut self.key);
    }

    fn raise(&mut self, number: Number) {
        self.next = self.next.max(Number(number.0.saturating_add(1)));
    }
}

const fn receipt_key(origin: Origin, part: ShardId) -> ReceiptKey {
    ReceiptKey {
        origin: origin.number,
        packet_id: origin.packet_id,
        part,
    }
}
