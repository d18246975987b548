//! Delivering a message to one session: at once, or through its queue.

use shard_session::{Acknowledged, AliasUse, Delivery, Resend};
use wire_message::{Instant, Qos};
use wire_mqtt::forward::Form;
use wire_mqtt::{AckKind, PacketId, ReasonCode};

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::key::ConnectionKey;
use crate::limits::PUMP_MESSAGES_MAX;
use crate::output::{Output, Outputs};
use crate::parcel::{Encoded, Parcel, Wish};
use crate::persist::Waits;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Sent, queued, or dropped and counted.
    Done,
    /// The session's queue is full and its client is to be disconnected for it.
    Refused,
}

impl Clients {
    /// Delivers a message: now if the client is there and keeps up, otherwise through the queue.
    pub(crate) fn deliver(
        &mut self,
        key: SessionKey,
        wish: &Wish<'_>,
        parcel: &mut Parcel<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Delivered {
        let Some(session) = self.sessions.get_mut(key) else {
            return Delivered::Done;
        };
        let connection = session.connection.and_then(|key| {
            let connection = self.connections.get_mut(key)?;
            Some((key, connection))
        });
        let Some((connection_key, connection)) =
            connection.filter(|(_, connection)| session.is_drained() && !connection.congested)
        else {
            return self.enqueue(key, wish, parcel);
        };
        let unbounded = connection.packet_bytes_max == u32::MAX;
        if wish.qos == Qos::AtMostOnce {
            let (is_plain, version) = (connection.plain, connection.version);
            if connection.line.as_ref().is_some_and(|line| line.delivers()) {
                if !self.is_too_large(connection_key, wish, parcel) {
                    self.send_once(connection_key, wish, parcel, Waits::NONE, out);
                }
            } else if is_plain {
                // What most deliveries are: a form that others may share, nothing to look up.
                let encoded = parcel.encoded(version, wish, &mut out.bytes);
                self.counters.messages_delivered += 1;
                self.emit(connection_key, encoded, None, parcel, wish.qos, out);
            } else {
                self.send_publish(connection_key, wish, None, parcel, out);
            }
            return Delivered::Done;
        }
        if !session.outbound.has_room() {
            return self.enqueue(key, wish, parcel);
        }
        if !unbounded && self.is_too_large(connection_key, wish, parcel) {
            return Delivered::Done;
        }
        if self.stored(key).is_some() {
            self.deliver_stored(key, connection_key, wish, parcel, out);
            return Delivered::Done;
        }
        let delivery = wish.delivery(parcel);
        let session = self.sessions.get_mut(key);
        let id = session.and_then(|session| session.outbound.push(delivery, now));
        self.send_publish(connection_key, wish, id, parcel, out);
        Delivered::Done
    }

    /// Puts a message into a session's queue, by the queue's rules.
    fn enqueue(&mut self, key: SessionKey, wish: &Wish<'_>, parcel: &mut Parcel<'_>) -> Delivered {
        if self.stored(key).is_some() {
            return self.enqueue_stored(key, wish, parcel);
        }
        let delivery = wish.delivery(parcel);
        self.enqueue_in_memory(key, delivery).0
    }

    /// Sends what waits for a client: first what must be sent again, then its queue, as far as
    /// its window and its speed allow. True if it could take more.
    pub(crate) fn pump(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) -> bool {
        for _ in 0..PUMP_MESSAGES_MAX {
            let Some(session) = self.sessions.get_mut(key) else {
                return false;
            };
            let Some(connection) = session.connection else {
                return false;
            };
            if self
                .connections
                .get(connection)
                .is_none_or(|connection| connection.congested)
            {
                return false;
            }
            if session.outbound.has_resends() {
                if !self.resend_next(key, connection, now, out) {
                    return false;
                }
                continue;
            }
            let limits = &self.settings.mqtt.queue;
            let (before, counters) = (session.queue.len() as u64, &mut self.counters);
            // What comes next, and with which quality of service, shows only without these.
            let mut expired = Vec::new();
            session.queue.expire(limits, now, |delivery, reason| {
                counters.count_drop(reason);
                if delivery.record().is_some() {
                    expired.push(delivery);
                }
            });
            let has_room = session.outbound.has_room();
            let next_qos = session.queue.peek(limits).map(Delivery::qos);
            let next = match next_qos {
                Some(Qos::AtLeastOnce | Qos::ExactlyOnce) if !has_room => None,
                Some(_) => session.queue.pop(limits, now, |_, _| {}),
                None => None,
            };
            self.queued = self.queued + session.queue.len() as u64 - before;
            let (number, is_drained) = (session.number, session.is_drained());
            for delivery in expired {
                self.write_removal(number, &delivery, None);
            }
            self.read_on(key);
            let Some(next) = next else {
                return next_qos.is_none() && has_room && is_drained;
            };
            self.send_delivery(key, connection, next, now, out);
        }
        // More is possible, but this client has had its share of the turn.
        self.arm_session(key, now);
        false
    }

    /// Sends a delivery that waited, for the first time.
    pub(crate) fn send_delivery(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        delivery: Delivery,
        now: Instant,
        out: &mut Outputs,
    ) {
        let message = delivery.message().clone();
        let mut parcel = Parcel::shared(&message, now);
        let ids: Vec<u32> = delivery.subscription_ids().collect();
        let wish = Wish {
            qos: delivery.qos(),
            retain: delivery.retain(),
            ids: &ids,
            group: delivery.group(),
            group_hash: 0,
        };
        let stored = self.stored(key).filter(|_| delivery.record().is_some());
        let is_dropped = self.is_too_large(connection, &wish, &parcel);
        if wish.qos == Qos::AtMostOnce || is_dropped {
            if let Some(number) = stored {
                self.write_removal(number, &delivery, None);
            }
            if is_dropped {
                return;
            }
            if stored.is_some() && self.is_strict(connection) {
                self.journal.hurry();
                let waits = self.waits_written();
                self.send_once(connection, &wish, &parcel, waits, out);
            } else if self.has_waiting_publish(connection) {
                self.send_once(connection, &wish, &parcel, Waits::NONE, out);
            } else {
                self.send_publish(connection, &wish, None, &mut parcel, out);
            }
            return;
        }
        if let Some(number) = stored {
            self.send_stored(key, connection, number, delivery, out);
            return;
        }
        if self.stored(key).is_some() {
            // A retained message: it has not been in the queue, and is written down with its id.
            self.deliver_stored(key, connection, &wish, &mut parcel, out);
            return;
        }
        let id = self
            .sessions
            .get_mut(key)
            .and_then(|s| s.outbound.push(delivery, now));
        self.send_publish(connection, &wish, id, &mut parcel, out);
    }

    /// Sends the next packet of a resumed session again; false if the window is full.
    fn resend_next(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        now: Instant,
        out: &mut Outputs,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(key) else {
            return false;
        };
        match session.outbound.next_resend(now) {
            None => false,
            Some(Resend::Pubrel(id)) => {
                self.send_ack(connection, AckKind::Pubrel, id, ReasonCode::Success, out);
                true
            }
            Some(Resend::Publish(id, delivery)) => {
                let delivery = delivery.clone();
                if !self.send_again(connection, id, &delivery, now, out) {
                    self.give_up(key, id, now);
                }
                true
            }
        }
    }

    /// Forgets a delivery that its client does not accept, as if it had been acknowledged.
    fn give_up(&mut self, key: SessionKey, id: PacketId, now: Instant) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let number = session.number;
        let mut given_up = session.outbound.puback(id);
        if given_up == Acknowledged::Unknown {
            given_up = session.outbound.pubrec(id, true, now);
        }
        if let Acknowledged::Done(Some(delivery)) = given_up {
            self.write_removal(number, &delivery, Some(id));
        }
    }

