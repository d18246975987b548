//! The retained messages of the topics that a shard owns.

mod expiring;
mod seek;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use wire_message::{FilterRef, Instant, Message, TopicRef};

use self::expiring::Expiring;
use self::seek::Next;

/// Bounds of a shard's retained messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetainedLimits {
    /// Messages. Full: a message on a new topic is refused; one on a topic that has a message takes
    /// its place.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetainedCursor(Position);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Position {
    Behind(Box<str>),
    From(Box<str>),
    #[default]
    Start,
}

/// Topics that a step looks at for each message it may return.
const VISITS_PER_MESSAGE: usize = 4;

/// Retained messages in the order of their topics.
///
/// A message costs about 45 bytes here and its topic a second time; another 12 if it expires.
#[derive(Debug)]
pub struct Retained {
    limits: RetainedLimits,
    messages: BTreeMap<Box<str>, Arc<Message>>,
    expiring: BTreeSet<Expiring>,
    bytes: usize,
}

impl Retained {
    /// No retained messages.
    #[must_use]
    pub const fn new(limits: RetainedLimits) -> Self {
        Self {
            limits,
            messages: BTreeMap::new(),
            expiring: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// Number of messages, those that have expired and were not removed yet included.
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
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 3.3.1.3, \[v5 3.3.1-5\] to \[v5 3.3.1-7\].
    pub fn set(&mut self, message: Arc<Message>) -> Result<Option<Arc<Message>>, RetainedFull> {
        // [v5 3.3.1-6], [v5 3.3.1-7]: an empty payload clears the topic and is not stored.
        if message.payload().is_empty() {
            return Ok(self.clear(message.topic()));
        }
        let old = self
            .messages
            .get(message.topic().as_str())
            .map(|old| old.cost_bytes());
        if old.is_none() && self.messages.len() >= self.limits.messages_max {
            return Err(RetainedFull::Messages {
                limit: self.limits.messages_max,
            });
        }
        let bytes = self.bytes - old.unwrap_or(0) + message.cost_bytes();
        if bytes > self.limits.bytes_max {
            return Err(RetainedFull::Bytes {
                limit: self.limits.bytes_max,
            });
        }
        self.bytes = bytes;
        let new = Arc::clone(&message);
        let old = match self.messages.get_mut(message.topic().as_str()) {
            Some(place) => Some(core::mem::replace(place, new)),
            None => self.messages.insert(message.topic().as_str().into(), new),
        };
        self.forget_expiry(old.as_ref());
        if message.expiry().instant().is_some() {
            self.expiring.insert(Expiring(message));
        }
        Ok(old)
    }

    /// Clears a topic; returns what was there.
    pub fn clear(&mut self, topic: TopicRef<'_>) -> Option<Arc<Message>> {
        let old = self.messages.remove(topic.as_str());
        self.forget_expiry(old.as_ref());
        self.bytes -= old.as_ref().map_or(0, |old| old.cost_bytes());
        old
    }

    /// The retained message of a topic, unless it has expired.
    #[must_use]
    pub fn get(&self, topic: TopicRef<'_>, now: Instant) -> Option<&Arc<Message>> {
        self.messages
            .get(topic.as_str())
            .filter(|message| !message.expiry().is_past(now))
    }

    /// Removes up to `limit` messages that have expired at `now`, and gives each to `gone`;
    /// returns their number.
    pub fn expire(
        &mut self,
        now: Instant,
        limit: usize,
        mut gone: impl FnMut(&Arc<Message>),
    ) -> usize {
        let mut removed = 0;
        while removed < limit
            && let Some(first) = self.expiring.first()
            && first.0.expiry().is_past(now)
        {
            let message = Arc::clone(&first.0);
            self.clear(message.topic());
            gone(&message);
            removed += 1;
        }
        removed
    }

    /// When the next message expires.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        self.expiring.first()?.0.expiry().instant()
    }

    /// Appends up to `limit` messages that match `filter` and have not expired, in the order of
    /// topics, and moves `cursor` behind them; true if there are no more.
    ///
    /// A topic that is there during the whole walk comes once; one that comes or goes meanwhile may
    /// come or not. A step looks at four topics at the most for each message of `limit`, so it
    /// may append fewer than `limit`, even none, and still not be the last.
    pub fn scan(
        &self,
        filter: FilterRef<'_>,
        cursor: &mut RetainedCursor,
        limit: usize,
        now: Instant,
        out: &mut Vec<Arc<Message>>,
    ) -> bool {
        let (prefix, _) = filter.literal_prefix();
        if cursor.0 == Position::Start {
            cursor.0 = Position::From(prefix.into());
        }
        let (mut left, mut visits) = (limit, limit.saturating_mul(VISITS_PER_MESSAGE).max(1));
        'seek: loop {
            let start = match &cursor.0 {
                Position::Behind(text) => Bound::Excluded(&**text),
                Position::From(text) => Bound::Included(&**text),
                Position::Start => Bound::Unbounded,
            };
            let mut last = None;
            for (topic, message) in self.messages.range::<str, _>((start, Bound::Unbounded)) {
                if left == 0 || visits == 0 {
                    break;
                }
                visits -= 1;
                last = Some(topic);
                if filter.matches(message.topic()) {
                    if !message.expiry().is_past(now) {
                        out.push(Arc::clone(message));
                        left -= 1;
                    }
                    continue;
                }
                match seek::behind(filter.as_str(), topic) {
                    Next::End => return true,
                    Next::Following => {}
                    Next::From(text) => {
                        cursor.0 = Position::From(text.into());
                        continue 'seek;
                    }
                }
            }
            if let Some(last) = last {
                cursor.0 = Position::Behind(last.clone());
            }
            return left > 0 && visits > 0;
        }
    }

    fn forget_expiry(&mut self, message: Option<&Arc<Message>>) {
        if let Some(message) = message
            && message.expiry().instant().is_some()
        {
            self.expiring.remove(&Expiring(Arc::clone(message)));
        }
    }
}

#[cfg(test)]
mod tests;
