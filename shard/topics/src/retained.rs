//! The retained messages of the topics that a shard owns.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use wire_message::{FilterRef, Instant, Message, TopicName, TopicRef};

/// Bounds of a shard's retained messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainedLimits {
    /// Messages. Full: a message on a new topic is refused.
    pub messages_max: usize,
    /// Bytes, as [`Message::cost_bytes`] counts them. Full: a message that does not fit is refused.
    pub bytes_max: usize,
}

/// A message was not retained because a limit is reached.
///
/// Nothing changed: an older message on the topic is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetainedFull {
    /// [`RetainedLimits::bytes_max`] is reached.
    #[error("retained messages reached {limit} bytes")]
    Bytes {
        /// The limit.
        limit: usize,
    },
    /// [`RetainedLimits::messages_max`] is reached.
    #[error("{limit} retained messages are held already")]
    Messages {
        /// The limit.
        limit: usize,
    },
}

/// Where a walk over retained messages stands; it survives all changes between two steps.
#[derive(Clone, Debug, Default)]
pub struct RetainedCursor {
    last: Option<TopicName>,
}

/// Retained messages in the order of their topics.
#[derive(Debug)]
pub struct Retained {
    limits: RetainedLimits,
    messages: BTreeMap<TopicName, Arc<Message>>,
    bytes: usize,
}

impl Retained {
    /// No retained messages.
    #[must_use]
    pub fn new(limits: RetainedLimits) -> Self {
        Self {
            limits,
            messages: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Bytes of all messages, as [`Message::cost_bytes`] counts them.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Retains `message`, or clears its topic if its payload is empty; returns what was there.
    ///
    /// # Errors
    ///
    /// [`RetainedFull`]; nothing changes then.
    pub fn set(&mut self, message: Arc<Message>) -> Result<Option<Arc<Message>>, RetainedFull> {
        if message.payload().is_empty() {
            return Ok(self.clear(message.topic()));
        }
        let topic = message.topic().to_owned();
        let old = self.messages.get(&topic).map_or(0, |old| old.cost_bytes());
        if old == 0 && self.messages.len() >= self.limits.messages_max {
            return Err(RetainedFull::Messages {
                limit: self.limits.messages_max,
            });
        }
        let bytes = self.bytes - old + message.cost_bytes();
        if bytes > self.limits.bytes_max {
            return Err(RetainedFull::Bytes {
                limit: self.limits.bytes_max,
            });
        }
        self.bytes = bytes;
        Ok(self.messages.insert(topic, message))
    }

    /// Clears a topic; returns what was there.
    pub fn clear(&mut self, topic: TopicRef<'_>) -> Option<Arc<Message>> {
        let old = self.messages.remove(&topic.to_owned())?;
        self.bytes -= old.cost_bytes();
        Some(old)
    }

    /// The retained message of a topic, unless it has expired.
    #[must_use]
    pub fn get(&self, topic: TopicRef<'_>, now: Instant) -> Option<&Arc<Message>> {
        self.messages
            .get(&topic.to_owned())
            .filter(|message| !message.expiry().is_past(now))
    }

    /// Removes up to `limit` messages that have expired at `now`; returns their number.
    pub fn expire(&mut self, now: Instant, limit: usize) -> usize {
        let past = self
            .messages
            .values()
            .filter(|message| message.expiry().is_past(now));
        let topics: Vec<_> = past
            .take(limit)
            .map(|message| message.topic().to_owned())
            .collect();
        for topic in &topics {
            self.clear(topic.as_ref());
        }
        topics.len()
    }

    /// When the next message expires.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        self.messages
            .values()
            .filter_map(|message| message.expiry().instant())
            .min()
    }

    /// Appends up to `limit` messages that match `filter` and have not expired, in the order of
    /// topics, and moves `cursor` behind them; true if there are no more.
    ///
    /// A topic that is there during the whole walk comes once; one that comes or goes meanwhile may
    /// come or not. A step looks at no more than a bounded multiple of `limit` topics, so it may
    /// append fewer than `limit` and still not be the last.
    pub fn scan(
        &self,
        filter: FilterRef<'_>,
        cursor: &mut RetainedCursor,
        limit: usize,
        now: Instant,
        out: &mut Vec<Arc<Message>>,
    ) -> bool {
        let start = cursor
            .last
            .clone()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let mut left = limit;
        for (topic, message) in self.messages.range((start, Bound::Unbounded)) {
            if left == 0 {
                return false;
            }
            cursor.last = Some(topic.clone());
            if filter.matches(topic.as_ref()) && !message.expiry().is_past(now) {
                out.push(Arc::clone(message));
                left -= 1;
            }
        }
        true
    }
}
