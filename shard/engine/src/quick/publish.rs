//! The usual publish.

use shard_session::{Arrival, InboundLimits};
use shard_topics::Current;
use wire_message::Qos;
use wire_mqtt::{AckKind, PlainPublish, ReasonCode, Version, encode_ack};

use super::Quick;
use crate::clients::Clients;
use crate::connection::{Connection, SessionKey};
use crate::engine::Engine;
use crate::entry::usual_message;
use crate::key::ConnectionKey;
use crate::limits::SHARED_PAYLOAD_MIN;
use crate::links::Sender;
use crate::output::Outputs;
use crate::session::Session;
use crate::settings::MqttSettings;

impl Engine {
    /// Takes the PUBLISH at the start of `input` if it is a usual one, and gives its size; `None`
    /// if it is not, and nothing was done.
    #[inline]
    pub(super) fn publish_quickly(
        &mut self,
        key: ConnectionKey,
        input: &[u8],
        size_max: u32,
        out: &mut Outputs,
    ) -> Option<u32> {
        let Self {
            clients,
            routes,
            index,
            interest,
            place,
            refused,
            links,
            ..
        } = self;
        let now = clients.now;
        let connection = clients.connections.get_mut(key)?;
        let session_key = connection.session?;
        if !connection.is_usual() || connection.mounted || !clients.quick {
            return None;
        }
        let version = connection.version;
        let (plain, size) = PlainPublish::parse(input, version)?;
        let large = size > size_max || plain.payload.len() >= SHARED_PAYLOAD_MIN;
        if large || plain.topic.first() == Some(&b'$') {
            return None;
        }
        let current = routes.current(plain.topic, &place.epochs, interest, index)?;
        let Current {
            topic,
            route,
            local,
        } = current;
        if local.len() > 1 {
            return None;
        }
        let here = place.shard;
        let alone = route.shards.is_only(here);
        let filter = local.first().copied();
        let filter = filter.filter(|_| alone || route.shards.contains(here));
        let reachable = alone || links.have_room(&route.shards, here);
        let is_stored = plain.qos != Qos::AtMostOnce && !route.persistent.is_empty();
        if is_stored || !route.groups.is_empty() || !reachable || alone && filter.is_none() {
            return None;
        }
        let packet = input.get(..size as usize)?;
        let session = clients.sessions.get_mut(session_key)?;
        if !session.admits(&plain, connection, &clients.settings.mqtt, now) {
            return None;
        }
        connection.keep_alive.packet_received(now);
        let publisher = session.publisher;
        let message = usual_message(&plain, topic, publisher, now);
        let mut quick = Quick::new(packet, plain, version, message);
        if !alone {
            let sender = Sender {
                publisher,
                version,
                now,
            };
            let others = route.shards.iter().filter(|to| *to != here);
            clients.counters.messages_forward += links.collect(others, sender, packet, out);
        }
        if let Some(filter) = filter {
            index.filter(filter).for_each_subscriber(|subscriber| {
                if let Some(session) = clients.deliver_quickly(&mut quick, &subscriber, out) {
                    refused.push(session);
                }
            });
        }
        clients.answer_quick_publish(session_key, &plain, version);
        clients.count_quick_publish(&quick);
        clients.count_quick_deliveries(&quick);
        Some(size)
    }
}

impl Connection {
    /// Whether packets need nothing of the connection: no grant, no rate.
    #[inline]
    pub(super) fn is_usual(&self) -> bool {
        self.hold.is_none() && self.throttle.is_none() && self.line.is_none()
    }
}

impl Session {
    /// Whether a usual publish is taken from the client as a new one; a QoS 2 one is awaited from
    /// here on.
    #[inline]
    fn admits(
        &mut self,
        plain: &PlainPublish<'_>,
        connection: &Connection,
        mqtt: &MqttSettings,
        now: wire_message::Instant,
    ) -> bool {
        let Some((_, id)) = plain.packet_id else {
            return true;
        };
        // The answer of a client that takes nothing is not put off here.
        if connection.congested || plain.qos > mqtt.connect.qos_max {
            return false;
        }
        // 3.x knows no Receive Maximum.
        let receive_max = if connection.version == Version::V5 {
            mqtt.inbound.receive_max
        } else {
            u16::MAX
        };
        let limits = InboundLimits {
            receive_max,
            ..mqtt.inbound
        };
        if plain.qos == Qos::AtLeastOnce {
            self.inbound.allows_qos1(&limits)
        } else {
            self.inbound.publish_qos2(id, &limits, now) == Arrival::New
        }
    }
}

impl Clients {
    /// Puts PUBACK or PUBREC to the answers, as the quality of service demands.
    #[inline]
    fn answer_quick_publish(
        &mut self,
        session: SessionKey,
        plain: &PlainPublish<'_>,
        version: Version,
    ) {
        let Some((_, id)) = plain.packet_id else {
            return;
        };
        let kind = if plain.qos == Qos::AtLeastOnce {
            self.counters.packets_puback_sent += 1;
            AckKind::Puback
        } else {
            self.counters.packets_pubrec_sent += 1;
            self.arm_release(session);
            AckKind::Pubrec
        };
        encode_ack(kind, id, ReasonCode::Success, version, &mut self.answers);
    }

    /// Counts a usual publish.
    #[inline]
    fn count_quick_publish(&mut self, quick: &Quick<'_>) {
        let counters = &mut self.counters;
        counters.bytes_received += quick.packet.len() as u64;
        counters.packets_received += 1;
        counters.packets_publish_received += 1;
        counters.messages_received += 1;
        *match quick.plain.qos {
            Qos::AtMostOnce => &mut counters.messages_qos0_received,
            Qos::AtLeastOnce => &mut counters.messages_qos1_received,
            Qos::ExactlyOnce => &mut counters.messages_qos2_received,
        } += 1;
        counters.messages_publish += 1;
        counters.route_hits += 1;
    }
}
