//! The members of a shared subscription on this shard.

use crate::{FilterId, SessionIndex, Subscription};

/// The number of a shared subscription in its index, valid until its last member leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub(crate) u32);

impl GroupId {
    /// The number, below `u32::MAX`.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The id from what [`Self::to_bits`] gave.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// A member of a shared subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub session: SessionIndex,
    /// What it asked for.
    pub subscription: Subscription,
    /// Whether it is connected.
    pub online: bool,
}

/// A shared subscription: its members on this shard, and whose turn it is.
///
/// # Specification
///
/// MQTT 5.0 section 4.8.2.
#[derive(Debug)]
pub struct Group {
    pub(crate) name: Box<str>,
    pub(crate) hash: u64,
    pub(crate) filter: FilterId,
    pub(crate) members: Vec<Member>,
    pub(crate) online: u32,
    pub(crate) turn: u32,
    pub(crate) sticky: Option<SessionIndex>,
}

impl Group {
    /// The share name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of name and filter: the same as [`crate::GroupRoute::hash`] on every shard.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The filter that topics are matched against.
    #[must_use]
    pub const fn filter(&self) -> FilterId {
        self.filter
    }

    /// The members, in the order they came.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Members that are connected.
    #[must_use]
    pub const fn online(&self) -> usize {
        self.online as usize
    }
}
