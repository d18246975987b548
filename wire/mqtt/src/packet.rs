//! Packets of all types.

mod write;

use crate::reader::Reader;
use crate::{
    Ack, Auth, Connack, Connect, DecodeError, Disconnect, PacketType, Publish, Side, Suback,
    Subscribe, Unsuback, Unsubscribe, Version, varint, varint_size,
};

/// A control packet, borrowed.
///
/// # Specification
///
/// MQTT 5.0 chapter 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard names them")]
pub enum Packet<'a> {
    Connect(Connect<'a>),
    Connack(Connack<'a>),
    Publish(Publish<'a>),
    Puback(Ack<'a>),
    Pubrec(Ack<'a>),
    Pubrel(Ack<'a>),
    Pubcomp(Ack<'a>),
    Subscribe(Subscribe<'a>),
    Suback(Suback<'a>),
    Unsubscribe(Unsubscribe<'a>),
    Unsuback(Unsuback<'a>),
    Pingreq,
    Pingresp,
    Disconnect(Disconnect<'a>),
    Auth(Auth<'a>),
}

impl<'a> Packet<'a> {
    /// Decodes `packet`, one whole packet as [`frame`](crate::frame) found it.
    ///
    /// `side` is the reader. A CONNECT is decoded by the version it names; for it `version` does
    /// not matter, as nothing was agreed on before.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], the first fault found.
    pub fn decode(packet: &'a [u8], version: Version, side: Side) -> Result<Self, DecodeError> {
        let kind = packet
            .first()
            .and_then(|&first_byte| PacketType::of(first_byte));
        let version = match kind {
            Some(PacketType::Connect) => crate::connect_version(packet).unwrap_or(version),
            _ => version,
        };
        let (first_byte, body) = body(packet, version)?;
        let kind = kind.ok_or(DecodeError::ReservedType)?;
        if kind == PacketType::Publish {
            return Publish::decode_body(first_byte, body, version, side).map(Self::Publish);
        }
        kind.check(first_byte, version, side)?;
        Ok(match kind {
            PacketType::Connect => Self::Connect(Connect::decode(body)?),
            PacketType::Connack => Self::Connack(Connack::decode(body, version)?),
            PacketType::Publish => {
                Self::Publish(Publish::decode_body(first_byte, body, version, side)?)
            }
            PacketType::Puback => Self::Puback(Ack::decode(kind, body, version, side)?),
            PacketType::Pubrec => Self::Pubrec(Ack::decode(kind, body, version, side)?),
            PacketType::Pubrel => Self::Pubrel(Ack::decode(kind, body, version, side)?),
            PacketType::Pubcomp => Self::Pubcomp(Ack::decode(kind, body, version, side)?),
            PacketType::Subscribe => Self::Subscribe(Subscribe::decode(body, version)?),
            PacketType::Suback => Self::Suback(Suback::decode(body, version)?),
            PacketType::Unsubscribe => Self::Unsubscribe(Unsubscribe::decode(body, version)?),
            PacketType::Unsuback => Self::Unsuback(Unsuback::decode(body, version)?),
            PacketType::Pingreq => Reader::new(body).finish().map(|()| Self::Pingreq)?,
            PacketType::Pingresp => Reader::new(body).finish().map(|()| Self::Pingresp)?,
            PacketType::Disconnect => Self::Disconnect(Disconnect::decode(body, version, side)?),
            PacketType::Auth => Self::Auth(Auth::decode(body, side)?),
        })
    }

    /// The packet's type.
    #[must_use]
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::Connack(_) => PacketType::Connack,
            Self::Publish(_) => PacketType::Publish,
            Self::Puback(_) => PacketType::Puback,
            Self::Pubrec(_) => PacketType::Pubrec,
            Self::Pubrel(_) => PacketType::Pubrel,
            Self::Pubcomp(_) => PacketType::Pubcomp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::Suback(_) => PacketType::Suback,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::Unsuback(_) => PacketType::Unsuback,
            Self::Pingreq => PacketType::Pingreq,
            Self::Pingresp => PacketType::Pingresp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }
}

/// Splits a whole packet into its first byte and its body, and checks the length between.
#[inline]
pub(crate) fn body(packet: &[u8], version: Version) -> Result<(u8, &[u8]), DecodeError> {
    let (&first_byte, rest) = packet.split_first().ok_or(DecodeError::Truncated)?;
    let (remaining, size) = varint::decode(rest)?.ok_or(DecodeError::Truncated)?;
    // [v5 1.5.5-1]; 3.1 and 3.1.1 do not forbid padding.
    if version == Version::V5 && size != varint_size(remaining) {
        return Err(DecodeError::VarIntNotMinimal);
    }
    match rest.get(size as usize..) {
        Some(body) if body.len() == remaining as usize => Ok((first_byte, body)),
        Some(body) if body.len() > remaining as usize => Err(DecodeError::TrailingBytes),
        _ => Err(DecodeError::Truncated),
    }
}
