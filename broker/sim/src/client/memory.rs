//! What a client remembers of its session beside what the protocol asks for.

use std::collections::{BTreeMap, BTreeSet};

use wire_mqtt::PacketId;

use crate::history::{PublishId, SessionId};
use crate::links::LinkId;

/// What a client knows of its session.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The session, if the client may have one.
    pub(super) session: Option<SessionId>,
    /// How long the session outlives a connection, seconds.
    pub(super) expiry_s: u32,
    /// Whether something was sent of which the client does not know whether it ended the session:
    /// only a clean start makes sure.
    pub(super) is_uncertain: bool,
    /// A connection whose CONNECT may still be under way: another one could overtake it.
    pub(super) pending: Option<LinkId>,
    /// Which messages the packet ids of unfinished deliveries stand for.
    pub(super) outbound: BTreeMap<PacketId, PublishId>,
    /// QoS 2 messages that arrived and were not released.
    pub(super) unreleased: BTreeSet<PacketId>,
    /// Those of them that were retained: they are not stored, and a new process does not know them.
    pub(super) retained: BTreeSet<PacketId>,
    /// The process that the client spoke with last.
    pub(super) process: u32,
}
