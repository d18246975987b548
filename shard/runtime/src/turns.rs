//! What a shard's loop counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

/// Turns of one shard's loop, and how many of them ended asleep; a shard that turns much more often
/// than it sleeps is busy.
///
/// Written by that shard alone, in cache lines of its own; anybody may read.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Turns {
    turns: AtomicU64,
    sleeps: AtomicU64,
}

impl Turns {
    /// Turns since the start.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Times that the shard had nothing left to do and waited in the kernel.
    #[must_use]
    pub fn sleeps(&self) -> u64 {
        self.sleeps.load(Ordering::Relaxed)
    }

    pub(crate) fn count_turn(&self) {
        add_one(&self.turns);
    }

    pub(crate) fn count_sleep(&self) {
        add_one(&self.sleeps);
    }
}

/// Cheaper than an atomic addition, and right because there is one writer.
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
