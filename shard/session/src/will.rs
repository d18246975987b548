//! What a client leaves to be published when it is gone.

use core::time::Duration;

use wire_message::{Expiry, Instant, Message, MessageRef};

/// A client's will, kept with its session until it is published or withdrawn.
///
/// # Specification
///
/// MQTT 5.0 sections 3.1.2.5 and 3.1.3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    message: Message,
    /// From publication, not from CONNECT.
    expiry_s: Option<u32>,
    delay_s: u32,
}

impl Will {
    /// The will as CONNECT gives it: `message` with topic, payload, properties, quality of
    /// service and RETAIN; its Message Expiry Interval; its Will Delay Interval (3.x: 0).
    ///
    /// Times in `message` are not used: they are those of the publication.
    #[must_use]
    pub fn new(message: &MessageRef<'_>, expiry_s: Option<u32>, delay_s: u32) -> Self {
        Self {
            message: message.to_message(),
            expiry_s,
            delay_s,
        }
    }

    /// When it is to be published: the connection was lost at `now`, and the session ends at
    /// `session_end` (`None`: never).
    ///
    /// # Specification
    ///
    /// \[v5 3.1.2-8\]: when the delay has passed or the session ends, whichever comes first;
    /// \[v5 3.1.3-9\]: not at all if a new connection comes before.
    #[must_use]
    pub fn due(&self, now: Instant, session_end: Option<Instant>) -> Instant {
        let delayed = now + Duration::from_secs(u64::from(self.delay_s));
        session_end.map_or(delayed, |end| delayed.min(end))
    }

    /// Message Expiry Interval, seconds from publication; `None`: never.
    #[must_use]
    pub const fn expiry_s(&self) -> Option<u32> {
        self.expiry_s
    }

    /// Will Delay Interval, seconds from the loss of the connection.
    #[must_use]
    pub const fn delay_s(&self) -> u32 {
        self.delay_s
    }

    /// The message as it is published at `now`; its expiry counts from here.
    #[must_use]
    pub fn message_at(&self, now: Instant) -> MessageRef<'_> {
        MessageRef {
            expiry: Expiry::after(self.expiry_s, now),
            received_at: now,
            ..self.message.as_ref()
        }
    }
}

#[cfg(test)]
mod tests {
    use wire_message::{PublisherId, Qos, TopicRef};

    use super::*;

    fn will(expiry_s: Option<u32>, delay_s: u32, retain: bool) -> Will {
        let message = MessageRef {
            topic: TopicRef::new("a/will").expect("valid"),
            payload: b"gone",
            properties: &[1, 1],
            qos: Qos::AtLeastOnce,
            retain,
            expiry: Expiry::NEVER,
            received_at: Instant::ZERO,
            publisher: PublisherId(3),
        };
        Will::new(&message, expiry_s, delay_s)
    }

    fn at(secs: u64) -> Instant {
        Instant::from_secs(secs)
    }

    #[test]
    fn v5_3_1_2_8_it_is_due_after_its_delay_or_when_the_session_ends() {
        assert_eq!(will(None, 0, false).due(at(100), Some(at(100))), at(100));
        assert_eq!(will(None, 0, false).due(at(100), None), at(100));
        assert_eq!(will(None, 5, false).due(at(100), None), at(105));
        assert_eq!(will(None, 5, false).due(at(100), Some(at(104))), at(104));
        assert_eq!(will(None, 5, false).due(at(100), Some(at(106))), at(105));
        assert_eq!(will(None, 5, false).due(at(100), Some(at(100))), at(100));
    }

    #[test]
    fn its_expiry_counts_from_its_publication() {
        let message = will(Some(10), 5, true);
        let message = message.message_at(at(105));
        assert_eq!(message.expiry.remaining_s(at(105)), Some(10));
        assert_eq!(message.received_at, at(105));
        assert_eq!(
            will(None, 0, true).message_at(at(105)).expiry,
            Expiry::NEVER
        );
    }

    #[test]
    fn v5_3_1_2_15_a_will_with_retain_is_published_as_retained() {
        assert!(will(None, 0, true).message_at(at(1)).retain);
    }

    #[test]
    fn v5_3_1_2_14_a_will_without_retain_is_published_as_not_retained() {
        let will = will(None, 0, false);
        let message = will.message_at(at(1));
        assert!(!message.retain);
        assert_eq!(
            (message.topic.as_str(), message.payload),
            ("a/will", &b"gone"[..])
        );
        assert_eq!(
            (message.properties, message.qos),
            (&[1, 1][..], Qos::AtLeastOnce)
        );
        assert_eq!(message.publisher, PublisherId(3));
    }
}
