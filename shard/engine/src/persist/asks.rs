//! Questions to the store, and what each is for.

use std::collections::VecDeque;

use shard_table::Slab;
use store_model::limits::QUESTIONS_MAX;
use store_model::{Answer, Number, Read, RequestId};
use wire_message::Instant;

use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::output::{Output, Outputs};

/// Questions under way, and those that wait for their turn. As many as there are sessions that are
/// being read, times three.
#[derive(Debug)]
pub(crate) struct Asks {
    asked: Slab<(SessionKey, Asked)>,
    waiting: VecDeque<(RequestId, Read)>,
    open: usize,
}

/// What is asked about a session. Numbers tell late answers from those that are awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Packet ids in use.
    Flights(u32),
    /// The length of the queue.
    Measure,
    /// The oldest entries.
    Oldest,
    /// The next entries.
    Page(u32),
    /// QoS 2 messages from the client.
    Receipts(u32),
}

impl Asks {
    pub(crate) fn new() -> Self {
        Self {
            asked: Slab::new(),
            waiting: VecDeque::new(),
            open: 0,
        }
    }
}

impl Clients {
    /// Asks the store about a session, once all that was written down before is submitted.
    pub(super) fn ask(
        &mut self,
        key: SessionKey,
        asked: Asked,
        question: impl FnOnce(Number) -> Read,
    ) {
        let Some(session) = self.sessions.get(key) else {
            return;
        };
        let read = question(session.number);
        let id = RequestId(self.asks.asked.insert((key, asked)).index());
        self.asks.waiting.push_back((id, read));
    }

    /// Whether a question could be asked now.
    pub(super) fn has_questions(&self) -> bool {
        !self.asks.waiting.is_empty() && self.asks.open < QUESTIONS_MAX
    }

    /// Asks as many questions as may be open. An answer shows what was submitted before, so they
    /// wait while something is not.
    pub(super) fn ask_store(&mut self, out: &mut Outputs) {
        if !self.journal.is_submitted() {
            return;
        }
        while self.asks.open < QUESTIONS_MAX {
            let Some((id, read)) = self.asks.waiting.pop_front() else {
                return;
            };
            self.asks.open += 1;
            out.actions.push(Output::Ask(id, read));
        }
    }

    fn answered(&mut self, id: RequestId) -> Option<(SessionKey, Asked)> {
        let key = self.asks.asked.key_from(id.0)?;
        self.asks.open -= 1;
        self.asks.asked.remove(key)
    }
}

impl Engine {
    /// Brings an answer to what it is for; the session may have ended meanwhile.
    pub(super) fn store_answered(
        &mut self,
        id: RequestId,
        answer: Answer,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some((key, asked)) = self.clients.answered(id) else {
            return;
        };
        match (asked, answer) {
            (Asked::Flights(turn), Answer::Flights(flights)) => {
                self.loaded_flights(key, turn, flights, now, out);
            }
            (Asked::Measure, Answer::Measured { entries, bytes }) => {
                self.clients.measured(key, entries, bytes);
            }
            (Asked::Oldest, Answer::Oldest(oldest)) => self.clients.oldest_answered(key, oldest),
            (Asked::Page(turn), Answer::Queue(chunk)) => {
                self.page_answered(key, turn, chunk, now, out);
            }
            (Asked::Receipts(turn), Answer::Receipts(receipts)) => {
                self.loaded_receipts(key, turn, receipts, now, out);
            }
            (asked, Answer::Unreadable) => self.unreadable(key, asked, now, out),
            (asked, answer) => unreachable!("{answer:?} is no answer to {asked:?}"),
        }
    }
}
