//! The end of connections, and of sessions.

use std::sync::Arc;

use shard_topics::SubscriptionId;
use store_model::Operation;
use wire_message::Instant;
use wire_mqtt::{Disconnect, ReasonCode};

use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::{Output, Outputs};
use crate::receive::Step;

/// How a session loses its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detach {
    /// Nobody is there any more.
    Lost,
    /// The same client is there on a new connection at once.
    TakenOver,
}

impl Engine {
    /// DISCONNECT from a client.
    ///
    /// # Specification
    ///
    /// \[v5 3.14.4-3\], \[v311 3.14.4-3\]: the will goes, unless the client wants it published;
    /// \[v5 3.14.2-2\]: an expiry of zero stays zero.
    pub(crate) fn handle_disconnect(
        &mut self,
        key: ConnectionKey,
        disconnect: &Disconnect<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_disconnect_received += 1;
        let cap_s = self.clients.settings.mqtt.connect.session_expiry_max_s;
        let Some((session_key, session)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        let asked_s = disconnect.properties.session_expiry_interval_s;
        if let Err(reason) = session.expiry.disconnect(asked_s, cap_s) {
            return self.disconnect(key, reason, now, out);
        }
        if disconnect.reason == ReasonCode::Success {
            let had = session.will.take().is_some();
            self.clients.write_will(session_key, had, now);
        }
        out.actions.push(Output::Close { connection: key });
        self.forget_connection(key, Detach::Lost, "normal", now, out);
        Step::Gone
    }

    /// Tells the client to go, and why, then closes.
    pub(crate) fn disconnect(
        &mut self,
        key: ConnectionKey,
        reason: ReasonCode,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.disconnect_because(key, reason, None, now, out)
    }

    /// Tells the client to go, and why, for people in words too, then closes.
    pub(crate) fn disconnect_because(
        &mut self,
        key: ConnectionKey,
        reason: ReasonCode,
        why: Option<&str>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.send_disconnect(key, reason, why, out);
        out.actions.push(Output::Close { connection: key });
        self.forget_connection(key, Detach::Lost, event_reason(reason), now, out);
        Step::Gone
    }

    /// An invariant of one client is broken: tests stop, a release lets that client go, so that one
    /// bad session does not take its neighbours with it.
    pub(crate) fn bug(&mut self, key: ConnectionKey, what: &str, now: Instant, out: &mut Outputs) {
        debug_assert!(false, "{key:?}: {what}");
        self.clients.counters.bugs += 1;
        let reason = ReasonCode::ImplementationSpecificError;
        self.disconnect_because(key, reason, Some(what), now, out);
    }

    /// Closes without a word.
    pub(crate) fn close(&mut self, key: ConnectionKey, now: Instant, out: &mut Outputs) -> Step {
        out.actions.push(Output::Close { connection: key });
        self.forget_connection(key, Detach::Lost, "protocol_error", now, out);
        Step::Gone
    }

    /// The transport is gone.
    pub(crate) fn connection_lost(&mut self, key: ConnectionKey, now: Instant, out: &mut Outputs) {
        self.forget_connection(key, Detach::Lost, "tcp_closed", now, out);
    }

    /// Takes a connection out of the table and away from its session.
    pub(crate) fn forget_connection(
        &mut self,
        key: ConnectionKey,
        how: Detach,
        reason: &'static str,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(connection) = self.clients.connections.remove(key) else {
            return;
        };
        self.admission.leave(connection.listener);
        let Some(session_key) = connection.session else {
            return;
        };
        self.clients.live -= 1;
        self.clients.counters.client_disconnected += 1;
        self.tell_disconnected(session_key, &connection, reason);
        let Some(session) = self.clients.sessions.get_mut(session_key) else {
            return;
        };
        session.connection = None;
        session.detached_at = now;
        if !session.expiry.outlives_connection() {
            self.end_session(session_key, now, out);
            return;
        }
        let session_end = session.expiry.ends_at(now);
        let will_due = session.will.as_ref().map(|will| will.due(now, session_end));
        if will_due.is_some_and(|due| due <= now) {
            self.publish_will(session_key, now);
        }
        if how == Detach::Lost {
            self.change_members(session_key, false, out);
            self.redispatch_all(session_key);
        }
        self.clients.write_head(session_key);
        self.clients.forget_waiting(session_key);
        if let Some(due) = self.session_due(session_key, now) {
            self.clients.arm_session(session_key, due);
        }
    }

    /// Publishes a session's will and forgets it, \[v5 3.1.2-8\], \[v5 3.1.2-10\].
    pub(crate) fn publish_will(&mut self, key: SessionKey, now: Instant) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        if let Some(will) = session.will.take() {
            let stored = self.clients.stored(key);
            let gone = stored.map(|session| Operation::DropWill { session });
            // A will can't be put off: there are no more of them than sessions.
            let message = Arc::new(will.message_at(now).to_message());
            self.backlog.push(message, gone.into_iter().collect());
        }
    }

    /// Ends a session: its will is published, its subscriptions end, what waits for it is lost.
    pub(crate) fn end_session(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        self.publish_will(key, now);
        self.change_members(key, false, out);
        self.redispatch_all(key);
        self.clients.write_end(key);
        self.stop_loading(key, out);
        let Some(session) = self.clients.sessions.get(key) else {
            return;
        };
        let (mark, ids) = (session.mark, session.subscriptions.as_slice().to_vec());
        for id in ids {
            self.end_subscription(key, SubscriptionId::from_bits(id), mark, out);
        }
        let Some(session) = self.clients.remove(key) else {
            return;
        };
        let on_disk = session.disk.as_ref().map_or(0, |disk| disk.entries);
        let queued = session.queue.len() as u64 + on_disk;
        let lost = queued + session.outbound.deliveries().count() as u64;
        self.clients.queued = self.clients.queued.saturating_sub(queued);
        self.clients.counters.delivery_dropped += lost;
        self.clients.counters.delivery_dropped_session_ended += lost;
        self.clients.counters.session_terminated += 1;
    }
}

/// The word for a reason in `$SYS` events.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other reasons are the peer's fault"
)]
const fn event_reason(reason: ReasonCode) -> &'static str {
    match reason {
        ReasonCode::KeepAliveTimeout => "keepalive_timeout",
        ReasonCode::SessionTakenOver => "takenover",
        ReasonCode::AdministrativeAction => "kicked",
        ReasonCode::PacketTooLarge => "frame_too_large",
        ReasonCode::NotAuthorized => "not_authorized",
        ReasonCode::ServerShuttingDown => "server_shutting_down",
        ReasonCode::QuotaExceeded => "quota_exceeded",
        ReasonCode::ImplementationSpecificError => "internal_error",
        _ => "protocol_error",
    }
}
