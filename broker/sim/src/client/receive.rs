//! Packets from the broker.

use wire_message::Qos;
use wire_mqtt::{Ack, Packet, PacketId, Publish, ReasonCode, Version};

use super::publish::USER_PROPERTY;
use super::wire::Due;
use super::{Client, Mood};
use crate::history::{Delivery, number_in};
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

impl Client {
    /// Handles one packet.
    pub(super) fn handle(&mut self, packet: &Packet<'_>, outside: &mut Outside) -> Checked {
        match packet {
            Packet::Connack(connack) => self.handle_connack(connack, outside),
            Packet::Publish(publish) => self.handle_publish(publish, outside),
            Packet::Puback(ack) => self.handle_received(ack, false, outside),
            Packet::Pubrec(ack) => self.handle_received(ack, true, outside),
            Packet::Pubcomp(ack) => self.handle_completed(ack),
            Packet::Pubrel(ack) => {
                self.handle_release(ack);
                Ok(())
            }
            Packet::Suback(suback) => self.handle_suback(suback, outside),
            Packet::Unsuback(unsuback) => self.handle_unsuback(unsuback, outside),
            Packet::Disconnect(_) => {
                if let Some(wire) = &mut self.wire {
                    wire.note_farewell(packet);
                }
                Ok(())
            }
            Packet::Pingresp => Ok(()),
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq
            | Packet::Auth(_) => Err(Violation::new(
                "well_formed",
                format!("{} got {packet:?}", self.id),
            )),
        }
    }

    fn handle_publish(&mut self, publish: &Publish<'_>, outside: &mut Outside) -> Checked {
        let wire = self.wire.as_mut().expect("the packet came from it");
        let topic = match (publish.topic, publish.properties.topic_alias) {
            (Some(topic), None) => topic.as_str().to_owned(),
            (Some(topic), Some(alias)) => {
                // [v5 3.1.2-26]
                ensure(alias.get() <= wire.wish.aliases_max, "well_formed", || {
                    format!("{} got alias {alias}", self.id)
                })?;
                wire.aliases_in
                    .insert(alias.get(), topic.as_str().to_owned());
                topic.as_str().to_owned()
            }
            (None, alias) => {
                let known = alias.and_then(|alias| wire.aliases_in.get(&alias.get()));
                let unknown = || Violation::new("well_formed", format!("unknown alias {alias:?}"));
                known.ok_or_else(unknown)?.clone()
            }
        };
        if let Some(packet_id) = publish.packet_id {
            wire.in_flight.insert(packet_id);
            let (count, max) = (wire.in_flight.len(), wire.wish.receive_max);
            // [v5 3.3.4-9]
            ensure(
                max.is_none_or(|max| count <= max.get().into()),
                "well_formed",
                || format!("{}: {count} messages in flight, {max:?} allowed", self.id),
            )?;
            match publish.qos {
                Qos::AtMostOnce | Qos::AtLeastOnce => wire.due.push_back(Due::Puback(packet_id)),
                Qos::ExactlyOnce => {
                    wire.due.push_back(Due::Pubrec(packet_id));
                    // [v5 4.3.3-10]: not new until it is released.
                    if !self.memory.inbound.insert(packet_id) {
                        outside.stats.redelivered += 1;
                        return Ok(());
                    }
                }
            }
        }
        self.deliver(publish, topic, outside)
    }

    /// Notes a message for the application.
    fn deliver(&mut self, publish: &Publish<'_>, topic: String, outside: &mut Outside) -> Checked {
        let id = number_in(publish.payload);
        if let Some(id) = id {
            let message = outside.history.published.get(id.0);
            let is_whole = message.is_some_and(|message| {
                message.payload(id) == publish.payload && message.topic == topic
            });
            ensure(is_whole, "well_formed", || {
                format!("{} got a strange {publish:?}", self.id)
            })?;
            self.check_properties(publish, outside)?;
        }
        outside.stats.delivered += 1;
        outside.stats.redelivered += u64::from(publish.dup);
        outside.stats.retained += u64::from(publish.retain);
        let delivery = Delivery {
            arrived: outside.history.next(),
            link: self.wire.as_ref().expect("the packet came from it").link,
            message: id,
            topic,
            qos: publish.qos,
            retain: publish.retain,
            dup: publish.dup,
            identifiers: publish.properties.subscription_ids.iter().collect(),
        };
        let session = self.memory.session.ok_or_else(|| {
            Violation::new(
                "well_formed",
                format!("{} got PUBLISH before CONNACK", self.id),
            )
        })?;
        outside.history.session(session).deliveries.push(delivery);
        Ok(())
    }

    /// What travels with a message arrives as it was sent, [v5 3.3.2-17].
    fn check_properties(&self, publish: &Publish<'_>, outside: &Outside) -> Checked {
        let Some(id) = number_in(publish.payload) else {
            return Ok(());
        };
        let message = outside.history.message(id);
        let expected = message.has_properties && self.version == Version::V5;
        let found = publish
            .properties
            .user_properties
            .iter()
            .eq([USER_PROPERTY]);
        ensure(expected == found, "well_formed", || {
            format!("{}: message {} has other user properties", self.id, id.0)
        })?;
        let (left, whole) = (publish.properties.expiry_interval_s, message.expiry_s);
        // [v5 3.3.2-6]
        let is_told = left.is_some() == (whole.is_some() && self.version == Version::V5);
        ensure(is_told && left <= whole, "well_formed", || {
            format!(
                "{}: message {} expires in {left:?} of {whole:?}",
                self.id, id.0
            )
        })
    }

    fn handle_release(&mut self, ack: &Ack<'_>) {
        self.memory.inbound.remove(&ack.packet_id);
        let wire = self.wire.as_mut().expect("the packet came from it");
        wire.due.push_back(Due::Pubcomp(ack.packet_id));
    }

    /// Sends acknowledgements that are due, sometimes late, always in order.
    pub(super) fn acknowledge(&mut self, mood: Mood, outside: &mut Outside) {
        let Some(wire) = &mut self.wire else { return };
        let is_asleep = self.asleep_until > outside.now;
        while !wire.due.is_empty() && !is_asleep {
            if mood == Mood::Random && outside.rng.chance(300) {
                return;
            }
            let Some(due) = wire.due.pop_front() else {
                return;
            };
            let ack = |id: PacketId| Ack::new(id, ReasonCode::Success);
            let packet = match due {
                Due::Puback(id) => Packet::Puback(ack(id)),
                Due::Pubcomp(id) => Packet::Pubcomp(ack(id)),
                Due::Pubrec(id) => Packet::Pubrec(ack(id)),
            };
            if let Due::Puback(id) | Due::Pubcomp(id) = due {
                wire.in_flight.remove(&id);
            }
            wire.send(&packet, self.version, outside.now);
        }
    }
}
