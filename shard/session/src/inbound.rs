//! Messages from a client that it does not yet know to be ours.

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::BTreeMap;

use wire_message::Instant;
use wire_mqtt::{PacketId, ReasonCode};

use crate::coarse::Coarse;

/// What to do with a PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is the repetition of a message that was taken over: send PUBREC again, route nothing.
    Duplicate,
    /// It is new: route it, then acknowledge it.
    New,
    /// As many QoS 2 messages await PUBREL as may: answer with PUBREC 0x97. A 3.x client can't be
    /// told so; its connection is closed.
    TooManyAwaited,
    /// The client exceeds our Receive Maximum: disconnect it with this reason, 0x93.
    Violation(ReasonCode),
}

/// How many messages a client may have on their way to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundLimits {
    /// Unacknowledged messages on one connection, as told in CONNACK: our Receive Maximum. 3.x
    /// knows no such thing: `u16::MAX`.
    pub receive_max: u16,
    /// QoS 2 messages whose PUBREL is awaited, in the whole session.
    pub awaited_max: u32,
    /// How long a PUBREL is awaited.
    pub await_timeout: Duration,
}

/// The receiving side of one session: 16 bytes while nothing is awaited.
///
/// Remembers, also while the client is away, the packet ids of QoS 2 messages from PUBLISH to
/// PUBREL, so that a repetition is recognised; and counts, for the present connection, what the
/// client has not been told to be ours.
#[derive(Debug, Default)]
pub struct Inbound {
    /// The box keeps the usual case, nothing awaited, small.
    awaited: Option<Box<AwaitedIds>>,
    /// Messages of quality of service 1 and 2 that the client counts in its send quota.
    open: u16,
}

#[derive(Debug, Default)]
struct AwaitedIds(BTreeMap<PacketId, Awaited>);

#[derive(Clone, Copy, Debug)]
struct Awaited {
    since: Coarse,
    /// Counted in `open`: its PUBLISH came on the present connection.
    open: bool,
}

