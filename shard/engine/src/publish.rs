//! PUBLISH from a client.

mod answer;

use core::num::NonZeroU16;

use shard_session::Arrival;
use shard_topics::{Pending, TopicKey};
use wire_message::{Expiry, Instant, MessageRef, PublisherId, Qos, TopicRef};
use wire_mqtt::{PayloadFormat, Publish, ReasonCode};

use crate::connection::SessionKey;
use crate::control::Wish as Right;
use crate::delayed::DelayError;
use crate::engine::Engine;
use crate::entry::Entry;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::naming::{Named, keeps_limits};
use crate::output::Outputs;
use crate::parcel::Parcel;
use crate::persist::Waits;
use crate::receive::Step;
use crate::requests::Request;
use crate::route::{Routed, Scope, Waiter};
use crate::settings::RewriteAction;

/// Why a PUBLISH is not taken.
enum Fault {
    /// The connection ends with this reason.
    Disconnect(ReasonCode),
    /// The acknowledgement carries this reason; without one, or to a client that can't be told,
    /// the message is dropped.
    Refuse(ReasonCode),
}

impl Engine {
    /// One PUBLISH: applied whole, or held.
    pub(crate) fn handle_publish(
        &mut self,
        key: ConnectionKey,
        publish: &Publish<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let Some((session, _)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        let arrival = self.arrival(session, publish, now);
        let step = match arrival {
            Arrival::New => self.new_publish(key, session, publish, now, out),
            Arrival::Duplicate => {
                self.clients.counters.packets_publish_inuse += 1;
                let waits = publish.packet_id.map(|id| self.waits_of(session, id));
                let waits = waits.unwrap_or_default();
                self.acknowledge(key, publish, ReasonCode::Success, waits, out);
                Step::Done
            }
            Arrival::TooManyAwaited if self.is_v5(key) => {
                self.clients.counters.packets_publish_quota_exceeded += 1;
                self.acknowledge(key, publish, ReasonCode::QuotaExceeded, Waits::NONE, out);
                Step::Done
            }
            Arrival::TooManyAwaited => self.close(key, now, out),
            Arrival::Violation(reason) => {
                self.clients.counters.packets_publish_quota_exceeded += 1;
                self.disconnect(key, reason, now, out)
            }
        };
        match step {
            Step::Done => self.count_received(publish),
            // It comes again, perhaps on another connection; until then it has not come.
            Step::Held | Step::Gone if arrival == Arrival::New => {
                self.take_arrival_back(session, publish);
            }
            Step::Held | Step::Gone => {}
        }
        step
    }

    fn arrival(&mut self, key: SessionKey, publish: &Publish<'_>, now: Instant) -> Arrival {
        if publish.qos == Qos::AtMostOnce {
            return Arrival::New;
        }
        let limits = self.clients.inbound_limits(key);
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return Arrival::New;
        };
        match (publish.qos, publish.packet_id) {
            (Qos::AtLeastOnce, _) => session.inbound.publish_qos1(&limits),
            (Qos::ExactlyOnce, Some(id)) => session.inbound.publish_qos2(id, &limits, now),
            (Qos::AtMostOnce, _) | (Qos::ExactlyOnce, None) => Arrival::New,
        }
    }

