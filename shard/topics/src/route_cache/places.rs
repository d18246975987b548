//! From the hash of a topic to the place of its entry.

use crate::bits::{high_32, low_32};

/// Slots at first.
const SLOTS_MIN: usize = 16;

/// An open table, at most half full, probed one slot after the other: a topic in use is found in the
/// first or second slot, in a handful of instructions. 16 to 32 bytes for each place.
///
/// A slot holds the upper half of the hash, which also says where it belongs, and the place plus
/// one; 0 is empty.
#[derive(Debug)]
pub(super) struct Places {
    slots: Box<[u64]>,
    used: usize,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![0; SLOTS_MIN].into(),
            used: 0,
        }
    }

    /// The place for this hash that is the `right` one.
    #[inline]
    pub(super) fn find(&self, hash: u64, right: impl Fn(u32) -> bool) -> Option<u32> {
        self.slot(hash, right)
            .map(|slot| low_32(self.slots[slot]) - 1)
    }

    /// Adds a place that is not there, below `u32::MAX`.
    pub(super) fn insert(&mut self, hash: u64, place: u32) {
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            let larger = vec![0; self.slots.len() * 2].into();
            for slot in core::mem::replace(&mut self.slots, larger) {
                if slot != 0 {
                    self.put(slot);
                }
            }
        }
        self.put(pack(hash, place));
    }

    /// Puts `new` in the place of `old`, which is there.
    pub(super) fn replace(&mut self, hash: u64, old: u32, new: u32) {
        let slot = self
            .slot(hash, |place| place == old)
            .expect("what is replaced is there");
        self.slots[slot] = pack(hash, new);
    }

    /// Takes a place out that is there.
    pub(super) fn remove(&mut self, hash: u64, place: u32) {
        let slot = self.slot(hash, |other| other == place);
        let mut hole = slot.expect("what is removed is there");
        self.used -= 1;
        let mask = self.slots.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            // What belongs at the hole or before it moves there, so that no look-up stops short.
            let strayed = at.wrapping_sub(self.home(high_32(slot))) & mask;
            if strayed >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = 0;
    }

    #[inline]
    fn slot(&self, hash: u64, right: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = self.home(high_32(hash));
        loop {
            let slot = self.slots[at & mask];
            if slot == 0 {
                return None;
            }
            if (slot ^ hash) >> 32 == 0 && right(low_32(slot) - 1) {
                return Some(at & mask);
            }
            at += 1;
        }
    }

    fn put(&mut self, slot: u64) {
        let mask = self.slots.len() - 1;
        let mut at = self.home(high_32(slot));
        while self.slots[at & mask] != 0 {
            at += 1;
        }
        self.slots[at & mask] = slot;
    }

    /// The slot where the hash with this upper half belongs.
    #[inline]
    fn home(&self, upper: u32) -> usize {
        upper as usize & (self.slots.len() - 1)
    }
}

const fn pack(hash: u64, place: u32) -> u64 {
    hash & !0xffff_ffff | (place as u64 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The table finds what a set holds, whatever the order of changes.
        #[test]
        fn the_table_agrees_with_a_set(
            steps in prop::collection::vec((0..40_u64, 0..60_u32), 0..400),
            spread in prop::sample::select(vec![1_u64, 16, 0x9e37_79b9]),
        ) {
            let (mut places, mut model) = (Places::new(), BTreeSet::new());
            for (hash, place) in steps {
                let hash = (hash * spread) << 32;
                if model.insert((hash, place)) {
                    places.insert(hash, place);
                } else if place % 3 == 0 && model.insert((hash, place + 1_000)) {
                    model.remove(&(hash, place));
                    places.replace(hash, place, place + 1_000);
                } else {
                    model.remove(&(hash, place));
                    places.remove(hash, place);
                }
                prop_assert_eq!(places.used, model.len());
            }
            for (hash, place) in &model {
                prop_assert_eq!(places.find(*hash, |other| other == *place), Some(*place));
                prop_assert_eq!(places.find(*hash, |other| other == 60), None);
            }
        }
    }
}
