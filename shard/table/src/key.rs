//! Keys of slabs: an index and a generation.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

/// Bits of a key's index: a slab holds at most 2^28 entries.
const INDEX_BITS: u32 = 28;

/// Entries of one slab at the most. Full: [`crate::Slab::insert`] panics.
pub(crate) const ENTRIES_MAX: u32 = 1 << INDEX_BITS;

/// A name for an entry of a slab; `K` only keeps keys of different slabs apart.
///
/// Eight bytes, by value. Once its entry is gone a key finds nothing, also when the slot has a new
/// entry (for 2^32 entries in the same slot).
pub struct Key<K> {
    index: u32,
    generation: u32,
    kind: PhantomData<fn() -> K>,
}

impl<K> Key<K> {
    pub(crate) const fn new(index: u32, generation: u32) -> Self {
        Self {
            index,
            generation,
            kind: PhantomData,
        }
    }

    /// The slot; slots are used from the lowest up.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How often the slot had been given back when this key was made.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.generation
    }

    /// The key as a number below 2^60: the top four bits are free for the owner's tag.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        ((self.generation as u64) << INDEX_BITS) | self.index as u64
    }

    /// The key from what [`Key::to_bits`] gave; the top four bits are ignored.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self::new(
            low_u32(bits & (ENTRIES_MAX as u64 - 1)),
            low_u32(bits >> INDEX_BITS),
        )
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
const fn low_u32(bits: u64) -> u32 {
    bits as u32
}

// Derived, these would ask the same of `K`, which is only a mark.
impl<K> Clone for Key<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Key<K> {}

impl<K> PartialEq for Key<K> {
    fn eq(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<K> Eq for Key<K> {}

impl<K> PartialOrd for Key<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Key<K> {
    /// By slot, then by age.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.index, self.generation).cmp(&(other.index, other.generation))
    }
}

impl<K> Hash for Key<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.to_bits());
    }
}

impl<K> fmt::Debug for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}.{})", self.index, self.generation)
    }
}

/// Marks keys of connections.
#[derive(Debug)]
pub enum OfConnection {}

/// Marks keys of sessions.
#[derive(Debug)]
pub enum OfSession {}

/// A connection of this shard.
pub type ConnectionKey = Key<OfConnection>;

/// A session of this shard, live or dormant.
pub type SessionKey = Key<OfSession>;

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
