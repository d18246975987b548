//! What the broker tells about its clients below `$SYS`.

use core::fmt::Write as _;
use core::net::SocketAddr;
use std::sync::Arc;

use shard_session::Negotiated;
use wire_message::{
    Expiry, FilterRef, FilterTarget, Message, MessageRef, PublisherId, Qos, TopicRef,
};
use wire_mqtt::Version;

use crate::connection::{Connection, SessionKey};
use crate::engine::Engine;
use crate::key::ConnectionKey;

impl Engine {
    pub(crate) fn tell_connected(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        terms: &Negotiated<'_>,
    ) {
        if !self.clients.settings.events.connected || !self.has_listeners() {
            return;
        }
        let Some(connection) = self.clients.connections.get(connection) else {
            return;
        };
        let mut fields = self.who(key, connection);
        let _ = write!(
            fields,
            ",\"keepalive\":{},\"clean_start\":{},\"expiry_interval\":{},\"connected_at\":{}",
            terms.keep_alive_s,
            terms.clean_start,
            terms.session_expiry.interval_s(),
            self.unix_s(),
        );
        self.tell(key, "connected", &fields);
    }

    pub(crate) fn tell_disconnected(
        &mut self,
        key: SessionKey,
        connection: &Connection,
        reason: &str,
    ) {
        if !self.clients.settings.events.disconnected || !self.has_listeners() {
            return;
        }
        let mut fields = self.who(key, connection);
        let _ = write!(
            fields,
            ",\"reason\":\"{reason}\",\"disconnected_at\":{}",
            self.unix_s()
        );
        self.tell(key, "disconnected", &fields);
    }

    pub(crate) fn tell_subscribed(&mut self, key: SessionKey, filter: &str, qos: Qos) {
        if !self.clients.settings.events.subscribed || !self.has_listeners() {
            return;
        }
        let mut fields = String::from("\"topic\":");
        push_json(&mut fields, filter);
        let _ = write!(fields, ",\"qos\":{}", qos.bits());
        self.tell(key, "subscribed", &fields);
    }

    pub(crate) fn tell_unsubscribed(&mut self, key: SessionKey, target: FilterTarget<'_>) {
        if !self.clients.settings.events.unsubscribed || !self.has_listeners() {
            return;
        }
        let mut fields = String::from("\"topic\":");
        push_json(&mut fields, &text_of(target));
        self.tell(key, "unsubscribed", &fields);
    }

    /// Whether anybody wants to know. Most brokers have no such client, and most of these messages a
    /// topic of their own, whose route is found for nothing.
    fn has_listeners(&self) -> bool {
        self.place.epochs.has_system()
    }

    /// Tells the other shards whether sessions of this one want to know.
    pub(crate) fn tell_system(&self) {
        self.place
            .epochs
            .set_system(self.place.shard, self.subscriptions_system);
    }

    fn who(&self, key: SessionKey, connection: &Connection) -> String {
        let mut fields = String::from("\"username\":");
        let username = self
            .clients
            .sessions
            .get(key)
            .map_or("", |session| session.username());
        push_json(&mut fields, username);
        let peer = SocketAddr::from(connection.peer);
        let version = match connection.version {
            Version::V31 => 3,
            Version::V311 => 4,
            Version::V5 => 5,
        };
        let _ = write!(
            fields,
            ",\"ipaddress\":\"{}\",\"proto_ver\":{version}",
            peer.ip()
        );
        fields
    }

    /// Publishes an event, if the client's id can stand in a topic.
    fn tell(&mut self, key: SessionKey, event: &str, fields: &str) {
        let Some(session) = self.clients.sessions.get(key) else {
            return;
        };
        let node = &self.clients.settings.node;
        let client = session.client.as_str();
        let topic = format!("$SYS/brokers/{node}/clients/{client}/{event}");
        let mut payload = String::from("{\"clientid\":");
        push_json(&mut payload, client);
        let _ = write!(payload, ",{fields},\"ts\":{}}}", self.unix_s() * 1000);
        let Ok(topic) = TopicRef::new(&topic) else {
            return;
        };
        let message = broker_message(topic, payload.as_bytes(), self.clients.now);
        self.publish_own(Arc::new(message));
    }

    const fn unix_s(&self) -> u64 {
        self.place.clock.at(self.clients.now).0 / 1000
    }
}

/// Whether what the broker tells about itself can match the filter: wildcards in the first level pass
/// it by, \[v5 4.7.2-1\].
pub(crate) fn is_system(filter: FilterRef<'_>) -> bool {
    filter.as_str().starts_with("$SYS/")
}

/// A message of the broker's own: quality of service 0, not retained.
fn broker_message(topic: TopicRef<'_>, payload: &[u8], now: wire_message::Instant) -> Message {
    let message = MessageRef {
        topic,
        payload,
        properties: &[],
        qos: Qos::AtMostOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: now,
        publisher: PublisherId::BROKER,
    };
    message.to_message()
}

/// The text that a client subscribes with.
pub(crate) fn text_of(target: FilterTarget<'_>) -> String {
    match target {
        FilterTarget::Exclusive(filter) => format!("$exclusive/{filter}"),
        FilterTarget::Plain(filter) => filter.as_str().into(),
        FilterTarget::Shared(group, filter) if group.as_str() == "$queue" => {
            format!("$queue/{filter}")
        }
        FilterTarget::Shared(group, filter) => format!("$share/{}/{filter}", group.as_str()),
    }
}

/// Appends a JSON string. MQTT text holds no control characters, so two need an escape.
fn push_json(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            json.push('\\');
        }
        json.push(character);
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut json = String::new();
        push_json(&mut json, "a\"b\\c");
        assert_eq!(json, "\"a\\\"b\\\\c\"");
    }
}
