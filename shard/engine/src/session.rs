//! What the engine keeps of one session: a small entry, with boxes for what few need.

use shard_session::{Inbound, Outbound, Queue, SessionExpiry, Subscriptions, Will};
use shard_topics::Mark;
use store_model::Number;
use wire_message::{ClientId, Instant, PublisherId};

use crate::feed::Feeds;
use crate::key::ConnectionKey;
use crate::persist::Disk;

/// One session, with or without a connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: ClientId,
    /// The connection of its client, if it is there.
    pub(crate) connection: Option<ConnectionKey>,
    /// The client's name in the messages it publishes.
    pub(crate) publisher: PublisherId,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) outbound: Outbound,
    pub(crate) queue: Queue,
    pub(crate) inbound: Inbound,
    /// Retained messages on their way to new subscriptions.
    pub(crate) feeds: Option<Box<Feeds>>,
    pub(crate) will: Option<Box<Will>>,
    pub(crate) identity: Option<Box<Identity>>,
    /// What a stored session has on the disk that is not in memory.
    pub(crate) disk: Option<Box<Disk>>,
    /// Its number in the store; zero: it is not stored.
    pub(crate) number: Number,
    /// When the next timer of the session fires, if one is armed.
    pub(crate) armed: Instant,
    /// When the connection was lost; meaningless while there is one.
    pub(crate) detached_at: Instant,
    pub(crate) expiry: SessionExpiry,
    /// How its subscriptions are marked at the owners of their filters: as it was when the
    /// session began, for it must be unmarked the same way.
    pub(crate) mark: Mark,
    /// It is of an earlier run and its state is still to be read.
    pub(crate) unread: bool,
}

/// What only some clients have.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// User name.
    pub(crate) username: Option<Box<str>>,
    /// What stands before the client's topics in the broker; empty: nothing.
    pub(crate) mount: Box<str>,
}

impl Session {
    /// Whether it is in the store.
    pub(crate) const fn is_stored(&self) -> bool {
        self.number.0 != 0
    }

    /// Whether nothing stands before a message that comes now.
    pub(crate) fn is_drained(&self) -> bool {
        self.queue.is_empty() && self.disk.as_ref().is_none_or(|disk| !disk.more)
    }

    /// What stands before the client's topics in the broker; empty: nothing.
    pub(crate) fn mount(&self) -> &str {
        self.identity
            .as_ref()
            .map_or("", |identity| &identity.mount)
    }

    /// The user name, empty if there is none.
    pub(crate) fn username(&self) -> &str {
        self.identity
            .as_ref()
            .and_then(|identity| identity.username.as_deref())
            .unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Session>() <= 184, "{}", size_of::<Session>());
    }
}
