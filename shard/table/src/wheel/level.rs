//! A level of the wheel: slots that hold entries in blocks.

use super::Entry;

/// Slots of a level, as a power of two.
pub(super) const SLOT_BITS: u32 = 8;

pub(super) const SLOTS: usize = 1 << SLOT_BITS;

/// Entries of a block. A slot wastes at most one block, and growing copies no entry.
const BLOCK: usize = 32;

/// Free blocks that a wheel keeps. Full: the block goes back to the allocator.
const SPARE_BLOCKS_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Level {
    slots: Box<[Vec<Vec<Entry>>]>,
    /// One bit for each slot that holds entries.
    used: [u64; SLOTS / 64],
}

impl Level {
    pub(super) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            used: [0; SLOTS / 64],
        }
    }

    pub(super) fn push(&mut self, slot: usize, entry: Entry, spare: &mut Vec<Vec<Entry>>) {
        self.used[slot / 64] |= 1 << (slot % 64);
        let blocks = &mut self.slots[slot];
        match blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(entry),
            _ => {
                let mut block = spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK));
                block.push(entry);
                blocks.push(block);
            }
        }
    }

    pub(super) fn pop(&mut self, slot: usize, spare: &mut Vec<Vec<Entry>>) -> Option<Entry> {
        let blocks = &mut self.slots[slot];
        let block = blocks.last_mut()?;
        let entry = block.pop().expect("a block without entries is taken away");
        if block.is_empty() {
            let block = blocks.pop().expect("it was the last one");
            if spare.len() < SPARE_BLOCKS_MAX {
                spare.push(block);
            }
            if blocks.is_empty() {
                self.used[slot / 64] &= !(1 << (slot % 64));
                // A slot that once held many keeps its list of blocks only while that is short.
                blocks.shrink_to(4);
            }
        }
        Some(entry)
    }

    pub(super) fn is_slot_empty(&self, slot: usize) -> bool {
        self.used[slot / 64] & (1 << (slot % 64)) == 0
    }

    /// The first slot in use after `slot`.
    pub(super) fn next_after(&self, slot: usize) -> Option<usize> {
        let from = slot + 1;
        (from / 64..self.used.len()).find_map(|word| {
            let mask = if word == from / 64 {
                u64::MAX << (from % 64)
            } else {
                u64::MAX
            };
            let bits = self.used[word] & mask;
            (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
        })
    }
}
