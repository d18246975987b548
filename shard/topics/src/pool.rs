//! Values under 32-bit numbers, in chunks: growth copies nothing.

/// Values in a chunk.
const CHUNK: usize = 64;

#[derive(Debug)]
enum Slot<T> {
    Free(u32),
    Used(T),
}

/// A slab of chunks without generations: whoever holds a number knows that it lives.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    chunks: Vec<Vec<Slot<T>>>,
    free: u32,
    len: u32,
}

/// No free slot.
const NONE: u32 = u32::MAX;

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: NONE,
            len: 0,
        }
    }

    /// Number of values.
    pub(crate) const fn len(&self) -> usize {
        self.len as usize
    }

    /// Puts `value` in and names it.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if self.free != NONE {
            let id = self.free;
            let slot = self.slot_mut(id);
            let Slot::Free(next) = *slot else {
                unreachable!("the free list holds free slots")
            };
            *slot = Slot::Used(value);
            self.free = next;
            return id;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let index = self.chunks.len() - 1;
        let chunk = &mut self.chunks[index];
        chunk.push(Slot::Used(value));
        u32::try_from(index * CHUNK + chunk.len() - 1).expect("fewer than 2^32 values")
    }

    /// Takes the value `id` out.
    pub(crate) fn remove(&mut self, id: u32) -> T {
        let next = self.free;
        let slot = core::mem::replace(self.slot_mut(id), Slot::Free(next));
        let Slot::Used(value) = slot else {
            unreachable!("a number is removed once")
        };
        self.free = id;
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        }
        value
    }

    pub(crate) fn get(&self, id: u32) -> &T {
        match &self.chunks[id as usize / CHUNK][id as usize % CHUNK] {
            Slot::Used(value) => value,
            Slot::Free(_) => unreachable!("number {id} names no value"),
        }
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut T {
        match self.slot_mut(id) {
            Slot::Used(value) => value,
            Slot::Free(_) => unreachable!("number {id} names no value"),
        }
    }

    fn slot_mut(&mut self, id: u32) -> &mut Slot<T> {
        &mut self.chunks[id as usize / CHUNK][id as usize % CHUNK]
    }
}
