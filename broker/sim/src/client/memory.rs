//! What a client remembers of its session from one connection to the next.

use std::collections::{BTreeSet, VecDeque};

use wire_mqtt::PacketId;

use crate::history::{PublishId, SessionId};

/// A message on its way to the broker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outbound {
    /// Its packet id.
    pub(super) packet_id: PacketId,
    /// Which.
    pub(super) message: PublishId,
    /// Whether PUBREC arrived, so that PUBREL is what is sent again.
    pub(super) is_received: bool,
}

/// The client's half of the session state.
///
/// # Specification
///
/// MQTT 5.0 section 4.1.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The session, if the client may have one.
    pub(super) session: Option<SessionId>,
    /// How long the session outlives a connection, seconds.
    pub(super) expiry_s: u32,
    /// Whether something was sent of which the client does not know whether it ended the session:
    /// only a clean start makes sure.
    pub(super) is_uncertain: bool,
    /// QoS 1 and 2 messages without their last acknowledgement, in order.
    pub(super) outbound: VecDeque<Outbound>,
    /// QoS 2 messages that arrived and were not released.
    pub(super) inbound: BTreeSet<PacketId>,
    last_packet_id: u16,
}

impl Memory {
    /// Forgets all: the broker has a new session.
    pub(super) fn clear(&mut self) {
        self.outbound.clear();
        self.inbound.clear();
    }

    /// A packet id that is not in use, given those in use apart from the messages'.
    pub(super) fn packet_id(&mut self, is_used: impl Fn(PacketId) -> bool) -> PacketId {
        loop {
            self.last_packet_id = self.last_packet_id % 200 + 1;
            let id = PacketId::new(self.last_packet_id).expect("1 to 200");
            if !is_used(id)
                && self
                    .outbound
                    .iter()
                    .all(|outbound| outbound.packet_id != id)
            {
                return id;
            }
        }
    }
}
