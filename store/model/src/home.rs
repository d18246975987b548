//! Where sessions live, or lived.

use wire_message::{ClientId, SHARDS_MAX, Seed, ShardId};

/// A shard among so many: with the seed, that says which sessions live there.
///
/// Kept with what a shard stored, because another run may have another number of shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home {
    /// One less than there are shards.
    last: u8,
    shard: ShardId,
}

impl Home {
    /// `shard` of `shards`; `None` if there is no such shard, or more than [`SHARDS_MAX`].
    #[must_use]
    pub fn new(shard: ShardId, shards: usize) -> Option<Self> {
        let last = u8::try_from(shards.checked_sub(1)?).ok()?;
        (shard.0 <= last).then_some(Self { last, shard })
    }

    /// The shard.
    #[must_use]
    pub const fn shard(self) -> ShardId {
        self.shard
    }

    /// How many shards there are.
    #[must_use]
    pub const fn shards(self) -> usize {
        self.last as usize + 1
    }

    /// Whether the session of client `id` lives there, in a store with this seed.
    #[must_use]
    pub fn is_of(self, id: &str, seed: Seed) -> bool {
        ClientId::home(id, self.shards(), seed) == self.shard
    }

    pub(crate) const fn to_bytes(self) -> [u8; 2] {
        [self.last, self.shard.0]
    }

    pub(crate) fn from_bytes([last, shard]: [u8; 2]) -> Option<Self> {
        Self::new(ShardId(shard), usize::from(last) + 1)
    }
}

const _: () = assert!(
    SHARDS_MAX == u8::MAX as usize + 1,
    "the last shard's number is a byte"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_one_of_the_shards_there_are() {
        assert_eq!(Home::new(ShardId(0), 0), None);
        assert_eq!(Home::new(ShardId(2), 2), None);
        assert_eq!(Home::new(ShardId(0), SHARDS_MAX + 1), None);
        let last = Home::new(ShardId(255), SHARDS_MAX).expect("the last of all");
        assert_eq!((last.shard(), last.shards()), (ShardId(255), SHARDS_MAX));
        assert_eq!(Home::from_bytes(last.to_bytes()), Some(last));
        assert_eq!(Home::from_bytes([1, 2]), None);
    }

    #[test]
    fn every_session_has_one_home() {
        for client in ["a", "meter-7", ""] {
            let homes = (0..5).filter_map(|shard| Home::new(ShardId(shard), 5));
            let own = homes.filter(|home| home.is_of(client, Seed(3)));
            assert_eq!(own.count(), 1, "{client}");
        }
    }
}
