//! The fifteen packet types and the flags of their fixed headers.

use crate::{DecodeError, Side, Version};

/// The type of a control packet; the discriminant is its number on the wire.
///
/// # Specification
///
/// MQTT 5.0 section 2.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the standard names them")]
pub enum PacketType {
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl PacketType {
    /// The type that a packet's first byte names; `None` for the reserved type 0.
    #[must_use]
    pub const fn of(first_byte: u8) -> Option<Self> {
        Some(match first_byte >> 4 {
            1 => Self::Connect,
            2 => Self::Connack,
            3 => Self::Publish,
            4 => Self::Puback,
            5 => Self::Pubrec,
            6 => Self::Pubrel,
            7 => Self::Pubcomp,
            8 => Self::Subscribe,
            9 => Self::Suback,
            10 => Self::Unsubscribe,
            11 => Self::Unsuback,
            12 => Self::Pingreq,
            13 => Self::Pingresp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }

    /// The first byte of a packet of this type, PUBLISH without its flags.
    #[must_use]
    pub const fn first_byte(self) -> u8 {
        (self as u8) << 4 | self.flags()
    }

    /// The flags that the fixed header must carry; those of PUBLISH vary.
    const fn flags(self) -> u8 {
        if matches!(self, Self::Pubrel | Self::Subscribe | Self::Unsubscribe) {
            0b0010
        } else {
            0
        }
    }

    /// Checks the flags in `first_byte`, and that this type may be read by `side` at all.
    ///
    /// 3.1 reserves no flags: it lets a sender repeat PUBREL, SUBSCRIBE and UNSUBSCRIBE with DUP,
    /// and calls the flags of the other types unused.
    pub(crate) fn check(
        self,
        first_byte: u8,
        version: Version,
        side: Side,
    ) -> Result<(), DecodeError> {
        let flags = first_byte & 0x0f;
        if version == Version::V31 {
            if self.flags() != 0 && flags & 0b0110 != 0b0010 {
                return Err(DecodeError::ReservedFlags);
            }
        } else if flags != self.flags() {
            return Err(DecodeError::ReservedFlags);
        }
        if self == Self::Auth && version != Version::V5 {
            return Err(DecodeError::ReservedType);
        }
        if self.reads(version, side) {
            Ok(())
        } else {
            Err(DecodeError::WrongDirection)
        }
    }

    const fn reads(self, version: Version, side: Side) -> bool {
        match self {
            Self::Connect | Self::Subscribe | Self::Unsubscribe | Self::Pingreq => {
                matches!(side, Side::Server)
            }
            Self::Connack | Self::Suback | Self::Unsuback | Self::Pingresp => {
                matches!(side, Side::Client)
            }
            Self::Disconnect => matches!(side, Side::Server) || matches!(version, Version::V5),
            Self::Publish
            | Self::Puback
            | Self::Pubrec
            | Self::Pubrel
            | Self::Pubcomp
            | Self::Auth => true,
        }
    }
}
