//! A table of entries with stable, checked keys.

mod page;
#[cfg(test)]
mod tests;

use core::marker::PhantomData;

use page::{PAGE_BITS, Page};

use crate::Key;
use crate::key::ENTRIES_MAX;

/// Entries of type `T` under keys of type [`Key<K>`].
///
/// Pages of 256 entries: growing allocates a page and copies no entry. The lowest free slot is
/// taken first, so that high pages empty out; an empty page goes back to the allocator, except one
/// that is kept so that a table breathing at a page's edge does not allocate each time. An entry
/// costs eight bytes on top of `Option<T>`, plus a quarter of a byte for its page.
#[derive(Debug)]
pub struct Slab<T, K = T> {
    pages: Vec<Page<T>>,
    /// One bit for each page that has memory and a free slot.
    room: Vec<u64>,
    /// No word of `room` before this one has a bit set.
    room_from: usize,
    /// Numbers of pages that were given back.
    holes: Vec<u32>,
    /// Pages that have memory and no entry: at most one.
    empty_pages: u32,
    len: u32,
    keys: PhantomData<fn() -> K>,
}

impl<T, K> Slab<T, K> {
    /// A slab without entries or memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pages: Vec::new(),
            room: Vec::new(),
            room_from: 0,
            holes: Vec::new(),
            empty_pages: 0,
            len: 0,
            keys: PhantomData,
        }
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry.
    ///
    /// # Panics
    ///
    /// If there are 2^28 entries already; memory ends long before.
    pub fn insert(&mut self, value: T) -> Key<K> {
        self.insert_with(|_| value)
    }

    /// Adds the entry that `make` builds, told its own key.
    ///
    /// # Panics
    ///
    /// As [`Slab::insert`].
    pub fn insert_with(&mut self, make: impl FnOnce(Key<K>) -> T) -> Key<K> {
        let number = self.page_with_room();
        let page = &mut self.pages[number];
        if page.is_empty() {
            self.empty_pages -= 1;
        }
        let (slot, generation) = page.reserve();
        let key = Key::new(index_of(number, slot), generation);
        page.put(slot, make(key));
        if page.is_full() {
            self.room[number / 64] &= !(1 << (number % 64));
        }
        self.len += 1;
        key
    }

    /// The entry, if the key's entry is still there.
    #[must_use]
    pub fn get(&self, key: Key<K>) -> Option<&T> {
        let (number, slot) = place(key);
        self.pages.get(number)?.get(slot, key.generation())
    }

    /// The entry, to change it, if the key's entry is still there.
    #[must_use]
    pub fn get_mut(&mut self, key: Key<K>) -> Option<&mut T> {
        let (number, slot) = place(key);
        self.pages.get_mut(number)?.get_mut(slot, key.generation())
    }

    /// Whether the key's entry is still there.
    #[must_use]
    pub fn contains(&self, key: Key<K>) -> bool {
        self.get(key).is_some()
    }

    /// Takes the entry out; its key and all copies of it find nothing from now on.
    pub fn remove(&mut self, key: Key<K>) -> Option<T> {
        let (number, slot) = place(key);
        let page = self.pages.get_mut(number)?;
        let value = page.take(slot, key.generation())?;
        self.len -= 1;
        self.room[number / 64] |= 1 << (number % 64);
        self.room_from = self.room_from.min(number / 64);
        if page.is_empty() {
            self.page_became_empty(number);
        }
        Some(value)
    }

    /// The entries in ascending order of their index.
    pub fn iter(&self) -> impl Iterator<Item = (Key<K>, &T)> {
        self.pages.iter().enumerate().flat_map(|(number, page)| {
            page.iter().map(move |(slot, generation, value)| {
                (Key::new(index_of(number, slot), generation), value)
            })
        })
    }

    /// The entries in ascending order of their index, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Key<K>, &mut T)> {
        self.pages
            .iter_mut()
            .enumerate()
            .flat_map(|(number, page)| {
                page.iter_mut().map(move |(slot, generation, value)| {
                    (Key::new(index_of(number, slot), generation), value)
                })
            })
    }

    /// The entry at `index` now, whichever it is, and its key: for owners who keep only indices of
    /// entries that they know to be there.
    #[must_use]
    pub fn at_mut(&mut self, index: u32) -> Option<(Key<K>, &mut T)> {
        let (number, slot) = split(index);
        let (generation, value) = self.pages.get_mut(number)?.at_mut(slot)?;
        Some((Key::new(index, generation), value))
    }

    /// The first key whose index is `index` or more: for walks spread over many turns.
    ///
    /// Skips a page without entries in one step.
    #[must_use]
    pub fn key_from(&self, index: u32) -> Option<Key<K>> {
        let (first, mut slot) = split(index);
        for (number, page) in self.pages.iter().enumerate().skip(first) {
            if let Some((found, generation)) = page.next_used(slot) {
                return Some(Key::new(index_of(number, found), generation));
            }
            slot = 0;
        }
        None
    }

    fn page_with_room(&mut self) -> usize {
        while let Some(word) = self.room.get(self.room_from) {
            if *word != 0 {
                return self.room_from * 64 + word.trailing_zeros() as usize;
            }
            self.room_from += 1;
        }
        let number = self
            .holes
            .pop()
            .map_or(self.pages.len(), |number| number as usize);
        if number == self.pages.len() {
            assert!(
                number < (ENTRIES_MAX >> PAGE_BITS) as usize,
                "a slab holds 2^28 entries"
            );
            self.pages.push(Page::new());
            if number.is_multiple_of(64) {
                self.room.push(0);
            }
        }
        self.pages[number].allocate();
        self.empty_pages += 1;
        self.room[number / 64] |= 1 << (number % 64);
        self.room_from = number / 64;
        number
    }

    fn page_became_empty(&mut self, number: usize) {
        if self.empty_pages == 0 {
            self.empty_pages = 1;
            return;
        }
        self.pages[number].give_back();
        self.room[number / 64] &= !(1 << (number % 64));
        self.holes.push(index_of(number, 0) >> PAGE_BITS);
    }
}

impl<T, K> Default for Slab<T, K> {
    fn default() -> Self {
        Self::new()
    }
}

fn place<K>(key: Key<K>) -> (usize, usize) {
    split(key.index())
}

const fn split(index: u32) -> (usize, usize) {
    (
        (index >> PAGE_BITS) as usize,
        (index & ((1 << PAGE_BITS) - 1)) as usize,
    )
}

fn index_of(page: usize, slot: usize) -> u32 {
    u32::try_from((page << PAGE_BITS) | slot).expect("a slab holds at most 2^28 entries")
}
