//! Queue entries of stored sessions: written when a message comes, removed when it is done with.

use core::num::NonZeroU64;
use std::collections::BTreeMap;
use std::sync::Arc;

use shard_session::{Delivery, Record};
use store_model::{Enqueue, EntryPlace, Flight, FlightStage, Home, Number, Operation, Queued};
use wire_message::{Message, Seed, TopicRef};
use wire_mqtt::PacketId;

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::parcel::{Parcel, Wish};

/// The message that is being delivered to several stored sessions, which share it.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    is_open: bool,
    is_shared: bool,
    number: Option<Number>,
    entries: Vec<Queued>,
    /// Sessions that lived there have the message.
    pub(crate) skip: Vec<Home>,
    /// Entries that are being given to other sessions, and not to be read for their own.
    pub(super) moving: BTreeMap<(Number, u64), SessionKey>,
}

impl Writing {
    /// Whether a client's session has the message that is being delivered from before a crash.
    pub(crate) fn has(&self, client: &str, seed: Seed) -> bool {
        self.skip.iter().any(|home| home.is_of(client, seed))
    }

    /// Whether entries are collected.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }
}

impl Clients {
    /// A message is delivered to these sessions, each once; [`Self::end_message`] must follow.
    pub(crate) fn begin_message(&mut self, receivers: usize) {
        self.journal.begin();
        self.writing.is_open = true;
        self.writing.is_shared = receivers > 1;
    }

    /// Writes the entries of the message down.
    pub(crate) fn end_message(&mut self, parcel: &mut Parcel<'_>) {
        self.writing.is_open = false;
        if let Some(number) = self.writing.number.take() {
            let enqueue = Enqueue {
                number,
                message: Arc::clone(parcel.owned()),
                entries: core::mem::take(&mut self.writing.entries),
                receipt: None,
            };
            self.journal.push(Operation::Enqueue(Box::new(enqueue)));
        }
    }

    /// The message that is delivered next must not be stored for sessions that lived there. All of
    /// it is in one batch with its receipt.
    pub(crate) fn begin_taking(&mut self, skip: &[Home]) {
        self.journal.begin();
        self.writing.skip.extend_from_slice(skip);
    }

    /// From here on all receivers may be delivered to.
    pub(crate) fn end_skipping(&mut self) {
        self.writing.skip.clear();
    }

    /// A place for an entry that is to be written next.
    pub(crate) fn next_record(&mut self, topic: TopicRef<'_>) -> Record {
        let number = match self.writing.number {
            Some(number) => number,
            None => self.journal.take_number(),
        };
        let is_shared = self.writing.is_open && self.writing.is_shared;
        if self.writing.is_open {
            self.writing.number = Some(number);
        }
        Record {
            number: number.0,
            priority: self.settings.mqtt.queue.priorities.of(topic),
            is_shared,
            has_flight: false,
        }
    }

    /// Writes an entry down; under `id` if it is sent at once.
    pub(crate) fn write_entry(
        &mut self,
        session: Number,
        record: Record,
        wish: &Wish<'_>,
        id: Option<PacketId>,
        message: &Arc<Message>,
    ) {
        let queued = Queued {
            session,
            priority: record.priority,
            qos: wish.qos,
            retain: wish.retain,
            packet_id: id.filter(|_| !record.has_flight),
            group: NonZeroU64::new(wish.group_hash),
            subscription_ids: wish.ids.to_vec(),
        };
        let number = Number(record.number);
        if self.writing.is_open {
            self.writing.entries.push(queued);
        } else {
            let enqueue = Enqueue {
                number,
                message: Arc::clone(message),
                entries: vec![queued],
                receipt: None,
            };
            self.journal.push(Operation::Enqueue(Box::new(enqueue)));
        }
        if let Some(packet_id) = id.filter(|_| record.has_flight) {
            self.write_flight(session, record, packet_id, number);
        }
    }

    /// Writes down that an entry is in flight.
    pub(crate) fn write_flight(
        &mut self,
        session: Number,
        record: Record,
        packet_id: PacketId,
        rank: Number,
    ) {
        let stage = FlightStage::Sent {
            priority: record.priority,
            number: Number(record.number),
        };
        self.journal.push(Operation::PutFlight {
            session,
            packet_id,
            flight: Flight { stage, rank },
        });
    }

    /// Writes down that a delivery is done with; under `id` if it was in flight.
    pub(crate) fn write_removal(
        &mut self,
        session: Number,
        delivery: &Delivery,
        id: Option<PacketId>,
    ) {
        let Some(record) = delivery.record() else {
            return;
        };
        self.journal.begin();
        self.journal.push(Operation::Remove(place(session, record)));
        if let Some(packet_id) = id.filter(|_| record.has_flight) {
            self.journal
                .push(Operation::DropFlight { session, packet_id });
        }
    }
}

impl Clients {
    /// Writes down that the client has taken a QoS 2 delivery over: PUBREL is sent from now on.
    /// False if it is not stored.
    pub(crate) fn write_release(
        &mut self,
        session: Number,
        delivery: &Delivery,
        packet_id: PacketId,
    ) -> bool {
        let Some(record) = delivery.record() else {
            return false;
        };
        self.journal.begin();
        self.journal.push(Operation::Remove(place(session, record)));
        let flight = Flight {
            stage: FlightStage::Released,
            rank: self.journal.take_number(),
        };
        self.journal.push(Operation::PutFlight {
            session,
            packet_id,
            flight,
        });
        true
    }

    /// Writes down that an exchange is over: with PUBACK for `delivery`, or with PUBCOMP.
    pub(crate) fn write_over(
        &mut self,
        session: Number,
        delivery: Option<&Delivery>,
        packet_id: PacketId,
    ) {
        match delivery {
            Some(delivery) => self.write_removal(session, delivery, Some(packet_id)),
            None if session.0 != 0 => {
                self.journal
                    .push(Operation::DropFlight { session, packet_id });
            }
            None => {}
        }
    }
}

impl Clients {
    /// An entry that was given away is removed: what is being read may still show it.
    pub(super) fn moved_away(&mut self, place: &EntryPlace) {
        let number = place.number.0;
        let Some(key) = self.writing.moving.remove(&(place.session, number)) else {
            return;
        };
        let session = self.sessions.get_mut(key);
        if let Some(disk) = session.and_then(|session| session.disk.as_mut())
            && disk.asked
        {
            disk.gone.insert(number);
        }
    }

    /// A delivery goes to another member of its group: what is to be written down when it is
    /// durable there. Until then it stays on the disk, and is not read from there.
    pub(crate) fn move_away(
        &mut self,
        key: SessionKey,
        session: Number,
        delivery: &Delivery,
    ) -> Vec<Operation> {
        let Some(record) = delivery.record() else {
            return Vec::new();
        };
        self.writing.moving.insert((session, record.number), key);
        vec![Operation::Remove(place(session, record))]
    }
}

/// Where an entry stands.
pub(crate) const fn place(session: Number, record: Record) -> EntryPlace {
    EntryPlace {
        session,
        priority: record.priority,
        number: Number(record.number),
        is_shared: record.is_shared,
    }
}
