//! A CONNECT that is accepted: what was there ends or is resumed, CONNACK is sent.

use shard_session::{Inbound, KeepAlive, Negotiated, Outbound, Queue, Subscriptions, Will};
use shard_topics::Mark;
use store_model::Number;
use wire_message::{ClientId, Expiry, Instant, MessageRef, PublisherId};
use wire_mqtt::{Connack, ConnackProperties, Connect, Packet, ReasonCode};

use crate::connection::{SessionKey, Throttle, UNARMED};
use crate::detach::Detach;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::naming::Holder;
use crate::output::{Output, Outputs};
use crate::parcel::index;
use crate::persist::Packet as Waiting;
use crate::session::{Identity, Session};
use crate::settings::{Durability, RewriteAction};
use crate::subscribe::Asked;

impl Engine {
    pub(super) fn accept_connect(
        &mut self,
        key: ConnectionKey,
        connect: &Connect<'_>,
        terms: &Negotiated<'_>,
        (client, old, before): (&ClientId, Option<SessionKey>, u64),
        now: Instant,
        out: &mut Outputs,
    ) {
        let session_present = old.is_some();
        let identity = self.identity(key, connect, client);
        let session = match old {
            Some(session) => session,
            None => self.new_session(key, client.clone(), terms, now),
        };
        self.set_terms(key, session, terms, now);
        self.attach(key, session, terms, identity, now);
        self.clients.write_head(session);
        self.set_will(session, connect, now);
        self.send_connack(key, connect, terms, (client, before), session_present, out);
        if session_present {
            self.clients.counters.session_resumed += 1;
            self.change_members(session, true, out);
        }
        self.tell_connected(session, key, terms);
        self.subscribe_for(key, session, now, out);
        self.pump(session, now, out);
    }

    /// Ends what the client had before, as far as it ends; the session to resume, if there is one.
    ///
    /// # Specification
    ///
    /// \[v5 3.1.4-3\], \[v311 3.1.4-2\]: the older connection goes, told 0x8E; \[v5 3.1.2-4\]:
    /// clean start throws the session away. A session that ends with its connection has ended.
    pub(super) fn take_over(
        &mut self,
        client: &str,
        clean_start: bool,
        now: Instant,
        out: &mut Outputs,
    ) -> Option<SessionKey> {
        let session = self.clients.find(client)?;
        let connection = self
            .clients
            .sessions
            .get(session)
            .and_then(|s| s.connection);
        if let Some(connection) = connection {
            self.clients.counters.session_takenover += 1;
            self.clients
                .send_disconnect(connection, ReasonCode::SessionTakenOver, None, out);
            out.actions.push(Output::Close { connection });
            let how = if clean_start {
                Detach::Lost
            } else {
                Detach::TakenOver
            };
            self.forget_connection(connection, how, "takenover", now, out);
        }
        self.clients.sessions.get(session)?;
        if clean_start {
            self.clients.counters.session_discarded += 1;
            self.replace_loading(session, now, out);
            self.end_session(session, now, out);
            return None;
        }
        Some(session)
    }

    fn identity(
        &self,
        key: ConnectionKey,
        connect: &Connect<'_>,
        client: &ClientId,
    ) -> Option<Box<Identity>> {
        let connection = self.clients.connections.get(key)?;
        let mountpoint = &self
            .clients
            .settings
            .listener(connection.listener)
            .mountpoint;
        if connect.username.is_none() && mountpoint.is_empty() {
            return None;
        }
        let username = connect.username;
        let (peer, name) = (connection.peer.into(), username.unwrap_or(""));
        let holder = Holder {
            client: client.as_str(),
            username: name,
            peer,
        };
        let mount = holder.fill(mountpoint).into();
        Some(Box::new(Identity {
            username: username.map(Into::into),
            mount,
        }))
    }

    fn new_session(
        &mut self,
        connection: ConnectionKey,
        client: ClientId,
        terms: &Negotiated<'_>,
        now: Instant,
    ) -> SessionKey {
        self.clients.counters.session_created += 1;
        let publisher = PublisherId(self.place.seed.hash(client.as_str().as_bytes()) | 1);
        let persistent = terms.session_expiry.outlives_connection();
        let is_stored = persistent && self.stores(connection);
        let number = if is_stored {
            self.clients.journal.take_number()
        } else {
            Number(0)
        };
        self.clients.insert(Session {
            client,
            connection: None,
            publisher,
            subscriptions: Subscriptions::new(),
            outbound: Outbound::new(terms.window),
            queue: Queue::new(),
            inbound: Inbound::new(),
            feeds: None,
            will: None,
            identity: None,
            disk: None,
            number,
            armed: UNARMED,
            detached_at: now,
            expiry: terms.session_expiry,
            mark: if is_stored {
                Mark::Persistent
            } else {
                Mark::Transient
            },
            unread: false,
        })
    }

    /// Whether sessions of a connection's listener are stored.
    fn stores(&self, key: ConnectionKey) -> bool {
        let connection = self.clients.connections.get(key);
        self.clients.journal.is_on()
            && connection.is_some_and(|connection| {
                let listener = self.clients.settings.listener(connection.listener);
                listener.durability != Durability::Memory
            })
    }

