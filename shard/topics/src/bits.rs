//! Parts of words: casts that are meant to drop bits.

/// The lower 64 bits.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper bits are not wanted"
)]
pub(crate) const fn low_64(word: u128) -> u64 {
    word as u64
}

/// The upper 64 bits.
#[inline]
pub(crate) const fn high_64(word: u128) -> u64 {
    low_64(word >> 64)
}

/// The lower 32 bits.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper bits are not wanted"
)]
pub(crate) const fn low_32(word: u64) -> u32 {
    word as u32
}

/// The upper 32 bits.
#[inline]
pub(crate) const fn high_32(word: u64) -> u32 {
    low_32(word >> 32)
}
