//! Packets that stand in line with their connection until what they promise is durable.

use std::collections::VecDeque;

use wire_message::Instant;
use wire_mqtt::{AckKind, PacketId, ReasonCode, Version, encode_ack};

use super::Waits;
use super::awaiting::Waiter;
use crate::clients::Clients;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::parcel::{Parcel, Wish};

/// The packets of one connection that wait, in order. What comes after one that waits waits too,
/// so that answers keep the order of what they answer.
///
/// Bounded by what the client may have open: its publishes by the Receive Maximum, its deliveries
/// by the window, and whoever sends more than its answers' room is not read.
#[derive(Debug)]
pub(crate) struct Line {
    places: VecDeque<(Waits, Packet)>,
    bytes: VecDeque<u8>,
    /// Deliveries among them.
    publishes: u32,
    /// SUBACKs and UNSUBACKs among them.
    promises: u32,
    /// Since when the first one waits.
    pub(crate) since: Instant,
}

/// A packet in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// An encoded packet of so many bytes.
    Bytes(u32),
    /// CONNACK, of so many bytes: deliveries may follow.
    Connack(u32),
    /// SUBACK or UNSUBACK, of so many bytes: retained messages come after it.
    Promise(u32),
    /// PUBACK for this packet id, of so many bytes.
    Puback(PacketId, u32),
    /// PUBLISH of quality of service 0, of so many bytes.
    Once(u32),
    /// PUBLISH of the delivery that is in flight under this packet id.
    Publish(PacketId),
}

impl Line {
    fn new(now: Instant) -> Self {
        Self {
            places: VecDeque::new(),
            bytes: VecDeque::new(),
            publishes: 0,
            promises: 0,
            since: now,
        }
    }

    fn push(&mut self, waits: Waits, packet: Packet, bytes: &[u8]) {
        let is_delivery = matches!(packet, Packet::Once(_) | Packet::Publish(_));
        self.publishes += u32::from(is_delivery);
        self.promises += u32::from(matches!(packet, Packet::Promise(_)));
        self.places.push_back((waits, packet));
        self.bytes.extend(bytes);
    }

    /// Whether deliveries wait, behind which others must stand.
    pub(crate) const fn delivers(&self) -> bool {
        self.publishes > 0
    }

    /// Whether a SUBACK waits, before which no retained message may come.
    pub(crate) const fn promises(&self) -> bool {
        self.promises > 0
    }

    /// Takes the first packet out, its bytes into `bytes`.
    fn pop(&mut self, bytes: &mut Vec<u8>) -> Option<Packet> {
        let (_, packet) = self.places.pop_front()?;
        let length = match packet {
            Packet::Bytes(length) | Packet::Connack(length) | Packet::Puback(_, length) => length,
            Packet::Promise(length) => {
                self.promises -= 1;
                length
            }
            Packet::Once(length) => {
                self.publishes -= 1;
                length
            }
            Packet::Publish(_) => {
                self.publishes -= 1;
                0
            }
        };
        bytes.extend(self.bytes.drain(..length as usize));
        Some(packet)
    }
}

impl Clients {
    /// Sends PUBACK, PUBREC, PUBREL or PUBCOMP when `waits` allows, in its turn.
    pub(crate) fn send_ack_after(
        &mut self,
        key: ConnectionKey,
        (kind, id, reason): (AckKind, PacketId, ReasonCode),
        waits: Waits,
        out: &mut Outputs,
    ) {
        if waits.is_empty() {
            self.send_ack(key, kind, id, reason, out);
            return;
        }
        let Some(connection) = self.connections.get(key) else {
            return;
        };
        let start = out.bytes.len();
        encode_ack(kind, id, reason, connection.version, &mut out.bytes);
        self.counters.count_ack(kind);
        let length = crate::parcel::index(out.bytes.len() - start);
        let packet = match kind {
            AckKind::Puback => Packet::Puback(id, length),
            AckKind::Pubcomp | AckKind::Pubrec | AckKind::Pubrel => Packet::Bytes(length),
        };
        self.stand_in_line(key, waits, packet, start, out);
    }

    /// Whether deliveries to a connection wait: others stand behind them.
    pub(crate) fn has_waiting_publish(&self, key: ConnectionKey) -> bool {
        let connection = self.connections.get(key);
        let line = connection.and_then(|connection| connection.line.as_ref());
        line.is_some_and(|line| line.delivers())
    }

