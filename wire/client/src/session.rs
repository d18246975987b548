//! What a client remembers beside its connection; absent while there is nothing to remember.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wire_mqtt::{PacketId, PacketType};

use crate::aliases;

/// State of the session and of requests under way.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Messages on their way to the broker, oldest first.
    pub(crate) outgoing: VecDeque<Outgoing>,
    /// Their packet ids, to find one that is free without a look at all of them.
    outgoing_ids: BTreeSet<PacketId>,
    /// Messages of QoS 2 that the broker delivered and has not released.
    pub(crate) unreleased: BTreeSet<PacketId>,
    /// Deliveries that the caller has yet to acknowledge, and whether they are of QoS 2.
    pub(crate) unacknowledged: BTreeMap<PacketId, bool>,
    /// SUBSCRIBE and UNSUBSCRIBE packets without an answer, and their numbers of filters.
    pub(crate) requests: BTreeMap<PacketId, (PacketType, usize)>,
    /// Aliases of the broker.
    pub(crate) aliases_in: aliases::Inbound,
    /// Aliases of the client.
    pub(crate) aliases_out: aliases::Outbound,
}

/// A message on its way to the broker.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) packet_id: PacketId,
    pub(crate) waits_for: WaitsFor,
    /// Whether it went out on this connection, so that it counts against the broker's window.
    pub(crate) sent: bool,
    /// The PUBLISH, without topic alias; empty once the broker has it.
    pub(crate) packet: Box<[u8]>,
}

/// The packet that takes a message's delivery further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Puback,
    Pubrec,
    Pubcomp,
}

impl Session {
    /// Forgets what ends with a connection.
    pub(crate) fn end_connection(&mut self) {
        for outgoing in &mut self.outgoing {
            outgoing.sent = false;
        }
        self.unacknowledged.clear();
        self.requests.clear();
        self.aliases_in = aliases::Inbound::default();
        self.aliases_out = aliases::Outbound::default();
    }

    /// Whether there is nothing in it that outlives the connection.
    pub(crate) fn is_empty(&self) -> bool {
        self.outgoing.is_empty() && self.unreleased.is_empty()
    }

    /// Whether there is nothing in it at all.
    pub(crate) fn is_idle(&self) -> bool {
        self.is_empty()
            && self.unacknowledged.is_empty()
            && self.requests.is_empty()
            && self.aliases_in.is_empty()
            && self.aliases_out.is_empty()
    }

    pub(crate) fn uses(&self, packet_id: PacketId) -> bool {
        self.requests.contains_key(&packet_id) || self.outgoing_ids.contains(&packet_id)
    }

    /// Remembers a message, the latest.
    pub(crate) fn push(&mut self, outgoing: Outgoing) {
        self.outgoing_ids.insert(outgoing.packet_id);
        self.outgoing.push_back(outgoing);
    }

    /// Forgets the message at `at`.
    pub(crate) fn remove(&mut self, at: usize) -> Option<Outgoing> {
        let outgoing = self.outgoing.remove(at)?;
        self.outgoing_ids.remove(&outgoing.packet_id);
        Some(outgoing)
    }

    /// Where the message is that waits for `waits_for` under `packet_id`; mostly the oldest.
    pub(crate) fn find(&self, packet_id: PacketId, waits_for: WaitsFor) -> Option<usize> {
        self.outgoing
            .iter()
            .position(|outgoing| outgoing.packet_id == packet_id && outgoing.waits_for == waits_for)
    }
}
