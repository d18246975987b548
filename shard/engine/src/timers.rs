//! What is due: looked at when a timer fires, not when it was armed.

use core::time::Duration;

use shard_session::{Inbound, Resend};
use wire_message::Instant;
use wire_mqtt::{AckKind, PacketId, ReasonCode, Version};

use crate::clients::Clients;
use crate::connection::{Connection, SessionKey, UNARMED};
use crate::detach::Detach;
use crate::engine::Engine;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::limits::TIMERS_PER_TURN_MAX;
use crate::output::{Output, Outputs};
use crate::token::Token;

impl Engine {
    /// Does what is due at `now`. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Outputs) {
        self.clients.now = now;
        let mut budget = TIMERS_PER_TURN_MAX;
        while let Some(bits) = self.clients.wheel.poll(now, &mut budget) {
            match Token::from_bits(bits) {
                Token::Connection(key) => self.connection_timer(key, now, out),
                Token::Delayed => self.publish_delayed(now),
                Token::Retained => self.sweep_retained(now),
                Token::Session(key) => self.session_timer(key, now, out),
                Token::Stop => self.stop_timer(now, out),
            }
        }
        self.settle(now, out);
    }

    /// When to call [`Self::handle_timeout`]; ask again after every other call.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.has_ready_backlog() || self.has_turn_to_end() {
            return Some(Instant::ZERO);
        }
        self.clients.wheel.next_due()
    }

    fn connection_timer(&mut self, key: ConnectionKey, now: Instant, out: &mut Outputs) {
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return;
        };
        if now < connection.armed {
            // An entry that an earlier one has replaced.
            return;
        }
        connection.armed = UNARMED;
        let is_refused = connection_refused(connection, now);
        if let Some(Wait::Rate(until)) = connection.hold.as_ref().and_then(|hold| hold.waiting)
            && until <= now
        {
            self.resume(key, Wait::Rate(until), out);
        }
        if is_refused {
            self.resume(key, Wait::Store, out);
        }
        match self.connection_due(key, now) {
            Some((due, _)) if due > now => self.clients.arm_connection(key, due),
            Some((_, Overdue::Connect)) => {
                self.clients.counters.client_connect_timeout += 1;
                self.close(key, now, out);
            }
            Some((_, Overdue::KeepAlive)) => {
                self.clients.counters.client_keep_alive_timeout += 1;
                self.disconnect(key, ReasonCode::KeepAliveTimeout, now, out);
            }
            Some((_, Overdue::Rate)) => self.clients.arm_connection(key, now),
            Some((_, Overdue::Disk)) if self.clients.refuse_line(key, out) => {
                self.clients.arm_connection(key, now);
            }
            Some((_, Overdue::Disk)) => {
                self.clients.counters.store_refused += 1;
                self.disconnect(key, ReasonCode::QuotaExceeded, now, out);
            }
            Some((_, Overdue::Send)) => {
                self.clients.counters.client_send_timeout += 1;
                out.actions.push(Output::Close { connection: key });
                self.forget_connection(key, Detach::Lost, "send_timeout", now, out);
            }
            None => {}
        }
    }

    /// What is due next for a connection, and when.
    fn connection_due(&self, key: ConnectionKey, now: Instant) -> Option<(Instant, Overdue)> {
        let connection = self.clients.connections.get(key)?;
        let settings = &self.clients.settings;
        if connection.session.is_none() {
            let due = connection.accepted_at + settings.mqtt.connect_timeout;
            return Some((due, Overdue::Connect));
        }
        // Silence is not the client's while it is not read.
        let silent = connection
            .keep_alive
            .due(now)
            .filter(|_| !connection.is_waiting());
        let waiting = connection
            .keep_alive
            .due(now)
            .filter(|_| connection.is_waiting());
        let again = waiting.map(|due| due.max(now + HELD_CHECK));
        let rate = match connection.hold.as_ref().and_then(|hold| hold.waiting) {
            Some(Wait::Rate(until)) => Some(until),
            _ => None,
        };
        let held = match connection.hold.as_deref() {
            Some(hold) if hold.waiting == Some(Wait::Store) => hold.until,
            Some(_) | None => None,
        };
        let line = connection.line.as_ref();
        let line = line.map(|line| line.since + settings.store_wait_max);
        let timeout = settings.listener(connection.listener).send_timeout;
        let send = (connection.stalled != UNARMED).then(|| connection.stalled + timeout);
        [
            silent.map(|due| (due, Overdue::KeepAlive)),
            again.map(|due| (due, Overdue::Rate)),
            rate.map(|due| (due, Overdue::Rate)),
            held.map(|due| (due, Overdue::Rate)),
            line.map(|due| (due, Overdue::Disk)),
            send.map(|due| (due, Overdue::Send)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(due, _)| *due)
    }

    fn session_timer(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        if now < session.armed {
            return;
        }
        session.armed = UNARMED;
        let limits = self.clients.inbound_limits(key);
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let given_up = session.inbound.expire(&limits, now) as u64;
        self.clients.counters.messages_dropped_await_pubrel_timeout += given_up;
        if given_up > 0 {
            self.close_given_up(key);
        }
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        if session.connection.is_none() {
            let session_end = session.expiry.ends_at(session.detached_at);
            let will_due = session
                .will
                .as_ref()
                .map(|will| will.due(session.detached_at, session_end));
            if session_end.is_some_and(|end| end <= now) {
                self.end_session(key, now, out);
                return;
            }
            if will_due.is_some_and(|due| due <= now) {
                self.publish_will(key, now);
            }
        } else {
            self.retry(key, now, out);
            self.pump(key, now, out);
        }
        if let Some(due) = self.session_due(key, now) {
            self.clients.arm_session(key, due);
        }
    }

    /// When something is due next for a session.
    pub(crate) fn session_due(&self, key: SessionKey, now: Instant) -> Option<Instant> {
        let session = self.clients.sessions.get(key)?;
        let released = self.clients.next_release_timeout(key, now);
        if session.connection.is_some() {
            let retry = self.retry_interval(key);
            let retry = retry.and_then(|interval| session.outbound.next_retry(interval, now));
            return released.into_iter().chain(retry).min();
        }
        let session_end = session.expiry.ends_at(session.detached_at);
        let will_due = session
            .will
            .as_ref()
            .map(|will| will.due(session.detached_at, session_end));
        session_end
            .into_iter()
            .chain(will_due)
            .chain(released)
            .min()
    }

    /// The interval at which a 3.x client gets unacknowledged packets again; a 5.0 client never
    /// does on one connection, \[v5 4.4.0-1\].
    pub(crate) fn retry_interval(&self, key: SessionKey) -> Option<Duration> {
        let interval = self.clients.settings.mqtt.retry_interval?;
        let connection = self.clients.sessions.get(key)?.connection?;
        let version = self.clients.connections.get(connection)?.version;
        (version != Version::V5).then_some(interval)
    }

    fn retry(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        let Some(interval) = self.retry_interval(key) else {
            return;
        };
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let Some(connection) = session.connection else {
            return;
        };
        let mut again: Vec<(PacketId, Option<shard_session::Delivery>)> = Vec::new();
        session
            .outbound
            .retry(interval, now, |resend| match resend {
                Resend::Publish(id, delivery) => again.push((id, Some(delivery.clone()))),
                Resend::Pubrel(id) => again.push((id, None)),
            });
        for (id, delivery) in again {
            if let Some(delivery) = delivery {
                self.clients.send_again(connection, id, &delivery, now, out);
                continue;
            }
            let success = ReasonCode::Success;
            self.clients
                .send_ack(connection, AckKind::Pubrel, id, success, out);
        }
    }
}

