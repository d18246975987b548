//! The hash table of an index: from the hash of a run to nodes and filters.

/// A slot's value: a node or a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Filter(u32),
    Node(u32),
}

/// Segments, each a table of its own, so that growing stops the shard for a small part of it only.
const SEGMENT_BITS: u32 = 6;

/// Slots in a bucket: a cache line.
const WIDTH: usize = 8;

/// A multimap from 32-bit hashes to targets.
///
/// Buckets of a cache line, in which all hashes are compared at once: a look-up is one line and no
/// branch that depends on chance, so the processor goes on to the next look-up while it waits for
/// memory. A full bucket runs over into the next ones. There may be any number of buckets, so a
/// segment grows by a quarter and is 60 to 75 % full. Equal hashes of different runs are one key to
/// the table; who uses it checks texts.
#[derive(Debug)]
pub(super) struct Table {
    segments: Box<[Segment]>,
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
    /// Packed targets, 0 in an empty slot.
    targets: [u32; WIDTH],
}

impl Table {
    pub(super) fn new() -> Self {
        let segments = (0..1_u32 << SEGMENT_BITS).map(|number| Segment {
            buckets: Vec::new(),
            vacant: (number ^ 1) << (32 - SEGMENT_BITS),
            homes: 0,
            used: 0,
        });
        Self {
            segments: segments.collect(),
        }
    }

    /// Calls `take` with each target of `hash`.
    #[inline]
    pub(super) fn each(&self, hash: u32, mut take: impl FnMut(Target)) {
        let segment = &self.segments[segment_of(hash)];
        let mut place = segment.home(hash);
        while let Some(bucket) = segment.buckets.get(place) {
            let mut hits = bucket.hits(hash);
            while hits != 0 {
                take(unpack(
                    bucket.targets[hits.trailing_zeros() as usize % WIDTH],
                ));
                hits &= hits - 1;
            }
            if !bucket.is_full() {
                return;
            }
            place += 1;
        }
    }

    /// The first target of `hash` for which `test` says something.
    pub(super) fn find<R>(
        &self,
        hash: u32,
        mut test: impl FnMut(Target) -> Option<R>,
    ) -> Option<R> {
        let mut found = None;
        self.each(hash, |target| {
            if found.is_none() {
                found = test(target);
            }
        });
        found
    }

    /// Adds a target; the same one may not be there.
    pub(super) fn insert(&mut self, hash: u32, target: Target) {
        self.segments[segment_of(hash)].insert(hash, pack(target));
    }

    /// Takes a target out; it must be there.
    pub(super) fn remove(&mut self, hash: u32, target: Target) {
        self.segments[segment_of(hash)].remove(hash, pack(target));
    }
}

impl Bucket {
    const fn empty(vacant: u32) -> Self {
        Self {
            hashes: [vacant; WIDTH],
            targets: [0; WIDTH],
        }
    }

    /// The slots that hold `hash`, one bit each.
    #[inline]
    fn hits(&self, hash: u32) -> u32 {
        // In this form the compiler compares four at a time.
        let mut hits = [0; WIDTH];
        for (slot, hit) in hits.iter_mut().enumerate() {
            *hit = u32::from(self.hashes[slot] == hash) << slot;
        }
        hits.iter().sum()
    }

    #[inline]
    fn is_full(&self) -> bool {
        // Slots are filled from the first on, and a hole is closed with the last one.
        self.targets[WIDTH - 1] != 0
    }

    fn used(&self) -> usize {
        self.targets
            .iter()
            .position(|target| *target == 0)
            .unwrap_or(WIDTH)
    }

    fn push(&mut self, hash: u32, target: u32) {
        let free = self.used();
        (self.hashes[free], self.targets[free]) = (hash, target);
    }

