//! The shared subscriptions on one filter.

use wire_message::ShardId;

use super::Presence;
use crate::{GroupRoute, GroupShard};

/// The groups of a filter, each with its members by shard.
#[derive(Debug, Default)]
pub(super) struct SharedSet(Vec<SharedGroup>);

#[derive(Debug)]
struct SharedGroup {
    name: Box<str>,
    hash: u64,
    shards: Vec<GroupShard>,
}

impl SharedSet {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a member; `hash` names the group and the filter.
    pub(super) fn join(&mut self, name: &str, hash: u64, shard: ShardId, presence: Presence) {
        let known = self.0.iter().position(|group| &*group.name == name);
        let place = known.unwrap_or_else(|| {
            self.0.push(SharedGroup {
                name: name.into(),
                hash,
                shards: Vec::new(),
            });
            self.0.len() - 1
        });
        let shards = &mut self.0[place].shards;
        let place = shards.binary_search_by_key(&shard, |other| other.shard);
        let place = place.unwrap_or_else(|place| {
            shards.insert(
                place,
                GroupShard {
                    shard,
                    online: 0,
                    offline: 0,
                },
            );
            place
        });
        *count(&mut shards[place], presence) += 1;
    }

    /// Takes a member out.
    pub(super) fn leave(&mut self, name: &str, shard: ShardId, presence: Presence) {
        let place = self.0.iter().position(|group| &*group.name == name);
        let place = place.expect("a member leaves the group it joined");
        let shards = &mut self.0[place].shards;
        let at = shards.binary_search_by_key(&shard, |other| other.shard);
        let at = at.expect("a member leaves from the shard it joined from");
        let count = count(&mut shards[at], presence);
        *count = count
            .checked_sub(1)
            .expect("a member leaves as what it was");
        if shards[at].online == 0 && shards[at].offline == 0 {
            shards.remove(at);
        }
        if shards.is_empty() {
            self.0.swap_remove(place);
        }
    }

    /// The groups as routes carry them.
    pub(super) fn routes<'a>(&'a self, filter: &'a str) -> impl Iterator<Item = GroupRoute> + 'a {
        self.0.iter().map(move |group| GroupRoute {
            group: group.name.clone(),
            filter: filter.into(),
            hash: group.hash,
            shards: group.shards.clone().into_boxed_slice(),
        })
    }
}

fn count(shard: &mut GroupShard, presence: Presence) -> &mut u32 {
    match presence {
        Presence::Offline => &mut shard.offline,
        Presence::Online => &mut shard.online,
    }
}