impl Inbound {
    /// Nothing awaited.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            awaited: None,
            open: 0,
        }
    }

    /// Number of QoS 2 messages whose PUBREL is awaited.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.awaited.as_ref().map_or(0, |awaited| awaited.0.len())
    }

    /// Number of messages that the client counts as unacknowledged on this connection.
    #[must_use]
    pub const fn open(&self) -> u16 {
        self.open
    }

    /// The client is on a new connection: its quota is full again, what is awaited stays.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 4.9.
    pub fn resume(&mut self) {
        self.open = 0;
        for awaited in self
            .awaited
            .iter_mut()
            .flat_map(|awaited| awaited.0.values_mut())
        {
            awaited.open = false;
        }
    }

    /// A PUBLISH of quality of service 1 came. [`Inbound::acknowledged`] must follow.
    #[must_use]
    pub fn publish_qos1(&mut self, limits: &InboundLimits) -> Arrival {
        if !self.allows_qos1(limits) {
            return Arrival::Violation(ReasonCode::ReceiveMaximumExceeded);
        }
        self.open += 1;
        Arrival::New
    }

    /// PUBACK is being sent, or would be if the connection that the message came by were still the
    /// session's: then the new one's quota gains one, which harms nobody.
    pub const fn acknowledged(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A PUBLISH of quality of service 1 came that is acknowledged at once: whether it is within
    /// our Receive Maximum. Nothing must follow.
    #[must_use]
    pub const fn allows_qos1(&self, limits: &InboundLimits) -> bool {
        self.open < limits.receive_max
    }

    /// A PUBLISH of quality of service 2 came; its DUP flag does not matter. Asked again, it says
    /// the same again, unless that is [`Arrival::New`].
    ///
    /// # Specification
    ///
    /// \[v5 4.3.3-10\], \[v311 4.3.3-2\]; quota: MQTT 5.0 section 3.3.4.
    #[must_use]
    pub fn publish_qos2(&mut self, id: PacketId, limits: &InboundLimits, now: Instant) -> Arrival {
        let known = self
            .awaited
            .as_mut()
            .and_then(|awaited| awaited.0.get_mut(&id));
        if let Some(Awaited { open: true, .. }) = known {
            return Arrival::Duplicate;
        }
        if self.open >= limits.receive_max {
            return Arrival::Violation(ReasonCode::ReceiveMaximumExceeded);
        }
        if let Some(awaited) = known {
            awaited.open = true;
            self.open += 1;
            return Arrival::Duplicate;
        }
        if self.awaited() >= limits.awaited_max as usize {
            return Arrival::TooManyAwaited;
        }
        self.open += 1;
        let awaited = Awaited {
            since: Coarse::at(now),
            open: true,
        };
        self.awaited.get_or_insert_default().0.insert(id, awaited);
        Arrival::New
    }

    /// The message of a PUBLISH of quality of service 2 was not taken over: PUBREC of 0x80 or more
    /// is being sent, and the packet id is free.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.3-9\].
    pub fn refused(&mut self, id: PacketId) {
        self.remove(id);
    }

    /// PUBREL came: the reason code for PUBCOMP, 0x92 if nothing is awaited under this id. A 3.x
    /// PUBCOMP carries none and is sent all the same.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.3-11\], \[v5 4.3.3-12\], \[v5 4.3.3-13\].
    #[must_use]
    pub fn pubrel(&mut self, id: PacketId) -> ReasonCode {
        if self.remove(id) {
            ReasonCode::Success
        } else {
            ReasonCode::PacketIdentifierNotFound
        }
    }

    /// Gives up what was awaited for too long; how many. A PUBREL that comes after all gets 0x92.
    pub fn expire(&mut self, limits: &InboundLimits, now: Instant) -> usize {
        let Some(AwaitedIds(awaited)) = self.awaited.as_deref_mut() else {
            return 0;
        };
        let (before, mut open) = (awaited.len(), 0);
        awaited.retain(|_, one| {
            let keep = one.since.elapsed(now) < limits.await_timeout;
            open += u16::from(!keep && one.open);
            keep
        });
        let given_up = before - awaited.len();
        self.open = self.open.saturating_sub(open);
        self.free_if_empty();
        given_up
    }

    /// The time by which [`Inbound::expire`] gives up what comes at `now`: nothing that is awaited
    /// stays longer.
    #[must_use]
    pub fn latest_expiry(limits: &InboundLimits, now: Instant) -> Instant {
        Coarse::at(now).after(limits.await_timeout, now)
    }

    /// When [`Inbound::expire`] has something to do next; `None` if nothing is awaited.
    ///
    /// Looks at everything that is awaited: for arming a timer, not for every packet.
    #[must_use]
    pub fn next_expiry(&self, limits: &InboundLimits, now: Instant) -> Option<Instant> {
        let awaited = self.awaited.iter().flat_map(|awaited| awaited.0.values());
        awaited
            .map(|one| one.since.after(limits.await_timeout, now))
            .min()
    }

    /// Puts back a message of an earlier run whose PUBREL is awaited.
    pub fn restore(&mut self, id: PacketId, since: Instant) {
        let awaited = Awaited {
            since: Coarse::at(since),
            open: false,
        };
        self.awaited.get_or_insert_default().0.insert(id, awaited);
    }

    /// Whether PUBREL is awaited under `id`.
    #[must_use]
    pub fn awaits(&self, id: PacketId) -> bool {
        let awaited = self.awaited.as_ref();
        awaited.is_some_and(|awaited| awaited.0.contains_key(&id))
    }

    fn remove(&mut self, id: PacketId) -> bool {
        let removed = self
            .awaited
            .as_mut()
            .and_then(|awaited| awaited.0.remove(&id));
        self.free_if_empty();
        if let Some(Awaited { open: true, .. }) = removed {
            self.acknowledged();
        }
        removed.is_some()
    }

    fn free_if_empty(&mut self) {
        self.awaited.take_if(|awaited| awaited.0.is_empty());
    }
}
