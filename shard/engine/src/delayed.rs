//! `$delayed/<seconds>/<topic>`: messages that are published later.

use std::collections::BTreeMap;
use std::sync::Arc;

use store_model::{DelayedKey, Operation};
use wire_message::{Expiry, Instant, Message, MessageRef, TopicRef};

use crate::engine::Engine;
use crate::limits::{DELAY_S_MAX, TIMERS_PER_TURN_MAX};
use crate::token::Token;

/// Why a delayed message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DelayError {
    /// As many wait as may.
    Full,
    /// The topic is not `$delayed/<seconds>/<topic>`.
    Topic,
}

/// Messages by the time at which they are due; those of one time in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Delayed {
    messages: BTreeMap<(Instant, u64), (Arc<Message>, Option<DelayedKey>)>,
    next: u64,
}

impl Delayed {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    fn insert(&mut self, due: Instant, message: Arc<Message>, record: Option<DelayedKey>) {
        self.messages.insert((due, self.next), (message, record));
        self.next += 1;
    }

    fn pop_due(&mut self, now: Instant) -> Option<(Arc<Message>, Option<DelayedKey>)> {
        let entry = self.messages.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    fn next_due(&self) -> Option<Instant> {
        self.messages.first_key_value().map(|((due, _), _)| *due)
    }
}

impl Engine {
    /// Takes a message for later if its topic says so; false if it is for now.
    ///
    /// The expiry of the message counts from its publication.
    pub(crate) fn delay(
        &mut self,
        message: &MessageRef<'_>,
        now: Instant,
    ) -> Result<bool, DelayError> {
        let settings = &self.clients.settings.delayed;
        let rest = message.topic.as_str().strip_prefix("$delayed/");
        let Some(rest) = rest.filter(|_| settings.enabled) else {
            return Ok(false);
        };
        let (delay, topic) = rest.split_once('/').ok_or(DelayError::Topic)?;
        let delay_s: u64 = delay.parse().map_err(|_| DelayError::Topic)?;
        let topic = TopicRef::new(topic).map_err(|_| DelayError::Topic)?;
        if topic.as_str().starts_with("$SYS/") {
            return Err(DelayError::Topic);
        }
        let delay_s = self.relative(delay_s, now)?;
        if self.delayed.len() >= settings.messages_max as usize {
            return Err(DelayError::Full);
        }
        let due = now + core::time::Duration::from_secs(delay_s);
        let life = message.expiry.instant().map(|end| end.since(now));
        let expiry = life.map_or(Expiry::NEVER, |life| Expiry::at(due + life));
        let message = MessageRef {
            topic,
            expiry,
            ..*message
        }
        .to_message();
        let message = Arc::new(message);
        let record = self.clients.write_delayed(due, &message);
        self.keep_delayed(due, message, record);
        self.clients.counters.messages_delayed += 1;
        Ok(true)
    }

    /// Has a message published at `due`.
    pub(crate) fn keep_delayed(
        &mut self,
        due: Instant,
        message: Arc<Message>,
        record: Option<DelayedKey>,
    ) {
        let first = self.delayed.next_due().is_none_or(|next| due < next);
        self.delayed.insert(due, message, record);
        if first {
            self.clients.wheel.schedule(due, Token::Delayed.to_bits());
        }
    }

    /// Seconds from now: more than [`DELAY_S_MAX`] is a Unix time.
    fn relative(&self, delay_s: u64, now: Instant) -> Result<u64, DelayError> {
        if delay_s <= DELAY_S_MAX {
            return Ok(delay_s);
        }
        let now_s = self.place.clock.at(now).0 / 1000;
        let delay_s = delay_s.saturating_sub(now_s);
        if delay_s > DELAY_S_MAX {
            Err(DelayError::Topic)
        } else {
            Ok(delay_s)
        }
    }

    /// Publishes the delayed messages that are due, as far as the backlog has room.
    pub(crate) fn publish_delayed(&mut self, now: Instant) {
        for _ in 0..TIMERS_PER_TURN_MAX {
            if !self.backlog.has_room() {
                break;
            }
            let Some((message, record)) = self.delayed.pop_due(now) else {
                break;
            };
            let gone =
                record.map(|DelayedKey { due, number }| Operation::DropDelayed { due, number });
            self.backlog.push(message, gone.into_iter().collect());
        }
        if let Some(due) = self.delayed.next_due() {
            self.clients
                .wheel
                .schedule(due.max(now), Token::Delayed.to_bits());
        }
    }
}
