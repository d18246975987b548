//! What the engine keeps of one connection: a small entry, with boxes for what few need.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use shard_session::{Charge, InboundAliases, KeepAlive, Limiter, OutboundAliases};
use shard_table::Key;
use wire_message::Instant;
use wire_mqtt::Version;

use crate::hold::Hold;
use crate::persist::Line;
use crate::settings::{ListenerId, ListenerSettings};

/// Marks keys of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OfSession {}

/// A session of this shard.
pub(crate) type SessionKey = Key<OfSession>;

/// One connection, from accept or adoption to close.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub(crate) struct Connection {
    /// The session, once CONNECT was accepted.
    pub(crate) session: Option<SessionKey>,
    /// What the packet at the front of the driver's buffer waits for, or has been granted.
    pub(crate) hold: Option<Box<Hold>>,
    /// Token buckets, if the listener limits rates.
    pub(crate) throttle: Option<Box<Throttle>>,
    /// Topic aliases, once one is used.
    pub(crate) aliases: Option<Box<Aliases>>,
    /// Packets that wait for the disk, if there are any.
    pub(crate) line: Option<Box<Line>>,
    /// When the next timer of the connection fires, if one is armed.
    pub(crate) armed: Instant,
    /// When the connection was accepted.
    pub(crate) accepted_at: Instant,
    pub(crate) keep_alive: KeepAlive,
    /// Bytes given to the driver and not yet reported as sent.
    pub(crate) unsent: u32,
    /// Bytes of `unsent` above which the client counts as slow.
    pub(crate) unsent_max: u32,
    /// Since when the client takes nothing although it counts as slow; [`UNARMED`]: it takes.
    pub(crate) stalled: Instant,
    /// Largest packet the client accepts.
    pub(crate) packet_bytes_max: u32,
    /// Highest alias the client accepts.
    pub(crate) topic_alias_max: u16,
    pub(crate) peer: PeerAddress,
    pub(crate) listener: ListenerId,
    pub(crate) version: Version,
    /// Whether the client takes every packet as it is: any size, no alias, no mount point.
    pub(crate) plain: bool,
    /// Whether the session has a mount point, to be taken off the topics of deliveries.
    pub(crate) mounted: bool,
    /// Whether the client counts as slow: messages wait in the session's queue.
    pub(crate) congested: bool,
    /// Whether what promises something waits for the disk.
    pub(crate) strict: bool,
    /// Whether CONNACK waits, and so everything else.
    pub(crate) silent: bool,
}

/// A connection's token buckets.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    pub(crate) messages: Limiter,
    pub(crate) bytes: Limiter,
}

/// A connection's topic aliases.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    pub(crate) inbound: InboundAliases,
    pub(crate) outbound: OutboundAliases,
}

/// An address and port in 18 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeerAddress {
    ip: [u8; 16],
    port: u16,
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        Self {
            ip: ip.octets(),
            port: address.port(),
        }
    }
}

impl From<PeerAddress> for SocketAddr {
    fn from(address: PeerAddress) -> Self {
        Self::new(Ipv6Addr::from(address.ip).to_canonical(), address.port)
    }
}

/// No timer is armed.
pub(crate) const UNARMED: Instant = Instant::from_nanos(u64::MAX);

impl Connection {
    /// A connection whose CONNECT has not come.
    pub(crate) fn new(listener: ListenerId, peer: SocketAddr, accepted_at: Instant) -> Self {
        Self {
            session: None,
            hold: None,
            throttle: None,
            aliases: None,
            line: None,
            armed: UNARMED,
            accepted_at,
            keep_alive: KeepAlive::new(0, 0, accepted_at),
            unsent: 0,
            unsent_max: 0,
            stalled: UNARMED,
            packet_bytes_max: u32::MAX,
            topic_alias_max: 0,
            peer: peer.into(),
            listener,
            version: Version::V311,
            plain: false,
            mounted: false,
            congested: false,
            strict: false,
            silent: false,
        }
    }

    /// Whether the packet at the front waits for something.
    pub(crate) fn is_waiting(&self) -> bool {
        self.hold
            .as_ref()
            .is_some_and(|hold| hold.waiting.is_some())
    }
}

impl Throttle {
    /// Pays for a packet; if the rates do not allow it yet, when they will. All or nothing.
    pub(crate) fn charge(
        &mut self,
        settings: &ListenerSettings,
        is_publish: bool,
        bytes: u64,
        now: Instant,
    ) -> Option<Instant> {
        let (mut messages_left, mut bytes_left) = (self.messages, self.bytes);
        if let Some(rate) = settings.messages_rate
            && is_publish
            && let Charge::Wait(until) = messages_left.charge(1, rate, now)
        {
            return Some(until);
        }
        if let Some(rate) = settings.bytes_rate
            && let Charge::Wait(until) = bytes_left.charge(bytes, rate, now)
        {
            return Some(until);
        }
        (self.messages, self.bytes) = (messages_left, bytes_left);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_compact_form() {
        for text in ["127.0.0.1:1883", "[::1]:8883", "[2001:db8::7]:1"] {
            let address: SocketAddr = text.parse().expect("the test's address is valid");
            assert_eq!(SocketAddr::from(PeerAddress::from(address)), address);
        }
    }

    #[test]
    fn a_connection_is_small() {
        assert!(
            size_of::<Connection>() <= 136,
            "{}",
            size_of::<Connection>()
        );
    }
}