    fn take_arrival_back(&mut self, key: SessionKey, publish: &Publish<'_>) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        match (publish.qos, publish.packet_id) {
            (Qos::AtLeastOnce, _) => session.inbound.acknowledged(),
            (Qos::ExactlyOnce, Some(id)) => session.inbound.refused(id),
            (Qos::AtMostOnce, _) | (Qos::ExactlyOnce, None) => {}
        }
    }

    fn new_publish(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        publish: &Publish<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let topic = match self.resolve_alias(key, publish) {
            Ok(topic) => topic,
            Err(reason) => return self.disconnect(key, reason, now, out),
        };
        let topic = topic.as_ref();
        let checked = self.check_publish(publish, topic);
        let named = checked.and_then(|()| {
            let named = self
                .clients
                .name_topic(session, topic, RewriteAction::Publish);
            named.map_err(Fault::Refuse)
        });
        let named = match named {
            Ok(named) => named,
            Err(Fault::Disconnect(reason)) => {
                self.clients.counters.packets_publish_error += 1;
                return self.disconnect(key, reason, now, out);
            }
            Err(Fault::Refuse(reason)) => {
                self.clients.counters.packets_publish_error += 1;
                return self.refuse_publish(key, publish, reason, out);
            }
        };
        match self.authorized(key, || vec![Right::Publish(topic.as_str().into())], out) {
            None => return Step::Held,
            Some(verdicts) => {
                if let Some(Err(reason)) = verdicts.first() {
                    self.clients.counters.packets_publish_auth_error += 1;
                    return self.refuse_publish(key, publish, *reason, out);
                }
            }
        }
        let mut scratch = Vec::new();
        let message = MessageRef {
            topic: named.as_ref(),
            payload: publish.payload,
            properties: publish.properties.forward(&mut scratch),
            qos: publish.qos,
            retain: publish.retain,
            expiry: self.expiry(publish, now),
            received_at: now,
            publisher: self.publisher(session),
        };
        if self.is_refused_by_store(key) {
            return self.refuse_unstored(key, publish, now, out);
        }
        self.send_publish_on(key, session, publish, message, now, out)
    }

    fn publisher(&self, key: SessionKey) -> PublisherId {
        self.clients
            .sessions
            .get(key)
            .map_or(PublisherId::BROKER, |session| session.publisher)
    }

    /// A PUBLISH that is allowed goes to the delayed ones, or to its retained store and its
    /// subscribers.
    fn send_publish_on(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        publish: &Publish<'_>,
        message: MessageRef<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        if let Some(step) = self.publish_later(key, session, publish, &message, now, out) {
            return step;
        }
        if publish.retain && self.clients.journal.is_congested() {
            return self.hold_for_store(key, now);
        }
        let mut parcel = Parcel::borrowed(message, now);
        let mut retained = Waits::NONE;
        if publish.retain {
            match self.retain(key, &mut parcel, now, out) {
                None => return Step::Held,
                Some(waits) => retained = waits,
            }
        }
        let silent = self.clients.settings.retained.clear_is_silent;
        if publish.retain && publish.payload.is_empty() && silent {
            self.acknowledge(key, publish, ReasonCode::Success, retained, out);
            return Step::Done;
        }
        parcel.taking = self.taking(session, publish, now);
        parcel.is_urgent = self.clients.is_strict(key);
        let held = self.held_route(key);
        match self.route(&mut parcel, held.as_deref(), Scope::All, now, out) {
            Routed::Sent(any, mut waits) => {
                self.count_published(any);
                waits.join(&retained);
                if let Some(id) = publish.packet_id.filter(|_| !waits.is_empty()) {
                    self.note_exchange(session, publish.qos, id, &waits);
                }
                // [v5 3.4.2.1]: told to those who publish, if they can be told.
                let none = ReasonCode::NoMatchingSubscribers;
                let reason = if any { ReasonCode::Success } else { none };
                self.acknowledge(key, publish, reason, waits, out);
                Step::Done
            }
            Routed::Behind => {
                if let Some(connection) = self.clients.connections.get_mut(key) {
                    connection.hold_mut().route = held;
                }
                self.hold_for_store(key, now)
            }
            Routed::NoRoom(shard) => {
                if let Some(connection) = self.clients.connections.get_mut(key) {
                    connection.hold_mut().route = held;
                }
                self.links.wait(shard, key);
                self.hold(key, Wait::Room);
                Step::Held
            }
            Routed::Unknown => {
                self.hold(key, Wait::Route);
                let topic = parcel.message().topic.to_owned();
                self.ask_route(&topic, Waiter::Connection(key), false, out);
                Step::Held
            }
        }
    }

    /// Takes a PUBLISH for later, if its topic says so.
    fn publish_later(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        publish: &Publish<'_>,
        message: &MessageRef<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Option<Step> {
        let before = self.clients.journal.operations();
        self.clients.journal.begin();
        let reason = match self.delay(message, now) {
            Ok(false) => return None,
            Ok(true) => ReasonCode::Success,
            Err(DelayError::Full) => ReasonCode::QuotaExceeded,
            Err(DelayError::Topic) => ReasonCode::TopicNameInvalid,
        };
        if reason.is_error() {
            return Some(self.refuse_publish(key, publish, reason, out));
        }
        if self.clients.journal.is_on()
            && let Some(taking) = self.taking(session, publish, now)
        {
            self.write_receipt(&taking);
        }
        let waits = self.waits_since(before);
        if let Some(id) = publish.packet_id.filter(|_| !waits.is_empty()) {
            self.note_exchange(session, publish.qos, id, &waits);
        }
        self.acknowledge(key, publish, reason, waits, out);
        Some(Step::Done)
    }

    fn held_route(&mut self, key: ConnectionKey) -> Option<Box<Pending>> {
        self.clients
            .connections
            .get_mut(key)?
            .hold
            .as_mut()?
            .route
            .take()
    }

    /// Has the topic's owner retain the message; what must be durable for that, or `None` if it is
    /// under way.
    fn retain(
        &mut self,
        key: ConnectionKey,
        parcel: &mut Parcel<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Option<Waits> {
        let connection = self.clients.connections.get_mut(key)?;
        let hold = connection.hold.as_ref();
        if let Some(waits) = hold.and_then(|hold| hold.stored.clone()) {
            return Some(waits);
        }
        let topic = TopicKey::new(parcel.message().topic, self.place.seed);
        let owner = topic.owner(self.place.shards);
        let message = parcel.owned().clone();
        if owner == self.place.shard {
            let before = self.clients.journal.operations();
            self.store_retained(message, now);
            let waits = self.waits_since(before);
            // It must not be stored again if the packet is held.
            let connection = self.clients.connections.get_mut(key)?;
            connection.hold_mut().stored = Some(waits.clone());
            return Some(waits);
        }
        let id = self.requests.insert(Request::Store(key));
        self.links
            .push(owner, Entry::RetainedStore(id, message), out);
        self.hold(key, Wait::Stored);
        None
    }

    /// The topic, through its alias if the packet has one.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 3.3.2.3.4.
    fn resolve_alias<'p>(
        &mut self,
        key: ConnectionKey,
        publish: &Publish<'p>,
    ) -> Result<Named<'p>, ReasonCode> {
        let alias = publish.properties.topic_alias.map(NonZeroU16::get);
        let (Some(alias), maximum) = (alias, self.clients.settings.mqtt.connect.topic_alias_max)
        else {
            // The decoder refuses a packet with neither.
            return publish
                .topic
                .map(Named::Borrowed)
                .ok_or(ReasonCode::ProtocolError);
        };
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return Err(ReasonCode::UnspecifiedError);
        };
        let aliases = &mut connection.aliases.get_or_insert_default().inbound;
        match publish.topic {
            Some(topic) => {
                aliases.set(alias, topic, maximum)?;
                Ok(Named::Borrowed(topic))
            }
            None => Ok(Named::Owned(aliases.get(alias, maximum)?.to_owned())),
        }
    }

    fn check_publish(&self, publish: &Publish<'_>, topic: TopicRef<'_>) -> Result<(), Fault> {
        let mqtt = &self.clients.settings.mqtt;
        // [v5 3.2.2-11], [v5 3.2.2-14]: what CONNACK said does not exist.
        if publish.qos > mqtt.connect.qos_max {
            return Err(Fault::Disconnect(ReasonCode::QosNotSupported));
        }
        if publish.retain && !mqtt.connect.retain_available {
            return Err(Fault::Disconnect(ReasonCode::RetainNotSupported));
        }
        let text = topic.as_str();
        // Only the broker tells about the broker.
        if text.starts_with("$SYS/") {
            return Err(Fault::Refuse(ReasonCode::NotAuthorized));
        }
        if !keeps_limits(text, mqtt) {
            return Err(Fault::Refuse(ReasonCode::TopicNameInvalid));
        }
        let text_payload = publish.properties.payload_format == Some(PayloadFormat::Text);
        if mqtt.payload_format_validated
            && text_payload
            && core::str::from_utf8(publish.payload).is_err()
        {
            return Err(Fault::Refuse(ReasonCode::PayloadFormatInvalid));
        }
        Ok(())
    }

    fn expiry(&self, publish: &Publish<'_>, now: Instant) -> Expiry {
        let own = publish.properties.expiry_interval_s;
        let cap = self.clients.settings.mqtt.message_expiry_max_s;
        Expiry::after(own.into_iter().chain(cap).min(), now)
    }

    fn count_received(&mut self, publish: &Publish<'_>) {
        let counters = &mut self.clients.counters;
        counters.packets_publish_received += 1;
        counters.messages_received += 1;
        *match publish.qos {
            Qos::AtMostOnce => &mut counters.messages_qos0_received,
            Qos::AtLeastOnce => &mut counters.messages_qos1_received,
            Qos::ExactlyOnce => &mut counters.messages_qos2_received,
        } += 1;
    }
}
