//! Usual packets: publishes without flags and properties, on topics without shared subscriptions,
//! and the acknowledgements that mean success, without anything to decide on their way.
//!
//! A short cut through `publish.rs`, `route.rs`, `deliver.rs` and `acknowledge.rs` that leaves out
//! what such packets never meet. Whatever it does not know it leaves to them, before anything is
//! done. What follows from the usual packets of one call goes together: the answers to their client,
//! and the publishes for another shard.

mod acknowledge;
mod packets;
mod publish;

use core::ops::Range;

use shard_session::Delivery;
use shard_topics::Subscriber;
use wire_message::{MessageRef, Qos};
use wire_mqtt::{PacketId, PlainPublish, Version};

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::deliver::Delivered;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::parcel::{Parcel, Wish, index};
use crate::settings::Settings;

/// A usual publish and what was done for its receivers so far.
struct Quick<'a> {
    packet: &'a [u8],
    plain: PlainPublish<'a>,
    /// The publisher's.
    version: Version,
    message: MessageRef<'a>,
    /// Where the packet stands in the output's bytes, once somebody gets it as it came.
    copy: Option<Range<u32>>,
    /// The message, once somebody needs another form, has to wait for it or keeps it.
    parcel: Option<Parcel<'a>>,
    /// Receivers of the copy.
    sent: u64,
}

impl Settings {
    /// Whether a publish without flags and properties can be a usual one.
    pub(crate) fn allow_quick_publishes(&self) -> bool {
        let mqtt = &self.mqtt;
        !self.authorize
            && self.rewrite.is_empty()
            && mqtt.message_expiry_max_s.is_none()
            && !mqtt.upgrade_qos
            && !mqtt.ignore_loop_deliver
    }
}

impl Engine {
    /// Takes the packet at the start of `input` if it is a usual one, and gives its size; `None` if
    /// it is not, and nothing was done.
    #[inline]
    pub(crate) fn take_quickly(
        &mut self,
        key: ConnectionKey,
        input: &[u8],
        size_max: u32,
        out: &mut Outputs,
    ) -> Option<usize> {
        let size = match input.first()? {
            0x30..=0x3f => self.publish_quickly(key, input, size_max, out),
            _ => self.acknowledge_quickly(key, input, size_max, out),
        };
        size.map(|size| size as usize)
    }

    /// Sends what follows from the usual packets that were taken; before anything else is done.
    #[inline]
    pub(crate) fn end_quick(&mut self, key: ConnectionKey, out: &mut Outputs) {
        self.links.send_packets(out);
        if !self.clients.answers.is_empty() {
            self.clients.send_answers(key, out);
        }
    }
}

impl Clients {
    /// Delivers to one subscriber; the session if its queue is full and it is to go for that.
    #[inline]
    fn deliver_quickly(
        &mut self,
        quick: &mut Quick<'_>,
        subscriber: &Subscriber,
        out: &mut Outputs,
    ) -> Option<SessionKey> {
        let (key, session) = self.sessions.at_mut(subscriber.session.0)?;
        let subscription = &subscriber.subscription;
        if subscription.no_local && session.publisher == quick.message.publisher {
            self.counters.delivery_dropped += 1;
            self.counters.delivery_dropped_no_local += 1;
            return None;
        }
        let qos = quick.plain.qos.min(subscription.qos);
        if let Some(connection_key) = session.connection
            && let Some(connection) = self.connections.get_mut(connection_key)
            && connection.plain
            && connection.line.is_none()
            && !connection.congested
            && session.is_drained()
            && !(qos != Qos::AtMostOnce && session.is_stored())
            && qos == quick.plain.qos
            && (connection.version == Version::V5) == (quick.version == Version::V5)
            && (subscription.identifier.is_none() || quick.version != Version::V5)
            && (qos == Qos::AtMostOnce || session.outbound.has_room())
        {
            let mut id = None;
            if qos != Qos::AtMostOnce {
                let delivery = Delivery::new(quick.parcel(self.now).owned().clone(), qos, false);
                id = session.outbound.push(delivery, self.now);
            }
            let bytes = index(quick.packet.len());
            quick.send(connection_key, id, out);
            if connection.unsent + bytes <= connection.unsent_max {
                connection.unsent += bytes;
                self.counters.bytes_sent += u64::from(bytes);
            } else {
                self.add_unsent(connection_key, bytes);
            }
            return None;
        }
        let id = subscription.identifier.map(Into::into);
        let wish = Wish {
            qos,
            retain: false,
            ids: id.as_slice(),
            group: None,
            group_hash: 0,
        };
        let now = self.now;
        let delivered = self.deliver(key, &wish, quick.parcel(now), now, out);
        (delivered == Delivered::Refused).then_some(key)
    }

    /// Counts the receivers of a usual publish's copy.
    fn count_quick_deliveries(&mut self, quick: &Quick<'_>) {
        let counters = &mut self.counters;
        counters.messages_delivered += quick.sent;
        counters.packets_sent += quick.sent;
        counters.packets_publish_sent += quick.sent;
        counters.messages_sent += quick.sent;
        *match quick.plain.qos {
            Qos::AtMostOnce => &mut counters.messages_qos0_sent,
            Qos::AtLeastOnce => &mut counters.messages_qos1_sent,
            Qos::ExactlyOnce => &mut counters.messages_qos2_sent,
        } += quick.sent;
    }
}

impl<'a> Quick<'a> {
    fn new(
        packet: &'a [u8],
        plain: PlainPublish<'a>,
        version: Version,
        message: MessageRef<'a>,
    ) -> Self {
        Self {
            packet,
            plain,
            version,
            message,
            copy: None,
            parcel: None,
            sent: 0,
        }
    }

    /// Has the packet sent as it came, but for its packet id.
    #[inline]
    fn send(&mut self, connection: ConnectionKey, id: Option<PacketId>, out: &mut Outputs) {
        self.sent += 1;
        let mut patch = self.plain.packet_id.and_then(|(at, _)| Some((at, id?)));
        let range = self.copy.get_or_insert_with(|| {
            let start = out.bytes.len();
            out.bytes.extend_from_slice(self.packet);
            // The first receiver has its packet id in the copy itself.
            if let Some((at, id)) = patch.take() {
                let place = start + at as usize;
                out.bytes[place..place + 2].copy_from_slice(&id.value().to_be_bytes());
            }
            index(start)..index(out.bytes.len())
        });
        let range = range.clone();
        out.send(connection, range, patch);
    }

    /// The message for those who don't get the packet as it came, or keep it.
    fn parcel(&mut self, now: wire_message::Instant) -> &mut Parcel<'a> {
        let message = self.message;
        self.parcel
            .get_or_insert_with(|| Parcel::borrowed(message, now))
    }
}
