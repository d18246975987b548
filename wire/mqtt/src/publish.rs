//! PUBLISH.

mod properties;

use core::num::NonZeroU16;

use wire_message::{Qos, TopicError, TopicRef};

use crate::encode::Body;
use crate::packet::body;
use crate::reader::Reader;
use crate::sink::Sink;
use crate::{DecodeError, EncodeError, PacketId, PacketType, Side, Version};

pub use properties::PublishProperties;
pub(crate) use properties::{payload_format, response_topic};

const RETAIN: u8 = 0b0001;
const DUP: u8 = 0b1000;

/// A message on its way between client and server.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Whether it may have been sent before.
    pub dup: bool,
    /// Quality of service.
    pub qos: Qos,
    /// To be retained; or, in a delivery, that it was retained.
    pub retain: bool,
    /// Where it is published; `None` if `properties.topic_alias` stands for it.
    pub topic: Option<TopicRef<'a>>,
    /// Present if and only if the QoS is 1 or 2, \[v5 2.2.1-2\].
    pub packet_id: Option<PacketId>,
    /// None before 5.0.
    pub properties: PublishProperties<'a>,
    /// The application's bytes.
    pub payload: &'a [u8],
}

impl<'a> Publish<'a> {
    /// A message of QoS 0 with nothing optional in it.
    #[must_use]
    pub fn new(topic: TopicRef<'a>, payload: &'a [u8]) -> Self {
        Self {
            dup: false,
            qos: Qos::AtMostOnce,
            retain: false,
            topic: Some(topic),
            packet_id: None,
            properties: PublishProperties::default(),
            payload,
        }
    }

    /// Decodes a whole PUBLISH packet, fixed header included: the short way around
    /// [`Packet::decode`](crate::Packet::decode).
    ///
    /// # Errors
    ///
    /// [`DecodeError::ReservedType`] if the packet is of another type; otherwise what is wrong
    /// with it.
    #[inline]
    pub fn decode(packet: &'a [u8], version: Version, side: Side) -> Result<Self, DecodeError> {
        let (first_byte, body) = body(packet, version)?;
        if first_byte >> 4 != PacketType::Publish as u8 {
            return Err(DecodeError::ReservedType);
        }
        Self::decode_body(first_byte, body, version, side)
    }

    #[inline]
    pub(crate) fn decode_body(
        first_byte: u8,
        body: &'a [u8],
        version: Version,
        side: Side,
    ) -> Result<Self, DecodeError> {
        // [v5 3.3.1-4] [v311 3.3.1-4]
        let qos = Qos::from_bits(first_byte >> 1 & 0b11).ok_or(DecodeError::PublishQos)?;
        let mut dup = first_byte & DUP != 0;
        if dup && qos == Qos::AtMostOnce {
            // [v5 3.3.1-2] [v311 3.3.1-2]; 3.1 gives the flag no meaning with QoS 0.
            if version != Version::V31 {
                return Err(DecodeError::DupWithQos0);
            }
            dup = false;
        }
        let mut reader = Reader::new(body);
        let topic = topic(&mut reader)?;
        let packet_id = if qos == Qos::AtMostOnce {
            None
        } else {
            Some(reader.packet_id()?)
        };
        let section = match version {
            Version::V31 | Version::V311 => &[],
            Version::V5 => reader.section()?,
        };
        let with = |properties| Self {
            dup,
            qos,
            retain: first_byte & RETAIN != 0,
            topic,
            packet_id,
            properties,
            payload: reader.rest(),
        };
        if section.is_empty() {
            return match topic {
                Some(_) => Ok(with(PublishProperties::NONE)),
                None => Err(DecodeError::TopicEmpty),
            };
        }
        let properties = PublishProperties::decode(section, side)?;
        if topic.is_none() && properties.topic_alias.is_none() {
            return Err(DecodeError::TopicEmpty);
        }
        Ok(with(properties))
    }

    pub(crate) fn first_byte(&self) -> u8 {
        first_byte(self.qos, self.dup, self.retain)
    }

    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        if self.qos != Qos::AtMostOnce && self.packet_id.is_none() {
            return Err(EncodeError::PacketIdMissing);
        }
        let alias = version == Version::V5 && self.properties.topic_alias.is_some();
        if self.topic.is_none() && !alias {
            return Err(EncodeError::TopicMissing);
        }
        Ok(())
    }
}

/// The first byte of a PUBLISH; DUP is left out with QoS 0.
#[inline]
pub(crate) fn first_byte(qos: Qos, dup: bool, retain: bool) -> u8 {
    let dup = dup && qos != Qos::AtMostOnce;
    PacketType::Publish.first_byte() | u8::from(dup) << 3 | qos.bits() << 1 | u8::from(retain)
}

/// Reads a topic name; `None` if it is empty.
#[inline]
pub(crate) fn topic<'a>(reader: &mut Reader<'a>) -> Result<Option<TopicRef<'a>>, DecodeError> {
    let bytes = reader.binary()?;
    if bytes.is_empty() {
        return Ok(None);
    }
    TopicRef::from_bytes(bytes).map(Some).map_err(topic_error)
}

fn topic_error(error: TopicError) -> DecodeError {
    match error {
        TopicError::Empty => DecodeError::TopicEmpty,
        TopicError::Text(error) => DecodeError::Text(error),
        TopicError::TooLong => DecodeError::Truncated,
        TopicError::Wildcard => DecodeError::TopicWildcard,
    }
}

impl Body for Publish<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.text(self.topic.map_or("", TopicRef::as_str));
        if let Some(packet_id) = self.packet_id
            && self.qos != Qos::AtMostOnce
        {
            out.u16(packet_id.value());
        }
        if version == Version::V5 {
            out.section(&self.properties);
        }
        out.bytes(self.payload);
    }
}

/// A topic alias as a property holds it.
pub(crate) fn alias(value: Option<u16>) -> Option<NonZeroU16> {
    value.and_then(NonZeroU16::new)
}