    fn take(&mut self, slot: usize, vacant: u32) -> (u32, u32) {
        let last = self.used() - 1;
        let taken = (self.hashes[slot], self.targets[slot]);
        (self.hashes[slot], self.targets[slot]) = (self.hashes[last], self.targets[last]);
        (self.hashes[last], self.targets[last]) = (vacant, 0);
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

    fn insert(&mut self, hash: u32, target: u32) {
        if self.used >= self.homes * 6 {
            self.resize((self.homes + self.homes / 4).max(self.homes + 1));
        }
        while !self.place(hash, target) {
            self.resize(self.homes + 1);
        }
        self.used += 1;
    }

    /// Puts a target into the first bucket with room; false if all are full to the end.
    fn place(&mut self, hash: u32, target: u32) -> bool {
        let home = self.home(hash);
        let Some(bucket) = self.buckets[home..]
            .iter_mut()
            .find(|bucket| !bucket.is_full())
        else {
            return false;
        };
        bucket.push(hash, target);
        true
    }

    fn remove(&mut self, hash: u32, target: u32) {
        let mut place = self.home(hash);
        let slot = loop {
            let same = |slot: &usize| {
                let bucket = &self.buckets[place];
                bucket.hashes[*slot] == hash && bucket.targets[*slot] == target
            };
            match (0..WIDTH).find(same) {
                Some(slot) => break slot,
                None => assert!(
                    self.buckets[place].is_full(),
                    "what is removed was inserted"
                ),
            }
            place += 1;
        };
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
                let (hash, target) = self.buckets[place].take(slot, self.vacant);
                self.buckets[hole].push(hash, target);
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
            let slots = bucket
                .hashes
                .iter()
                .zip(&bucket.targets)
                .take(bucket.used());
            slots
                .into_iter()
                .all(|(hash, target)| self.place(*hash, *target))
        })
    }
}

#[inline]
const fn segment_of(hash: u32) -> usize {
    (hash >> (32 - SEGMENT_BITS)) as usize
}

fn pack(target: Target) -> u32 {
    match target {
        Target::Filter(id) => (id << 1) + 1,
        Target::Node(id) => (id << 1) + 2,
    }
}

#[inline]
fn unpack(packed: u32) -> Target {
    let value = packed - 1;
    if value & 1 == 0 {
        Target::Filter(value >> 1)
    } else {
        Target::Node(value >> 1)
    }
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
            steps in prop::collection::vec((0..60_u32, 0..40_u32, any::<bool>()), 0..400),
            spread in prop::sample::select(vec![1_u32, 0x0137_9b1d, u32::MAX / 60]),
        ) {
            let (mut table, mut model) = (Table::new(), BTreeSet::new());
            for (hash, id, node) in steps {
                let hash = hash.wrapping_mul(spread);
                let target = if node { Target::Node(id) } else { Target::Filter(id) };
                if model.insert((hash, id, node)) {
                    table.insert(hash, target);
                } else {
                    model.remove(&(hash, id, node));
                    table.remove(hash, target);
                }
                let expected = model.range((hash, 0, false)..=(hash, u32::MAX, true)).count();
                let mut count = 0;
                table.each(hash, |_| count += 1);
                prop_assert_eq!(count, expected);
            }
            for (hash, id, node) in &model {
                let target = if *node { Target::Node(*id) } else { Target::Filter(*id) };
                prop_assert!(table.find(*hash, |found| (found == target).then_some(())).is_some());
            }
            let used: u32 = table.segments.iter().map(|segment| segment.used).sum();
            prop_assert_eq!(used as usize, model.len());
        }
    }

    #[test]
    fn an_empty_table_has_given_its_memory_back() {
        let mut table = Table::new();
        let hash = |n: u32| n.wrapping_mul(0x9e37_79b9);
        (0..10_000).for_each(|n| table.insert(hash(n), Target::Filter(n)));
        (0..10_000).for_each(|n| table.remove(hash(n), Target::Filter(n)));
        assert!(
            table
                .segments
                .iter()
                .all(|segment| segment.buckets.capacity() == 0)
        );
    }
}
