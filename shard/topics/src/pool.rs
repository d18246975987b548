//! Values under 32-bit numbers, in chunks: growth copies nothing, and empty chunks are given back.

use std::collections::BTreeSet;

/// Values in a chunk.
const CHUNK: u32 = 128;

#[derive(Debug)]
enum Slot<T> {
    Free { next: u8 },
    Used(T),
}

#[derive(Debug)]
struct Chunk<T> {
    slots: Vec<Slot<T>>,
    used: u8,
    free: u8,
}

/// The end of a chunk's free list.
const NONE: u8 = u8::MAX;

const _: () = assert!(
    CHUNK < NONE as u32,
    "a slot's place in its chunk is a u8 below NONE"
);

/// A slab of chunks without generations: whoever holds a number knows that it lives.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    chunks: Vec<Chunk<T>>,
    /// Chunks with room. The lowest is filled first, so that the highest ones run empty.
    open: BTreeSet<u32>,
    len: usize,
}

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            open: BTreeSet::new(),
            len: 0,
        }
    }

    /// Number of values.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Puts `value` in and names it.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        let number = self
            .open
            .first()
            .copied()
            .unwrap_or_else(|| self.add_chunk());
        let chunk = &mut self.chunks[number as usize];
        let place = chunk.insert(value);
        if u32::from(chunk.used) == CHUNK {
            self.open.remove(&number);
        }
        number * CHUNK + u32::from(place)
    }

    /// Takes the value `id` out.
    pub(crate) fn remove(&mut self, id: u32) -> T {
        self.len -= 1;
        let number = id / CHUNK;
        let chunk = &mut self.chunks[number as usize];
        if u32::from(chunk.used) == CHUNK {
            self.open.insert(number);
        }
        let value = chunk.remove(id % CHUNK);
        while self.chunks.last().is_some_and(|chunk| chunk.used == 0) {
            self.open.remove(&last_number(&self.chunks));
            self.chunks.pop();
        }
        value
    }

    pub(crate) fn get(&self, id: u32) -> &T {
        match &self.chunks[(id / CHUNK) as usize].slots[(id % CHUNK) as usize] {
            Slot::Used(value) => value,
            Slot::Free { .. } => unreachable!("number {id} names no value"),
        }
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut T {
        match &mut self.chunks[(id / CHUNK) as usize].slots[(id % CHUNK) as usize] {
            Slot::Used(value) => value,
            Slot::Free { .. } => unreachable!("number {id} names no value"),
        }
    }

    fn add_chunk(&mut self) -> u32 {
        self.chunks.push(Chunk {
            slots: Vec::new(),
            used: 0,
            free: NONE,
        });
        let number = last_number(&self.chunks);
        self.open.insert(number);
        number
    }
}

/// The number of the last chunk, which is there.
fn last_number<T>(chunks: &[Chunk<T>]) -> u32 {
    u32::try_from(chunks.len() - 1).expect("ids end before chunks do")
}

impl<T> Chunk<T> {
    fn insert(&mut self, value: T) -> u8 {
        self.used += 1;
        if self.free == NONE {
            if self.slots.is_empty() {
                self.slots.reserve_exact(CHUNK as usize);
            }
            self.slots.push(Slot::Used(value));
            return self.used - 1;
        }
        let place = self.free;
        let slot = &mut self.slots[usize::from(place)];
        let Slot::Free { next } = *slot else {
            unreachable!("the free list holds free slots")
        };
        self.free = next;
        *slot = Slot::Used(value);
        place
    }

    fn remove(&mut self, place: u32) -> T {
        let freed = Slot::Free { next: self.free };
        let slot = core::mem::replace(&mut self.slots[place as usize], freed);
        let Slot::Used(value) = slot else {
            unreachable!("a number is removed once")
        };
        self.free = u8::try_from(place).expect("a place is below CHUNK");
        self.used -= 1;
        if self.used == 0 {
            (self.slots, self.free) = (Vec::new(), NONE);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_and_empty_chunks_go() {
        let mut pool = Pool::new();
        let ids: Vec<u32> = (0..1_000).map(|value| pool.insert(value)).collect();
        for (value, id) in ids.iter().enumerate() {
            assert_eq!(*pool.get(*id), value);
        }
        for id in &ids[..990] {
            pool.remove(*id);
        }
        assert_eq!(pool.len(), 10);
        assert!(pool.chunks[0].slots.is_empty() && pool.chunks.len() == 8);
        assert_eq!(pool.insert(7), 0);
        for id in &ids[990..] {
            pool.remove(*id);
        }
        assert_eq!(pool.chunks.len(), 1);
        assert_eq!(pool.remove(0), 7);
        assert!(pool.chunks.is_empty() && pool.open.is_empty());
    }
}
