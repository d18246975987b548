//! What the store holds for one shard.

use std::collections::VecDeque;

use store_model::{Batch, Event, Read, RequestId, Sequence};

/// One shard as the store sees it.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// Batches that are not written yet.
    pub(crate) batches: VecDeque<Batch>,
    /// The last batch that came.
    pub(crate) submitted: Sequence,
    /// The last batch that is written.
    pub(crate) written: Sequence,
    /// The last batch that is known to be synced, and told.
    pub(crate) synced: Sequence,
    /// Questions, each with the batch that its answer must show.
    pub(crate) questions: VecDeque<(RequestId, Read, Sequence)>,
    /// Events on their way, each with the step at which it arrives.
    events: VecDeque<(u64, Event)>,
}

impl Side {
    /// Sends an event that arrives at step `due`, and not before those sent earlier.
    pub(crate) fn tell(&mut self, event: Event, due: u64) {
        let due = self.events.back().map_or(due, |(last, _)| due.max(*last));
        self.events.push_back((due, event));
    }

    /// The next event that has arrived by `step`.
    pub(crate) fn poll(&mut self, step: u64) -> Option<Event> {
        if self.events.front()?.0 > step {
            return None;
        }
        self.events.pop_front().map(|(_, event)| event)
    }

    /// Whether an event has not arrived by `step`.
    pub(crate) fn is_waiting(&self, step: u64) -> bool {
        self.events.back().is_some_and(|(due, _)| *due > step)
    }

    /// Whether there is a question that can be answered.
    pub(crate) fn has_question(&self) -> bool {
        let first = self.questions.front();
        first.is_some_and(|(_, _, wanted)| *wanted <= self.written)
    }

    /// The next question that can be answered.
    pub(crate) fn take_question(&mut self) -> Option<(RequestId, Read)> {
        if !self.has_question() {
            return None;
        }
        let (request, read, _) = self.questions.pop_front()?;
        Some((request, read))
    }
}