    /// Tells a publisher that what it waits for does not get to the disk, message by message;
    /// false if it waits for something else too.
    pub(crate) fn refuse_line(&mut self, key: ConnectionKey, out: &mut Outputs) -> bool {
        let Some(connection) = self.connections.get_mut(key) else {
            return false;
        };
        let Some(line) = connection.line.as_ref() else {
            return false;
        };
        let ids = line.places.iter().map(|(_, packet)| match packet {
            Packet::Puback(id, _) => Some(*id),
            Packet::Bytes(_)
            | Packet::Connack(_)
            | Packet::Once(_)
            | Packet::Promise(_)
            | Packet::Publish(_) => None,
        });
        let Some(ids) = ids.collect::<Option<Vec<PacketId>>>() else {
            return false;
        };
        if connection.version != Version::V5 {
            return false;
        }
        connection.line = None;
        for id in ids {
            self.counters.store_refused += 1;
            self.send_ack(key, AckKind::Puback, id, ReasonCode::QuotaExceeded, out);
        }
        true
    }

    /// Puts a packet, whose bytes were encoded from `start` on, in line; sends it if nobody stands
    /// there and it waits for nothing.
    pub(crate) fn stand_in_line(
        &mut self,
        key: ConnectionKey,
        waits: Waits,
        packet: Packet,
        start: usize,
        out: &mut Outputs,
    ) {
        let unmet = self.awaiting.unmet(&waits);
        let now = self.now;
        let Some(connection) = self.connections.get_mut(key) else {
            out.bytes.truncate(start);
            return;
        };
        if let Some(line) = connection.line.as_mut() {
            line.push(waits, packet, &out.bytes[start..]);
            out.bytes.truncate(start);
            return;
        }
        let Some(unmet) = unmet else {
            self.let_out(key, packet, start, out);
            return;
        };
        let mut line = Line::new(now);
        line.push(waits, packet, &out.bytes[start..]);
        out.bytes.truncate(start);
        connection.line = Some(Box::new(line));
        connection.silent |= matches!(packet, Packet::Connack(_));
        connection.congested |= connection.silent;
        self.awaiting.register(unmet, Waiter::Connection(key));
        self.arm_connection(key, now + self.settings.store_wait_max);
    }

    /// Sends a packet whose bytes, if it has any, were encoded from `start` on.
    fn let_out(&mut self, key: ConnectionKey, packet: Packet, start: usize, out: &mut Outputs) {
        match packet {
            Packet::Bytes(_)
            | Packet::Connack(_)
            | Packet::Once(_)
            | Packet::Promise(_)
            | Packet::Puback(..) => {
                self.sent_now(key, start, out);
            }
            Packet::Publish(id) => self.publish_waited(key, id, out),
        }
    }

    /// Sends the delivery under a packet id for the first time, if it is still wanted.
    pub(super) fn publish_waited(&mut self, key: ConnectionKey, id: PacketId, out: &mut Outputs) {
        let now = self.now;
        let Some((_, session)) = self.session_of(key) else {
            return;
        };
        let Some(delivery) = session.outbound.delivery(id).cloned() else {
            return;
        };
        let ids: Vec<u32> = delivery.subscription_ids().collect();
        let wish = Wish {
            qos: delivery.qos(),
            retain: delivery.retain(),
            ids: &ids,
            group: None,
            group_hash: 0,
        };
        let mut parcel = Parcel::shared(delivery.message(), now);
        self.send_publish(key, &wish, Some(id), &mut parcel, out);
    }
}

impl Engine {
    /// Some of what a connection's line waits for is durable: whoever may go, goes.
    pub(super) fn advance_line(&mut self, key: ConnectionKey, now: Instant, out: &mut Outputs) {
        let clients = &mut self.clients;
        loop {
            let Some(connection) = clients.connections.get_mut(key) else {
                return;
            };
            let Some(line) = connection.line.as_mut() else {
                return;
            };
            let Some((waits, _)) = line.places.front() else {
                connection.line = None;
                return;
            };
            if let Some(unmet) = clients.awaiting.unmet(waits) {
                line.since = now;
                clients.awaiting.register(unmet, Waiter::Connection(key));
                clients.arm_connection(key, now + clients.settings.store_wait_max);
                return;
            }
            let start = out.bytes.len();
            let Some(packet) = line.pop(&mut out.bytes) else {
                return;
            };
            clients.let_out(key, packet, start, out);
            match packet {
                Packet::Connack(_) => {
                    self.speak(key, now, out);
                    return self.advance_line(key, now, out);
                }
                Packet::Promise(_) => {
                    if let Some(session) = self.clients.connections.get(key).and_then(|c| c.session)
                    {
                        self.pump(session, now, out);
                    }
                    return self.advance_line(key, now, out);
                }
                Packet::Bytes(_) | Packet::Once(_) | Packet::Puback(..) | Packet::Publish(_) => {}
            }
        }
    }

    /// CONNACK is out: deliveries may follow.
    fn speak(&mut self, key: ConnectionKey, now: Instant, out: &mut Outputs) {
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return;
        };
        connection.silent = false;
        connection.congested = connection.unsent > connection.unsent_max;
        if let Some(session) = connection.session {
            self.pump(session, now, out);
        }
    }
}
