//! How a shared subscription picks the member that gets a message.

mod cursors;
mod member;

use wire_message::ShardId;

pub use self::cursors::Cursors;

/// Which member of a shared subscription gets a message.
///
/// In two stages: the publisher's shard picks a shard, each as often as it has members; that shard
/// picks the member. Offline members get nothing while an online one exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The same member for the same publisher, while the members stay.
    HashClientId,
    /// The same member for the same topic, while the members stay.
    HashTopic,
    /// The member with the fewest unacknowledged messages, on the shard whose turn it is.
    LeastInflight,
    /// Members on the publisher's shard in turn; all in turn if there are none.
    Local,
    /// By chance.
    Random,
    /// One after the other.
    #[default]
    RoundRobin,
    /// The same member for all that is published on a shard, until it goes or loses its
    /// connection.
    Sticky,
}

/// What a pick may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The strategy of the group.
    pub strategy: Strategy,
    /// The publisher's home.
    pub local: ShardId,
    /// A hash of the publisher's client id.
    pub client: u64,
    /// The topic's hash.
    pub topic: u64,
    /// A random number.
    pub random: u64,
}

impl Pick {
    /// The number that decides, of the strategies that need no memory.
    fn number(&self, group: u64) -> Option<u64> {
        // Mixed with the group, so that two groups don't load the same places.
        let mix = |hash: u64| {
            (hash ^ group)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31)
        };
        match self.strategy {
            Strategy::HashClientId => Some(mix(self.client)),
            Strategy::HashTopic => Some(mix(self.topic)),
            Strategy::Random => Some(self.random),
            Strategy::LeastInflight | Strategy::Local | Strategy::RoundRobin | Strategy::Sticky => {
                None
            }
        }
    }
}

/// One of `count` places, from a number whose bits are all equally random.
fn scale(number: u32, count: usize) -> usize {
    // The product of two numbers of 32 bits, and its upper half is below `count`.
    ((u64::from(number) * count as u64) >> 32) as usize
}

#[cfg(test)]
mod tests;
