//! A page of a slab.

/// Entries of a page, as a power of two.
pub(super) const PAGE_BITS: u32 = 8;

const SLOTS: usize = 1 << PAGE_BITS;

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// 256 slots; 64 bytes without them, so that a look-up touches one line of the directory.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// Reserved whole and filled from the front, so untouched memory stays untouched.
    slots: Vec<Slot<T>>,
    /// One bit for each slot in use.
    used: [u64; SLOTS / 64],
    len: u16,
    /// Generation of slots that have not been touched since the page got its memory.
    floor: u32,
}

const _: () = assert!(
    size_of::<Page<u64>>() <= 64,
    "a look-up touches one line of the directory"
);

impl<T> Page<T> {
    /// A page without memory.
    pub(super) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            used: [0; SLOTS / 64],
            len: 0,
            floor: 0,
        }
    }

    pub(super) fn allocate(&mut self) {
        debug_assert!(
            self.slots.is_empty(),
            "a page is allocated while it has no slots"
        );
        self.slots.reserve_exact(SLOTS);
    }

    /// Frees the memory; keys made before stay unknown.
    pub(super) fn give_back(&mut self) {
        debug_assert!(self.is_empty(), "only an empty page is given back");
        // Generations wrap, so the greatest is not the newest: pass over the widest span in use.
        let newest = self
            .slots
            .iter()
            .map(|slot| slot.generation.wrapping_sub(self.floor))
            .max();
        self.floor = self.floor.wrapping_add(newest.unwrap_or(0));
        self.slots = Vec::new();
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len as usize == SLOTS
    }

    /// The lowest free slot and its generation; [`Page::put`] must follow.
    pub(super) fn reserve(&mut self) -> (usize, u32) {
        let (word, bits) = self
            .used
            .iter()
            .enumerate()
            .find(|(_, bits)| **bits != u64::MAX)
            .expect("the slab asks pages that have room");
        let slot = word * 64 + bits.trailing_ones() as usize;
        if slot == self.slots.len() {
            self.slots.push(Slot {
                generation: self.floor,
                value: None,
            });
        }
        (slot, self.slots[slot].generation)
    }

    pub(super) fn put(&mut self, slot: usize, value: T) {
        self.slots[slot].value = Some(value);
        self.used[slot / 64] |= 1 << (slot % 64);
        self.len += 1;
    }

    pub(super) fn get(&self, slot: usize, generation: u32) -> Option<&T> {
        let slot = self.slots.get(slot)?;
        if slot.generation == generation {
            slot.value.as_ref()
        } else {
            None
        }
    }

    pub(super) fn get_mut(&mut self, slot: usize, generation: u32) -> Option<&mut T> {
        let slot = self.slots.get_mut(slot)?;
        if slot.generation == generation {
            slot.value.as_mut()
        } else {
            None
        }
    }

    /// The slot's value, whatever its generation, and that.
    pub(super) fn at_mut(&mut self, slot: usize) -> Option<(u32, &mut T)> {
        let slot = self.slots.get_mut(slot)?;
        Some((slot.generation, slot.value.as_mut()?))
    }

    pub(super) fn take(&mut self, index: usize, generation: u32) -> Option<T> {
        let slot = self.slots.get_mut(index)?;
        if slot.generation != generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.used[index / 64] &= !(1 << (index % 64));
        self.len -= 1;
        Some(value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u32, &T)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| Some((index, slot.generation, slot.value.as_ref()?)))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, u32, &mut T)> {
        self.slots
            .iter_mut()
            .enumerate()
            .filter_map(|(index, slot)| Some((index, slot.generation, slot.value.as_mut()?)))
    }

    /// The first slot in use at `from` or after it, and its generation.
    pub(super) fn next_used(&self, from: usize) -> Option<(usize, u32)> {
        if self.is_empty() {
            return None;
        }
        (from..self.slots.len())
            .find(|slot| self.slots[*slot].value.is_some())
            .map(|slot| (slot, self.slots[slot].generation))
    }
}
