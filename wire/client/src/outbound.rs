//! Messages to the broker.

use wire_message::{Instant, Qos, TopicRef};
use wire_mqtt::{
    Ack, AckKind, Packet, PacketId, PacketType, Publish, PublishProperties, ReasonCode, Version,
    encode_ack,
};

use crate::session::{Outgoing, WaitsFor};
use crate::{Client, Event, State, VerbError};

/// DUP in the first byte of a PUBLISH.
const DUP: u8 = 0b1000;

impl Client {
    /// Publishes a message; `publish.packet_id` and `publish.dup` are the client's business.
    ///
    /// Returns the packet id with QoS 1 and 2; the delivery is over when [`Event::Published`]
    /// names it. The message is kept until then, and sent again on a resumed session.
    ///
    /// # Errors
    ///
    /// [`VerbError`]; with [`VerbError::WindowFull`] the caller may try again later.
    pub fn publish(
        &mut self,
        publish: &Publish<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<Option<PacketId>, VerbError> {
        self.may_publish(publish)?;
        let mut publish = *publish;
        publish.dup = false;
        publish.packet_id = if publish.qos == Qos::AtMostOnce {
            None
        } else {
            Some(self.free_packet_id()?)
        };
        let aliased = self.aliased(&publish);
        self.write(&Packet::Publish(aliased.unwrap_or(publish)), out)?;
        if let Some(packet_id) = publish.packet_id {
            self.keep(publish, packet_id)?;
        }
        if let (Some(aliased), Some(topic)) = (aliased, publish.topic)
            && aliased.topic.is_some()
            && let Some(alias) = aliased.properties.topic_alias
        {
            self.session().aliases_out.set(alias.get(), topic);
        }
        self.last_sent = now;
        Ok(publish.packet_id)
    }

    fn may_publish(&self, publish: &Publish<'_>) -> Result<(), VerbError> {
        if self.state != State::Connected {
            return Err(VerbError::NotConnected);
        }
        // [v5 3.2.2-11]
        if publish.qos > self.broker.maximum_qos {
            return Err(VerbError::QosNotSupported);
        }
        // [v5 3.2.2-14]
        if publish.retain && !self.broker.retain_available {
            return Err(VerbError::RetainNotSupported);
        }
        // [v5 3.3.4-7] [v5 3.3.4-8]
        let waiting = self.unfinished() > usize::from(self.in_flight);
        if publish.qos != Qos::AtMostOnce && (waiting || self.in_flight >= self.window()) {
            return Err(VerbError::WindowFull);
        }
        Ok(())
    }

    fn window(&self) -> u16 {
        self.settings.inflight_max.min(self.broker.receive_maximum)
    }

    /// The message with an alias beside or instead of its topic, if there is one for it.
    fn aliased<'a>(&self, publish: &Publish<'a>) -> Option<Publish<'a>> {
        // [v5 3.2.2-17] [v5 3.2.2-18] [v5 3.3.2-9]
        let max = self
            .settings
            .aliases_max
            .min(self.broker.topic_alias_maximum);
        if max == 0 || self.version != Version::V5 || publish.properties.topic_alias.is_some() {
            return None;
        }
        let topic: TopicRef<'a> = publish.topic?;
        let (alias, known) = match &self.session {
            Some(session) => session.aliases_out.alias(topic, max)?,
            None => (1, false),
        };
        Some(Publish {
            topic: (!known).then_some(topic),
            properties: PublishProperties {
                topic_alias: core::num::NonZeroU16::new(alias),
                ..publish.properties
            },
            ..*publish
        })
    }

    /// Remembers a message that was sent.
    fn keep(&mut self, mut publish: Publish<'_>, packet_id: PacketId) -> Result<(), VerbError> {
        let waits_for = if publish.qos == Qos::ExactlyOnce {
            WaitsFor::Pubrec
        } else {
            WaitsFor::Puback
        };
        // Aliases end with the connection, and the copy is for the next one.
        if publish.topic.is_some() {
            publish.properties.topic_alias = None;
        }
        let mut packet = Vec::new();
        Packet::Publish(publish).encode(self.version, &mut packet)?;
        self.session().push(Outgoing {
            packet_id,
            waits_for,
            sent: true,
            packet: packet.into_boxed_slice(),
        });
        self.in_flight += 1;
        self.last_packet_id = packet_id.value();
        Ok(())
    }

    /// Sends again what a former connection left, oldest first, as far as the window allows.
    ///
    /// # Specification
    ///
    /// \[v5 4.4.0-1\], \[v5 4.4.0-2\], \[v5 4.6.0-1\]; \[v311 4.4.0-1\].
    pub(crate) fn send_waiting(&mut self, out: &mut Vec<u8>) {
        // Mostly there is nothing to send again.
        if self.unfinished() == usize::from(self.in_flight) {
            return;
        }
        let window = self.window();
        let Some(session) = &mut self.session else {
            return;
        };
        for outgoing in session
            .outgoing
            .iter_mut()
            .filter(|outgoing| !outgoing.sent)
        {
            if self.in_flight >= window {
                return;
            }
            outgoing.sent = true;
            self.in_flight += 1;
            if outgoing.waits_for == WaitsFor::Pubcomp {
                let (kind, id) = (AckKind::Pubrel, outgoing.packet_id);
                encode_ack(kind, id, ReasonCode::Success, self.version, out);
            } else if let Some((first_byte, rest)) = outgoing.packet.split_first() {
                // [v5 3.3.1-1]
                out.push(first_byte | DUP);
                out.extend_from_slice(rest);
            }
        }
    }

    /// PUBACK and PUBCOMP: the delivery is over.
    pub(crate) fn acknowledged(
        &mut self,
        kind: AckKind,
        waits_for: WaitsFor,
        ack: Ack<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) {
        if self.finish(ack.packet_id, waits_for) {
            events(Event::Published(ack.packet_id, ack.reason));
            self.send_waiting(out);
        } else {
            events(Event::Stray(kind.packet_type(), ack.packet_id, ack.reason));
        }
    }

    /// PUBREC: the broker has the message, or refused it.
    pub(crate) fn received(
        &mut self,
        ack: Ack<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) {
        let packet_id = ack.packet_id;
        if ack.reason.is_error() {
            let kind = AckKind::Pubrec;
            self.acknowledged(kind, WaitsFor::Pubrec, ack, out, events);
            return;
        }
        let first = self.find(packet_id, WaitsFor::Pubrec);
        let known = first.or_else(|| self.find(packet_id, WaitsFor::Pubcomp));
        let outgoing = self.session.as_mut().zip(known);
        let Some(outgoing) = outgoing.and_then(|(session, at)| session.outgoing.get_mut(at)) else {
            events(Event::Stray(PacketType::Pubrec, packet_id, ack.reason));
            // [v5 4.3.3-4] asks for a PUBREL; without a message it says so.
            let reason = ReasonCode::PacketIdentifierNotFound;
            encode_ack(AckKind::Pubrel, packet_id, reason, self.version, out);
            return;
        };
        outgoing.waits_for = WaitsFor::Pubcomp;
        outgoing.packet = Box::default();
        encode_ack(
            AckKind::Pubrel,
            packet_id,
            ReasonCode::Success,
            self.version,
            out,
        );
        if first.is_some() {
            events(Event::Received(packet_id, ack.reason));
        }
    }

    fn find(&self, packet_id: PacketId, waits_for: WaitsFor) -> Option<usize> {
        self.session.as_ref()?.find(packet_id, waits_for)
    }

    /// Forgets a message; whether there was one.
    fn finish(&mut self, packet_id: PacketId, waits_for: WaitsFor) -> bool {
        let Some(at) = self.find(packet_id, waits_for) else {
            return false;
        };
        let session = self.session.as_mut();
        if session
            .and_then(|session| session.remove(at))
            .is_some_and(|old| old.sent)
        {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        true
    }
}
