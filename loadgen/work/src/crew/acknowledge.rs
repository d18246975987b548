//! PUBACK, PUBREC, PUBREL and PUBCOMP.

use wire_message::Instant;
use wire_mqtt::{AckKind, PacketId, ReasonCode, encode_ack};

use super::Crew;
use crate::Out;
use crate::outflow::{Sent, WaitsFor};

impl Crew {
    /// The broker takes an exchange further.
    pub(super) fn acknowledged(
        &mut self,
        local: u32,
        kind: AckKind,
        packet_id: PacketId,
        reason: ReasonCode,
        now: Instant,
        out: &mut Out,
    ) {
        let version = self.group_of(local).version;
        let mut say = |kind, reason| encode_ack(kind, packet_id, reason, version, &mut out.bytes);
        match kind {
            AckKind::Puback => {
                let sent = self.finish(local, packet_id, WaitsFor::Puback, reason, now);
                if sent.is_none() {
                    self.answer_acknowledged(local, out);
                }
            }
            AckKind::Pubrec if reason.is_error() => {
                self.finish(local, packet_id, WaitsFor::Pubrec, reason, now);
            }
            AckKind::Pubrec => {
                let publisher = self.members[local as usize].publisher;
                let outflow =
                    publisher.and_then(|at| self.publishers[at as usize].outflow.as_mut());
                let known = outflow.is_some_and(|outflow| outflow.received(packet_id));
                let reason = if known {
                    ReasonCode::Success
                } else {
                    ReasonCode::PacketIdentifierNotFound
                };
                say(AckKind::Pubrel, reason);
            }
            AckKind::Pubrel => {
                self.member(local).unreleased.remove(&packet_id);
                say(AckKind::Pubcomp, ReasonCode::Success);
            }
            AckKind::Pubcomp => {
                self.finish(local, packet_id, WaitsFor::Pubcomp, reason, now);
            }
        }
    }

    /// The delivery of a message to the broker is over.
    fn finish(
        &mut self,
        local: u32,
        packet_id: PacketId,
        waits_for: WaitsFor,
        reason: ReasonCode,
        now: Instant,
    ) -> Option<Sent> {
        let at = self.members[local as usize].publisher? as usize;
        let raw = self.plan.target.raw;
        let publisher = &mut self.publishers[at];
        let outflow = publisher.outflow.as_mut()?;
        let sent = if raw {
            outflow.finish_oldest()?
        } else {
            outflow.finish(packet_id, waits_for)?
        };
        self.counters.unacknowledged -= 1;
        let owes = publisher.owes() > 0;
        if reason.is_error() {
            publisher.uncertain += 1;
            self.counters.tally.messages.refused += 1;
        } else {
            self.counters.tally.messages.acknowledged += 1;
            let waited = now.as_nanos().saturating_sub(sent.at.as_nanos());
            let tally = self.counters.tally_of(sent.intended);
            tally.acknowledged.saturating_record(waited);
        }
        let closed = publisher.window.is_some();
        self.confirm(at, sent.sequence..sent.sequence.saturating_add(1), 1, now);
        if owes || closed {
            self.list(at);
        }
        Some(sent)
    }
}
