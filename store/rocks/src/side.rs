//! A shard as the writing thread sees it.

use std::sync::Arc;

use rtrb::{Consumer, Producer};
use store_model::{Batch, Event, Read, RequestId, Sequence, StoreState};

use crate::port::{Ends, Request, Wake};

/// One shard's requests, how far they have come, and what it is to be told.
pub(crate) struct Side {
    requests: Consumer<Request>,
    events: Producer<Event>,
    wake: Arc<dyn Wake>,
    /// The last batch taken from the ring.
    taken: Sequence,
    /// The last batch that is written.
    written: Sequence,
    /// The last batch that is known to be synced.
    durable: Sequence,
    /// What the shard knows of that.
    told_durable: Sequence,
    state: StoreState,
    told_state: StoreState,
    /// Questions that come after batches not written yet.
    waiting: Vec<(RequestId, Read)>,
}

/// What was taken from a shard's ring.
pub(crate) enum Taken {
    Batch(Batch),
    /// A question whose answer would show all that it must.
    Question(RequestId, Read),
    /// A question for later, which is kept.
    Waits,
}

impl Side {
    pub(crate) fn new(ends: Ends) -> Self {
        Self {
            requests: ends.requests,
            events: ends.events,
            wake: ends.wake,
            taken: Sequence(0),
            written: Sequence(0),
            durable: Sequence(0),
            told_durable: Sequence(0),
            state: StoreState::Healthy,
            told_state: StoreState::Healthy,
            waiting: Vec::new(),
        }
    }

    /// Takes the next request.
    pub(crate) fn take(&mut self) -> Option<Taken> {
        Some(match self.requests.pop().ok()? {
            Request::Batch(batch) => {
                self.taken = batch.sequence;
                Taken::Batch(batch)
            }
            Request::Ask(request, read) if self.taken == self.written => {
                Taken::Question(request, read)
            }
            Request::Ask(request, read) => {
                self.waiting.push((request, read));
                Taken::Waits
            }
        })
    }

    /// Takes the next request if it is a question that can be answered now.
    pub(crate) fn take_question(&mut self) -> Option<(RequestId, Read)> {
        if self.taken != self.written || !matches!(self.requests.peek(), Ok(Request::Ask(..))) {
            return None;
        }
        match self.take()? {
            Taken::Question(request, read) => Some((request, read)),
            Taken::Batch(_) | Taken::Waits => unreachable!("a question was seen"),
        }
    }

    /// What was taken is written; the questions that waited for that.
    pub(crate) fn note_written(&mut self) -> Vec<(RequestId, Read)> {
        self.written = self.taken;
        std::mem::take(&mut self.waiting)
    }

    /// What is written is synced.
    pub(crate) fn note_durable(&mut self) {
        self.durable = self.written;
    }

    pub(crate) const fn note_state(&mut self, state: StoreState) {
        self.state = state;
    }

    /// Whether something is written that is not synced.
    pub(crate) fn is_unsynced(&self) -> bool {
        self.durable < self.written
    }

    /// Tells the shard what it does not know and wakes it; false if there was no room for all.
    pub(crate) fn tell(&mut self) -> bool {
        let through = self.durable;
        let mut told = false;
        if self.told_state != self.state && self.events.push(Event::State(self.state)).is_ok() {
            self.told_state = self.state;
            told = true;
        }
        if self.told_durable < through && self.events.push(Event::Durable { through }).is_ok() {
            self.told_durable = through;
            told = true;
        }
        if told {
            self.wake.wake();
        }
        self.told_durable == through && self.told_state == self.state
    }
}
