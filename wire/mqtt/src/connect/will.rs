//! The will in a CONNECT.

use wire_message::{Qos, TopicRef};

use crate::property::{Carrier, PropertyId, decode, put};
use crate::publish::{payload_format, response_topic, topic};
use crate::reader::Reader;
use crate::sink::{Section, Sink};
use crate::{DecodeError, PayloadFormat, UserProperties, Version};

/// A message that the server publishes when the client is gone.
///
/// # Specification
///
/// MQTT 5.0 sections 3.1.2.5 and 3.1.3.2 to 3.1.3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// Where to publish it.
    pub topic: TopicRef<'a>,
    /// The application's bytes, at most 65,535.
    pub payload: &'a [u8],
    /// The quality of service to publish it with.
    pub qos: Qos,
    /// Whether to retain it.
    pub retain: bool,
    /// None before 5.0.
    pub properties: WillProperties<'a>,
}

/// The properties of a will.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WillProperties<'a> {
    /// Seconds to wait for the client to come back.
    pub delay_interval_s: Option<u32>,
    /// What the payload is.
    pub payload_format: Option<PayloadFormat>,
    /// Seconds that the published will lives.
    pub expiry_interval_s: Option<u32>,
    /// The kind of content, in the application's words.
    pub content_type: Option<&'a str>,
    /// Where to answer.
    pub response_topic: Option<TopicRef<'a>>,
    /// By what to know the answer.
    pub correlation_data: Option<&'a [u8]>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
}

impl<'a> Will<'a> {
    pub(super) fn decode(
        reader: &mut Reader<'a>,
        version: Version,
        qos: Qos,
        retain: bool,
    ) -> Result<Self, DecodeError> {
        let properties = if version == Version::V5 {
            WillProperties::decode(reader.section()?)?
        } else {
            WillProperties::default()
        };
        Ok(Self {
            topic: topic(reader)?.ok_or(DecodeError::TopicEmpty)?,
            payload: reader.binary()?,
            qos,
            retain,
            properties,
        })
    }

    pub(super) fn write(&self, version: Version, out: &mut impl Sink) {
        if version == Version::V5 {
            out.section(&self.properties);
        }
        out.text(self.topic.as_str());
        out.binary(self.payload);
    }
}

impl<'a> WillProperties<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::WILL, |property, value| {
            match property {
                PropertyId::WillDelayInterval => set.delay_interval_s = value.number(),
                PropertyId::PayloadFormat => set.payload_format = payload_format(value),
                PropertyId::MessageExpiryInterval => set.expiry_interval_s = value.number(),
                PropertyId::ContentType => set.content_type = value.text(),
                PropertyId::ResponseTopic => set.response_topic = response_topic(value)?,
                PropertyId::CorrelationData => set.correlation_data = value.binary(),
                _ => {}
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }
}

impl WillProperties<'_> {
    /// The properties to publish the will with, encoded without their length.
    ///
    /// Those of a [`MessageRef`](wire_message::MessageRef): all but delay and expiry. They replace
    /// what `scratch` holds. Fields longer than 65,535 bytes, which no packet has, are left out.
    pub fn forward(&self, scratch: &mut Vec<u8>) {
        scratch.clear();
        Self {
            delay_interval_s: None,
            expiry_interval_s: None,
            ..*self
        }
        .write(scratch);
    }
}

impl Section for WillProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        use PropertyId as Id;
        put::u32(out, Id::WillDelayInterval, self.delay_interval_s);
        put::bool(
            out,
            Id::PayloadFormat,
            self.payload_format
                .map(|format| format == PayloadFormat::Text),
        );
        put::u32(out, Id::MessageExpiryInterval, self.expiry_interval_s);
        put::text(out, Id::ContentType, self.content_type);
        put::text(
            out,
            Id::ResponseTopic,
            self.response_topic.map(TopicRef::as_str),
        );
        put::binary(out, Id::CorrelationData, self.correlation_data);
        self.user_properties.write(out);
    }
}
