//! The usual publish: quality of service 0, on a topic that this shard alone wants, without
//! anything to decide on its way.
//!
//! A short cut through `publish.rs`, `route.rs` and `deliver.rs` that leaves out what such a
//! message never meets. Whatever it does not know it leaves to them, before anything is done.

use core::ops::Range;

use shard_topics::{Current, Subscriber};
use wire_message::{Expiry, Instant, MessageRef, PublisherId, Qos, TopicRef};
use wire_mqtt::{PlainPublish, Version};

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::deliver::Delivered;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::limits::SHARED_PAYLOAD_MIN;
use crate::output::{Output, Outputs};
use crate::parcel::{Parcel, Wish, index};
use crate::settings::Settings;

/// A usual publish and what was done for its receivers so far.
struct Quick<'a> {
    packet: &'a [u8],
    plain: PlainPublish<'a>,
    topic: &'a str,
    version: Version,
    publisher: PublisherId,
    now: Instant,
    /// Where the packet stands in the output's bytes, once somebody gets it as it came.
    copy: Option<Range<u32>>,
    /// The message, once somebody needs another form or has to wait for it.
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
    /// Takes a PUBLISH if it is a usual one; false if it is not, and nothing was done.
    pub(crate) fn publish_quickly(
        &mut self,
        key: ConnectionKey,
        packet: &[u8],
        now: Instant,
        out: &mut Outputs,
    ) -> bool {
        let Self {
            clients,
            routes,
            index,
            interest,
            place,
            refused,
            ..
        } = self;
        let Some(connection) = clients.connections.get(key).filter(|_| clients.quick) else {
            return false;
        };
        if connection.hold.is_some() || connection.throttle.is_some() || connection.mounted {
            return false;
        }
        let version = connection.version;
        let publisher = connection.session.and_then(|key| clients.sessions.get(key));
        let (Some(plain), Some(publisher)) = (PlainPublish::parse(packet, version), publisher)
        else {
            return false;
        };
        if plain.topic.first() == Some(&b'$') || plain.payload.len() >= SHARED_PAYLOAD_MIN {
            return false;
        }
        let Some(Current {
            topic,
            route,
            local,
        }) = routes.current(plain.topic, &place.epochs, interest, index)
        else {
            return false;
        };
        let [filter] = local else { return false };
        if !route.groups.is_empty() || !route.shards.is_only(place.shard) {
            return false;
        }
        let publisher = publisher.publisher;
        let (copy, parcel) = (None, None);
        let mut quick = Quick {
            packet,
            plain,
            topic,
            version,
            publisher,
            now,
            copy,
            parcel,
            sent: 0,
        };
        index.filter(*filter).subscribers().for_each(|subscriber| {
            if let Some(session) = clients.deliver_quickly(&mut quick, &subscriber, out) {
                refused.push(session);
            }
        });
        clients.count_quick(&quick);
        true
    }
}

impl Clients {
    /// Delivers to one subscriber; the session if its queue is full and it is to go for that.
    fn deliver_quickly(
        &mut self,
        quick: &mut Quick<'_>,
        subscriber: &Subscriber,
        out: &mut Outputs,
    ) -> Option<SessionKey> {
        let (key, session) = self.sessions.at_mut(subscriber.session.0)?;
        let subscription = &subscriber.subscription;
        if subscription.no_local && session.publisher == quick.publisher {
            self.counters.delivery_dropped += 1;
            self.counters.delivery_dropped_no_local += 1;
            return None;
        }
        if let Some(connection_key) = session.connection
            && let Some(connection) = self.connections.get_mut(connection_key)
            && connection.plain
            && !connection.congested
            && session.queue.is_empty()
            && (connection.version == Version::V5) == (quick.version == Version::V5)
            && (subscription.identifier.is_none() || quick.version != Version::V5)
        {
            let range = quick.copy.get_or_insert_with(|| {
                let start = index(out.bytes.len());
                out.bytes.extend_from_slice(quick.packet);
                start..index(out.bytes.len())
            });
            let (range, connection) = (range.clone(), connection_key);
            out.actions.push(Output::Send {
                connection,
                range,
                packet_id: None,
            });
            quick.sent += 1;
            self.add_unsent(connection_key, index(quick.packet.len()));
            return None;
        }
        let id = subscription.identifier.map(Into::into);
        let wish = Wish {
            qos: Qos::AtMostOnce,
            retain: false,
            ids: id.as_slice(),
            group: None,
        };
        let parcel = quick.parcel()?;
        let delivered = self.deliver(key, &wish, parcel, parcel.message().received_at, out);
        (delivered == Delivered::Refused).then_some(key)
    }

    /// Counts a usual publish and its receivers.
    fn count_quick(&mut self, quick: &Quick<'_>) {
        let counters = &mut self.counters;
        counters.packets_publish_received += 1;
        counters.messages_received += 1;
        counters.messages_qos0_received += 1;
        counters.messages_publish += 1;
        counters.route_hits += 1;
        counters.messages_delivered += quick.sent;
        counters.packets_sent += quick.sent;
        counters.packets_publish_sent += quick.sent;
        counters.messages_sent += quick.sent;
        counters.messages_qos0_sent += quick.sent;
    }
}

impl<'a> Quick<'a> {
    /// The message for those who don't get the packet as it came.
    fn parcel(&mut self) -> Option<&mut Parcel<'a>> {
        if self.parcel.is_none() {
            let message = MessageRef {
                topic: TopicRef::new(self.topic).ok()?,
                payload: self.plain.payload,
                properties: &[],
                qos: Qos::AtMostOnce,
                retain: false,
                expiry: Expiry::NEVER,
                received_at: self.now,
                publisher: self.publisher,
            };
            self.parcel = Some(Parcel::borrowed(message, self.now));
        }
        self.parcel.as_mut()
    }
}
