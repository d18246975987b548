//! What the broker says.

use wire_message::Qos;
use wire_mqtt::{ReasonCode, Version};

use super::connect::impossible;
use super::event::{Arrival, Happened};
use super::{Client, Mood};
use crate::history::{Delivery, PublishId, number_in};
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

impl Client {
    /// Handles one event.
    pub(super) fn handle(&mut self, event: Happened, outside: &mut Outside) -> Checked {
        outside.note(format_args!("{} on {:?}: {event:?}", self.id, self.link()));
        match event {
            Happened::Abandoned(packet_id) => self.handle_abandoned(packet_id),
            Happened::Connected { is_present } => self.handle_connack(is_present, outside),
            Happened::Delivered(arrival) => self.handle_arrival(*arrival, outside),
            Happened::Disconnected(reason) => {
                if let Some(wire) = &mut self.wire {
                    wire.farewell = Some(reason);
                }
                Ok(())
            }
            Happened::Published(packet_id, reason) => {
                self.handle_published(packet_id, reason, outside)
            }
            Happened::Received(packet_id) => self.handle_received(packet_id, outside),
            Happened::Refused(reason) => self.handle_refusal(reason, outside),
            Happened::Released(packet_id) => {
                self.memory.unreleased.remove(&packet_id);
                self.memory.retained.remove(&packet_id);
                Ok(())
            }
            Happened::Subscribed(packet_id, codes) => {
                self.handle_suback(packet_id, &codes, outside)
            }
            Happened::Unsubscribed(packet_id) => self.handle_unsuback(packet_id, outside),
            Happened::Pong | Happened::Repeated => Ok(()),
            Happened::Unexpected(text) => Err(Violation::new(
                "well_formed",
                format!("{} got {text}", self.id),
            )),
        }
    }

    fn handle_arrival(&mut self, arrival: Arrival, outside: &mut Outside) -> Checked {
        let wire = self.wire.as_mut().expect("the packet came from it");
        let link = wire.link;
        wire.due.extend(arrival.packet_id);
        if arrival.qos == Qos::ExactlyOnce {
            self.memory.unreleased.extend(arrival.packet_id);
            if arrival.retain {
                self.memory.retained.extend(arrival.packet_id);
            }
        }
        let id = number_in(&arrival.payload);
        if let Some(id) = id {
            self.check(&arrival, id, outside)?;
        }
        outside.stats.delivered += 1;
        outside.stats.redelivered += u64::from(arrival.dup);
        outside.stats.retained += u64::from(arrival.retain);
        outside.stats.wills += u64::from(arrival.topic.starts_with("will/"));
        let delivery = Delivery {
            arrived: outside.history.next(),
            link,
            message: id,
            topic: arrival.topic,
            qos: arrival.qos,
            retain: arrival.retain,
            dup: arrival.dup,
            identifiers: arrival.identifiers,
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

    /// What travels with a message arrives as it was sent, [v5 3.3.2-17], [v5 3.3.2-6].
    fn check(&self, arrival: &Arrival, id: PublishId, outside: &Outside) -> Checked {
        let message = outside.history.published.get(id.0);
        let Some(message) = message else {
            return Err(Violation::new(
                "well_formed",
                format!("{} got {arrival:?}", self.id),
            ));
        };
        let is_v5 = self.version == Version::V5;
        let is_whole = message.payload(id) == arrival.payload
            && message.topic == arrival.topic
            && arrival.has_property == (message.has_properties && is_v5)
            && arrival.expiry_s.is_some() == (message.expiry_s.is_some() && is_v5)
            && arrival.expiry_s <= message.expiry_s;
        ensure(is_whole, "well_formed", || {
            format!("{} got {arrival:?}, which was {message:?}", self.id)
        })
    }

    /// Sends acknowledgements that are due, sometimes late, always in order.
    pub(super) fn acknowledge(&mut self, mood: Mood, outside: &mut Outside) -> Checked {
        if !self.is_connected() || self.asleep_until > outside.now {
            return Ok(());
        }
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        while let Some(packet_id) = wire.due.front().copied() {
            if mood == Mood::Random && outside.rng.chance(300) {
                break;
            }
            wire.due.pop_front();
            self.protocol
                .acknowledge(
                    packet_id,
                    ReasonCode::Success,
                    outside.now,
                    &mut wire.unsent,
                )
                .map_err(impossible)?;
        }
        Ok(())
    }
}
