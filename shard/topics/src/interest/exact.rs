//! The exact filters that a shard owns: hashes and counts, no texts.

use wire_message::ShardId;

use super::Mark;
use super::wanted::{Wanted, WantedSet};
use crate::bits::high_32;
use crate::pool::Pool;
use crate::table::Table;
use crate::{Bucket, Route};

/// From a filter's hash to the shards that want it: about 11 bytes a filter if one shard does.
///
/// Of the hash, the upper 32 bits and the bucket are kept. Of two filters that collide in both, each
/// has the shards of both, which costs a hop in vain. They have the same bucket, so the epoch that
/// was bumped for the one is the other's too, and nothing is missed.
#[derive(Debug)]
pub(super) struct ExactInterest {
    table: Table,
    /// Sets that don't fit in a slot.
    sets: Pool<(Bucket, WantedSet)>,
}

impl ExactInterest {
    pub(super) const fn new(table: Table) -> Self {
        Self {
            table,
            sets: Pool::new(),
        }
    }

    /// Adds one session; true if the set of shards or of marks changed.
    pub(super) fn add(&mut self, hash: u64, shard: ShardId, mark: Mark) -> bool {
        self.change(hash, |set| set.add(shard, mark))
    }

    /// Takes one session out; true if the set of shards or of marks changed.
    pub(super) fn remove(&mut self, hash: u64, shard: ShardId, mark: Mark) -> bool {
        self.change(hash, |set| set.remove(shard, mark))
    }

    /// Adds the shards that want the filter to a route.
    pub(super) fn route(&self, hash: u64, route: &mut Route) {
        let bucket = Bucket::of(hash);
        self.table.each(high_32(hash), |slot| match unpack(slot) {
            Slot::Alone(other, wanted) if other == bucket => WantedSet::One(wanted).route(route),
            Slot::Alone(..) => {}
            Slot::Set(id) => {
                let (other, set) = self.sets.get(id);
                if *other == bucket {
                    set.route(route);
                }
            }
        });
    }

    fn change(&mut self, hash: u64, act: impl FnOnce(&mut WantedSet) -> bool) -> bool {
        let (key, bucket) = (high_32(hash), Bucket::of(hash));
        let old = self
            .table
            .find(key, |slot| (self.bucket(slot) == bucket).then_some(slot));
        let mut set = match old.map(unpack) {
            None => WantedSet::None,
            Some(Slot::Alone(_, wanted)) => WantedSet::One(wanted),
            Some(Slot::Set(id)) => self.sets.remove(id).1,
        };
        let changed = act(&mut set);
        let new = match set {
            WantedSet::None => None,
            WantedSet::One(wanted) if fits(&wanted) => Some(pack(bucket, &wanted)),
            set @ (WantedSet::Many(_) | WantedSet::One(_)) => {
                Some(self.sets.insert((bucket, set)) << 1 | SET)
            }
        };
        match (old, new) {
            (None, None) => {}
            (None, Some(new)) => self.table.insert(key, new),
            (Some(old), None) => self.table.remove(key, old),
            (Some(old), Some(new)) => self.table.replace(key, old, new),
        }
        changed
    }

    fn bucket(&self, slot: u32) -> Bucket {
        match unpack(slot) {
            Slot::Alone(bucket, _) => bucket,
            Slot::Set(id) => self.sets.get(id).0,
        }
    }
}

/// What a slot holds: the number of a set, with [`SET`] as the lowest bit; or bucket (16 bits), shard
/// (8), and two small counts (4 and 3) of which one is not zero, with a zero below.
enum Slot {
    Alone(Bucket, Wanted),
    Set(u32),
}

const SET: u32 = 1;

const TRANSIENT_MAX: u32 = 0xf;
const PERSISTENT_MAX: u32 = 0x7;

const fn fits(wanted: &Wanted) -> bool {
    wanted.transient <= TRANSIENT_MAX && wanted.persistent <= PERSISTENT_MAX
}

fn pack(bucket: Bucket, wanted: &Wanted) -> u32 {
    u32::from(bucket.0) << 16
        | u32::from(wanted.shard.0) << 8
        | wanted.transient << 4
        | wanted.persistent << 1
}

fn unpack(slot: u32) -> Slot {
    if slot & SET != 0 {
        return Slot::Set(slot >> 1);
    }
    let [high, low, shard, _] = slot.to_be_bytes();
    let wanted = Wanted {
        shard: ShardId(shard),
        transient: slot >> 4 & TRANSIENT_MAX,
        persistent: slot >> 1 & PERSISTENT_MAX,
    };
    Slot::Alone(Bucket(u16::from_be_bytes([high, low])), wanted)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Packed or not, the sets are those of a map with plain counts, and so is what changed,
        /// also when hashes agree in their upper half.
        #[test]
        fn the_sets_agree_with_plain_counts(
            steps in prop::collection::vec((0..4_u64, 0..3_u8, any::<bool>(), 0..30_u32), 0..60),
        ) {
            let mut exact = ExactInterest::new(Table::new());
            let mut model: BTreeMap<(u64, u8, bool), u32> = BTreeMap::new();
            for (hash, shard, persistent, count) in steps {
                let mark = if persistent { Mark::Persistent } else { Mark::Transient };
                let hash = ((hash / 2) << 40) | (hash % 2);
                let had = model.remove(&(hash, shard, persistent)).unwrap_or(0);
                let other = model.contains_key(&(hash, shard, !persistent));
                let first_or_last = !other || persistent;
                for number in had..count {
                    let changed = exact.add(hash, ShardId(shard), mark);
                    prop_assert_eq!(changed, number == 0 && first_or_last);
                }
                for number in (count..had).rev() {
                    let changed = exact.remove(hash, ShardId(shard), mark);
                    prop_assert_eq!(changed, number == 0 && first_or_last);
                }
                if count > 0 {
                    model.insert((hash, shard, persistent), count);
                }
                let mut expected = Route::default();
                for (_, shard, persistent) in model.keys().filter(|(other, ..)| *other == hash) {
                    expected.shards.insert(ShardId(*shard));
                    if *persistent {
                        expected.persistent.insert(ShardId(*shard));
                    }
                }
                let mut route = Route::default();
                exact.route(hash, &mut route);
                prop_assert_eq!(route, expected);
            }
        }
    }
}
