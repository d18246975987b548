//! The published message.

use crate::topic_name::trusted;
use crate::{Expiry, Instant, Qos, TopicRef};

/// Who published a message, as far as the broker needs to know: for No Local and for ordering.
///
/// A session's number, never reused while the process runs. [`PublisherId::BROKER`] is no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublisherId(pub u64);

impl PublisherId {
    /// The broker itself: `$SYS` topics and publishes from the control side.
    pub const BROKER: Self = Self(0);
}

/// A message whose parts are borrowed: from the packet it came in, or from a [`Message`].
///
/// `properties` are the PUBLISH properties that travel with the message to its receivers (payload
/// format, content type, response topic, correlation data, user properties), already encoded for
/// MQTT 5.0 without their length, in the publisher's order. Message expiry, topic alias and
/// subscription identifiers are not among them: each hop writes its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Where it was published.
    pub topic: TopicRef<'a>,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// Encoded properties to forward, without their length.
    pub properties: &'a [u8],
    /// As published; a delivery may lower it.
    pub qos: Qos,
    /// The RETAIN flag as published.
    pub retain: bool,
    /// When it stops being worth delivering.
    pub expiry: Expiry,
    /// When the broker received it.
    pub received_at: Instant,
    /// Who published it.
    pub publisher: PublisherId,
}

impl MessageRef<'_> {
    /// An owned copy, two allocations.
    #[must_use]
    pub fn to_message(&self) -> Message {
        let topic = self.topic.as_str().as_bytes();
        let mut body = Vec::with_capacity(topic.len() + self.properties.len() + self.payload.len());
        body.extend_from_slice(topic);
        body.extend_from_slice(self.properties);
        body.extend_from_slice(self.payload);
        Message {
            topic_bytes: u32_len(topic),
            properties_bytes: u32_len(self.properties),
            body: body.into_boxed_slice(),
            qos: self.qos,
            retain: self.retain,
            expiry: self.expiry,
            received_at: self.received_at,
            publisher: self.publisher,
        }
    }
}

/// A published message, immutable; shards and queues share it behind an `Arc`.
///
/// Topic, properties and payload stand in one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    body: Box<[u8]>,
    topic_bytes: u32,
    properties_bytes: u32,
    expiry: Expiry,
    received_at: Instant,
    publisher: PublisherId,
    qos: Qos,
    retain: bool,
}

#[expect(
    clippy::indexing_slicing,
    reason = "the two lengths are those of parts of the body"
)]
impl Message {
    /// The message, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> MessageRef<'_> {
        MessageRef {
            topic: self.topic(),
            payload: self.payload(),
            properties: self.properties(),
            qos: self.qos,
            retain: self.retain,
            expiry: self.expiry,
            received_at: self.received_at,
            publisher: self.publisher,
        }
    }

    /// Where it was published.
    ///
    /// # Panics
    ///
    /// Never: a message is made from a checked topic.
    #[must_use]
    pub fn topic(&self) -> TopicRef<'_> {
        let bytes = &self.body[..self.topic_bytes as usize];
        trusted(core::str::from_utf8(bytes).expect("a message is made from a checked topic"))
    }

    /// Encoded properties to forward; see [`MessageRef::properties`].
    #[must_use]
    pub fn properties(&self) -> &[u8] {
        let start = self.topic_bytes as usize;
        &self.body[start..start + self.properties_bytes as usize]
    }

    /// The application's bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.body[(self.topic_bytes + self.properties_bytes) as usize..]
    }

    /// Quality of service as published.
    #[must_use]
    pub const fn qos(&self) -> Qos {
        self.qos
    }

    /// The RETAIN flag as published.
    #[must_use]
    pub const fn retain(&self) -> bool {
        self.retain
    }

    /// When it stops being worth delivering.
    #[must_use]
    pub const fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// When the broker received it.
    #[must_use]
    pub const fn received_at(&self) -> Instant {
        self.received_at
    }

    /// Who published it.
    #[must_use]
    pub const fn publisher(&self) -> PublisherId {
        self.publisher
    }

    /// Bytes of memory the message holds: what queue limits in bytes count.
    #[must_use]
    pub fn cost_bytes(&self) -> usize {
        size_of::<Self>() + self.body.len()
    }
}

fn u32_len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("an MQTT packet has less than 256 MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gives_back_what_it_was_made_from() {
        let parts = MessageRef {
            topic: TopicRef::new("a/ü").expect("valid"),
            payload: b"payload",
            properties: &[0x01, 0x01],
            qos: Qos::ExactlyOnce,
            retain: true,
            expiry: Expiry::after(Some(3), Instant::ZERO),
            received_at: Instant::from_secs(1),
            publisher: PublisherId(7),
        };
        let message = parts.to_message();
        assert_eq!(message.as_ref(), parts);
        assert!(message.cost_bytes() > 13);
    }
}
