//! Where a topic's messages go.

use wire_message::{ShardId, ShardSet};

/// The shards that want a topic's messages. 80 bytes and its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Shards with a plain subscriber, online or not.
    pub shards: ShardSet,
    /// Those of them where a persistent session subscribes: an acknowledgement waits for them.
    pub persistent: ShardSet,
    /// Shared subscriptions; each gets every message once.
    pub groups: Vec<GroupRoute>,
}

/// A shared subscription on a topic: its members by shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRoute {
    /// The share name.
    pub group: Box<str>,
    /// The filter; a group's name means another group with another filter.
    pub filter: Box<str>,
    /// A hash of both, the same on every shard: names the group's [`crate::Cursors`].
    pub hash: u64,
    /// Members by shard, in ascending order of shards.
    pub shards: Box<[GroupShard]>,
}

/// The members of a shared subscription on one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupShard {
    /// The shard.
    pub shard: ShardId,
    /// Members that are connected.
    pub online: u32,
    /// Members whose session outlives their connection, which is gone.
    pub offline: u32,
}

impl Route {
    /// Whether nobody wants the topic's messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shards.is_empty() && self.groups.is_empty()
    }

    /// Bytes of memory besides the value itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        let groups = self
            .groups
            .iter()
            .map(|group| group.group.len() + group.filter.len() + size_of_val(&*group.shards));
        self.groups.capacity() * size_of::<GroupRoute>() + groups.sum::<usize>()
    }

    /// Adds the part of the route that another owner knows.
    ///
    /// A filter has one owner, so no group comes twice.
    pub fn merge(&mut self, other: Self) {
        self.shards.union_with(&other.shards);
        self.persistent.union_with(&other.persistent);
        self.groups.extend(other.groups);
    }
}
