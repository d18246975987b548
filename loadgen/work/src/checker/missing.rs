//! Messages that were left out so far.

use std::collections::BTreeMap;

use crate::limits::GAPS_MAX;

/// Gaps in the sequences of all records.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// By record and first sequence number: the number after the last one.
    gaps: BTreeMap<(u32, u32), u32>,
}

impl Missing {
    /// Remembers that `record` lacks the messages from `start` to before `end`; whether it could.
    #[must_use]
    pub(super) fn insert(&mut self, record: u32, start: u32, end: u32) -> bool {
        if self.gaps.len() >= GAPS_MAX {
            return false;
        }
        self.gaps.insert((record, start), end);
        true
    }

    /// Takes message `sequence` of `record` out, if it was missing.
    #[must_use]
    pub(super) fn take(&mut self, record: u32, sequence: u32) -> bool {
        let mut before = self.gaps.range((record, 0)..=(record, sequence));
        let Some((&key, &end)) = before.next_back() else {
            return false;
        };
        if end <= sequence {
            return false;
        }
        let (_, start) = key;
        if start == sequence {
            self.gaps.remove(&key);
        } else {
            self.gaps.insert(key, sequence);
        }
        if sequence + 1 < end {
            self.gaps.insert((record, sequence + 1), end);
        }
        true
    }

    /// How many messages `record` lacks.
    pub(super) fn count(&self, record: u32) -> u64 {
        let gaps = self.gaps(record);
        gaps.map(|(start, end)| u64::from(end - start)).sum()
    }

    /// The gaps of `record`: first number, and the one after the last.
    pub(super) fn gaps(&self, record: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let gaps = self.gaps.range((record, 0)..=(record, u32::MAX));
        gaps.map(|(&(_, start), &end)| (start, end))
    }
}
