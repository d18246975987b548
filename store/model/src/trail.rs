//! From what is durable here to what another shard may acknowledge.

use std::collections::VecDeque;

use crate::Sequence;
use crate::limits::TRAIL_MARKS_MAX;

/// Which entries of the ring from one shard wait for which batches.
///
/// The sender numbers its entries, from 1. Whatever an entry had this shard write is in its batches
/// up to some [`Sequence`]; when that is durable, the sender is told the entry's number and knows
/// the same of all before it. One trail for each sender.
#[derive(Debug, Default)]
pub struct Trail {
    /// Entries and the batches that they wait for, both ascending.
    marks: VecDeque<(u64, Sequence)>,
    durable: Sequence,
    /// The last entry that the sender was told of.
    told: u64,
    /// The last entry that waits for nothing.
    reached: u64,
}

impl Trail {
    /// No entry has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All entries up to `entry` are dealt with; what they write is in batches up to `sequence`,
    /// the one that the shard is filling included.
    pub fn taken(&mut self, entry: u64, sequence: Sequence) {
        if sequence <= self.durable {
            self.reached = entry;
            return;
        }
        match self.marks.back_mut() {
            Some((last, wanted)) if *wanted == sequence => *last = entry,
            Some(_) | None => self.marks.push_back((entry, sequence)),
        }
    }

    /// Batches of this shard up to `through` are durable.
    pub fn durable(&mut self, through: Sequence) {
        self.durable = self.durable.max(through);
        while let Some((entry, wanted)) = self.marks.front()
            && *wanted <= through
        {
            self.reached = *entry;
            self.marks.pop_front();
        }
    }

    /// What to tell the sender, if it does not know yet: everything up to this entry is durable.
    pub fn tell(&mut self) -> Option<u64> {
        if self.reached == self.told {
            return None;
        }
        self.told = self.reached;
        Some(self.told)
    }

    /// Whether no more entries are to be taken from the sender for now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.marks.len() >= TRAIL_MARKS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_told_of_an_entry_when_its_batch_is_durable_and_once() {
        let mut trail = Trail::new();
        trail.taken(1, Sequence(5));
        trail.taken(2, Sequence(5));
        trail.taken(3, Sequence(6));
        assert_eq!(trail.tell(), None);
        trail.durable(Sequence(4));
        assert_eq!(trail.tell(), None);
        trail.durable(Sequence(5));
        assert_eq!((trail.tell(), trail.tell()), (Some(2), None));
        trail.durable(Sequence(9));
        assert_eq!(trail.tell(), Some(3));
    }

    #[test]
    fn an_entry_that_writes_nothing_waits_for_those_before_it_only() {
        let mut trail = Trail::new();
        trail.taken(1, Sequence(0));
        assert_eq!(trail.tell(), Some(1));
        trail.taken(2, Sequence(1));
        trail.taken(3, Sequence(1));
        assert_eq!(trail.tell(), None);
        trail.durable(Sequence(1));
        assert_eq!(trail.tell(), Some(3));
        trail.taken(4, Sequence(1));
        assert_eq!(trail.tell(), Some(4));
    }
}
