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
    /// Those that are connected come first.
    pub(crate) members: Vec<Member>,
    pub(crate) online: u32,
    pub(crate) turn: u32,
    pub(crate) sticky: Option<SessionIndex>,
}

impl Group {
    pub(crate) fn new(name: &str, hash: u64, filter: FilterId) -> Self {
        Self {
            name: name.into(),
            hash,
            filter,
            members: Vec::new(),
            online: 0,
            turn: 0,
            sticky: None,
        }
    }

    /// Adds a member, or replaces what it asked for; returns what it had.
    pub(crate) fn insert(&mut self, member: Member) -> Option<Subscription> {
        let session = member.session;
        if let Some(place) = self.place(session) {
            let old =
                core::mem::replace(&mut self.members[place].subscription, member.subscription);
            self.set_online(session, member.online);
            return Some(old);
        }
        self.members.push(Member {
            online: false,
            ..member
        });
        self.set_online(session, member.online);
        None
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, session: SessionIndex) -> Option<Member> {
        let online = self.members.get(self.place(session)?)?.online;
        self.set_online(session, false);
        let place = self.place(session)?;
        let member = self.members.swap_remove(place);
        if self.sticky == Some(session) {
            self.sticky = None;
        }
        Some(Member { online, ..member })
    }

    /// Says whether a member is connected; true if that is news.
    pub fn set_online(&mut self, session: SessionIndex, online: bool) -> bool {
        let Some(place) = self
            .place(session)
            .filter(|place| self.members[*place].online != online)
        else {
            return false;
        };
        self.members[place].online = online;
        // The member changes places with the first that is offline, or the last that is online.
        if online {
            self.members.swap(place, self.online as usize);
            self.online += 1;
        } else {
            self.online -= 1;
            self.members.swap(place, self.online as usize);
        }
        true
    }

    fn place(&self, session: SessionIndex) -> Option<usize> {
        self.members
            .iter()
            .position(|member| member.session == session)
    }

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

    /// The members, those that are connected first.
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
