//! Shards and sets of shards.

use core::fmt;

/// Shards of one process at the most. More cores than that: start a second process.
pub const SHARDS_MAX: usize = 256;

/// The number of a shard in its process, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u8);

const _: () = assert!(SHARDS_MAX == u8::MAX as usize + 1, "every u8 names a shard");

impl ShardId {
    /// The shard as an index into a table of shards.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A set of shards, 32 bytes, by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShardSet([u64; SHARDS_MAX / 64]);

#[expect(
    clippy::indexing_slicing,
    reason = "a shard's number divided by 64 is less than the number of words"
)]
impl ShardSet {
    /// The set without members.
    pub const EMPTY: Self = Self([0; SHARDS_MAX / 64]);

    /// The set of one shard.
    #[must_use]
    pub fn one(shard: ShardId) -> Self {
        let mut set = Self::EMPTY;
        set.insert(shard);
        set
    }

    /// Adds `shard`; true if it was not there.
    pub fn insert(&mut self, shard: ShardId) -> bool {
        let word = &mut self.0[shard.index() / 64];
        let bit = 1 << (shard.index() % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    /// Takes `shard` out; true if it was there.
    pub fn remove(&mut self, shard: ShardId) -> bool {
        let word = &mut self.0[shard.index() / 64];
        let bit = 1 << (shard.index() % 64);
        let present = *word & bit != 0;
        *word &= !bit;
        present
    }

    /// Whether `shard` is a member.
    #[must_use]
    pub const fn contains(&self, shard: ShardId) -> bool {
        self.0[shard.index() / 64] & (1 << (shard.index() % 64)) != 0
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Whether `shard` is a member and no other is.
    #[must_use]
    pub fn is_only(&self, shard: ShardId) -> bool {
        *self == Self::one(shard)
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Adds all members of `other`.
    pub fn union_with(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// The members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = ShardId> + use<> {
        // Simpler to write with `flat_map`, and several times as many instructions.
        let mut words = self.0.into_iter();
        let (mut word, mut end) = (0_u64, 0);
        core::iter::from_fn(move || {
            while word == 0 {
                word = words.next()?;
                end += 64;
            }
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            u8::try_from(end - 64 + bit).ok().map(ShardId)
        })
    }
}

impl FromIterator<ShardId> for ShardSet {
    fn from_iter<I: IntoIterator<Item = ShardId>>(shards: I) -> Self {
        let mut set = Self::EMPTY;
        for shard in shards {
            set.insert(shard);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_in_order() {
        let shards = [ShardId(255), ShardId(0), ShardId(64), ShardId(63)];
        let mut set: ShardSet = shards.into_iter().collect();
        assert!(!set.insert(ShardId(64)));
        assert_eq!(set.len(), 4);
        let members: Vec<u8> = set.iter().map(|shard| shard.0).collect();
        assert_eq!(members, [0, 63, 64, 255]);
        assert!(set.remove(ShardId(63)) && !set.contains(ShardId(63)));
    }
}
