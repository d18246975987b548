//! Shorthands for what clients send.

use wire_message::{Qos, TopicRef};
use wire_mqtt::{
    Ack, FilterRequest, FilterRequests, Packet, PacketId, Publish, ReasonCode, Subscribe,
    SubscribeProperties,
};

use crate::harness::{Broker, Client};

/// A packet id.
pub(crate) fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("a test's packet id is not zero")
}

/// A topic.
pub(crate) fn topic(text: &str) -> TopicRef<'_> {
    TopicRef::new(text).expect("a test's topic is valid")
}

impl Broker {
    /// Subscribes and returns the codes of SUBACK.
    pub(crate) fn subscribe(&mut self, client: Client, filter: &str, qos: Qos) -> Vec<ReasonCode> {
        self.subscribe_with(client, &[FilterRequest::new(filter, qos)], None)
    }

    /// Subscribes and returns the codes of SUBACK; other packets stay out of sight.
    pub(crate) fn subscribe_with(
        &mut self,
        client: Client,
        requests: &[FilterRequest<'_>],
        subscription_id: Option<u32>,
    ) -> Vec<ReasonCode> {
        let properties = SubscribeProperties {
            subscription_id,
            ..SubscribeProperties::default()
        };
        let requests = FilterRequests::new(requests);
        self.send(
            client,
            &Packet::Subscribe(Subscribe {
                packet_id: id(77),
                properties,
                requests,
            }),
        );
        let mut codes = None;
        self.take_with(client, |packet| {
            if let Packet::Suback(suback) = packet {
                codes = Some(suback.codes.iter().collect());
            }
        });
        codes.expect("a SUBSCRIBE is answered")
    }

    /// Publishes; QoS 1 and 2 with packet id 9.
    pub(crate) fn publish(&mut self, client: Client, topic_text: &str, payload: &str, qos: Qos) {
        let publish = Publish {
            qos,
            packet_id: (qos != Qos::AtMostOnce).then(|| id(9)),
            ..Publish::new(topic(topic_text), payload.as_bytes())
        };
        self.send(client, &Packet::Publish(publish));
    }

    /// Publishes a retained message at QoS 0.
    pub(crate) fn retain(&mut self, client: Client, topic_text: &str, payload: &str) {
        let publish = Publish {
            retain: true,
            ..Publish::new(topic(topic_text), payload.as_bytes())
        };
        self.send(client, &Packet::Publish(publish));
    }

    /// Acknowledges a QoS 1 delivery.
    pub(crate) fn puback(&mut self, client: Client, packet_id: u16) {
        self.send(
            client,
            &Packet::Puback(Ack::new(id(packet_id), ReasonCode::Success)),
        );
    }
}
