//! The properties of PUBLISH.

use core::num::NonZeroU16;

use wire_message::TopicRef;

use super::alias;
use crate::property::{Carrier, PropertyId, Value, Walk, decode, put};
use crate::sink::{Section, Sink};
use crate::{DecodeError, PayloadFormat, Side, SubscriptionIds, UserProperties};

/// The properties of PUBLISH.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishProperties<'a> {
    /// What the payload is.
    pub payload_format: Option<PayloadFormat>,
    /// Seconds that the message has left to live.
    pub expiry_interval_s: Option<u32>,
    /// The number that stands, or from now on stands, for the topic.
    pub topic_alias: Option<NonZeroU16>,
    /// Where to answer.
    pub response_topic: Option<TopicRef<'a>>,
    /// By what to know the answer.
    pub correlation_data: Option<&'a [u8]>,
    /// The kind of content, in the application's words.
    pub content_type: Option<&'a str>,
    /// In a delivery, the identifiers of the subscriptions that the message matched.
    pub subscription_ids: SubscriptionIds<'a>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
}

impl<'a> PublishProperties<'a> {
    /// What a packet without properties decodes to: nothing, and so nothing to forward.
    pub(super) const NONE: Self = Self {
        payload_format: None,
        expiry_interval_s: None,
        topic_alias: None,
        response_topic: None,
        correlation_data: None,
        content_type: None,
        subscription_ids: SubscriptionIds::in_section(&[]),
        user_properties: UserProperties::in_section(&[]),
    };

    /// Decodes a section; not inlined, so that messages without properties do not pay for it.
    #[inline(never)]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    pub(super) fn decode(section: &'a [u8], side: Side) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::PUBLISH, |property, value| {
            match property {
                PropertyId::PayloadFormat => set.payload_format = payload_format(value),
                PropertyId::MessageExpiryInterval => set.expiry_interval_s = value.number(),
                PropertyId::TopicAlias => set.topic_alias = alias(value.short()),
                PropertyId::ResponseTopic => set.response_topic = response_topic(value)?,
                PropertyId::CorrelationData => set.correlation_data = value.binary(),
                PropertyId::ContentType => set.content_type = value.text(),
                // [v5 3.3.4-6]
                PropertyId::SubscriptionId if side == Side::Server => {
                    return Err(DecodeError::SubscriptionIdFromClient);
                }
                PropertyId::SubscriptionId => {
                    set.subscription_ids = SubscriptionIds::in_section(section);
                }
                _ => {}
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }

    /// The properties that travel on with the message, encoded without their length: all but
    /// expiry interval, topic alias and subscription identifiers.
    ///
    /// As they came, in order, if they were decoded: the very bytes of the packet if none of the
    /// three is among them, otherwise a copy in `scratch`, whose former contents are lost.
    ///
    /// # Specification
    ///
    /// \[v5 3.3.2-4\], \[v5 3.3.2-15\], \[v5 3.3.2-16\], \[v5 3.3.2-17\], \[v5 3.3.2-20\].
    pub fn forward<'s>(&self, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        let own = self.expiry_interval_s.is_some()
            || self.topic_alias.is_some()
            || !self.subscription_ids.is_empty();
        match self.user_properties.section() {
            Some(section) if !own => section,
            Some(section) => {
                scratch.clear();
                copy_forwardable(section, scratch);
                scratch
            }
            None if self.has_nothing_to_forward() => &[],
            None => {
                scratch.clear();
                self.write_forwardable(scratch);
                scratch
            }
        }
    }

    /// Whether the message has none of the properties that travel on, like most messages.
    fn has_nothing_to_forward(&self) -> bool {
        self.payload_format.is_none()
            && self.response_topic.is_none()
            && self.correlation_data.is_none()
            && self.content_type.is_none()
            && self.user_properties.is_empty()
    }

    fn write_forwardable<S: Sink>(&self, out: &mut S) {
        use PropertyId as Id;
        let text = self
            .payload_format
            .map(|format| format == PayloadFormat::Text);
        put::bool(out, Id::PayloadFormat, text);
        let response_topic = self.response_topic.map(TopicRef::as_str);
        put::text(out, Id::ResponseTopic, response_topic);
        put::binary(out, Id::CorrelationData, self.correlation_data);
        put::text(out, Id::ContentType, self.content_type);
        self.user_properties.write(out);
    }
}

/// Copies what travels on from a section that was checked.
fn copy_forwardable(section: &[u8], out: &mut Vec<u8>) {
    let mut walk = Walk::new(section);
    while let Some((property, encoded)) = walk.pass() {
        let own = matches!(
            property,
            PropertyId::MessageExpiryInterval | PropertyId::TopicAlias | PropertyId::SubscriptionId
        );
        if !own {
            out.extend_from_slice(encoded);
        }
    }
}

impl Section for PublishProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        use PropertyId as Id;
        put::u32(out, Id::MessageExpiryInterval, self.expiry_interval_s);
        put::u16(out, Id::TopicAlias, self.topic_alias.map(NonZeroU16::get));
        self.subscription_ids.write(out);
        self.write_forwardable(out);
    }
}

pub(crate) fn payload_format(value: Value<'_>) -> Option<PayloadFormat> {
    let text = value.bool()?;
    Some(if text {
        PayloadFormat::Text
    } else {
        PayloadFormat::Bytes
    })
}

/// Checks a response topic.
///
/// # Specification
///
/// \[v5 3.3.2-13\], \[v5 3.3.2-14\].
pub(crate) fn response_topic(value: Value<'_>) -> Result<Option<TopicRef<'_>>, DecodeError> {
    value
        .text()
        .map(TopicRef::new)
        .transpose()
        .map_err(|_| DecodeError::ResponseTopic)
}
