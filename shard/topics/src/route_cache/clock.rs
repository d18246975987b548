//! Entries by topic, of which the ones not used for long make room: the clock algorithm.

use super::RouteCacheLimits;
use super::cached::Cached;
use super::places::Places;
use crate::TopicKey;

/// Bytes of an entry besides [`Cached`]: its slot in the hash table, its place in the clock.
const OVERHEAD: usize = 48;

/// Entries, a hand that goes round over them, and the bounds.
#[derive(Debug)]
pub(super) struct Clock {
    limits: RouteCacheLimits,
    /// Places in `entries` by the hash of the topic.
    places: Places,
    entries: Vec<Entry>,
    hand: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    /// Apart, so that growing moves little.
    cached: Box<Cached>,
    /// Whether it was used since the hand last passed.
    used: bool,
}

impl Clock {
    pub(super) fn new(limits: RouteCacheLimits) -> Self {
        Self {
            limits,
            places: Places::new(),
            entries: Vec::new(),
            hand: 0,
            bytes: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The place of the topic's entry, which is used now.
    #[inline]
    pub(super) fn find(&mut self, key: TopicKey<'_>) -> Option<usize> {
        self.find_bytes(key.hash(), key.topic().as_str().as_bytes())
    }

    /// The place of the entry of the topic with these bytes, which is used now.
    #[inline]
    pub(super) fn find_bytes(&mut self, hash: u64, topic: &[u8]) -> Option<usize> {
        let entries = &self.entries;
        // Half the hash agrees; the text decides.
        let same = |place: u32| entries[place as usize].cached.topic().as_str().as_bytes() == topic;
        let place = self.places.find(hash, same)? as usize;
        self.entries[place].used = true;
        Some(place)
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Cached {
        &self.entries[place].cached
    }

    /// Changes an entry and counts its memory anew.
    pub(super) fn change(&mut self, place: usize, act: impl FnOnce(&mut Cached)) {
        let cached = &mut self.entries[place].cached;
        let before = cached.bytes();
        act(cached);
        self.bytes = self.bytes - before + cached.bytes();
    }

    /// Adds an entry whose topic is not there; makes room first. Returns its place.
    pub(super) fn insert(&mut self, hash: u64, cached: Box<Cached>) -> usize {
        let bytes = cached.bytes() + OVERHEAD;
        while !self.entries.is_empty()
            && (self.entries.len() >= self.limits.entries_max
                || self.bytes + bytes > self.limits.bytes_max)
        {
            self.evict();
        }
        self.bytes += bytes;
        let place = self.entries.len();
        let number = u32::try_from(place).expect("fewer than 2^32 entries");
        self.entries.push(Entry {
            hash,
            cached,
            used: false,
        });
        self.places.insert(hash, number);
        place
    }

    /// Takes out the next entry that was not used since the hand last passed it.
    fn evict(&mut self) {
        loop {
            self.hand = if self.hand < self.entries.len() {
                self.hand
            } else {
                0
            };
            if !core::mem::take(&mut self.entries[self.hand].used) {
                break;
            }
            self.hand += 1;
        }
        self.remove(self.hand);
    }

    /// Takes out the entry `at` a place; the last one takes its place.
    pub(super) fn remove(&mut self, at: usize) {
        let last = self.entries.len() - 1;
        let (gone, number) = self.slot(at);
        self.places.remove(gone, number);
        if at != last {
            let (hash, moved) = self.slot(last);
            self.places.replace(hash, moved, number);
        }
        let cached = self.entries.swap_remove(at).cached;
        self.bytes -= cached.bytes() + OVERHEAD;
    }

    /// The hash and the number of the entry at `place`.
    fn slot(&self, place: usize) -> (u64, u32) {
        let number = u32::try_from(place).expect("fewer than 2^32 entries");
        (self.entries[place].hash, number)
    }
}
