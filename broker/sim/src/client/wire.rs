//! A connection as its client holds it.

use std::collections::{BTreeMap, VecDeque};

use wire_mqtt::{Frame, Packet, PacketId, ReasonCode, Side, Version, frame};

use super::connect::Wish;
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, Violation};

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
pub(super) struct Wire {
    /// Its transport.
    pub(super) link: LinkId,
    /// What CONNECT said.
    pub(super) wish: Wish,
    /// Whether CONNACK arrived.
    pub(super) is_up: bool,
    /// Messages to acknowledge, in order.
    pub(super) due: VecDeque<PacketId>,
    /// SUBSCRIBE and UNSUBSCRIBE without an answer.
    pub(super) requests: BTreeMap<PacketId, Request>,
    /// What DISCONNECT said.
    pub(super) farewell: Option<ReasonCode>,
    /// Bytes to send.
    pub(super) unsent: Vec<u8>,
    received: Vec<u8>,
}

impl Wire {
    /// A transport on which nothing was sent.
    pub(super) const fn new(link: LinkId, wish: Wish) -> Self {
        Self {
            link,
            wish,
            is_up: false,
            due: VecDeque::new(),
            requests: BTreeMap::new(),
            farewell: None,
            unsent: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Reads what arrived: whole packets, and whether the stream has ended.
    ///
    /// What a former connection leaves to its ghost must begin with a packet.
    pub(super) fn read(&mut self, outside: &mut Outside) -> (Vec<u8>, bool) {
        let is_at_end = read(self.link, &mut self.received, outside);
        let mut whole = 0;
        while let Ok(Frame::Whole { size }) = frame(&self.received[whole..], u32::MAX) {
            whole += size as usize;
        }
        (self.received.drain(..whole).collect(), is_at_end)
    }

    /// Where in the stream what was encoded last ends.
    pub(super) fn end(&self, outside: &Outside) -> u64 {
        outside.links[self.link].up.written() + self.unsent.len() as u64
    }

    /// Whether nothing is to be sent or awaited.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_up && self.due.is_empty() && self.requests.is_empty() && self.unsent.is_empty()
    }
}

/// A connection that its client gave up, and that the broker has not closed.
#[derive(Debug)]
pub(super) struct Ghost {
    /// Its transport.
    pub(super) link: LinkId,
    /// Whether CONNACK arrived.
    pub(super) is_up: bool,
    /// What DISCONNECT said.
    pub(super) farewell: Option<ReasonCode>,
    /// Whether the client sent DISCONNECT.
    pub(super) said_goodbye: bool,
    is_at_end: bool,
    received: Vec<u8>,
    unsent: Vec<u8>,
}

impl Ghost {
    /// A connection that the client does not use any more.
    pub(super) fn new(wire: Wire, said_goodbye: bool) -> Self {
        Self {
            link: wire.link,
            is_up: wire.is_up,
            farewell: wire.farewell,
            said_goodbye,
            is_at_end: false,
            received: wire.received,
            unsent: wire.unsent,
        }
    }

    /// Sends what is left, and looks for the broker's last word.
    pub(super) fn act(&mut self, version: Version, outside: &mut Outside) -> Checked {
        flush(self.link, &mut self.unsent, outside);
        self.is_at_end = read(self.link, &mut self.received, outside);
        while let Ok(Frame::Whole { size }) = frame(&self.received, u32::MAX) {
            let packet: Vec<u8> = self.received.drain(..size as usize).collect();
            let packet = Packet::decode(&packet, version, Side::Client)
                .map_err(|error| Violation::new("well_formed", error.to_string()))?;
            if let Packet::Disconnect(disconnect) = packet {
                self.farewell = Some(disconnect.reason);
            }
        }
        Ok(())
    }

    /// Whether it can be closed.
    pub(super) const fn is_over(&self) -> bool {
        self.is_at_end || self.said_goodbye && self.unsent.is_empty()
    }
}

/// Passes to the transport what it takes.
pub(super) fn flush(link: LinkId, unsent: &mut Vec<u8>, outside: &mut Outside) {
    if unsent.is_empty() {
        return;
    }
    let sent = outside.links[link]
        .up
        .write(unsent, outside.now, &mut outside.rng);
    unsent.drain(..sent);
    outside.moved += sent as u64;
}

/// Reads what arrived; true at the end of the stream.
pub(super) fn read(link: LinkId, received: &mut Vec<u8>, outside: &mut Outside) -> bool {
    let limit = 1 + outside.rng.below(8192);
    let link = &mut outside.links[link];
    outside.moved += link.down.read(received, limit, outside.now) as u64;
    link.down.is_at_end(outside.now)
}
