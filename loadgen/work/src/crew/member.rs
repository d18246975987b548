//! One client of a crew: its small part that is always there.

use std::collections::BTreeSet;

use wire_client::{Client, Settings};
use wire_message::Instant;
use wire_mqtt::PacketId;

use super::answer::Responder;

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No transport.
    Offline,
    /// The transport was asked for.
    Opening,
    /// CONNECT was sent.
    Connecting,
    /// SUBSCRIBE was sent.
    Subscribing,
    /// All is there.
    Ready,
    /// The transport is to be closed.
    Closing,
}

impl Phase {
    /// Whether it passes by itself.
    pub(super) const fn is_passing(self) -> bool {
        !matches!(self, Self::Offline | Self::Ready)
    }

    /// Whether the broker has accepted the client.
    pub(super) const fn is_connected(self) -> bool {
        matches!(self, Self::Subscribing | Self::Ready)
    }
}

/// One client.
#[derive(Debug)]
pub(super) struct Member {
    /// CONNECT, SUBSCRIBE, pings and their answers; messages are the crew's own business.
    pub(super) client: Client,
    /// The beginning of a packet whose end has not come.
    pub(super) pending: Vec<u8>,
    /// Messages of QoS 2 that the broker has not released.
    pub(super) unreleased: BTreeSet<PacketId>,
    /// Answers to requests, in groups that answer.
    pub(super) responder: Option<Box<Responder>>,
    /// When it asked to connect, or later to subscribe: nothing can be late before that.
    pub(super) asked_at: Instant,
    pub(super) last_sent: Instant,
    /// Bytes that the transport has not sent.
    pub(super) queued: u32,
    /// Its place among the crew's publishers.
    pub(super) publisher: Option<u32>,
    /// The end of its list of watches; it begins where the list of the one before ends.
    pub(super) watches_end: u32,
    pub(super) group: u16,
    pub(super) keep_alive_s: u16,
    /// Its connection, counted from the first one at which messages may have been missed.
    pub(super) epoch: u16,
    pub(super) phase: Phase,
    /// Visits of the keep-alive scan since a ping that was not answered.
    pub(super) unanswered: u8,
    pub(super) flags: Flags,
}

/// An idle client is at most this large; hundreds of thousands fit in a load generator.
const _: () = assert!(size_of::<Member>() <= 240, "an idle client is small");

/// What is true of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    /// It shall subscribe when it is connected.
    pub(super) const SUBSCRIBE: Self = Self(1);
    /// A ping was not answered yet.
    pub(super) const PINGED: Self = Self(2);
    /// It is not read, to be slow.
    pub(super) const PAUSED: Self = Self(4);
    /// It was there once.
    pub(super) const KNOWN: Self = Self(8);
    /// It came when messages were on their way already.
    pub(super) const LATE: Self = Self(16);
    /// It went when messages were on their way.
    pub(super) const LEFT_EARLY: Self = Self(32);
    /// Latencies of what it receives are recorded.
    pub(super) const MEASURED: Self = Self(64);

    pub(super) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(super) const fn set(&mut self, flag: Self, on: bool) {
        if on {
            self.0 |= flag.0;
        } else {
            self.0 &= !flag.0;
        }
    }
}

impl Member {
    pub(super) fn new(group: u16, publisher: Option<u32>, watches_end: u32) -> Self {
        Self {
            client: Client::new(Settings::default()),
            pending: Vec::new(),
            unreleased: BTreeSet::new(),
            responder: None,
            asked_at: Instant::ZERO,
            last_sent: Instant::ZERO,
            queued: 0,
            publisher,
            watches_end,
            group,
            keep_alive_s: 0,
            epoch: 0,
            phase: Phase::Offline,
            unanswered: 0,
            flags: Flags::default(),
        }
    }
}
