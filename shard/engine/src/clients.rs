//! The connections and sessions of a shard, and what is done to one of them at a time.
//!
//! Apart from the engine so that topics and routes can be walked while clients change.

use std::collections::BTreeMap;
use std::sync::Arc;

use shard_table::{Slab, Wheel};
use shard_topics::SessionIndex;
use wire_message::{ClientId, Instant, Seed, ShardId, Table};
use wire_mqtt::{
    AckKind, Connack, ConnackProperties, Disconnect, PLAIN_ACK_BYTES, Packet, PacketId, ReasonCode,
    Version, encode_ack,
};

use crate::connection::{Connection, OfSession, SessionKey};
use crate::counters::Counters;
use crate::engine::Place;
use crate::key::{ConnectionKey, OfConnection};
use crate::output::Outputs;
use crate::parcel::index;
use crate::persist::{Asks, Awaiting, Journal, Packet as Waiting, Waits, Writing};
use crate::session::Session;
use crate::settings::Settings;
use crate::token::Token;

/// Connections and sessions.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) settings: Arc<Settings>,
    /// See [`Settings::allow_quick_publishes`].
    pub(crate) quick: bool,
    pub(crate) seed: Seed,
    pub(crate) here: ShardId,
    /// The time of the call that is under way.
    pub(crate) now: Instant,
    pub(crate) counters: Counters,
    pub(crate) connections: Slab<Connection, OfConnection>,
    pub(crate) sessions: Slab<Session, OfSession>,
    pub(crate) wheel: Wheel,
    /// Answers to usual packets of the connection at hand; see [`Self::send_answers`]. Empty between
    /// calls.
    pub(crate) answers: Vec<u8>,
    /// What is to be stored.
    pub(crate) journal: Journal,
    /// Who waits for what to be durable.
    pub(crate) awaiting: Awaiting,
    /// The message that stored sessions get at this moment.
    pub(crate) writing: Writing,
    /// Clients whose stored sessions ended, and the batches that say so, while those are not
    /// durable.
    pub(crate) endings: BTreeMap<ClientId, u64>,
    /// Questions to the store.
    pub(crate) asks: Asks,
    /// Connections with a session.
    pub(crate) live: u64,
    /// Messages in all queues.
    pub(crate) queued: u64,
    by_id: Table<SessionKey>,
}

impl Clients {
    pub(crate) fn new(settings: Arc<Settings>, place: &Place, now: Instant) -> Self {
        let seed = place.seed;
        Self {
            quick: settings.allow_quick_publishes(),
            settings,
            seed,
            here: place.shard,
            now,
            counters: Counters::default(),
            connections: Slab::new(),
            sessions: Slab::new(),
            wheel: Wheel::new(now),
            answers: Vec::new(),
            journal: Journal::new(place.shard, place.store, place.clock),
            awaiting: Awaiting::new(place.shards),
            writing: Writing::default(),
            endings: BTreeMap::new(),
            asks: Asks::new(),
            live: 0,
            queued: 0,
            by_id: Table::new(),
        }
    }

    /// The session of a client.
    pub(crate) fn find(&self, client: &str) -> Option<SessionKey> {
        let same = |key: &SessionKey| {
            self.sessions
                .get(*key)
                .is_some_and(|session| session.client.as_str() == client)
        };
        self.by_id
            .find(self.seed.hash(client.as_bytes()), same)
            .copied()
    }

    /// Takes a session in whose client has none.
    pub(crate) fn insert(&mut self, session: Session) -> SessionKey {
        let hash = self.seed.hash(session.client.as_str().as_bytes());
        let key = self.sessions.insert(session);
        let (sessions, seed) = (&self.sessions, self.seed);
        let rehash = |key: &SessionKey| {
            let session = sessions.get(*key).expect("a listed session exists");
            seed.hash(session.client.as_str().as_bytes())
        };
        self.by_id.insert_unique(hash, key, rehash);
        key
    }

