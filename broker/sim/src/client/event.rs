//! What the broker told a client, kept until the client's turn to think about it.

use wire_client::Event;
use wire_message::Qos;
use wire_mqtt::{PacketId, PacketType, ReasonCode};

use super::publish::USER_PROPERTY;

/// An event without borrowed parts.
#[derive(Clone, Debug)]
pub(super) enum Happened {
    /// A message of a session that the broker forgot.
    Abandoned(PacketId),
    /// CONNACK.
    Connected {
        /// Session present.
        is_present: bool,
    },
    /// A message.
    Delivered(Box<Arrival>),
    /// DISCONNECT.
    Disconnected(ReasonCode),
    /// PUBACK, PUBCOMP, or PUBREC with an error.
    Published(PacketId, ReasonCode),
    /// PUBREC.
    Received(PacketId),
    /// PUBREL.
    Released(PacketId),
    /// CONNACK with an error.
    Refused(ReasonCode),
    /// PUBREL for what was released before.
    Repeated,
    /// SUBACK.
    Subscribed(PacketId, Vec<ReasonCode>),
    /// UNSUBACK.
    Unsubscribed(PacketId),
    /// Something that must not come to a client that keeps to the standard.
    Unexpected(String),
    /// PINGRESP.
    Pong,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// Where.
    pub(super) topic: String,
    /// The application's bytes.
    pub(super) payload: Vec<u8>,
    /// How.
    pub(super) qos: Qos,
    /// The RETAIN flag.
    pub(super) retain: bool,
    /// The DUP flag.
    pub(super) dup: bool,
    /// What to acknowledge.
    pub(super) packet_id: Option<PacketId>,
    /// Seconds left.
    pub(super) expiry_s: Option<u32>,
    /// Subscription identifiers.
    pub(super) identifiers: Vec<u32>,
    /// Whether it has the user property that some messages have, and no other.
    pub(super) has_property: bool,
}

impl From<Event<'_>> for Happened {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Abandoned(packet_id) => Self::Abandoned(packet_id),
            Event::Connected(connack) => Self::Connected {
                is_present: connack.session_present,
            },
            Event::Delivered(delivery) => {
                let publish = delivery.publish;
                Self::Delivered(Box::new(Arrival {
                    topic: delivery.topic.as_str().to_owned(),
                    payload: publish.payload.to_vec(),
                    qos: publish.qos,
                    retain: publish.retain,
                    dup: publish.dup,
                    packet_id: publish.packet_id,
                    expiry_s: publish.properties.expiry_interval_s,
                    identifiers: publish.properties.subscription_ids.iter().collect(),
                    has_property: publish
                        .properties
                        .user_properties
                        .iter()
                        .eq([USER_PROPERTY]),
                }))
            }
            Event::Disconnected(disconnect) => Self::Disconnected(disconnect.reason),
            Event::Pong => Self::Pong,
            Event::Published(packet_id, reason) => Self::Published(packet_id, reason),
            Event::Received(packet_id, _) => Self::Received(packet_id),
            Event::Refused(connack) => Self::Refused(connack.reason),
            Event::Released(packet_id) => Self::Released(packet_id),
            // After PUBCOMP was lost with a connection.
            Event::Stray(PacketType::Pubrel, ..) => Self::Repeated,
            Event::Auth(_) | Event::Stray(..) => Self::Unexpected(format!("{event:?}")),
            Event::Subscribed(suback) => {
                Self::Subscribed(suback.packet_id, suback.codes.iter().collect())
            }
            Event::Unsubscribed(unsuback) => Self::Unsubscribed(unsuback.packet_id),
        }
    }
}
