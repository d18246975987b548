//! What sessions, topics and exchanges must be after some operations, in the plainest way.

use std::collections::{BTreeMap, BTreeSet};

use store_memory::Image;
use store_model::{
    Enqueue, EntryKey, Flight, FlightKey, Home, Number, Operation, Origin, ReceiptKey, Stored,
    Subscription, UnixMillis,
};

/// What is stored, without a thought of how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oracle {
    sessions: BTreeMap<Number, (String, u32, Option<UnixMillis>)>,
    wills: BTreeMap<Number, Vec<u8>>,
    subscriptions: BTreeMap<(Number, String), Subscription>,
    /// Payloads.
    entries: BTreeMap<EntryKey, Vec<u8>>,
    flights: BTreeMap<FlightKey, Flight>,
    receipts: BTreeSet<ReceiptKey>,
    retained: BTreeMap<String, Vec<u8>>,
    delayed: BTreeMap<(UnixMillis, Number), Vec<u8>>,
}

impl Oracle {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Delay {
                number,
                due,
                message,
            } => {
                let payload = message.payload().to_vec();
                self.delayed.insert((*due, *number), payload);
            }
            Operation::DropDelayed { due, number } => {
                self.delayed.remove(&(*due, *number));
            }
            Operation::DropFlight { session, packet_id } => {
                let (session, packet_id) = (*session, *packet_id);
                self.flights.remove(&FlightKey { session, packet_id });
            }
            Operation::DropReceipt { origin, part } => {
                self.receipts.remove(&receipt_key(*origin, *part));
            }
            Operation::DropRetained(topic) => {
                self.retained.remove(topic.as_ref().as_str());
            }
            Operation::DropSession { session } => self.drop_session(*session),
            Operation::DropSubscription { session, filter } => {
                self.subscriptions.remove(&(*session, filter.to_string()));
            }
            Operation::DropWill { session } => {
                self.wills.remove(session);
            }
            Operation::Enqueue(enqueue) => self.enqueue(enqueue),
            Operation::PutFlight {
                session,
                packet_id,
                flight,
            } => {
                let (session, packet_id) = (*session, *packet_id);
                let key = FlightKey { session, packet_id };
                self.flights.insert(key, *flight);
            }
            Operation::PutReceipt { origin, part, .. } => {
                self.receipts.insert(receipt_key(*origin, *part));
            }
            Operation::PutRetained(message) => {
                let topic = message.topic().as_str().to_owned();
                self.retained.insert(topic, message.payload().to_vec());
            }
            Operation::PutSession(put) => {
                let client = put.client.as_str().to_owned();
                let head = (client, put.expiry_s, put.detached_at);
                self.sessions.insert(put.session, head);
            }
            Operation::PutSubscription(put) => {
                let key = (put.session, put.filter.to_string());
                self.subscriptions.insert(key, put.subscription);
            }
            Operation::PutWill(put) => {
                let payload = put.message.payload().to_vec();
                self.wills.insert(put.session, payload);
            }
            Operation::Remove(place) => {
                self.entries.remove(&EntryKey {
                    session: place.session,
                    priority: place.priority,
                    number: place.number,
                });
            }
        }
    }

    fn enqueue(&mut self, enqueue: &Enqueue) {
        for queued in &enqueue.entries {
            let key = EntryKey {
                session: queued.session,
                priority: queued.priority,
                number: enqueue.number,
            };
            let payload = enqueue.message.payload().to_vec();
            self.entries.insert(key, payload);
        }
        if let Some((origin, part, _)) = enqueue.receipt {
            self.receipts.insert(receipt_key(origin, part));
        }
    }

    fn drop_session(&mut self, session: Number) {
        self.sessions.remove(&session);
        self.wills.remove(&session);
        self.subscriptions.retain(|(owner, _), _| *owner != session);
        self.entries.retain(|key, _| key.session != session);
        self.flights.retain(|key, _| key.session != session);
        self.receipts.retain(|key| key.origin != session);
    }

    /// What an image holds, through the records alone. Those of ended sessions do not count: the
    /// store is about to remove them.
    ///
    /// # Panics
    ///
    /// If a record is damaged, or an entry has no message.
    pub(crate) fn of(image: &Image) -> Self {
        let mut oracle = Self::default();
        let (mut shared, mut bodies) = (Vec::new(), BTreeMap::new());
        let mut dropped = BTreeSet::new();
        for stored in image.stored() {
            let stored = stored.expect("nothing is damaged");
            if let Stored::Body(number, body) = &stored {
                bodies.insert(*number, body.payload.to_vec());
            } else if let Stored::Dropped(session) = &stored {
                dropped.insert(*session);
            } else if let Stored::Entry(key, entry) = &stored
                && entry.body.is_none()
            {
                shared.push(*key);
            }
            oracle.note(stored);
        }
        for key in shared {
            let payload = bodies.get(&key.number);
            let payload = payload.unwrap_or_else(|| unreachable!("{key:?} has no message"));
            oracle.entries.insert(key, payload.clone());
        }
        for session in dropped {
            oracle.drop_session(session);
        }
        oracle
    }

    fn note(&mut self, stored: Stored<'_>) {
        match stored {
            Stored::Delayed(key, body) => {
                let payload = body.payload.to_vec();
                self.delayed.insert((key.due, key.number), payload);
            }
            Stored::Flight(key, flight) => {
                self.flights.insert(key, flight);
            }
            Stored::Receipt(key, _) => {
                self.receipts.insert(key);
            }
            Stored::Retained(body) => {
                let topic = body.topic.as_str().to_owned();
                self.retained.insert(topic, body.payload.to_vec());
            }
            Stored::Session(number, session) => {
                let client = session.client.to_owned();
                let head = (client, session.expiry_s, session.detached_at);
                self.sessions.insert(number, head);
            }
            Stored::Subscription(number, filter, subscription) => {
                let key = (number, filter.to_owned());
                self.subscriptions.insert(key, subscription);
            }
            Stored::Will(number, will) => {
                self.wills.insert(number, will.body.payload.to_vec());
            }
            Stored::Entry(key, entry) => {
                let body = entry.body.map(|body| body.payload.to_vec());
                self.entries.extend(body.map(|payload| (key, payload)));
            }
            Stored::Quarantine(place, _) => unreachable!("{place:?} was damaged"),
            Stored::Body(..)
            | Stored::Dropped(_)
            | Stored::Format(_)
            | Stored::Holders(..)
            | Stored::Next(_)
            | Stored::Seed(_) => {}
        }
    }

    /// Session and number of every entry.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &EntryKey> {
        self.entries.keys()
    }
}

fn receipt_key(origin: Origin, part: Home) -> ReceiptKey {
    ReceiptKey {
        origin: origin.number,
        packet_id: origin.packet_id,
        part,
    }
}
