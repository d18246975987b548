//! Deliveries to stored sessions whose clients are there.

use std::sync::Arc;

use shard_session::Delivery;
use store_model::Number;
use wire_message::Qos;
use wire_mqtt::PacketId;

use super::{Packet, Waits};
use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::parcel::{Parcel, Wish, index};

impl Clients {
    /// Sends a message of quality of service 1 or 2, for which there is room, and writes it down
    /// with its packet id. One of quality of service 1 leaves at once, for it may come twice.
    pub(crate) fn deliver_stored(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        wish: &Wish<'_>,
        parcel: &mut Parcel<'_>,
        out: &mut Outputs,
    ) {
        let mut record = self.next_record(parcel.message().topic);
        // The packet ids of a session are known from the front of its queue, and from records.
        record.has_flight = !self.settings.mqtt.queue.priorities.are_uniform();
        let delivery = wish.delivery(parcel).with_record(record);
        let now = self.now;
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let number = session.number;
        let id = session.outbound.push(delivery, now);
        let message = Arc::clone(parcel.owned());
        self.write_entry(number, record, wish, id, &message);
        match id {
            Some(id) if wish.qos == Qos::ExactlyOnce && self.is_strict(connection) => {
                self.publish_when_durable(connection, id, out);
            }
            Some(id) if self.has_waiting_publish(connection) => {
                self.publish_behind(connection, id, out);
            }
            Some(_) | None => self.send_publish(connection, wish, id, parcel, out),
        }
    }

    /// Sends a stored delivery that waited, for the first time.
    pub(crate) fn send_stored(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        number: Number,
        mut delivery: Delivery,
        out: &mut Outputs,
    ) {
        let Some(record) = delivery.record() else {
            return;
        };
        delivery.set_flight();
        let (qos, now) = (delivery.qos(), self.now);
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let Some(id) = session.outbound.push(delivery, now) else {
            return;
        };
        let rank = self.journal.take_number();
        self.write_flight(number, record, id, rank);
        if qos == Qos::ExactlyOnce && self.is_strict(connection) {
            self.publish_when_durable(connection, id, out);
        } else if self.has_waiting_publish(connection) {
            self.publish_behind(connection, id, out);
        } else {
            self.publish_waited(connection, id, out);
        }
    }

    /// Sends a message of quality of service 0 in line: when its removal is durable, so that it does
    /// not come a second time after a crash, \[v5 4.3.1\], and behind others for which that holds.
    pub(crate) fn send_once(
        &mut self,
        key: ConnectionKey,
        wish: &Wish<'_>,
        parcel: &Parcel<'_>,
        waits: Waits,
        out: &mut Outputs,
    ) {
        let Some(version) = self.connections.get(key).map(|one| one.version) else {
            return;
        };
        let (start, mount) = (out.bytes.len(), self.mount_bytes(key));
        parcel.encode(&parcel.form(version, wish), mount, &mut out.bytes);
        if parcel.has_shared_payload() {
            out.bytes.extend_from_slice(parcel.message().payload);
        }
        self.counters.count_publish_sent(wish.qos);
        self.counters.messages_delivered += 1;
        let packet = Packet::Once(index(out.bytes.len() - start));
        self.stand_in_line(key, waits, packet, start, out);
    }

    /// Sends the delivery under a packet id when what is being written is durable.
    fn publish_when_durable(&mut self, connection: ConnectionKey, id: PacketId, out: &mut Outputs) {
        if self.writing.is_open() {
            self.journal.hurry_next();
        } else {
            self.journal.hurry();
        }
        let waits = Waits::on(self.here, self.writing_batch());
        let end = out.bytes.len();
        self.stand_in_line(connection, waits, Packet::Publish(id), end, out);
    }

    /// Sends the delivery under a packet id after those that wait.
    fn publish_behind(&mut self, connection: ConnectionKey, id: PacketId, out: &mut Outputs) {
        let end = out.bytes.len();
        self.stand_in_line(connection, Waits::NONE, Packet::Publish(id), end, out);
    }

    /// The batch that what is being written is in.
    fn writing_batch(&self) -> u64 {
        if self.writing.is_open() {
            self.journal.next_batch().0
        } else {
            self.journal.written().0
        }
    }

    /// What must be durable for everything written down so far.
    pub(crate) fn waits_written(&self) -> Waits {
        Waits::on(self.here, self.journal.written().0)
    }

    /// Whether what a client is promised waits for the disk.
    pub(crate) fn is_strict(&self, key: ConnectionKey) -> bool {
        self.connections.get(key).is_some_and(|c| c.strict)
    }
}
