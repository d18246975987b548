//! A hash table from 32 bits of hash to 32-bit values.

/// Segments, each a table of its own, so that growing stops the shard for a small part of it only.
const SEGMENT_BITS: u32 = 6;

/// Slots in a bucket: a cache line.
const WIDTH: usize = 8;

/// A multimap from 32-bit hashes to values, which are not 0.
///
/// Buckets of a cache line, in which all hashes are compared at once: a look-up is one line and no
/// branch that depends on chance, so the processor goes on to the next look-up while it waits for
/// memory. A full bucket runs over into the next ones. There may be any number of buckets, so a
/// segment grows by a quarter and is 60 to 75 % full. Equal hashes of different texts are one key to
/// the table; who uses it knows what follows.
#[derive(Debug)]
pub(crate) struct Table {
    segments: Box<[Segment; 1 << SEGMENT_BITS]>,
}

#[derive(Clone, Debug)]
struct Segment {
    buckets: Vec<Bucket>,
    /// A hash of another segment: stands in empty slots, so that no look-up finds them.
    vacant: u32,
    /// Buckets in which a hash may have its home; behind them stand some more to run over into.
    homes: u32,
    used: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; WIDTH],
    /// 0 in an empty slot.
    values: [u32; WIDTH],
}

impl Table {
    pub(crate) fn new() -> Self {
        let mut number = 0_u32;
        let segments = [(); 1 << SEGMENT_BITS].map(|()| {
            let vacant = (number ^ 1) << (32 - SEGMENT_BITS);
            number += 1;
            Segment {
                buckets: Vec::new(),
                vacant,
                homes: 0,
                used: 0,
            }
        });
        Self {
            segments: Box::new(segments),
        }
    }

    /// Calls `take` with each value of `hash`.
    #[inline]
    pub(crate) fn each(&self, hash: u32, mut take: impl FnMut(u32)) {
        let segment = &self.segments[segment_of(hash)];
        let mut place = segment.home(hash);
        while let Some(bucket) = segment.buckets.get(place) {
            let mut hits = bucket.hits(hash);
            while hits != 0 {
                take(bucket.values[hits.trailing_zeros() as usize / 8]);
                hits &= hits - 1;
            }
            if !bucket.is_full() {
                return;
            }
            place += 1;
        }
    }

    /// The first value of `hash` for which `test` says something.
    pub(crate) fn find<R>(&self, hash: u32, mut test: impl FnMut(u32) -> Option<R>) -> Option<R> {
        let mut found = None;
        self.each(hash, |value| {
            if found.is_none() {
                found = test(value);
            }
        });
        found
    }

    /// Adds a value; the same one may not be there.
    pub(crate) fn insert(&mut self, hash: u32, value: u32) {
        self.segments[segment_of(hash)].insert(hash, value);
    }

    /// Puts the value `to` in the place of `from`, which must be there.
    pub(crate) fn replace(&mut self, hash: u32, from: u32, to: u32) {
        let segment = &mut self.segments[segment_of(hash)];
        let (place, slot) = segment.find(hash, from);
        segment.buckets[place].values[slot] = to;
    }

    /// Takes a value out; it must be there.
    pub(crate) fn remove(&mut self, hash: u32, value: u32) {
        self.segments[segment_of(hash)].remove(hash, value);
    }
}

impl Bucket {
    const fn empty(vacant: u32) -> Self {
        Self {
            hashes: [vacant; WIDTH],
            values: [0; WIDTH],
        }
    }

    /// The slots that hold `hash`: the lowest bit of a byte each.
    #[inline]
    fn hits(&self, hash: u32) -> u64 {
        // In this form the compiler compares four at a time.
        u64::from_le_bytes(self.hashes.map(|other| u8::from(other == hash)))
    }

    #[inline]
    fn is_full(&self) -> bool {
        // Slots are filled from the first on, and a hole is closed with the last one.
        self.values[WIDTH - 1] != 0
    }

    fn used(&self) -> usize {
        self.values
            .iter()
            .position(|value| *value == 0)
            .unwrap_or(WIDTH)
    }

    fn push(&mut self, hash: u32, value: u32) {
        let free = self.used();
        (self.hashes[free], self.values[free]) = (hash, value);
    }

    fn take(&mut self, slot: usize, vacant: u32) -> (u32, u32) {
        let last = self.used() - 1;
        let taken = (self.hashes[slot], self.values[slot]);
        (self.hashes[slot], self.values[slot]) = (self.hashes[last], self.values[last]);
        (self.hashes[last], self.values[last]) = (vacant, 0);
        taken
    }
}

