//! The exact filters that a shard owns: hashes and counts, no texts.

use wire_message::ShardId;

use super::Mark;
use super::wanted::{Wanted, WantedSet};
use crate::Route;
use crate::bits::high_32;
use crate::pool::Pool;
use crate::table::Table;

/// Counts that stand in the slot itself are below this.
const COUNT_MAX: u32 = (1 << COUNT_BITS) - 1;

const COUNT_BITS: u32 = 11;

/// From a filter's hash to the shards that want it: about 11 bytes a filter if one shard does.
///
/// Of two filters that collide in the 32 bits kept (one in 4,000 among a million), each has the
/// shards of both, which costs a hop in vain and nothing else.
#[derive(Debug)]
pub(super) struct ExactInterest {
    table: Table,
    /// Sets that don't fit in a slot.
    sets: Pool<WantedSet>,
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
        self.table.each(key(hash), |slot| match unpack(slot) {
            Slot::Alone(wanted) => WantedSet::One(wanted).route(route),
            Slot::Set(id) => self.sets.get(id).route(route),
        });
    }

    fn change(&mut self, hash: u64, act: impl FnOnce(&mut WantedSet) -> bool) -> bool {
        let key = key(hash);
        let old = self.table.find(key, Some);
        let mut set = match old.map(unpack) {
            None => WantedSet::None,
            Some(Slot::Alone(wanted)) => WantedSet::One(wanted),
            Some(Slot::Set(id)) => self.sets.remove(id),
        };
        let changed = act(&mut set);
        let new = match set {
            WantedSet::None => None,
            WantedSet::One(wanted) if fits(&wanted) => Some(pack(&wanted)),
            set @ (WantedSet::Many(_) | WantedSet::One(_)) => {
                Some(self.sets.insert(set) << 1 | SET)
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
}

/// What a slot holds: the number of a set, with [`SET`] below; or a shard (8 bits) and two counts
/// (11 bits), of which one is not zero, and a zero below.
enum Slot {
    Alone(Wanted),
    Set(u32),
}

const SET: u32 = 1;

/// The bits of a filter's hash that its bucket does not use.
const fn key(hash: u64) -> u32 {
    high_32(hash)
}

const fn fits(wanted: &Wanted) -> bool {
    wanted.transient <= COUNT_MAX && wanted.persistent <= COUNT_MAX
}

fn pack(wanted: &Wanted) -> u32 {
    u32::from(wanted.shard.0) << 24 | wanted.persistent << 12 | wanted.transient << 1
}

fn unpack(slot: u32) -> Slot {
    if slot & SET != 0 {
        return Slot::Set(slot >> 1);
    }
    Slot::Alone(Wanted {
        shard: ShardId(slot.to_be_bytes()[0]),
        transient: slot >> 1 & COUNT_MAX,
        persistent: slot >> 12 & COUNT_MAX,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Packed or not, the sets are those of a map with plain counts.
        #[test]
        fn the_sets_agree_with_plain_counts(
            steps in prop::collection::vec((0..3_u64, 0..3_u8, any::<bool>(), 1..1_500_u32), 0..40),
        ) {
            let mut exact = ExactInterest::new(Table::new());
            let mut model: BTreeMap<(u64, u8, bool), u32> = BTreeMap::new();
            for (hash, shard, persistent, times) in steps {
                let mark = if persistent { Mark::Persistent } else { Mark::Transient };
                let hash = hash << 40;
                let had = model.get(&(hash, shard, persistent)).copied().unwrap_or(0);
                for _ in 0..times {
                    if had == 0 {
                        exact.add(hash, ShardId(shard), mark);
                    }
                }
                if had == 0 {
                    model.insert((hash, shard, persistent), times);
                } else {
                    (0..had).for_each(|_| {
                        exact.remove(hash, ShardId(shard), mark);
                    });
                    model.remove(&(hash, shard, persistent));
                }
                let mut route = Route::default();
                exact.route(hash, &mut route);
                let mut expected = Route::default();
                for (other, shard, persistent) in model.keys() {
                    if *other == hash {
                        expected.shards.insert(ShardId(*shard));
                        if *persistent {
                            expected.persistent.insert(ShardId(*shard));
                        }
                    }
                }
                prop_assert_eq!(route, expected);
            }
        }
    }
}