    /// Takes a session out.
    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.sessions.remove(key)?;
        let hash = self.seed.hash(session.client.as_str().as_bytes());
        let entry = self.by_id.find_entry(hash, |other| *other == key);
        entry.expect("every session is listed").remove();
        if self.sessions.is_empty() {
            self.by_id = Table::new();
        }
        Some(session)
    }

    /// The session that the topic index means.
    pub(crate) fn session_key(&self, session: SessionIndex) -> SessionKey {
        self.sessions
            .key_from(session.0)
            .expect("the index names sessions that exist")
    }

    /// The session of a connection that has one.
    pub(crate) fn session_of(&mut self, key: ConnectionKey) -> Option<(SessionKey, &mut Session)> {
        let session = self.connections.get(key)?.session?;
        Some((session, self.sessions.get_mut(session)?))
    }

    /// Has the connection's timer fire at `at`, or earlier if it would anyway.
    pub(crate) fn arm_connection(&mut self, key: ConnectionKey, at: Instant) {
        if let Some(connection) = self.connections.get_mut(key)
            && at < connection.armed
        {
            connection.armed = at;
            self.wheel.schedule(at, Token::Connection(key).to_bits());
        }
    }

    /// Has the session's timer fire at `at`, or earlier if it would anyway.
    pub(crate) fn arm_session(&mut self, key: SessionKey, at: Instant) {
        if let Some(session) = self.sessions.get_mut(key)
            && at < session.armed
        {
            session.armed = at;
            self.wheel.schedule(at, Token::Session(key).to_bits());
        }
    }

    /// Sends a packet. Not for PUBLISH.
    ///
    /// What does not fit the client's maximum packet size is left out (reason string, user
    /// properties); if the rest still does not fit, nothing is sent, \[v5 3.1.2-24\].
    pub(crate) fn send(&mut self, key: ConnectionKey, packet: &Packet<'_>, out: &mut Outputs) {
        let Some(connection) = self.connections.get(key) else {
            return;
        };
        let start = out.bytes.len();
        let (version, limit) = (connection.version, connection.packet_bytes_max);
        if packet.encode_within(version, limit, &mut out.bytes).is_ok() {
            self.sent(key, start, out);
        }
    }

    /// Sends PUBACK, PUBREC, PUBREL or PUBCOMP.
    pub(crate) fn send_ack(
        &mut self,
        key: ConnectionKey,
        kind: AckKind,
        id: PacketId,
        reason: ReasonCode,
        out: &mut Outputs,
    ) {
        let Some(connection) = self.connections.get(key) else {
            return;
        };
        let start = out.bytes.len();
        encode_ack(kind, id, reason, connection.version, &mut out.bytes);
        self.counters.count_ack(kind);
        self.sent(key, start, out);
    }

    /// Tells a 5.0 client to go, and why, for people in words. Older clients can't be told.
    pub(crate) fn send_disconnect(
        &mut self,
        key: ConnectionKey,
        reason: ReasonCode,
        why: Option<&str>,
        out: &mut Outputs,
    ) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        // What is still in line was not promised yet, and never will be.
        connection.line = None;
        if connection.silent {
            if connection.version == Version::V5 && reason == ReasonCode::QuotaExceeded {
                let connack = Connack {
                    session_present: false,
                    reason,
                    properties: ConnackProperties::default(),
                };
                self.send(key, &Packet::Connack(connack), out);
            }
        } else if connection.version == Version::V5 {
            let mut disconnect = Disconnect::new(reason);
            disconnect.properties.reason_string = why;
            self.send(key, &Packet::Disconnect(disconnect), out);
            self.counters.packets_disconnect_sent += 1;
        }
    }

    /// Sends what was encoded from `start` on, behind what stands in line.
    fn sent(&mut self, key: ConnectionKey, start: usize, out: &mut Outputs) {
        if self.connections.get(key).is_some_and(|c| c.line.is_some()) {
            let packet = Waiting::Bytes(index(out.bytes.len() - start));
            self.stand_in_line(key, Waits::NONE, packet, start, out);
        } else {
            self.sent_now(key, start, out);
        }
    }

    /// Sends what was encoded from `start` on.
    pub(crate) fn sent_now(&mut self, key: ConnectionKey, start: usize, out: &mut Outputs) {
        let range = index(start)..index(out.bytes.len());
        let bytes = range.end - range.start;
        out.send(key, range, None);
        self.counters.packets_sent += 1;
        self.add_unsent(key, bytes);
    }

    /// Sends the answers to usual packets, which were put aside to go together.
    pub(crate) fn send_answers(&mut self, key: ConnectionKey, out: &mut Outputs) {
        let start = index(out.bytes.len());
        out.bytes.extend_from_slice(&self.answers);
        let range = start..index(out.bytes.len());
        self.counters.packets_sent += u64::from(range.end - start) / u64::from(PLAIN_ACK_BYTES);
        self.answers.clear();
        self.add_unsent(key, range.end - start);
        out.send(key, range, None);
    }

    /// Notes bytes given to the driver.
    pub(crate) fn add_unsent(&mut self, key: ConnectionKey, bytes: u32) {
        self.counters.bytes_sent += u64::from(bytes);
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        connection.unsent = connection.unsent.saturating_add(bytes);
        let listener = self.settings.listener(connection.listener);
        if connection.unsent > listener.unsent_bytes_max && !connection.congested {
            connection.congested = true;
            connection.stalled = self.now;
            self.arm_connection(key, self.now + listener.send_timeout);
        }
    }
}
