//! QoS 2 messages from stored sessions: every shard that stores one leaves a receipt, so that its
//! repetition is known as such after a crash.

use std::collections::BTreeMap;

use store_model::{Home, Operation, Origin, Receipt, StoredReceipt, UnixMillis, is_taken_over};
use wire_message::{Instant, Qos, ShardId};
use wire_mqtt::{PacketId, Publish};

use super::Waits;
use super::disk::Exchange;
use crate::connection::SessionKey;
use crate::engine::Engine;

/// What goes with a QoS 2 message of a stored session to every shard that stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// Which message.
    pub origin: Origin,
    /// How many shards store it, and when it came.
    pub receipt: Receipt,
    /// Sessions that lived there have it from before a crash.
    pub skip: Vec<Home>,
}

impl Engine {
    /// What goes with a publish, if it must not be stored twice.
    pub(crate) fn taking(
        &self,
        key: SessionKey,
        publish: &Publish<'_>,
        now: Instant,
    ) -> Option<Box<Taking>> {
        if publish.qos != Qos::ExactlyOnce {
            return None;
        }
        let (number, id) = (self.clients.stored(key)?, publish.packet_id?);
        let session = self.clients.sessions.get(key)?;
        let exchange = session
            .disk
            .as_ref()
            .and_then(|disk| disk.exchanges.get(&id));
        let taken_at: UnixMillis = self.clients.journal.clock().at(now);
        Some(Box::new(Taking {
            origin: Origin {
                number,
                packet_id: Some(id),
            },
            receipt: Receipt { parts: 1, taken_at },
            skip: exchange.map_or_else(Vec::new, |exchange| exchange.parts.clone()),
        }))
    }

    /// Leaves this shard's receipt.
    pub(crate) fn write_receipt(&mut self, taking: &Taking) {
        let here = self.home_of(self.place.shard);
        self.clients.journal.push(Operation::PutReceipt {
            origin: taking.origin,
            part: here,
            receipt: taking.receipt,
        });
    }

    fn home_of(&self, shard: ShardId) -> Home {
        Home::new(shard, self.place.shards).expect("the shard is one of the shards")
    }

    /// If it is a QoS 2 message of a stored session, it is on its way to shards that store it.
    pub(crate) fn note_exchange(&mut self, key: SessionKey, qos: Qos, id: PacketId, waits: &Waits) {
        if qos != Qos::ExactlyOnce || self.clients.stored(key).is_none() {
            return;
        }
        let parts: Vec<Home> = waits.shards().map(|shard| self.home_of(shard)).collect();
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let exchange = session.disk_mut().exchanges.entry(id).or_default();
        exchange.waits = waits.clone();
        // Receipts of an earlier run are removed with those of this one.
        for part in parts {
            if !exchange.parts.contains(&part) {
                exchange.parts.push(part);
            }
        }
        exchange.is_partial = false;
    }

    /// What the PUBREC of a repeated message waits for.
    pub(crate) fn waits_of(&self, key: SessionKey, id: PacketId) -> Waits {
        let session = self.clients.sessions.get(key);
        let disk = session.and_then(|session| session.disk.as_ref());
        let exchange = disk.and_then(|disk| disk.exchanges.get(&id));
        exchange.map_or(Waits::NONE, |exchange| exchange.waits.clone())
    }

    /// Whether the client can't know yet that its message was taken over.
    pub(crate) fn is_premature(&self, key: SessionKey, id: PacketId) -> bool {
        let waits = self.waits_of(key, id);
        self.clients.awaiting.unmet(&waits).is_some()
    }

    /// The exchange under a packet id is over: its receipts go. Whether there were any.
    pub(crate) fn close_exchange(&mut self, key: SessionKey, id: PacketId) -> bool {
        let Some(number) = self.clients.stored(key) else {
            return false;
        };
        let disk = self
            .clients
            .sessions
            .get_mut(key)
            .and_then(|session| session.disk.as_mut());
        let Some(exchange) = disk.and_then(|disk| disk.exchanges.remove(&id)) else {
            return false;
        };
        let origin = Origin {
            number,
            packet_id: Some(id),
        };
        let parts = exchange.parts.into_iter();
        let operations = parts.map(|part| Operation::DropReceipt { origin, part });
        self.write_after(exchange.waits, operations.collect());
        self.clients.tidy_disk(key);
        true
    }

    /// Exchanges whose PUBREL is not awaited any more are over.
    pub(crate) fn close_given_up(&mut self, key: SessionKey) {
        let Some(session) = self.clients.sessions.get(key) else {
            return;
        };
        let Some(disk) = session.disk.as_ref() else {
            return;
        };
        let over = disk
            .exchanges
            .iter()
            .filter(|(id, exchange)| !exchange.is_partial && !session.inbound.awaits(**id));
        let over: Vec<PacketId> = over.map(|(id, _)| *id).collect();
        for id in over {
            self.close_exchange(key, id);
        }
    }

    /// What a client's receipts say about its messages: taken over, or to come again for some.
    pub(super) fn restore_receipts(&mut self, key: SessionKey, receipts: Vec<StoredReceipt>) {
        let mut by_id: BTreeMap<PacketId, Vec<StoredReceipt>> = BTreeMap::new();
        for one in receipts {
            if let Some(id) = one.key.packet_id {
                by_id.entry(id).or_default().push(one);
            }
        }
        let clock = self.clients.journal.clock();
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        for (id, receipts) in by_id {
            let is_whole = is_taken_over(&receipts);
            if is_whole {
                let first = receipts.iter().map(|one| one.receipt.taken_at).min();
                let since = first.map_or(self.clients.now, |at| clock.instant(at));
                session.inbound.restore(id, since);
            }
            let exchange = Exchange {
                waits: Waits::NONE,
                parts: receipts.iter().map(|one| one.key.part).collect(),
                is_partial: !is_whole,
            };
            session.disk_mut().exchanges.insert(id, exchange);
        }
        self.clients.arm_release(key);
    }
}
