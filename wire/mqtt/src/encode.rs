//! Writing packets: what is common to all types.

use crate::sink::{Counter, Sink};
use crate::{EncodeError, VARINT_MAX, Version, varint_size};

/// The body of a packet, everything after the fixed header.
pub(crate) trait Body {
    fn write<S: Sink>(&self, version: Version, out: &mut S);
}

/// Bytes of the whole packet, fixed header included.
pub(crate) fn size(body: &impl Body, version: Version) -> Result<u32, EncodeError> {
    remaining(body, version).map(|remaining| 1 + varint_size(remaining) + remaining)
}

/// Appends the whole packet to `out`.
pub(crate) fn encode(
    first_byte: u8,
    body: &impl Body,
    version: Version,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let remaining = remaining(body, version)?;
    out.reserve(5 + remaining as usize);
    out.u8(first_byte);
    out.varint(remaining);
    body.write(version, out);
    Ok(())
}

fn remaining(body: &impl Body, version: Version) -> Result<u32, EncodeError> {
    let mut counter = Counter::default();
    body.write(version, &mut counter);
    if counter.field_too_long {
        return Err(EncodeError::FieldTooLong);
    }
    let remaining = counter.size();
    if remaining > VARINT_MAX {
        return Err(EncodeError::PacketTooLarge {
            limit: VARINT_MAX + 5,
        });
    }
    Ok(remaining)
}
