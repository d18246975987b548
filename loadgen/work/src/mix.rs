//! Numbers that look random and depend on other numbers only.

/// Spreads the bits of a number (the finalizer of `SplitMix64`).
#[inline]
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

/// The next number of the sequence that `state` stands for.
pub(crate) fn next(state: &mut u64) -> u64 {
    let drawn = mix(*state);
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    drawn
}

/// A random number above zero and at most one.
pub(crate) fn unit(draw: u64) -> f64 {
    // 53 bits are what an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "the number has 53 bits")]
    let numerator = ((draw >> 11) + 1) as f64;
    numerator / 9_007_199_254_740_992.0
}
