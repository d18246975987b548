//! Retained messages: the owner's side.

use std::sync::Arc;

use store_model::Operation;
use wire_message::{Expiry, Instant, Message, MessageRef, ShardId};

use crate::engine::Engine;
use crate::entry::{Answer, RequestId, RetainedChunk, RetainedQuery};
use crate::limits::{RETAINED_CHUNK_MAX, TIMERS_PER_TURN_MAX};
use crate::output::Outputs;
use crate::token::Token;

impl Engine {
    /// Retains a message of a topic that this shard owns, or forgets the topic's if the payload is
    /// empty. What exceeds a limit is not retained, and counted.
    ///
    /// # Specification
    ///
    /// \[v5 3.3.1-5\] to \[v5 3.3.1-8\], \[v311 3.3.1-5\], \[v311 3.3.1-10\], \[v311 3.3.1-11\].
    pub(crate) fn store_retained(&mut self, message: Arc<Message>, now: Instant) {
        let settings = &self.clients.settings.retained;
        let counters = &mut self.clients.counters;
        if message.payload().is_empty() {
            self.retained.clear(message.topic());
            if self.clients.journal.is_on() {
                let topic = message.topic().to_owned();
                self.clients.journal.push(Operation::DropRetained(topic));
            }
            return;
        }
        if message.payload().len() > settings.payload_bytes_max as usize {
            counters.messages_retained_dropped += 1;
            return;
        }
        let message = match settings.expiry_default_s {
            Some(life_s) if message.expiry() == Expiry::NEVER => {
                let expiry = Expiry::after(Some(life_s), now);
                Arc::new(
                    MessageRef {
                        expiry,
                        ..(*message).as_ref()
                    }
                    .to_message(),
                )
            }
            _ => message,
        };
        let stored = self.clients.journal.is_on().then(|| Arc::clone(&message));
        match self.retained.set(message) {
            Ok(_) => {
                counters.messages_retained += 1;
                if let Some(message) = stored {
                    self.clients.journal.push(Operation::PutRetained(message));
                }
            }
            Err(_) => counters.messages_retained_dropped += 1,
        }
    }

    /// Another shard wants a chunk of retained messages.
    pub(crate) fn answer_retained(
        &mut self,
        from: ShardId,
        id: RequestId,
        query: RetainedQuery,
        now: Instant,
        out: &mut Outputs,
    ) {
        let chunk = Box::new(self.retained_chunk(query, now));
        Self::answer(from, Answer::Retained(id, chunk), out);
    }

    /// The next retained messages of this shard that match, and where to go on.
    pub(crate) fn retained_chunk(&self, query: RetainedQuery, now: Instant) -> RetainedChunk {
        let mut messages = Vec::new();
        let mut cursor = query.after.unwrap_or_default();
        let filter = query.filter.as_ref();
        let last = self
            .retained
            .scan(filter, &mut cursor, RETAINED_CHUNK_MAX, now, &mut messages);
        let after = (!last).then_some(cursor);
        RetainedChunk { messages, after }
    }

    /// Has the next sweep for expired retained messages come.
    pub(crate) fn arm_retained_sweep(&mut self, now: Instant) {
        let at = now + self.clients.settings.retained.sweep_interval;
        self.clients.wheel.schedule(at, Token::Retained.to_bits());
    }

    /// Removes expired retained messages, within a budget.
    pub(crate) fn sweep_retained(&mut self, now: Instant) {
        let journal = &mut self.clients.journal;
        self.retained.expire(now, TIMERS_PER_TURN_MAX, |message| {
            if journal.is_on() {
                let topic = message.topic().to_owned();
                journal.push(Operation::DropRetained(topic));
            }
        });
        self.arm_retained_sweep(now);
    }
}
