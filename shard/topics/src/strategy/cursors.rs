//! The first stage: the publisher's shard picks a shard.

use wire_message::{Map, Seed, ShardId};

use super::{Pick, Strategy, scale};
use crate::bits::high_32;
use crate::{GroupRoute, GroupShard};

/// Whose turn it is in each shared subscription that this shard's sessions publish to.
///
/// By group, not by topic: a group takes its turns over all topics that its filter matches.
#[derive(Debug)]
pub struct Cursors {
    turns: Map<u64, Turn>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    next: u32,
    sticky: Option<ShardId>,
}

/// Shared subscriptions whose turn is remembered, 24 bytes each. Full: all turns start afresh.
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
    ///
    /// Shards with online members only, unless no member is online.
    pub fn pick_shard(&mut self, group: &GroupRoute, pick: &Pick) -> Option<ShardId> {
        let online = group.shards.iter().any(|shard| shard.online > 0);
        let weight = |shard: &GroupShard| if online { shard.online } else { shard.offline };
        if let [only] = &*group.shards {
            return (weight(only) > 0).then_some(only.shard);
        }
        let total: usize = group
            .shards
            .iter()
            .map(|shard| weight(shard) as usize)
            .sum();
        if total == 0 {
            return None;
        }
        if let Some(number) = pick.number(group.hash) {
            return at(&group.shards, weight, scale(high_32(number), total));
        }
        let wanted = |shard: ShardId| {
            group
                .shards
                .iter()
                .any(|other| other.shard == shard && weight(other) > 0)
        };
        if pick.strategy == Strategy::Local && wanted(pick.local) {
            return Some(pick.local);
        }
        let turn = self.turn(group.hash);
        if pick.strategy == Strategy::Sticky && turn.sticky.is_some_and(wanted) {
            return turn.sticky;
        }
        let place = spread(turn.next as usize % total, total);
        turn.next = turn.next.wrapping_add(1);
        turn.sticky = at(&group.shards, weight, place);
        turn.sticky
    }

    fn turn(&mut self, group: u64) -> &mut Turn {
        if self.turns.len() >= TURNS_MAX && !self.turns.contains_key(&group) {
            self.turns.clear();
        }
        self.turns.entry(group).or_default()
    }
}

/// The shard of the member number `place`, where members are counted shard by shard.
fn at(
    shards: &[GroupShard],
    weight: impl Fn(&GroupShard) -> u32,
    mut place: usize,
) -> Option<ShardId> {
    for shard in shards {
        match place.checked_sub(weight(shard) as usize) {
            Some(rest) => place = rest,
            None => return Some(shard.shard),
        }
    }
    None
}

/// Turn `turn` of a cycle of `total`: every place once in a cycle, and neighbours far apart, so that
/// a shard's turns don't come all in a row.
fn spread(turn: usize, total: usize) -> usize {
    // `total + 1` is coprime to `total`, so the search ends there at the latest.
    let mut stride = (total * 5 / 8).max(1);
    while !coprime(stride, total) {
        stride += 1;
    }
    turn * stride % total
}

fn coprime(mut left: usize, mut right: usize) -> bool {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left == 1
}
