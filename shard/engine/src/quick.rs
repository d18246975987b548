//! The usual publish: quality of service 0, on a topic without shared subscriptions, without
//! anything to decide on its way.
//!
//! A short cut through `publish.rs`, `route.rs` and `deliver.rs` that leaves out what such a
//! message never meets. Whatever it does not know it leaves to them, before anything is done.

use core::ops::Range;
use std::sync::Arc;

use shard_topics::{Current, Subscriber};
use wire_message::{Expiry, Instant, MessageRef, PublisherId, Qos, ShardId, ShardSet, TopicRef};
use wire_mqtt::{PlainPublish, Version};

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::deliver::Delivered;
use crate::engine::Engine;
use crate::entry::{Entry, Publish};
use crate::key::ConnectionKey;
use crate::limits::SHARED_PAYLOAD_MIN;
use crate::links::Links;
use crate::output::{Output, Outputs};
use crate::parcel::{Parcel, Wish, index};
use crate::settings::Settings;

/// A usual publish and what was done for its receivers so far.
struct Quick<'a> {
    packet: &'a [u8],
    plain: PlainPublish<'a>,
    topic: &'a str,
    version: Version,
    /// The publisher's.
    session: SessionKey,
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
    /// Takes the PUBLISH at the start of `input` if it is a usual one, and gives its size; `None`
    /// if it is not, and nothing was done.
    #[inline]
    pub(crate) fn publish_quickly(
        &mut self,
        key: ConnectionKey,
        input: &[u8],
        size_max: u32,
        now: Instant,
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
        let connection = clients.connections.get_mut(key)?;
        let session = connection.session?;
        let special = connection.hold.is_some() || connection.throttle.is_some();
        if special || connection.mounted || !clients.quick {
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
        let filter = match local {
            [] => None,
            [filter] => Some(*filter),
            _ => return None,
        };
        let here = place.shard;
        let alone = route.shards.is_only(here);
        let filter = filter.filter(|_| alone || route.shards.contains(here));
        let reachable = alone || links.have_room(&route.shards, here);
        if !route.groups.is_empty() || !reachable || alone && filter.is_none() {
            return None;
        }
        connection.keep_alive.packet_received(now);
        let packet = input.get(..size as usize)?;
        let mut quick = Quick {
            packet,
            plain,
            topic,
            version,
            session,
            now,
            copy: None,
            parcel: None,
            sent: 0,
        };
        if !alone {
            clients.forward_quickly(&mut quick, &route.shards, links, here, out)?;
        }
        if let Some(filter) = filter {
            index.filter(filter).for_each_subscriber(|subscriber| {
                if let Some(session) = clients.deliver_quickly(&mut quick, &subscriber, out) {
                    refused.push(session);
                }
            });
        }
        clients.count_quick(&quick);
        Some(size)
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
        if subscription.no_local && key == quick.session {
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
            let range = range.clone();
            out.actions.push(Output::Send {
                connection: connection_key,
                range,
                packet_id: None,
            });
            quick.sent += 1;
            let bytes = index(quick.packet.len());
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
            qos: Qos::AtMostOnce,
            retain: false,
            ids: id.as_slice(),
            group: None,
        };
        let publisher = self.sessions.get(quick.session)?.publisher;
        let parcel = quick.parcel(publisher)?;
        let delivered = self.deliver(key, &wish, parcel, parcel.message().received_at, out);
        (delivered == Delivered::Refused).then_some(key)
    }

    /// Passes the message to the other shards of its route; there is room.
    fn forward_quickly(
        &mut self,
        quick: &mut Quick<'_>,
        shards: &ShardSet,
        links: &mut Links,
        here: ShardId,
        out: &mut Outputs,
    ) -> Option<()> {
        let publisher = self.sessions.get(quick.session)?.publisher;
        let message = quick.parcel(publisher)?.owned();
        for to in shards.iter().filter(|to| *to != here) {
            links.take_slot(to);
            self.counters.messages_forward += 1;
            let entry = Entry::Publish(Publish {
                message: Arc::clone(message),
                groups: None,
                plain: true,
            });
            out.actions.push(Output::Push { to, entry });
        }
        Some(())
    }

    /// Counts a usual publish and its receivers.
    fn count_quick(&mut self, quick: &Quick<'_>) {
        let counters = &mut self.counters;
        counters.bytes_received += quick.packet.len() as u64;
        counters.packets_received += 1;
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
    fn parcel(&mut self, publisher: PublisherId) -> Option<&mut Parcel<'a>> {
        if self.parcel.is_none() {
            let message = MessageRef {
                topic: TopicRef::new(self.topic).ok()?,
                payload: self.plain.payload,
                properties: &[],
                qos: Qos::AtMostOnce,
                retain: false,
                expiry: Expiry::NEVER,
                received_at: self.now,
                publisher,
            };
            self.parcel = Some(Parcel::borrowed(message, self.now));
        }
        self.parcel.as_mut()
    }
}
