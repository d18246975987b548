//! Who holds an exclusive subscription.

use wire_message::ShardId;

use crate::SessionIndex;

/// The session that holds the claim on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The session's home.
    pub shard: ShardId,
    /// The session there.
    pub session: SessionIndex,
}