    /// Sends a PUBLISH with DUP, \[v5 3.3.1-1\], \[v311 3.3.1-1\]; false if the client does not
    /// accept a packet of its size.
    pub(crate) fn send_again(
        &mut self,
        connection: ConnectionKey,
        id: PacketId,
        delivery: &Delivery,
        now: Instant,
        out: &mut Outputs,
    ) -> bool {
        let Some(version) = self.connections.get(connection).map(|c| c.version) else {
            return true;
        };
        let ids: Vec<u32> = delivery.subscription_ids().collect();
        let wish = Wish {
            qos: delivery.qos(),
            retain: delivery.retain(),
            ids: &ids,
            group: None,
            group_hash: 0,
        };
        let mount = self.mount_bytes(connection);
        let mut parcel = Parcel::shared(delivery.message(), now);
        if self.is_too_large(connection, &wish, &parcel) {
            return false;
        }
        let form = Form {
            dup: true,
            ..parcel.form(version, &wish)
        };
        let encoded = parcel.encode(&form, mount, &mut out.bytes);
        self.emit(
            connection,
            encoded,
            Some(id),
            &mut parcel,
            delivery.qos(),
            out,
        );
        true
    }

    /// Whether the client does not accept the packet: then it counts as delivered and dropped.
    ///
    /// # Specification
    ///
    /// \[v5 3.1.2-24\], \[v5 3.1.2-25\].
    pub(crate) fn is_too_large(
        &mut self,
        connection: ConnectionKey,
        wish: &Wish<'_>,
        parcel: &Parcel<'_>,
    ) -> bool {
        let Some(connection) = self.connections.get(connection) else {
            return false;
        };
        let limit = connection.packet_bytes_max;
        if limit == u32::MAX {
            return false;
        }
        let form = parcel.form(connection.version, wish);
        let too_large = wire_mqtt::forward::size(parcel.message(), &form) > limit as usize;
        if too_large {
            self.counters.delivery_dropped += 1;
            self.counters.delivery_dropped_too_large += 1;
        }
        too_large
    }

