//! PUBACK, PUBREC, PUBREL and PUBCOMP, which look alike.

use crate::encode::Body;
use crate::reader::Reader;
use crate::sink::Sink;
use crate::{DecodeError, PacketId, PacketType, ReasonCode, ReasonProperties, Side, Version};

/// An acknowledgement in the delivery of a message.
///
/// # Specification
///
/// MQTT 5.0 sections 3.4 to 3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The packet that is acknowledged.
    pub packet_id: PacketId,
    /// Success before 5.0.
    pub reason: ReasonCode,
    /// None before 5.0.
    pub properties: ReasonProperties<'a>,
}

/// Which of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the standard names them")]
pub enum AckKind {
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
}

impl AckKind {
    /// The packet type.
    #[must_use]
    pub const fn packet_type(self) -> PacketType {
        match self {
            Self::Puback => PacketType::Puback,
            Self::Pubrec => PacketType::Pubrec,
            Self::Pubrel => PacketType::Pubrel,
            Self::Pubcomp => PacketType::Pubcomp,
        }
    }
}

impl Ack<'_> {
    /// An acknowledgement without properties.
    #[must_use]
    pub const fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
        Self {
            packet_id,
            reason,
            properties: ReasonProperties {
                reason_string: None,
                user_properties: crate::UserProperties::NONE,
            },
        }
    }
}

impl<'a> Ack<'a> {
    pub(crate) fn decode(
        kind: PacketType,
        body: &'a [u8],
        version: Version,
        side: Side,
    ) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let mut ack = Self::new(reader.packet_id()?, ReasonCode::Success);
        // The short forms of 5.0: no reason code means success, no length no properties.
        if version == Version::V5 && !reader.is_empty() {
            ack.reason = reason(reader.u8()?, kind, side)?;
            if !reader.is_empty() {
                ack.properties = ReasonProperties::decode(reader.section()?)?;
            }
        }
        reader.finish()?;
        Ok(ack)
    }
}

impl Body for Ack<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.u16(self.packet_id.value());
        let bare = self.properties.is_empty();
        if version == Version::V5 && !(bare && self.reason == ReasonCode::Success) {
            out.u8(self.reason.byte());
            if !bare {
                out.section(&self.properties);
            }
        }
    }
}

/// Reads a reason code that `kind` may carry to `side`.
pub(crate) fn reason(code: u8, kind: PacketType, side: Side) -> Result<ReasonCode, DecodeError> {
    ReasonCode::from_byte(code)
        .filter(|reason| reason.fits(kind, side))
        .ok_or(DecodeError::ReasonCode { code })
}

/// Appends an acknowledgement without properties: 4 bytes, or 5 with a reason in 5.0.
///
/// Before 5.0 `reason` is not written.
#[inline]
pub fn encode_ack(
    kind: AckKind,
    packet_id: PacketId,
    reason: ReasonCode,
    version: Version,
    out: &mut Vec<u8>,
) {
    let [high, low] = packet_id.value().to_be_bytes();
    let first_byte = kind.packet_type().first_byte();
    if version == Version::V5 && reason != ReasonCode::Success {
        out.extend_from_slice(&[first_byte, 3, high, low, reason.byte()]);
    } else {
        out.extend_from_slice(&[first_byte, 2, high, low]);
    }
}