    fn set_terms(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        terms: &Negotiated<'_>,
        now: Instant,
    ) {
        let percent = self.clients.settings.mqtt.keep_alive_percent;
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return;
        };
        connection.session = Some(session);
        connection.keep_alive = KeepAlive::new(terms.keep_alive_s, percent, now);
        connection.packet_bytes_max = terms.packet_bytes_max;
        connection.topic_alias_max = terms.alias_out_max;
        let listener = self.clients.settings.listener(connection.listener);
        connection.unsent_max = listener.unsent_bytes_max;
        connection.strict =
            self.clients.journal.is_on() && listener.durability == Durability::Strict;
        if listener.messages_rate.is_some() || listener.bytes_rate.is_some() {
            connection.throttle = Some(Box::new(Throttle::default()));
        }
        if let Some(due) = connection.keep_alive.due(now) {
            self.clients.arm_connection(key, due);
        }
    }

    fn attach(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        terms: &Negotiated<'_>,
        identity: Option<Box<Identity>>,
        _now: Instant,
    ) {
        self.clients.live += 1;
        self.clients.counters.client_connected += 1;
        let Some(session) = self.clients.sessions.get_mut(session) else {
            return;
        };
        session.connection = Some(key);
        session.identity = identity;
        session.expiry = terms.session_expiry;
        session.outbound.resume(terms.window);
        session.inbound.resume();
        if let Some(connection) = self.clients.connections.get_mut(key) {
            connection.mounted = !session.mount().is_empty();
            connection.plain = !connection.mounted
                && connection.packet_bytes_max == u32::MAX
                && connection.topic_alias_max == 0;
        }
    }

    /// Keeps the will, \[v5 3.1.2-7\], \[v311 3.1.2-8\]; one from an earlier connection is gone,
    /// \[v5 3.1.3-9\].
    fn set_will(&mut self, key: SessionKey, connect: &Connect<'_>, now: Instant) {
        let named = connect.will.as_ref().and_then(|will| {
            self.clients
                .name_topic(key, will.topic, RewriteAction::Publish)
                .ok()
        });
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let had = session.will.take().is_some();
        let (Some(will), Some(named)) = (connect.will.as_ref(), named) else {
            self.clients.write_will(key, had, now);
            return;
        };
        let mut properties = Vec::new();
        will.properties.forward(&mut properties);
        let message = MessageRef {
            topic: named.as_ref(),
            payload: will.payload,
            properties: &properties,
            qos: will.qos,
            retain: will.retain,
            expiry: Expiry::NEVER,
            received_at: now,
            publisher: session.publisher,
        };
        let delay_s = will.properties.delay_interval_s.unwrap_or(0);
        let will = Will::new(&message, will.properties.expiry_interval_s, delay_s);
        session.will = Some(Box::new(will));
        self.clients.write_will(key, had, now);
    }

    fn send_connack(
        &mut self,
        key: ConnectionKey,
        connect: &Connect<'_>,
        terms: &Negotiated<'_>,
        (client, before): (&ClientId, u64),
        session_present: bool,
        out: &mut Outputs,
    ) {
        let settings = self.clients.settings.clone();
        let asked = connect.properties.session_expiry_interval_s;
        let properties = ConnackProperties {
            assigned_client_id: terms.client_id.is_none().then(|| client.as_str()),
            ..terms.connack_properties(asked, &settings.mqtt.connect)
        };
        let connack = Connack {
            session_present,
            reason: ReasonCode::Success,
            properties,
        };
        self.clients.counters.packets_connack_sent += 1;
        let start = out.bytes.len();
        let limit = terms.packet_bytes_max;
        let packet = Packet::Connack(connack);
        if packet
            .encode_within(connect.version, limit, &mut out.bytes)
            .is_ok()
        {
            let length = index(out.bytes.len() - start);
            let mut written = self.waits_since(before);
            written.join(&self.clients.waits_ended(client));
            let waits = self.if_strict(key, written);
            let connack = Waiting::Connack(length);
            self.clients.stand_in_line(key, waits, connack, start, out);
        }
    }

    fn subscribe_for(
        &mut self,
        key: ConnectionKey,
        session: SessionKey,
        now: Instant,
        out: &mut Outputs,
    ) {
        let settings = self.clients.settings.clone();
        if settings.auto_subscribe.is_empty() {
            return;
        }
        let (Some(connection), Some(state)) = (
            self.clients.connections.get(key),
            self.clients.sessions.get(session),
        ) else {
            return;
        };
        let (client, username) = (state.client.as_str(), state.username());
        let holder = Holder {
            client,
            username,
            peer: connection.peer.into(),
        };
        let filled: Vec<(String, shard_topics::Subscription)> = settings
            .auto_subscribe
            .iter()
            .map(|auto| (holder.fill(&auto.filter), auto.subscription()))
            .collect();
        let asked: Vec<Asked<'_>> = filled
            .iter()
            .map(|(text, s)| Asked {
                text,
                subscription: *s,
            })
            .collect();
        self.subscribe_automatically(key, session, &asked, now, out);
    }
}
