//! The table of sockets.

use std::os::fd::OwnedFd;

use crate::Outbox;
use crate::limits::SOCKETS_MAX;
use crate::token::GENERATION_MASK;

/// Names a socket of one driver until it is closed, and nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// The one operation of a socket, besides its poll, that the kernel may hold memory for.
#[derive(Default)]
pub(crate) enum Busy {
    #[allow(dead_code, reason = "the kernel reads it")]
    Connecting(Box<socket2::SockAddr>),
    #[default]
    Nothing,
    Sending(Box<Outbox>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waits for the completion of CLOSE and of what [`Busy`] names.
    Closing,
    #[default]
    Free,
    Open,
}

/// Whether a poll is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Its entry is queued, at least.
    Asked,
    #[default]
    No,
    /// The kernel has its entry, for it has completed once.
    Seen,
}

/// One socket. This is all that an idle one costs here.
#[derive(Default)]
pub(crate) struct Slot {
    /// The owner's word for the socket; the next free slot while free.
    pub(crate) tag: u64,
    /// What goes with the next send.
    pub(crate) open: Option<Box<Outbox>>,
    pub(crate) busy: Busy,
    pub(crate) descriptor: Option<OwnedFd>,
    pub(crate) generation: u32,
    pub(crate) phase: Phase,
    /// Stands in the list of sockets to flush.
    pub(crate) dirty: bool,
    /// Whether the socket is watched for bytes to receive.
    pub(crate) watch: Watch,
    /// CLOSE has not completed.
    pub(crate) close_pending: bool,
}

impl Slot {
    pub(crate) fn key(&self, index: u32) -> SocketKey {
        SocketKey {
            index,
            generation: self.generation,
        }
    }
}

const _: () = assert!(
    size_of::<Slot>() <= 48,
    "an idle socket costs at most 48 bytes here"
);

const CHUNK: usize = 256;
const NONE: u64 = u64::MAX;

/// Slots in chunks that never move, so growth copies nothing and costs memory page by page.
pub(crate) struct Slots {
    chunks: Vec<Box<[Slot]>>,
    free: u64,
    used: usize,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: NONE,
            used: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Takes a free slot; gives `descriptor` back if there is none.
    pub(crate) fn insert(&mut self, descriptor: OwnedFd, tag: u64) -> Result<SocketKey, OwnedFd> {
        if self.free == NONE && !self.grow() {
            return Err(descriptor);
        }
        let index = u32::try_from(self.free).expect("free slots are numbered by u32");
        let slot = self
            .at(index)
            .expect("the free list names slots that exist");
        assert!(slot.phase == Phase::Free, "the free list names free slots");
        let (next, generation) = (slot.tag, slot.generation);
        *slot = Slot {
            tag,
            descriptor: Some(descriptor),
            generation,
            phase: Phase::Open,
            dirty: slot.dirty,
            ..Slot::default()
        };
        self.free = next;
        self.used += 1;
        Ok(SocketKey { index, generation })
    }

    /// Frees the slot; completions and keys of its past are stale from here on.
    pub(crate) fn remove(&mut self, index: u32) {
        let free = self.free;
        let slot = self.at(index).expect("only slots that exist are freed");
        assert!(slot.phase != Phase::Free, "a slot is freed once");
        assert!(
            matches!(slot.busy, Busy::Nothing),
            "a slot is freed when the kernel is done"
        );
        slot.phase = Phase::Free;
        slot.generation = (slot.generation + 1) & GENERATION_MASK;
        slot.tag = free;
        slot.open = None;
        slot.descriptor = None;
        self.free = u64::from(index);
        self.used -= 1;
    }

    /// The slot with this index, whatever its phase.
    pub(crate) fn at(&mut self, index: u32) -> Option<&mut Slot> {
        let index = index as usize;
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// The slot if `generation` is its current one and it is not free.
    pub(crate) fn current(&mut self, index: u32, generation: u32) -> Option<&mut Slot> {
        self.at(index)
            .filter(|slot| slot.generation == generation && slot.phase != Phase::Free)
    }

    /// The slot of a socket that is open.
    pub(crate) fn open(&mut self, key: SocketKey) -> Option<&mut Slot> {
        self.current(key.index, key.generation)
            .filter(|slot| slot.phase == Phase::Open)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.chunks.iter_mut().flatten()
    }

    fn grow(&mut self) -> bool {
        let start = self.chunks.len() * CHUNK;
        if start >= SOCKETS_MAX as usize {
            return false;
        }
        let chunk = (0..CHUNK).map(|offset| {
            let next = if offset + 1 == CHUNK {
                NONE
            } else {
                (start + offset + 1) as u64
            };
            Slot {
                tag: next,
                ..Slot::default()
            }
        });
        self.chunks.push(chunk.collect());
        self.free = start as u64;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> OwnedFd {
        nix::sys::eventfd::EventFd::new().unwrap().into()
    }

    #[test]
    fn a_key_does_not_name_the_next_tenant() {
        let mut slots = Slots::new();
        let first = slots.insert(descriptor(), 1).unwrap();
        slots.remove(first.index);
        let second = slots.insert(descriptor(), 2).unwrap();
        assert_eq!(first.index, second.index);
        assert!(slots.open(first).is_none());
        assert_eq!(slots.open(second).map(|slot| slot.tag), Some(2));
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn tables_grow_by_chunks_and_reuse_what_is_free() {
        let mut slots = Slots::new();
        let keys: Vec<_> = (0..600)
            .map(|tag| slots.insert(descriptor(), tag).unwrap())
            .collect();
        assert_eq!(slots.chunks.len(), 3);
        for key in keys {
            slots.remove(key.index);
        }
        assert_eq!(slots.len(), 0);
        for tag in 0..600 {
            slots.insert(descriptor(), tag).unwrap();
        }
        assert_eq!(slots.chunks.len(), 3);
    }
}