/// What a connection's timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overdue {
    /// No CONNECT.
    Connect,
    /// What was promised does not get to the disk.
    Disk,
    /// Silence.
    KeepAlive,
    /// A rate that may allow more by now, or a look whether a held connection is still held.
    Rate,
    /// The client takes nothing.
    Send,
}

/// Whether a connection's publish has waited for the store for as long as it may.
fn connection_refused(connection: &mut Connection, now: Instant) -> bool {
    let Some(hold) = connection.hold.as_mut() else {
        return false;
    };
    let over = hold.waiting == Some(Wait::Store) && hold.until.is_some_and(|until| until <= now);
    hold.refused |= over;
    over
}

/// How often to look whether a held connection is still held.
const HELD_CHECK: Duration = Duration::from_secs(1);

impl Clients {
    /// The limits for what the session's client sends.
    pub(crate) fn inbound_limits(&self, key: SessionKey) -> shard_session::InboundLimits {
        let limits = self.settings.mqtt.inbound;
        let connection = self
            .sessions
            .get(key)
            .and_then(|session| session.connection);
        let connection = connection.and_then(|connection| self.connections.get(connection));
        let v5 = connection.is_some_and(|connection| connection.version == Version::V5);
        // 3.x knows no Receive Maximum.
        let receive_max = if v5 { limits.receive_max } else { u16::MAX };
        shard_session::InboundLimits {
            receive_max,
            ..limits
        }
    }

    /// Has the session's timer look after a PUBREL that is awaited from now on.
    pub(crate) fn arm_release(&mut self, key: SessionKey) {
        let latest = Inbound::latest_expiry(&self.settings.mqtt.inbound, self.now);
        let armed = self.sessions.get(key).map(|session| session.armed);
        // A timer that fires by then looks after all that are awaited. To find the earliest takes a
        // look at each.
        if armed.is_some_and(|armed| armed > latest)
            && let Some(at) = self.next_release_timeout(key, self.now)
        {
            self.arm_session(key, at);
        }
    }

    /// When a PUBREL has been awaited for too long.
    pub(crate) fn next_release_timeout(&self, key: SessionKey, now: Instant) -> Option<Instant> {
        let limits = self.inbound_limits(key);
        self.sessions.get(key)?.inbound.next_expiry(&limits, now)
    }
}
