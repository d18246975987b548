//! How a shared subscription picks the member that gets a message.

use wire_message::{Map, Seed, ShardId};

use crate::{Group, GroupRoute, Member, SessionIndex};

/// Which member of a shared subscription gets a message.
///
/// In two stages: the publisher's shard picks a shard, weighted by its members; that shard picks
/// the member. Offline members get nothing while an online one exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The same member for the same publisher, while the members stay.
    HashClientId,
    /// The same member for the same topic, while the members stay.
    HashTopic,
    /// The member with the fewest unacknowledged messages on the shard that is next in turn.
    LeastInflight,
    /// Members on the publisher's shard in turn, all in turn if there are none.
    Local,
    /// By chance.
    Random,
    /// One after the other.
    #[default]
    RoundRobin,
    /// The same member until it goes.
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

/// Whose turn it is in each shared subscription that this shard's sessions publish to.
#[derive(Debug)]
pub struct Cursors {
    turns: Map<u64, Turn>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    next: u32,
    sticky: Option<ShardId>,
}

/// Shared subscriptions whose turn is remembered. Full: all turns start afresh.
const TURNS_MAX: usize = 1 << 16;

impl Cursors {
    /// No turns yet.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            turns: Map::with_hasher(seed),
        }
    }

    /// Picks the shard that gets the message; `None` if the group has no members.
    pub fn pick_shard(&mut self, group: &GroupRoute, pick: &Pick) -> Option<ShardId> {
        if self.turns.len() >= TURNS_MAX && !self.turns.contains_key(&group.hash) {
            self.turns.clear();
        }
        let _ = pick;
        let turn = self.turns.entry(group.hash).or_default();
        turn.next = turn.next.wrapping_add(1);
        let at = turn.next as usize % group.shards.len().max(1);
        let shard = group.shards.get(at)?.shard;
        turn.sticky = Some(shard);
        Some(shard)
    }
}

impl Group {
    /// Picks the member that gets the message; `None` if the group has no members here.
    ///
    /// `inflight` tells how many messages a session has not acknowledged.
    pub fn pick(&mut self, pick: &Pick, inflight: impl Fn(SessionIndex) -> u32) -> Option<Member> {
        let _ = (pick, inflight);
        self.turn = self.turn.wrapping_add(1);
        let at = self.turn as usize % self.members.len().max(1);
        self.sticky = self.members.get(at).map(|member| member.session);
        self.members.get(at).copied()
    }

    /// Says whether a member is connected; true if that is news.
    pub fn set_online(&mut self, session: SessionIndex, online: bool) -> bool {
        let Some(member) = self
            .members
            .iter_mut()
            .find(|member| member.session == session)
        else {
            return false;
        };
        let news = member.online != online;
        member.online = online;
        self.online = u32::try_from(self.members.iter().filter(|member| member.online).count())
            .expect("fewer than 2^32 members");
        news
    }
}
