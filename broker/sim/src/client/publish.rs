//! Messages to the broker.

use core::num::NonZeroU16;

use wire_message::{Qos, TopicRef};
use wire_mqtt::{
    Ack, Packet, PacketId, Publish, PublishProperties, ReasonCode, UserProperties, Version,
};

use super::memory::Outbound;
use super::{Client, Kind};
use crate::history::{PublishId, Published, Transmission};
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// The user property of messages that have one.
pub(super) const USER_PROPERTY: (&str, &str) = ("colour", "blue");

impl Client {
    /// Publishes something, if there is room in the window.
    pub(super) fn publish(&mut self, outside: &mut Outside) {
        let Some(wire) = &self.wire else { return };
        let may_wait = self.memory.outbound.len() < wire.window;
        let rng = &mut outside.rng;
        let qos = rng.pick(&[Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce]);
        if qos != Qos::AtMostOnce && !may_wait {
            return;
        }
        let retain = rng.chance(250);
        let payload_bytes = match rng.below(20) {
            0 if retain => 0,
            1 => outside.plan.payload_bytes_max,
            _ => 4 + rng.between(0, outside.plan.payload_bytes_max.min(40)),
        };
        let is_v5 = self.version == Version::V5;
        let published = Published {
            publisher: self.number,
            session: self.memory.session,
            topic: self.topic(outside),
            qos,
            retain,
            payload_bytes,
            has_properties: is_v5 && outside.rng.chance(200),
            expiry_s: (is_v5 && outside.rng.chance(100)).then(|| outside.rng.between(1, 3)),
            transmissions: Vec::new(),
            accepted: None,
            acknowledged: None,
            is_refused: false,
        };
        let id = outside.history.publish(published);
        outside.stats.published += 1;
        let packet_id = (qos != Qos::AtMostOnce).then(|| self.next_packet_id());
        if let Some(packet_id) = packet_id {
            self.memory.outbound.push_back(Outbound {
                packet_id,
                message: id,
                is_received: false,
            });
        }
        self.transmit(id, packet_id, false, outside);
    }

    /// Sends again what was not acknowledged, in order.
    ///
    /// # Specification
    ///
    /// \[v5 4.4.0-1\], \[v5 4.6.0-1\].
    pub(super) fn resend(&mut self, outside: &mut Outside) {
        for outbound in self.memory.outbound.clone() {
            outside.stats.resent += 1;
            if outbound.is_received {
                self.send_pubrel(outbound.packet_id, outside);
            } else {
                self.transmit(outbound.message, Some(outbound.packet_id), true, outside);
            }
        }
    }

    fn transmit(
        &mut self,
        id: PublishId,
        packet_id: Option<PacketId>,
        dup: bool,
        outside: &mut Outside,
    ) {
        let Some(wire) = &mut self.wire else { return };
        let message = outside.history.message(id).clone();
        let payload = message.payload(id);
        let pairs = [USER_PROPERTY];
        let (alias, is_known) = if outside.rng.chance(300) {
            alias(
                &mut wire.aliases_out,
                wire.aliases_max,
                &message.topic,
                &mut outside.rng,
            )
        } else {
            (None, false)
        };
        let topic = TopicRef::new(&message.topic).expect("the simulator's topics are valid");
        let publish = Publish {
            dup,
            qos: message.qos,
            retain: message.retain,
            topic: (!is_known).then_some(topic),
            packet_id,
            properties: PublishProperties {
                expiry_interval_s: message.expiry_s,
                topic_alias: alias,
                user_properties: if message.has_properties {
                    UserProperties::new(&pairs)
                } else {
                    UserProperties::NONE
                },
                ..PublishProperties::default()
            },
            payload: &payload,
        };
        let packet = Packet::Publish(publish);
        outside.note(format_args!(
            "{} sends {} on {:?}",
            self.id,
            super::summary(&packet),
            wire.link
        ));
        let position = wire.send(&packet, self.version, outside.now);
        let (link, end) = (wire.link, wire.end_of(position, outside));
        let sent = outside.history.next();
        outside.history.published[id.0]
            .transmissions
            .push(Transmission { sent });
        outside
            .history
            .connection(link)
            .awaiting
            .push_back((end, id));
    }

