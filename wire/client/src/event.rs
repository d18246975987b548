//! What a client tells its caller.

use wire_message::TopicRef;
use wire_mqtt::{
    Auth, Connack, Disconnect, PacketId, PacketType, Publish, ReasonCode, Suback, Unsuback,
};

/// Something that the broker sent; borrowed from the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message of the former session will never be acknowledged, as the broker forgot it.
    Abandoned(PacketId),
    /// A step of an extended authentication.
    Auth(Auth<'a>),
    /// The broker accepted the connection.
    Connected(Connack<'a>),
    /// A message; of QoS 2 each comes once.
    Delivered(Delivery<'a>),
    /// The broker ends the connection.
    Disconnected(Disconnect<'a>),
    /// The broker answered a ping.
    Pong,
    /// The delivery of a message to the broker is over, well or not: PUBACK, PUBCOMP, or a PUBREC
    /// with an error.
    Published(PacketId, ReasonCode),
    /// The broker has a message of QoS 2; its PUBCOMP is still to come.
    Received(PacketId, ReasonCode),
    /// The broker refused the connection.
    Refused(Connack<'a>),
    /// The broker released a message of QoS 2 that it had delivered.
    Released(PacketId),
    /// An acknowledgement of nothing that the client sent: of the caller's own bytes, perhaps.
    Stray(PacketType, PacketId, ReasonCode),
    /// The answer to a subscription.
    Subscribed(Suback<'a>),
    /// The answer to an unsubscription.
    Unsubscribed(Unsuback<'a>),
}

/// A message from the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The topic, resolved if an alias stood for it.
    pub topic: TopicRef<'a>,
    /// The packet as it came.
    pub publish: Publish<'a>,
}
