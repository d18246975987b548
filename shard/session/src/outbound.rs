//! Messages sent to a client and not yet acknowledged.

mod flight;
#[cfg(test)]
mod tests;

use core::time::Duration;

use flight::{Flight, Stage};
use wire_message::{Instant, Qos};
use wire_mqtt::PacketId;

use crate::Delivery;
use crate::coarse::Coarse;

/// What an acknowledgement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// The exchange is over, the packet id is free, the window has room. Gives the delivery back
    /// if the message had not been given up to the receiver before (PUBACK, refusing PUBREC).
    Done(Option<Delivery>),
    /// Answer with PUBREL (0x00).
    SendPubrel,
    /// Nothing of that kind is in flight under that packet id. A PUBREC is to be answered with
    /// PUBREL 0x92; other packets are to be ignored.
    Unknown,
}

/// A packet to send again after a reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend<'a> {
    /// PUBLISH with DUP set.
    Publish(PacketId, &'a Delivery),
    /// PUBREL.
    Pubrel(PacketId),
}

/// The window towards one client: 16 bytes while nothing is in flight.
///
/// Deliveries of quality of service 1 and 2 stay here, in the order in which they were first
/// sent, from PUBLISH to PUBACK or PUBCOMP. Packet ids go round from 1 to 65,535 and pass over
/// those in use. After a reconnect everything here is sent again, in order and within the new
/// window, before anything new is.
///
/// ```text
/// push ---> Publish QoS 1 ---PUBACK-----------------------------> gone
///      \--> Publish QoS 2 ---PUBREC < 0x80---> Pubrel ---PUBCOMP--> gone
///                         \--PUBREC >= 0x80--------------------> gone
/// ```
#[derive(Debug)]
pub struct Outbound {
    flight: Option<Box<Flight>>,
    next: PacketId,
    window: u16,
}

impl Outbound {
    /// Nothing in flight; `window` is the least of the client's Receive Maximum and the
    /// configured maximum, at least 1.
    #[must_use]
    pub const fn new(window: u16) -> Self {
        Self {
            flight: None,
            next: flight::FIRST,
            window,
        }
    }

    /// Nothing in flight; packet ids go on with `next`.
    #[must_use]
    pub const fn starting_at(window: u16, next: PacketId) -> Self {
        Self {
            flight: None,
            next,
            window,
        }
    }

    /// Puts back a delivery that is in flight and to be sent again, or, without one, a packet id
    /// whose message the client has taken over. In the order of sending; [`Outbound::resume`] must
    /// follow.
    pub fn restore(&mut self, id: PacketId, delivery: Option<Delivery>, now: Instant) {
        let stage = delivery.map_or(Stage::Pubrel, Stage::Publish);
        let flight = self.flight.get_or_insert_default();
        flight.restore(id, stage, Coarse::at(now));
    }

    /// The delivery under `id`, if the client has not taken its message over.
    #[must_use]
    pub fn delivery(&self, id: PacketId) -> Option<&Delivery> {
        self.flight.as_ref()?.stage(id)?.delivery()
    }

    /// Has packet ids go on after `id`.
    pub fn go_on_after(&mut self, id: PacketId) {
        self.next = flight::following(id);
    }

    /// The packet id that the next delivery gets, if that is free.
    #[must_use]
    pub const fn next_id(&self) -> PacketId {
        self.next
    }

