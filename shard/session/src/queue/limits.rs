//! The bounds of queues, and what happens at them.

use wire_message::{TopicName, TopicRef};

/// What happens to a message for a session whose queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The new message is dropped.
    DropNewest,
    /// The oldest queued message of the lowest priority is dropped, or the new one if all queued
    /// ones have a higher priority than it has.
    #[default]
    DropOldest,
    /// The new message is dropped and the client, if connected, is disconnected with 0x97.
    Refuse,
}

/// The bounds of every session's queue.
#[derive(Clone, Debug)]
pub struct QueueLimits {
    /// Messages at the most.
    pub messages_max: u32,
    /// Bytes at the most, counted as [`wire_message::Message::cost_bytes`].
    pub bytes_max: u64,
    /// What happens when either is reached.
    pub overflow: Overflow,
    /// Whether quality of service 0 waits too while the client is away.
    pub store_qos0: bool,
    /// Which topics go first.
    pub priorities: Priorities,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            messages_max: 1_000,
            bytes_max: 16 << 20,
            overflow: Overflow::default(),
            store_qos0: true,
            priorities: Priorities::default(),
        }
    }
}

/// The priorities of topics.
#[derive(Clone, Debug, Default)]
pub struct Priorities {
    /// Sorted by topic.
    topics: Vec<(TopicName, u8)>,
    ordinary: u8,
}

impl Priorities {
    /// Topics with a priority of their own, 1 to 255, higher first; of a topic named twice the
    /// first counts. All others have `ordinary`: 0 is lowest, 255 highest.
    #[must_use]
    pub fn new(mut topics: Vec<(TopicName, u8)>, ordinary: u8) -> Self {
        topics.sort_by(|(a, _), (b, _)| a.cmp(b));
        topics.dedup_by(|(later, _), (first, _)| later == first);
        Self { topics, ordinary }
    }

    pub(super) const fn ordinary(&self) -> u8 {
        self.ordinary
    }

    /// Whether all topics have the same.
    #[must_use]
    pub fn are_uniform(&self) -> bool {
        self.topics.is_empty()
    }

    /// The priority of a topic.
    #[must_use]
    pub fn of(&self, topic: TopicRef<'_>) -> u8 {
        self.topics
            .binary_search_by(|(name, _)| name.as_ref().cmp(&topic))
            .map_or(self.ordinary, |position| self.topics[position].1)
    }
}
