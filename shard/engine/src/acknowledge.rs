//! PUBACK, PUBREC, PUBREL and PUBCOMP from a client.

use shard_session::{Acknowledged, Outbound};
use wire_message::Instant;
use wire_mqtt::{Ack, AckKind, PacketId, ReasonCode};

use crate::connection::{SessionKey, UNARMED};
use crate::engine::Engine;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::persist::Waits;
use crate::receive::Step;

impl Engine {
    pub(crate) fn handle_puback(
        &mut self,
        key: ConnectionKey,
        ack: &Ack<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_puback_received += 1;
        let step = self.finish_exchange(key, ack.packet_id, Outbound::puback, now, out);
        step.unwrap_or_else(|| {
            self.clients.counters.packets_puback_missed += 1;
            Step::Done
        })
    }

    pub(crate) fn handle_pubrec(
        &mut self,
        key: ConnectionKey,
        ack: &Ack<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_pubrec_received += 1;
        let Some((session_key, session)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        let (id, refused) = (ack.packet_id, ack.reason.is_error());
        let number = session.number;
        let released = session.outbound.delivery(id).cloned();
        let mut waits = Waits::NONE;
        let reason = match session.outbound.pubrec(id, refused, now) {
            Acknowledged::Done(delivery) => {
                if let Some(delivery) = delivery {
                    self.clients.write_removal(number, &delivery, Some(id));
                }
                self.exchange_over(session_key, now, out);
                return Step::Done;
            }
            // [v5 4.3.3-4], [v311 4.3.3-1].
            Acknowledged::SendPubrel => {
                if let Some(delivery) = released
                    && self.clients.write_release(number, &delivery, id)
                {
                    waits = self.clients.waits_written();
                }
                ReasonCode::Success
            }
            Acknowledged::Unknown => {
                self.clients.counters.packets_pubrec_missed += 1;
                ReasonCode::PacketIdentifierNotFound
            }
        };
        let waits = self.if_strict(key, waits);
        let ack = (AckKind::Pubrel, id, reason);
        self.clients.send_ack_after(key, ack, waits, out);
        Step::Done
    }

    pub(crate) fn handle_pubcomp(
        &mut self,
        key: ConnectionKey,
        ack: &Ack<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_pubcomp_received += 1;
        let step = self.finish_exchange(key, ack.packet_id, Outbound::pubcomp, now, out);
        step.unwrap_or_else(|| {
            self.clients.counters.packets_pubcomp_missed += 1;
            Step::Done
        })
    }

    /// Applies an acknowledgement that ends an exchange; `None` if there is none to end.
    fn finish_exchange(
        &mut self,
        key: ConnectionKey,
        id: PacketId,
        acknowledge: impl FnOnce(&mut Outbound, PacketId) -> Acknowledged,
        now: Instant,
        out: &mut Outputs,
    ) -> Option<Step> {
        let Some((session_key, session)) = self.clients.session_of(key) else {
            return Some(Step::Gone);
        };
        let number = session.number;
        match acknowledge(&mut session.outbound, id) {
            Acknowledged::Done(delivery) => {
                self.clients.write_over(number, delivery.as_ref(), id);
                self.exchange_over(session_key, now, out);
            }
            Acknowledged::SendPubrel | Acknowledged::Unknown => return None,
        }
        Some(Step::Done)
    }

    pub(crate) fn handle_pubrel(
        &mut self,
        key: ConnectionKey,
        ack: &Ack<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_pubrel_received += 1;
        let Some((session_key, _)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        // [v5 4.3.3-5]: PUBREL answers PUBREC, which is still waiting for the disk.
        if self.clients.is_strict(key) && self.is_premature(session_key, ack.packet_id) {
            return self.disconnect(key, ReasonCode::ProtocolError, now, out);
        }
        let mut waits = Waits::NONE;
        if self.close_exchange(session_key, ack.packet_id) {
            let written = self.clients.waits_written();
            waits = self.if_strict(key, written);
        }
        let Some((_, session)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        // [v5 4.3.3-11], [v311 4.3.3-2].
        let reason = session.inbound.pubrel(ack.packet_id);
        if reason.is_error() {
            self.clients.counters.packets_pubrel_missed += 1;
        }
        let ack = (AckKind::Pubcomp, ack.packet_id, reason);
        self.clients.send_ack_after(key, ack, waits, out);
        Step::Done
    }

    /// The client's window has room again.
    fn exchange_over(&mut self, session: SessionKey, now: Instant, out: &mut Outputs) {
        self.clients.counters.messages_acked += 1;
        self.pump(session, now, out);
    }

    /// Sends a client what waits for it: its queue, then retained messages for new subscriptions.
    pub(crate) fn pump(&mut self, session: SessionKey, now: Instant, out: &mut Outputs) {
        if self.clients.pump(session, now, out) {
            self.feed(session, now, out);
        }
    }

    /// The driver has sent bytes: a slow client may have caught up.
    pub(crate) fn handle_sent(
        &mut self,
        key: ConnectionKey,
        bytes: u32,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return;
        };
        let Some(unsent) = connection.unsent.checked_sub(bytes) else {
            self.bug(key, "more bytes were sent than there were", now, out);
            return;
        };
        connection.unsent = unsent;
        if !connection.congested {
            return;
        }
        connection.stalled = now;
        let limit = self
            .clients
            .settings
            .listener(connection.listener)
            .unsent_bytes_max;
        if connection.unsent > limit / 2 {
            return;
        }
        if connection.silent {
            return;
        }
        connection.congested = false;
        connection.stalled = UNARMED;
        if let Some(session) = connection.session {
            self.pump(session, now, out);
        }
        self.resume(key, Wait::Sent, out);
    }
}