    /// Sends a PUBLISH for the first time, by alias if the client allows.
    pub(crate) fn send_publish(
        &mut self,
        key: ConnectionKey,
        wish: &Wish<'_>,
        id: Option<PacketId>,
        parcel: &mut Parcel<'_>,
        out: &mut Outputs,
    ) {
        let Some(connection) = self.connections.get(key) else {
            return;
        };
        let (version, topic_alias_max) = (connection.version, connection.topic_alias_max);
        let mounted = connection.mounted;
        if wish.qos == Qos::AtMostOnce && self.is_too_large(key, wish, parcel) {
            return;
        }
        let mount = if mounted { self.mount_bytes(key) } else { 0 };
        let encoded = match self.alias(key, topic_alias_max, parcel) {
            Some(AliasUse { alias, first_time }) => {
                let topic_alias = Some((alias.get(), first_time));
                let form = Form {
                    topic_alias,
                    ..parcel.form(version, wish)
                };
                parcel.encode(&form, mount, &mut out.bytes)
            }
            None if mounted => parcel.encode(&parcel.form(version, wish), mount, &mut out.bytes),
            None => parcel.encoded(version, wish, &mut out.bytes),
        };
        self.counters.messages_delivered += 1;
        self.emit(key, encoded, id, parcel, wish.qos, out);
    }

    /// Bytes of the client's mount point, which its deliveries leave out of their topics.
    pub(crate) fn mount_bytes(&self, key: ConnectionKey) -> usize {
        let session = self
            .connections
            .get(key)
            .and_then(|connection| connection.session);
        let session = session.and_then(|session| self.sessions.get(session));
        session.map_or(0, |session| session.mount().len())
    }

    fn alias(&mut self, key: ConnectionKey, maximum: u16, parcel: &Parcel<'_>) -> Option<AliasUse> {
        if maximum == 0 {
            return None;
        }
        let connection = self.connections.get_mut(key)?;
        let aliases = connection.aliases.get_or_insert_default();
        aliases
            .outbound
            .assign(parcel.message().topic, maximum, self.seed)
    }

    /// Has the driver send an encoded PUBLISH.
    fn emit(
        &mut self,
        connection: ConnectionKey,
        encoded: Encoded,
        id: Option<PacketId>,
        parcel: &mut Parcel<'_>,
        qos: Qos,
        out: &mut Outputs,
    ) {
        let (range, packet_id) = (encoded.start..encoded.end, encoded.patch(id));
        out.send(connection, range, packet_id);
        if parcel.has_shared_payload() {
            let message = parcel.owned().clone();
            out.actions.push(Output::SendPayload {
                connection,
                message,
            });
        }
        self.counters.packets_sent += 1;
        self.counters.count_publish_sent(qos);
        self.add_unsent(connection, encoded.packet_bytes);
    }
}
