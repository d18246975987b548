//! Variable byte integers.

use crate::DecodeError;

/// The largest value of a variable byte integer, and so the largest remaining length.
pub const VARINT_MAX: u32 = 268_435_455;

/// Bytes that `value` takes as a variable byte integer, 1 to 4.
#[must_use]
pub const fn varint_size(value: u32) -> u32 {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        _ => 4,
    }
}

/// Decodes the variable byte integer at the start of `input`: its value and size, 1 to 4 bytes.
///
/// `None` if `input` ends before the integer does. Padded integers are accepted; who must refuse
/// them compares the size with [`varint_size`].
///
/// # Errors
///
/// [`DecodeError::VarIntTooLong`] if the fourth byte says that another one follows.
///
/// # Specification
///
/// MQTT 5.0 section 1.5.5.
#[inline]
pub(crate) fn decode(input: &[u8]) -> Result<Option<(u32, u32)>, DecodeError> {
    match *input {
        [only, ..] if only < 0x80 => Ok(Some((only.into(), 1))),
        [low, high, ..] if high < 0x80 => {
            Ok(Some((u32::from(low & 0x7f) | u32::from(high) << 7, 2)))
        }
        _ => decode_any(input),
    }
}

/// The same for integers of any size; apart, because packets are mostly small.
fn decode_any(input: &[u8]) -> Result<Option<(u32, u32)>, DecodeError> {
    let mut value = 0;
    for (size, &byte) in (1..=4).zip(input) {
        value |= u32::from(byte & 0x7f) << (7 * (size - 1));
        if byte < 0x80 {
            return Ok(Some((value, size)));
        }
    }
    if input.len() >= 4 {
        return Err(DecodeError::VarIntTooLong);
    }
    Ok(None)
}

/// Encodes `value`, which is at most [`VARINT_MAX`], in as few bytes as carry it.
///
/// Returns four bytes, of which the first [`varint_size`] count.
#[inline]
pub(crate) const fn encode(value: u32) -> [u8; 4] {
    let [a, b, c, d] = [
        value & 0x7f,
        value >> 7 & 0x7f,
        value >> 14 & 0x7f,
        value >> 21 & 0x7f,
    ];
    let packed = match varint_size(value) {
        1 => a,
        2 => a | 0x80 | b << 8,
        3 => a | 0x80 | (b | 0x80) << 8 | c << 16,
        _ => a | 0x80 | (b | 0x80) << 8 | (c | 0x80) << 16 | d << 24,
    };
    packed.to_le_bytes()
}
