//! What a publisher is told.

use wire_message::{Instant, Qos};
use wire_mqtt::{AckKind, PacketId, Publish, ReasonCode};

use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::persist::Waits;
use crate::receive::Step;

impl Engine {
    /// Tells the publisher that a message is not taken. A client that can't be told loses it
    /// silently, \[v311 3.3.5-2\].
    pub(super) fn refuse_publish(
        &mut self,
        key: ConnectionKey,
        publish: &Publish<'_>,
        reason: ReasonCode,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.messages_dropped += 1;
        self.acknowledge(key, publish, reason, Waits::NONE, out);
        Step::Done
    }

    /// Tells the publisher that its message could not be stored in time. A client that can't be
    /// told would take the acknowledgement for a promise, so it has to go.
    pub(super) fn refuse_unstored(
        &mut self,
        key: ConnectionKey,
        publish: &Publish<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.store_refused += 1;
        let reason = ReasonCode::QuotaExceeded;
        if publish.qos == Qos::AtMostOnce || self.is_v5(key) {
            self.refuse_publish(key, publish, reason, out)
        } else {
            self.clients.counters.messages_dropped += 1;
            self.disconnect(key, reason, now, out)
        }
    }

    /// Sends PUBACK or PUBREC, as the quality of service demands, when `waits` allows.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.2-4\], \[v5 4.3.3-8\], \[v311 4.3.2-2\], \[v311 4.3.3-2\].
    pub(super) fn acknowledge(
        &mut self,
        key: ConnectionKey,
        publish: &Publish<'_>,
        reason: ReasonCode,
        waits: Waits,
        out: &mut Outputs,
    ) {
        let Some(id) = publish.packet_id else { return };
        let waits = self.if_strict(key, waits);
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => {
                if let Some((_, session)) = self.clients.session_of(key) {
                    session.inbound.acknowledged();
                }
                let ack = (AckKind::Puback, id, reason);
                self.clients.send_ack_after(key, ack, waits, out);
            }
            Qos::ExactlyOnce => self.acknowledge_qos2(key, id, reason, waits, out),
        }
    }

    fn acknowledge_qos2(
        &mut self,
        key: ConnectionKey,
        id: PacketId,
        reason: ReasonCode,
        waits: Waits,
        out: &mut Outputs,
    ) {
        let told = self.is_v5(key);
        let Some((session_key, session)) = self.clients.session_of(key) else {
            return;
        };
        if reason.is_error() && told {
            session.inbound.refused(id);
        } else {
            self.clients.arm_release(session_key);
        }
        let ack = (AckKind::Pubrec, id, reason);
        self.clients.send_ack_after(key, ack, waits, out);
    }
}
