//! Messages of QoS 1 and 2 on their way to the broker.
//!
//! They are not kept: a message can be written again from its number and its times.

use std::collections::VecDeque;

use wire_message::Instant;
use wire_mqtt::PacketId;

/// The first packet id of messages; the one before is for the only SUBSCRIBE of a connection.
const FIRST: u16 = 2;

/// Packet ids there are.
const IDS: u16 = u16::MAX - FIRST + 1;

/// The messages that one publisher has under way, oldest first.
#[derive(Debug)]
pub(crate) struct Outflow {
    sent: VecDeque<Sent>,
    next_id: u16,
    /// Those that are not done.
    open: u16,
}

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) sequence: u32,
    packet_id: u16,
    pub(crate) waits_for: WaitsFor,
    pub(crate) intended: Instant,
    pub(crate) at: Instant,
}

/// The packet that takes a message's delivery further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Puback,
    Pubrec,
    Pubcomp,
    /// It is over; only older ones keep it here.
    Nothing,
}

impl Default for Outflow {
    fn default() -> Self {
        Self {
            sent: VecDeque::new(),
            next_id: FIRST,
            open: 0,
        }
    }
}

impl Sent {
    pub(crate) fn packet_id(&self) -> PacketId {
        PacketId::new(self.packet_id).expect("packet ids begin above zero")
    }
}

impl Outflow {
    /// Messages that are not done.
    #[inline]
    pub(crate) fn open(&self) -> u16 {
        self.open
    }

    /// Whether another message may be sent if the broker takes `receive_maximum`.
    #[inline]
    pub(crate) fn has_room(&self, receive_maximum: u16) -> bool {
        self.room(receive_maximum) > 0
    }

    /// How many messages may be sent if the broker takes `receive_maximum`.
    #[inline]
    pub(crate) fn room(&self, receive_maximum: u16) -> u32 {
        let known = u32::try_from(self.sent.len()).unwrap_or(u32::MAX);
        let ids = u32::from(IDS).saturating_sub(known);
        ids.min(receive_maximum.saturating_sub(self.open).into())
    }

    /// Notes a message, and gives it a packet id.
    pub(crate) fn push(
        &mut self,
        sequence: u32,
        waits_for: WaitsFor,
        intended: Instant,
        at: Instant,
    ) -> PacketId {
        let packet_id = self.next_id;
        self.next_id = if packet_id == u16::MAX {
            FIRST
        } else {
            packet_id + 1
        };
        let sent = Sent {
            sequence,
            packet_id,
            waits_for,
            intended,
            at,
        };
        self.sent.push_back(sent);
        self.open += 1;
        sent.packet_id()
    }

    /// Notes that the broker has a message of QoS 2; whether it was waited for.
    pub(crate) fn received(&mut self, packet_id: PacketId) -> bool {
        let sent = self.find(packet_id, WaitsFor::Pubrec);
        if let Some(sent) = sent {
            sent.waits_for = WaitsFor::Pubcomp;
            return true;
        }
        false
    }

    /// Notes that a delivery is over, and returns the message.
    pub(crate) fn finish(&mut self, packet_id: PacketId, waits_for: WaitsFor) -> Option<Sent> {
        let sent = self.find(packet_id, waits_for)?;
        let done = *sent;
        sent.waits_for = WaitsFor::Nothing;
        self.open -= 1;
        while self
            .sent
            .front()
            .is_some_and(|sent| sent.waits_for == WaitsFor::Nothing)
        {
            self.sent.pop_front();
        }
        Some(done)
    }

    /// Notes that the oldest message is over, for peers that do not name packets.
    pub(crate) fn finish_oldest(&mut self) -> Option<Sent> {
        let oldest = self.sent.front()?;
        self.finish(oldest.packet_id(), oldest.waits_for)
    }

    /// The messages that are not done, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Sent> + '_ {
        let open = |sent: &&Sent| sent.waits_for != WaitsFor::Nothing;
        self.sent.iter().filter(open).copied()
    }

    /// Ids are given in order, so a message's place follows from its id.
    fn find(&mut self, packet_id: PacketId, waits_for: WaitsFor) -> Option<&mut Sent> {
        let oldest = usize::from(self.sent.front()?.packet_id);
        let id = packet_id.value();
        let behind = usize::from(id).checked_sub(oldest);
        let at = behind.unwrap_or_else(|| usize::from(IDS) + usize::from(id) - oldest);
        let sent = self.sent.get_mut(at)?;
        (sent.packet_id == id && sent.waits_for == waits_for).then_some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(outflow: &mut Outflow, sequence: u32) -> PacketId {
        outflow.push(sequence, WaitsFor::Puback, Instant::ZERO, Instant::ZERO)
    }

    #[test]
    fn messages_are_found_by_their_ids_also_around_the_end_of_the_numbers() {
        let mut outflow = Outflow::default();
        for sequence in 0..100_000_u32 {
            let id = push(&mut outflow, sequence);
            assert!(id.value() >= FIRST);
            if sequence >= 5 {
                // The newest but one before the oldest.
                let ids = outflow
                    .iter()
                    .map(|sent| sent.packet_id())
                    .collect::<Vec<_>>();
                let done = outflow.finish(ids[ids.len() - 2], WaitsFor::Puback);
                assert_eq!(done.map(|sent| sent.sequence), Some(sequence - 1));
                assert_eq!(outflow.finish(ids[ids.len() - 2], WaitsFor::Puback), None);
                let oldest = outflow
                    .finish(ids[0], WaitsFor::Puback)
                    .expect("it is open");
                assert!(oldest.sequence < sequence);
                push(&mut outflow, sequence);
            }
        }
        assert_eq!(usize::from(outflow.open()), outflow.iter().count());
    }

    #[test]
    fn a_message_of_qos_2_goes_through_both_steps() {
        let mut outflow = Outflow::default();
        let id = outflow.push(7, WaitsFor::Pubrec, Instant::ZERO, Instant::ZERO);
        assert_eq!(outflow.finish(id, WaitsFor::Pubcomp), None);
        assert!(outflow.received(id) && !outflow.received(id));
        assert_eq!(
            outflow
                .finish(id, WaitsFor::Pubcomp)
                .map(|sent| sent.sequence),
            Some(7)
        );
        assert_eq!(outflow.open(), 0);
    }

    #[test]
    fn the_receive_maximum_is_kept() {
        let mut outflow = Outflow::default();
        let first = push(&mut outflow, 0);
        push(&mut outflow, 1);
        assert!(!outflow.has_room(2) && outflow.has_room(3));
        outflow.finish(first, WaitsFor::Puback);
        assert!(outflow.has_room(2));
        assert_eq!(outflow.finish_oldest().map(|sent| sent.sequence), Some(1));
        assert_eq!(outflow.finish_oldest(), None);
    }
}
