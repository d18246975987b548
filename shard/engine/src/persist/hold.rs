//! Publishes that wait for the store to catch up.

use wire_message::Instant;
use wire_mqtt::{Packet, ReasonCode};

use super::{Packet as Waiting, Waits};
use crate::engine::Engine;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::parcel::index;
use crate::receive::Step;

impl Engine {
    /// Leaves a publish where it is until the store has caught up, or for as long as it may wait.
    pub(crate) fn hold_for_store(&mut self, key: ConnectionKey, now: Instant) -> Step {
        self.clients.counters.store_waits += 1;
        self.hold(key, Wait::Store);
        self.held_by_store.push(key);
        let wait_max = self.clients.settings.store_wait_max;
        if let Some(connection) = self.clients.connections.get_mut(key) {
            let until = *connection.hold_mut().until.get_or_insert(now + wait_max);
            self.clients.arm_connection(key, until);
        }
        Step::Held
    }

    /// Whether a publish has waited for the store for as long as it may.
    pub(crate) fn is_refused_by_store(&self, key: ConnectionKey) -> bool {
        let connection = self.clients.connections.get(key);
        let hold = connection.and_then(|connection| connection.hold.as_ref());
        hold.is_some_and(|hold| hold.refused)
    }

    /// Sends an answer that promises what was written down so far.
    pub(crate) fn promise(&mut self, key: ConnectionKey, packet: &Packet<'_>, out: &mut Outputs) {
        let Some(connection) = self.clients.connections.get(key) else {
            return;
        };
        let is_stored = connection
            .session
            .is_some_and(|session| self.clients.stored(session).is_some());
        if !is_stored {
            self.clients.send(key, packet, out);
            return;
        }
        let start = out.bytes.len();
        let (version, limit) = (connection.version, connection.packet_bytes_max);
        if packet.encode_within(version, limit, &mut out.bytes).is_ok() {
            let written = self.clients.waits_written();
            let waits = self.if_strict(key, written);
            let promise = Waiting::Promise(index(out.bytes.len() - start));
            self.clients.stand_in_line(key, waits, promise, start, out);
        }
    }

    /// Whether a packet of a stored session's client must wait because the store can't take what
    /// would follow; a client that waits too long has to go.
    pub(crate) fn waits_for_store(
        &mut self,
        key: ConnectionKey,
        now: Instant,
        out: &mut Outputs,
    ) -> Option<Step> {
        if !self.clients.journal.is_overfull() {
            return None;
        }
        let (session, _) = self.clients.session_of(key)?;
        self.clients.stored(session)?;
        if self.is_refused_by_store(key) {
            self.clients.counters.store_refused += 1;
            return Some(self.disconnect(key, ReasonCode::QuotaExceeded, now, out));
        }
        Some(self.hold_for_store(key, now))
    }

    /// What a client's acknowledgement waits for: nothing if its listener does not promise that
    /// it does. Whatever it is, it is hurried.
    pub(crate) fn if_strict(&mut self, key: ConnectionKey, waits: Waits) -> Waits {
        if waits.is_empty() || !self.clients.is_strict(key) {
            return Waits::NONE;
        }
        if waits.shards().any(|shard| shard == self.place.shard) {
            self.clients.journal.hurry();
        }
        waits
    }
}