impl Segment {
    /// The bucket where a hash belongs.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        let rest = u64::from(hash << SEGMENT_BITS);
        ((rest * u64::from(self.homes)) >> 32) as usize
    }

    fn insert(&mut self, hash: u32, value: u32) {
        if self.used >= self.homes * 6 {
            self.resize((self.homes + self.homes / 4).max(self.homes + 1));
        }
        while !self.place(hash, value) {
            self.resize(self.homes + 1);
        }
        self.used += 1;
    }

    /// Puts a value into the first bucket with room; false if all are full to the end.
    fn place(&mut self, hash: u32, value: u32) -> bool {
        let home = self.home(hash);
        let Some(bucket) = self.buckets[home..]
            .iter_mut()
            .find(|bucket| !bucket.is_full())
        else {
            return false;
        };
        bucket.push(hash, value);
        true
    }

    /// The bucket and the slot of a value that is there.
    fn find(&self, hash: u32, value: u32) -> (usize, usize) {
        let mut place = self.home(hash);
        loop {
            let bucket = &self.buckets[place];
            let same = |slot: &usize| bucket.hashes[*slot] == hash && bucket.values[*slot] == value;
            if let Some(slot) = (0..WIDTH).find(same) {
                return (place, slot);
            }
            assert!(bucket.is_full(), "what is changed was inserted");
            place += 1;
        }
    }

    fn remove(&mut self, hash: u32, value: u32) {
        let (place, slot) = self.find(hash, value);
        let was_full = self.buckets[place].is_full();
        self.buckets[place].take(slot, self.vacant);
        self.used -= 1;
        if was_full {
            self.refill(place);
        }
        if self.used == 0 {
            self.homes = 0;
            self.buckets = Vec::new();
        } else if self.used < self.homes * 3 && self.homes > 1 {
            self.resize((self.used.div_ceil(5)).max(1));
        }
    }

    /// Brings back what ran over from `hole` or a bucket before it, so that a bucket with room still
    /// means that nothing ran over it.
    fn refill(&mut self, mut hole: usize) {
        let mut place = hole + 1;
        while place < self.buckets.len() {
            let bucket = self.buckets[place];
            let strayed = |slot: &usize| self.home(bucket.hashes[*slot]) <= hole;
            if let Some(slot) = (0..bucket.used()).find(strayed) {
                let (hash, value) = self.buckets[place].take(slot, self.vacant);
                self.buckets[hole].push(hash, value);
                hole = place;
            }
            if !bucket.is_full() {
                return;
            }
            place += 1;
        }
    }

    fn resize(&mut self, homes: u32) {
        let old = core::mem::take(&mut self.buckets);
        self.homes = homes;
        let mut spare = 1 + homes as usize / 32;
        while !self.fill(&old, homes as usize + spare) {
            spare *= 2;
        }
    }

    /// Puts the slots of `old` into `count` new buckets; false if they run over the end.
    fn fill(&mut self, old: &[Bucket], count: usize) -> bool {
        self.buckets = vec![Bucket::empty(self.vacant); count];
        old.iter().all(|bucket| {
            let slots = bucket.hashes.iter().zip(&bucket.values).take(bucket.used());
            slots
                .into_iter()
                .all(|(hash, value)| self.place(*hash, *value))
        })
    }
}

#[inline]
const fn segment_of(hash: u32) -> usize {
    (hash >> (32 - SEGMENT_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The table holds exactly what a set of pairs holds, whatever the order of changes.
        #[test]
        fn the_table_agrees_with_a_set(
            steps in prop::collection::vec((0..60_u32, 1..40_u32), 0..600),
            spread in prop::sample::select(vec![1_u32, 0x0137_9b1d, u32::MAX / 60]),
        ) {
            let (mut table, mut model) = (Table::new(), BTreeSet::new());
            for (hash, value) in steps {
                let hash = hash.wrapping_mul(spread);
                if model.insert((hash, value)) {
                    table.insert(hash, value);
                } else {
                    model.remove(&(hash, value));
                    table.remove(hash, value);
                }
                let mut found = BTreeSet::new();
                table.each(hash, |value| assert!(found.insert((hash, value))));
                let expected = model.range((hash, 0)..=(hash, u32::MAX)).copied();
                prop_assert_eq!(found, expected.collect());
            }
            for (hash, value) in &model {
                let same = |found| (found == *value).then_some(());
                prop_assert!(table.find(*hash, same).is_some());
            }
            let used: u32 = table.segments.iter().map(|segment| segment.used).sum();
            prop_assert_eq!(used as usize, model.len());
        }
    }

    #[test]
    fn an_empty_table_has_given_its_memory_back() {
        let mut table = Table::new();
        let hash = |n: u32| n.wrapping_mul(0x9e37_79b9);
        (1..10_000).for_each(|n| table.insert(hash(n), n));
        (1..10_000).for_each(|n| table.replace(hash(n), n, n + 1));
        (1..10_000).for_each(|n| table.remove(hash(n), n + 1));
        assert!(
            table
                .segments
                .iter()
                .all(|segment| segment.buckets.capacity() == 0)
        );
    }
}
