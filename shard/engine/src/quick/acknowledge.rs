//! The usual acknowledgement: of something that is in flight, in four bytes.

use shard_session::Acknowledged;
use wire_mqtt::{AckKind, PLAIN_ACK_BYTES, ReasonCode, encode_ack, plain_ack};

use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::session::Session;

impl Engine {
    /// Takes the acknowledgement at the start of `input` if it is a usual one, and gives its size;
    /// `None` if it is not, and nothing was done.
    #[inline]
    pub(super) fn acknowledge_quickly(
        &mut self,
        key: ConnectionKey,
        input: &[u8],
        size_max: u32,
        out: &mut Outputs,
    ) -> Option<u32> {
        let (kind, id) = plain_ack(input)?;
        let clients = &mut self.clients;
        let now = clients.now;
        let connection = clients.connections.get_mut(key)?;
        let session_key = connection.session?;
        if !connection.is_usual() || size_max < PLAIN_ACK_BYTES {
            return None;
        }
        let session = clients.sessions.get_mut(session_key)?;
        if session.is_stored() {
            return None;
        }
        let counters = &mut clients.counters;
        let answer = match kind {
            AckKind::Puback => {
                let Acknowledged::Done(_) = session.outbound.puback(id) else {
                    return None;
                };
                counters.packets_puback_received += 1;
                None
            }
            AckKind::Pubcomp => {
                let Acknowledged::Done(_) = session.outbound.pubcomp(id) else {
                    return None;
                };
                counters.packets_pubcomp_received += 1;
                None
            }
            // The answers of a client that takes nothing are not put off here.
            AckKind::Pubrec | AckKind::Pubrel if connection.congested => return None,
            AckKind::Pubrec => {
                if session.outbound.pubrec(id, false, now) != Acknowledged::SendPubrel {
                    return None;
                }
                counters.packets_pubrec_received += 1;
                counters.packets_pubrel_sent += 1;
                Some(AckKind::Pubrel)
            }
            AckKind::Pubrel => {
                if session.inbound.pubrel(id).is_error() {
                    return None;
                }
                counters.packets_pubrel_received += 1;
                counters.packets_pubcomp_sent += 1;
                Some(AckKind::Pubcomp)
            }
        };
        connection.keep_alive.packet_received(now);
        counters.bytes_received += u64::from(PLAIN_ACK_BYTES);
        counters.packets_received += 1;
        if let Some(answer) = answer {
            let version = connection.version;
            let reason = ReasonCode::Success;
            encode_ack(answer, id, reason, version, &mut clients.answers);
        } else {
            counters.messages_acked += 1;
            if session.has_more() {
                self.pump(session_key, now, out);
            }
        }
        Some(PLAIN_ACK_BYTES)
    }
}

impl Session {
    /// Whether something waits for room in the client's window.
    #[inline]
    fn has_more(&self) -> bool {
        !self.queue.is_empty() || self.feeds.is_some() || self.outbound.has_resends()
    }
}
