//! Messages to the broker.

use wire_client::VerbError;
use wire_message::{Qos, TopicRef};
use wire_mqtt::{PacketId, Publish, PublishProperties, ReasonCode, UserProperties, Version};

use super::connect::impossible;
use super::{Client, Kind};
use crate::history::{PublishId, Published, Transmission};
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

/// The user property of messages that have one.
pub(super) const USER_PROPERTY: (&str, &str) = ("colour", "blue");

impl Client {
    /// Publishes something somewhere, if there is room in the window.
    pub(super) fn publish(&mut self, outside: &mut Outside) -> Checked {
        let topic = self.topic(outside);
        self.publish_to(topic, outside)
    }

    /// Publishes something to `topic`, if there is room in the window.
    pub(crate) fn publish_to(&mut self, topic: String, outside: &mut Outside) -> Checked {
        if !self.is_connected() {
            return Ok(());
        }
        let rng = &mut outside.rng;
        let qos = rng.pick(&[Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce]);
        let needs_disk = self.kind != Kind::Passing;
        let delay_s = (needs_disk && rng.chance(30)).then(|| rng.between(1, 3));
        let retain = needs_disk && delay_s.is_none() && rng.chance(250);
        let payload_bytes = match rng.below(20) {
            0 if retain => 0,
            1 => outside.plan.payload_bytes_max,
            _ => 4 + rng.between(0, outside.plan.payload_bytes_max.min(40)),
        };
        let is_v5 = self.version == Version::V5;
        let may_expire = is_v5 && delay_s.is_none() && rng.chance(100);
        let published = Published {
            publisher: self.number,
            session: self.memory.session,
            topic,
            qos,
            retain,
            payload_bytes,
            has_properties: is_v5 && rng.chance(200),
            expiry_s: may_expire.then(|| rng.between(1, 3)),
            delay_s,
            transmissions: Vec::new(),
            accepted: None,
            acknowledged: None,
            may_be_lost: false,
        };
        let id = PublishId(outside.history.published.len());
        let packet_id = match self.transmit(id, &published, outside) {
            Err(VerbError::WindowFull) => return Ok(()),
            other => other.map_err(impossible)?,
        };
        let Some(wire) = &self.wire else {
            return Ok(());
        };
        let (link, end) = (wire.link, wire.end(outside));
        outside.note(format_args!(
            "{} publishes {} on {} {link:?}: {qos:?} {packet_id:?} retain {retain} expiry {:?} size {payload_bytes}",
            self.id, id.0, published.topic, published.expiry_s
        ));
        let sent = outside.history.next();
        outside.history.publish(published);
        outside.history.published[id.0]
            .transmissions
            .push(Transmission { sent });
        outside
            .history
            .connection(link)
            .awaiting
            .push_back((end, id));
        outside.stats.published += 1;
        if let Some(packet_id) = packet_id {
            self.memory.outbound.insert(packet_id, id);
        }
        Ok(())
    }

    fn transmit(
        &mut self,
        id: PublishId,
        message: &Published,
        outside: &Outside,
    ) -> Result<Option<PacketId>, VerbError> {
        let wire = self.wire.as_mut().ok_or(VerbError::NotConnected)?;
        let payload = message.payload(id);
        let pairs: &[(&str, &str)] = if message.has_properties {
            &[USER_PROPERTY]
        } else {
            &[]
        };
        let topic = match message.delay_s {
            Some(delay_s) => format!("$delayed/{delay_s}/{}", message.topic),
            None => message.topic.clone(),
        };
        let topic = TopicRef::new(&topic).expect("the simulator's topics are valid");
        let publish = Publish {
            qos: message.qos,
            retain: message.retain,
            properties: PublishProperties {
                expiry_interval_s: message.expiry_s,
                user_properties: UserProperties::new(pairs),
                ..PublishProperties::default()
            },
            ..Publish::new(topic, &payload)
        };
        self.protocol
            .publish(&publish, outside.now, &mut wire.unsent)
    }

    /// Notes that what was not acknowledged is sent again, now or as the window allows.
    pub(super) fn note_resent(&self, outside: &mut Outside) {
        let Some(wire) = &self.wire else { return };
        let (link, end) = (wire.link, wire.end(outside));
        for id in self.memory.outbound.values() {
            let sent = outside.history.next();
            outside.history.published[id.0]
                .transmissions
                .push(Transmission { sent });
            outside
                .history
                .connection(link)
                .awaiting
                .push_back((end, *id));
            outside.stats.resent += 1;
        }
    }

    /// PUBREC arrived: the message is the broker's.
    pub(super) fn handle_received(&self, packet_id: PacketId, outside: &mut Outside) -> Checked {
        let id = self.memory.outbound.get(&packet_id).copied();
        ensure(id.is_some(), "acknowledged", || {
            format!(
                "{} has nothing to be acknowledged by {packet_id:?}",
                self.id
            )
        })?;
        if let Some(id) = id {
            let now = outside.history.next();
            outside.history.published[id.0]
                .acknowledged
                .get_or_insert(now);
        }
        Ok(())
    }

    /// PUBACK or PUBCOMP arrived, or PUBREC with an error.
    pub(super) fn handle_published(
        &mut self,
        packet_id: PacketId,
        reason: ReasonCode,
        outside: &mut Outside,
    ) -> Checked {
        if reason == ReasonCode::QuotaExceeded && outside.may_disk_fail() {
            outside.stats.refused += 1;
            self.memory.outbound.remove(&packet_id);
            return Ok(());
        }
        // Nothing else that these clients publish may be refused; who is not there, matters not.
        ensure(
            !reason.is_error() || reason == ReasonCode::PacketIdentifierNotFound,
            "acknowledged",
            || format!("{}: {packet_id:?} was refused: {reason:?}", self.id),
        )?;
        self.handle_received(packet_id, outside)?;
        self.memory.outbound.remove(&packet_id);
        Ok(())
    }

    /// The broker has forgotten the session, and with it what was not acknowledged.
    pub(super) fn handle_abandoned(&mut self, packet_id: PacketId) -> Result<(), Violation> {
        let id = self.memory.outbound.remove(&packet_id);
        ensure(id.is_some(), "acknowledged", || {
            format!("{} had no {packet_id:?}", self.id)
        })
    }

    fn topic(&self, outside: &mut Outside) -> String {
        let topics = outside.plan.topics;
        let number = outside.rng.below(topics);
        match self.kind {
            Kind::Ordinary if outside.plan.members > 0 && outside.rng.chance(250) => {
                format!("work/{number}")
            }
            Kind::Passing => format!("$passing/{number}"),
            Kind::Ordinary | Kind::Observer | Kind::Member => {
                format!("room/{}/{number}", number % 3)
            }
        }
    }
}