    /// Number of packet ids in use.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flight.as_ref().map_or(0, |flight| flight.len())
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.flight.is_none()
    }

    /// Whether a new delivery may be sent: the window has room and nothing waits to be resent.
    ///
    /// # Specification
    ///
    /// \[v5 3.3.4-9\], \[v5 4.9.0-1\], \[v5 4.9.0-2\].
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.flight
            .as_ref()
            .is_none_or(|flight| flight.waiting() == 0 && flight.open() < usize::from(self.window))
    }

    /// Takes a delivery of quality of service 1 or 2 that is being sent now; its packet id.
    ///
    /// `None` gives nothing away and means a mistake of the caller's: no room, or quality of
    /// service 0.
    ///
    /// # Specification
    ///
    /// \[v5 2.2.1-4\], \[v5 4.3.2-1\], \[v5 4.3.3-1\], \[v311 2.3.1-4\].
    pub fn push(&mut self, delivery: Delivery, now: Instant) -> Option<PacketId> {
        if delivery.qos() == Qos::AtMostOnce || !self.has_room() {
            return None;
        }
        let flight = self.flight.get_or_insert_default();
        let id = flight.push(self.next, delivery, Coarse::at(now));
        self.next = flight::following(id);
        Some(id)
    }

    /// PUBACK came, with whatever reason code.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.2-3\], \[v5 4.4.0-2\].
    pub fn puback(&mut self, id: PacketId) -> Acknowledged {
        self.finish(
            id,
            |stage| matches!(stage, Stage::Publish(d) if d.qos() == Qos::AtLeastOnce),
        )
    }

    /// PUBREC came; `refused` if its reason code is 0x80 or more.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.3-3\], \[v5 4.3.3-4\], \[v5 4.4.0-2\].
    pub fn pubrec(&mut self, id: PacketId, refused: bool, now: Instant) -> Acknowledged {
        let stage = self.flight.as_mut().and_then(|flight| flight.stage_mut(id));
        match stage {
            Some(Stage::Publish(delivery)) if delivery.qos() == Qos::ExactlyOnce => {}
            // Repeated, because our PUBREL has not arrived yet.
            Some(Stage::Pubrel) => return Acknowledged::SendPubrel,
            Some(Stage::Publish(_)) | None => return Acknowledged::Unknown,
        }
        if refused {
            return self.finish(id, |_| true);
        }
        if let Some(flight) = &mut self.flight {
            flight.release(id, Coarse::at(now));
        }
        Acknowledged::SendPubrel
    }

    /// PUBCOMP came, with whatever reason code.
    ///
    /// # Specification
    ///
    /// \[v5 4.3.3-5\].
    pub fn pubcomp(&mut self, id: PacketId) -> Acknowledged {
        self.finish(id, |stage| matches!(stage, Stage::Pubrel))
    }

    /// A client came back to the session: everything in flight is to be sent again, within the
    /// new `window`; see [`Outbound::next_resend`].
    pub fn resume(&mut self, window: u16) {
        self.window = window;
        if let Some(flight) = &mut self.flight {
            flight.resume();
        }
    }

    /// Whether something waits to be sent again.
    #[must_use]
    pub fn has_resends(&self) -> bool {
        self.flight
            .as_ref()
            .is_some_and(|flight| flight.waiting() > 0)
    }

    /// The next packet to send again after [`Outbound::resume`]; call until it gives `None`, and
    /// again after each acknowledgement.
    ///
    /// The order is that of the first sending. A PUBLISH waits for room in the window, a PUBREL
    /// does not.
    ///
    /// # Specification
    ///
    /// \[v5 4.4.0-1\], \[v311 4.4.0-1\], \[v5 4.3.3-6\], \[v5 4.9.0-3\].
    pub fn next_resend(&mut self, now: Instant) -> Option<Resend<'_>> {
        let window = usize::from(self.window);
        self.flight.as_mut()?.next_resend(window, Coarse::at(now))
    }

    /// For 3.x clients whose broker is told to repeat on a live connection: everything sent
    /// `interval` ago or earlier, in order. Each counts as sent at `now` from here on.
    ///
    /// A 5.0 client never gets a packet twice on one connection, \[v5 4.4.0-1\].
    pub fn retry(&mut self, interval: Duration, now: Instant, mut send: impl FnMut(Resend<'_>)) {
        for (id, entry) in self.flight.iter_mut().flat_map(|flight| flight.iter_mut()) {
            if entry.open && entry.sent.elapsed(now) >= interval {
                entry.sent = Coarse::at(now);
                send(entry.stage.resend(id));
            }
        }
    }

    /// When [`Outbound::retry`] has something to do next; `None` if nothing is in flight.
    #[must_use]
    pub fn next_retry(&self, interval: Duration, now: Instant) -> Option<Instant> {
        let open = self
            .flight
            .iter()
            .flat_map(|flight| flight.iter())
            .filter(|(_, e)| e.open);
        open.map(|(_, entry)| entry.sent.after(interval, now)).min()
    }

    /// The deliveries in flight that came through a group and may go to another member, in order,
    /// because this client went away: those of quality of service 1. They are no longer in flight.
    ///
    /// Quality of service 2 stays: it is completed with this client or with nobody.
    ///
    /// # Specification
    ///
    /// \[v5 4.8.2-4\], \[v5 4.8.2-5\].
    pub fn take_group_deliveries(&mut self) -> Vec<Delivery> {
        let ids: Vec<_> = self
            .flight
            .iter()
            .flat_map(|flight| flight.iter())
            .filter(|(_, entry)| {
                matches!(&entry.stage, Stage::Publish(delivery)
                if delivery.qos() == Qos::AtLeastOnce && delivery.group().is_some())
            })
            .map(|(id, _)| id)
            .collect();
        ids.into_iter()
            .filter_map(|id| self.take(id))
            .filter_map(Stage::into_delivery)
            .collect()
    }

    /// Forgets that deliveries came through `group`, because the client left it.
    pub fn forget_group(&mut self, group: u32) {
        for (_, entry) in self.flight.iter_mut().flat_map(|flight| flight.iter_mut()) {
            if let Stage::Publish(delivery) = &mut entry.stage
                && delivery.group() == Some(group)
            {
                delivery.forget_group();
            }
        }
    }

    /// The deliveries whose messages the client has not taken over, in order: lost if the session
    /// ends now.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.flight
            .iter()
            .flat_map(|flight| flight.iter())
            .filter_map(|(_, entry)| entry.stage.delivery())
    }

    fn finish(&mut self, id: PacketId, fits: impl FnOnce(&Stage) -> bool) -> Acknowledged {
        match self.flight.as_mut().and_then(|flight| flight.stage_mut(id)) {
            Some(stage) if fits(stage) => {
                let stage = self.take(id).expect("it is in flight");
                Acknowledged::Done(stage.into_delivery())
            }
            Some(_) | None => Acknowledged::Unknown,
        }
    }

    fn take(&mut self, id: PacketId) -> Option<Stage> {
        let flight = self.flight.as_mut()?;
        let entry = flight.take(id)?;
        if flight.len() == 0 {
            self.flight = None;
        }
        Some(entry.stage)
    }
}
