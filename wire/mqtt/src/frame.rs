//! Finding packets in a stream of bytes.

use crate::{DecodeError, PacketType, varint};

/// The flags of PUBLISH that hold its QoS; as 0b0010, those that some other types must have.
const QOS: u8 = 0b0110;

/// What stands at the start of the bytes read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole packet.
    Whole {
        /// Its bytes, fixed header included.
        size: u32,
    },
    /// The beginning of a packet.
    More {
        /// Bytes that the input must have before it is worth to ask again: the packet's size, or
        /// one byte more than there are if the size is not known yet.
        wanted: u32,
    },
}

/// Finds the packet at the start of `input` from its fixed header.
///
/// Takes the same short time however long the packet is, so a part of a large packet may be
/// offered again with every read. Faults of the fixed header that are faults in every version are
/// found here, before the body is waited for; [`Packet::decode`](crate::Packet::decode) finds the
/// others. Padded lengths are accepted here: 5.0 forbids them, \[v5 1.5.5-1\], and decoding by 5.0
/// refuses them; 3.1 and 3.1.1 (section 2.2.3) do not.
///
/// # Errors
///
/// [`DecodeError::PacketTooLarge`] if the packet has more than `size_max` bytes, fixed header
/// included; [`DecodeError::VarIntTooLong`]; [`DecodeError::ReservedType`];
/// [`DecodeError::ReservedFlags`]; [`DecodeError::PublishQos`]; [`DecodeError::TrailingBytes`] for
/// a PINGREQ or PINGRESP with a body.
///
/// # Specification
///
/// MQTT 5.0 section 2.1.
#[inline]
pub fn frame(input: &[u8], size_max: u32) -> Result<Frame, DecodeError> {
    let Some((&first_byte, rest)) = input.split_first() else {
        return Ok(Frame::More { wanted: 2 });
    };
    let publish = first_byte >> 4 == PacketType::Publish as u8;
    if !publish {
        check_first_byte(first_byte)?;
    } else if first_byte & QOS == QOS {
        return Err(DecodeError::PublishQos);
    }
    let Some((remaining, length_size)) = varint::decode(rest)? else {
        let wanted = u32::try_from(input.len()).map_or(u32::MAX, |size| size + 1);
        return Ok(Frame::More { wanted });
    };
    let size = 1 + length_size + remaining;
    if size > size_max {
        return Err(DecodeError::PacketTooLarge {
            size,
            limit: size_max,
        });
    }
    // PINGREQ and PINGRESP.
    if !publish && matches!(first_byte >> 4, 12 | 13) && remaining > 0 {
        return Err(DecodeError::TrailingBytes);
    }
    if input.len() < size as usize {
        return Ok(Frame::More { wanted: size });
    }
    Ok(Frame::Whole { size })
}

/// Finds what no version permits in the first byte of another packet than PUBLISH.
fn check_first_byte(first_byte: u8) -> Result<(), DecodeError> {
    match PacketType::of(first_byte) {
        None => Err(DecodeError::ReservedType),
        Some(PacketType::Pubrel | PacketType::Subscribe | PacketType::Unsubscribe)
            if first_byte & QOS != 0b0010 =>
        {
            Err(DecodeError::ReservedFlags)
        }
        Some(_) => Ok(()),
    }
}
