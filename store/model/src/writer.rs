//! From operations to keys and values.

mod queue;

use std::sync::Arc;

use wire_message::Message;
use wire_mqtt::PacketId;

pub use self::queue::Purged;
use crate::key::{
    BodyKey, DelayedKey, FlightKey, MetaKey, QuarantineKey, ReceiptKey, RetainedKey, SessionKey,
    SessionPart,
};
use crate::limits::SWEEP_RELEASES;
use crate::operation::{Operation, Origin, PutSession, PutWill};
use crate::record::{Body, Flight, Holders, Receipt, Session, Will, write_number};
use crate::young::Young;
use crate::{Family, Home, Number, UnixMillis, WallClock};

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
/// A group that there was no room for is kept and tried again as it is: it can't be made twice.
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
            Operation::DropReceipt { origin, part } => {
                self.begin_receipt(*origin, *part);
                sink.delete(Family::Receipts, &self.key);
            }
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

    /// Sets a damaged record aside, as it was found.
    pub fn set_aside(&mut self, family: Family, key: &[u8], value: &[u8], sink: &mut impl Sink) {
        self.begin(|out| QuarantineKey { family, key }.write_to(out));
        sink.put(Family::Quarantine, &self.key, value);
        sink.delete(family, key);
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

    fn put_receipt(&mut self, origin: Origin, part: Home, receipt: Receipt, sink: &mut impl Sink) {
        self.begin_receipt(origin, part);
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

    fn begin_receipt(&mut self, origin: Origin, part: Home) {
        let Origin { number, packet_id } = origin;
        let key = ReceiptKey {
            origin: number,
            packet_id,
            part,
        };
        self.begin(|out| key.write_to(out));
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