    /// PUBACK or PUBREC arrived.
    pub(super) fn handle_received(
        &mut self,
        ack: &Ack<'_>,
        is_pubrec: bool,
        outside: &mut Outside,
    ) -> Checked {
        let place = self.memory.outbound.iter().position(|outbound| {
            let is_two = outside.history.message(outbound.message).qos == Qos::ExactlyOnce;
            outbound.packet_id == ack.packet_id && is_two == is_pubrec
        });
        ensure(place.is_some(), "acknowledged", || {
            format!("{} has nothing to be acknowledged by {ack:?}", self.id)
        })?;
        let Some(place) = place else { return Ok(()) };
        let outbound = self.memory.outbound[place];
        let is_refused = ack.reason.is_error();
        let now = outside.history.next();
        let message = &mut outside.history.published[outbound.message.0];
        if is_refused {
            message.is_refused = true;
        } else {
            message.acknowledged.get_or_insert(now);
        }
        ensure(!is_refused, "acknowledged", || {
            format!("{} got {ack:?}", self.id)
        })?;
        if is_pubrec {
            self.memory.outbound[place].is_received = true;
            self.send_pubrel(ack.packet_id, outside);
        } else {
            self.memory.outbound.remove(place);
        }
        Ok(())
    }

    /// PUBCOMP arrived.
    pub(super) fn handle_completed(&mut self, ack: &Ack<'_>) -> Checked {
        let is_awaited =
            |outbound: &Outbound| outbound.packet_id == ack.packet_id && outbound.is_received;
        let place = self.memory.outbound.iter().position(is_awaited);
        ensure(place.is_some(), "acknowledged", || {
            format!("{} has nothing to be completed by {ack:?}", self.id)
        })?;
        place.map(|place| self.memory.outbound.remove(place));
        Ok(())
    }

    fn send_pubrel(&mut self, packet_id: PacketId, outside: &Outside) {
        let Some(wire) = &mut self.wire else { return };
        let ack = Ack::new(packet_id, ReasonCode::Success);
        wire.send(&Packet::Pubrel(ack), self.version, outside.now);
    }

    /// A packet id that is not in use.
    pub(super) fn next_packet_id(&mut self) -> PacketId {
        let requests = self.wire.as_ref().map(|wire| &wire.requests);
        self.memory
            .packet_id(|id| requests.is_some_and(|requests| requests.contains_key(&id)))
    }

    fn topic(&self, outside: &mut Outside) -> String {
        let topics = outside.plan.topics;
        let number = outside.rng.below(topics);
        match self.kind {
            Kind::Ordinary if outside.plan.members > 0 && outside.rng.chance(250) => {
                format!("work/{number}")
            }
            Kind::Ordinary | Kind::Observer | Kind::Member => {
                format!("room/{}/{number}", number % 3)
            }
        }
    }
}

/// An alias for the topic, and whether the broker knows it already.
fn alias(
    known: &mut Vec<String>,
    aliases_max: u16,
    topic: &str,
    rng: &mut crate::rng::Rng,
) -> (Option<NonZeroU16>, bool) {
    let number = |place: usize| u16::try_from(place + 1).ok().and_then(NonZeroU16::new);
    if let Some(place) = known.iter().position(|known| known == topic) {
        return (number(place), true);
    }
    if known.len() < usize::from(aliases_max) {
        known.push(topic.to_owned());
        return (number(known.len() - 1), false);
    }
    if known.is_empty() {
        return (None, false);
    }
    // An alias may be given another topic at any time, [v5 3.3.2-11] notwithstanding.
    let place = rng.below(known.len());
    topic.clone_into(&mut known[place]);
    (number(place), false)
}
