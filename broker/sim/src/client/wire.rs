//! A connection as its client holds it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wire_message::Instant;
use wire_mqtt::{Frame, Packet, PacketId, ReasonCode, Side, Version, frame};

use super::connect::Wish;
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::Violation;

/// An acknowledgement to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// For QoS 1.
    Puback(PacketId),
    /// The end of QoS 2.
    Pubcomp(PacketId),
    /// For QoS 2.
    Pubrec(PacketId),
}

/// A request without an answer: which of the session's subscriptions it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// SUBSCRIBE.
    Subscribe(Vec<usize>),
    /// UNSUBSCRIBE.
    Unsubscribe(Vec<usize>),
}

/// A connection.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each noted once"
)]
pub(super) struct Wire {
    /// Its transport.
    pub(super) link: LinkId,
    /// What CONNECT said.
    pub(super) wish: Wish,
    /// Whether CONNACK arrived.
    pub(super) is_up: bool,
    /// QoS 1 and 2 messages that may be on their way to the broker.
    pub(super) window: usize,
    /// Topic aliases that the broker takes.
    pub(super) aliases_max: u16,
    /// Topics by the alias that the client gave them, from 1.
    pub(super) aliases_out: Vec<String>,
    /// Topics by the alias that the broker gave them.
    pub(super) aliases_in: BTreeMap<u16, String>,
    /// Acknowledgements to send, in order.
    pub(super) due: VecDeque<Due>,
    /// Messages from the broker without their last acknowledgement.
    pub(super) in_flight: BTreeSet<PacketId>,
    /// SUBSCRIBE and UNSUBSCRIBE without an answer.
    pub(super) requests: BTreeMap<PacketId, Request>,
    /// Seconds.
    pub(super) keep_alive_s: u16,
    /// When something was last sent.
    pub(super) sent_at: Instant,
    /// What DISCONNECT said.
    pub(super) farewell: Option<ReasonCode>,
    /// Whether that was "taken over".
    pub(super) is_told_takeover: bool,
    /// Whether the client sent DISCONNECT.
    pub(super) said_goodbye: bool,
    /// Whether all was read.
    pub(super) is_at_end: bool,
    received: Vec<u8>,
    unsent: Vec<u8>,
}

impl Wire {
    /// A transport on which nothing was sent.
    pub(super) fn new(link: LinkId, wish: Wish, now: Instant) -> Self {
        let keep_alive_s = wish.keep_alive_s;
        Self {
            link,
            wish,
            is_up: false,
            window: 0,
            aliases_max: 0,
            aliases_out: Vec::new(),
            aliases_in: BTreeMap::new(),
            due: VecDeque::new(),
            in_flight: BTreeSet::new(),
            requests: BTreeMap::new(),
            keep_alive_s,
            sent_at: now,
            farewell: None,
            is_told_takeover: false,
            said_goodbye: false,
            is_at_end: false,
            received: Vec::new(),
            unsent: Vec::new(),
        }
    }

    /// Encodes a packet; says where in the stream it ends.
    pub(super) fn send(&mut self, packet: &Packet<'_>, version: Version, now: Instant) -> Position {
        packet
            .encode(version, &mut self.unsent)
            .expect("what the simulator sends can be encoded");
        self.sent_at = now;
        Position(self.unsent.len())
    }

    /// Where in the stream a packet that was just encoded ends.
    pub(super) fn end_of(&self, position: Position, outside: &Outside) -> u64 {
        outside.links[self.link].up.written() + position.0 as u64
    }

    /// Passes to the transport what it takes.
    pub(super) fn flush(&mut self, outside: &mut Outside) {
        if self.unsent.is_empty() {
            return;
        }
        let sent = outside.links[self.link]
            .up
            .write(&self.unsent, outside.now, &mut outside.rng);
        self.unsent.drain(..sent);
        outside.moved += sent as u64;
    }

    /// Reads what arrived; true at the end of the stream.
    pub(super) fn read(&mut self, outside: &mut Outside) -> bool {
        let limit = 1 + outside.rng.below(8192);
        let link = &mut outside.links[self.link];
        outside.moved += link.down.read(&mut self.received, limit, outside.now) as u64;
        link.down.is_at_end(outside.now)
    }

    /// The next whole packet.
    pub(super) fn next_packet(&mut self) -> Option<Vec<u8>> {
        match frame(&self.received, u32::MAX) {
            Ok(Frame::More { .. }) => None,
            Ok(Frame::Whole { size }) => Some(self.received.drain(..size as usize).collect()),
            // Decoding will say what is wrong.
            Err(_) => Some(core::mem::take(&mut self.received)),
        }
    }

    /// Remembers what DISCONNECT says.
    pub(super) fn note_farewell(&mut self, packet: &Packet<'_>) {
        if let Packet::Disconnect(disconnect) = packet {
            self.farewell = Some(disconnect.reason);
            self.is_told_takeover |= disconnect.reason == ReasonCode::SessionTakenOver;
        }
        if let Packet::Connack(connack) = packet {
            self.is_up = !connack.reason.is_error();
        }
    }

    /// Whether a connection that its client gave up can be closed.
    pub(super) const fn is_over(&self) -> bool {
        self.is_at_end || self.said_goodbye && self.unsent.is_empty()
    }

    /// Whether nothing is to be sent or awaited.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_up
            && self.due.is_empty()
            && self.in_flight.is_empty()
            && self.requests.is_empty()
            && self.unsent.is_empty()
    }
}

/// The end of a packet among the bytes that were not sent yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position(usize);

/// Decodes what the broker sent.
pub(super) fn decode(packet: &[u8], version: Version) -> Result<Packet<'_>, Violation> {
    Packet::decode(packet, version, Side::Client)
        .map_err(|error| Violation::new("well_formed", format!("{error} in {packet:02x?}")))
}
