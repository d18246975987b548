//! Keys of slabs: an index and a generation.

use core::hash::Hash;

/// Bits of a key's index: a slab holds at most 2^28 entries.
pub(crate) const INDEX_BITS: u32 = 28;

/// Entries of one slab at the most. Full: [`crate::Slab::insert`] panics.
pub(crate) const ENTRIES_MAX: u32 = 1 << INDEX_BITS;

/// A name for an entry of a slab; [`crate::key_type!`] makes the types.
pub trait Key: Copy + Eq + Ord + Hash {
    /// The key of slot `index` in its `generation`-th use.
    fn new(index: u32, generation: u32) -> Self;
    /// The slot.
    fn index(self) -> u32;
    /// How often the slot had been given back when this key was made.
    fn generation(self) -> u32;

    /// The key as a number below 2^60: the top four bits are free for the owner's tag.
    #[must_use]
    fn to_bits(self) -> u64 {
        (u64::from(self.generation()) << INDEX_BITS) | u64::from(self.index())
    }

    /// The key from what [`Key::to_bits`] gave; the top four bits are ignored.
    #[must_use]
    fn from_bits(bits: u64) -> Self {
        let index = low_u32(bits & u64::from(ENTRIES_MAX - 1));
        Self::new(index, low_u32(bits >> INDEX_BITS))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
const fn low_u32(bits: u64) -> u32 {
    bits as u32
}

/// Makes a key type: a `Copy` newtype of eight bytes that implements [`Key`].
#[macro_export]
macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            index: u32,
            generation: u32,
        }

        impl $crate::Key for $name {
            fn new(index: u32, generation: u32) -> Self {
                Self { index, generation }
            }

            fn index(self) -> u32 {
                self.index
            }

            fn generation(self) -> u32 {
                self.generation
            }
        }
    };
}

key_type! {
    /// A connection of this shard.
    ConnectionKey
}

key_type! {
    /// A session of this shard, live or dormant.
    SessionKey
}

const _: () = assert!(
    size_of::<SessionKey>() == 8,
    "keys travel by value everywhere"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_give_the_key_back_and_leave_four_free() {
        for (index, generation) in [(0, 0), (1, 0), (0, 1), (ENTRIES_MAX - 1, u32::MAX)] {
            let key = SessionKey::new(index, generation);
            assert!(key.to_bits() < 1 << 60);
            assert_eq!(SessionKey::from_bits(key.to_bits()), key);
            assert_eq!(SessionKey::from_bits(key.to_bits() | 0xf << 60), key);
        }
    }
}
