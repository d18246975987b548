//! The slice of all filters that one shard owns: which shards want them.

use std::sync::Arc;

use wire_message::{FilterRef, Map, Seed, ShardId, ShareGroup};

use crate::filters::Filters;
use crate::{Epochs, FilterKey, GroupRoute, GroupShard, Holder, Route, TopicKey, filter_key};

/// What kind of session subscribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Its session outlives its connection: acknowledgements wait for its shard.
    Persistent,
    /// Its session ends with its connection.
    Transient,
}

/// Whether a member of a shared subscription is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The session outlives its connection, which is gone.
    Offline,
    /// The session is connected.
    Online,
}

/// One shard's interest in a filter.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    shard: ShardId,
    transient: u32,
    persistent: u32,
}

#[derive(Debug, Default)]
struct Owned {
    wanted: Vec<Wanted>,
    groups: Vec<OwnedGroup>,
}

#[derive(Debug)]
struct OwnedGroup {
    name: Box<str>,
    hash: u64,
    shards: Vec<GroupShard>,
}

/// The filters that a shard owns, and those with an empty prefix, which every shard holds.
///
/// Every change bumps the filter's epoch at once, so that the caller only has to tell the
/// subscriber *after* the call.
#[derive(Debug)]
pub struct Interest {
    shard: ShardId,
    seed: Seed,
    epochs: Arc<Epochs>,
    owned: Filters<Owned>,
    everywhere: Filters<Owned>,
    everywhere_version: u32,
    depth_counts: Vec<u32>,
    claims: Map<Box<str>, Holder>,
}

impl Interest {
    /// A slice without filters for `shard`.
    #[must_use]
    pub fn new(shard: ShardId, seed: Seed, epochs: Arc<Epochs>) -> Self {
        Self {
            shard,
            seed,
            epochs,
            owned: Filters::new(seed),
            everywhere: Filters::new(seed),
            everywhere_version: 0,
            depth_counts: vec![0; crate::DEPTH_MAX + 1],
            claims: Map::with_hasher(seed),
        }
    }

    /// The shard whose slice this is.
    #[must_use]
    pub const fn shard(&self) -> ShardId {
        self.shard
    }

    /// A session of `shard` subscribes to `filter`. True if the set of shards or of marks changed.
    pub fn add(&mut self, filter: FilterRef<'_>, shard: ShardId, mark: Mark) -> bool {
        self.change(filter, |owned| {
            let place = owned
                .wanted
                .binary_search_by_key(&shard, |wanted| wanted.shard);
            let place = place.unwrap_or_else(|place| {
                owned.wanted.insert(
                    place,
                    Wanted {
                        shard,
                        transient: 0,
                        persistent: 0,
                    },
                );
                place
            });
            let wanted = &mut owned.wanted[place];
            let before = (wanted.transient + wanted.persistent, wanted.persistent);
            match mark {
                Mark::Persistent => wanted.persistent += 1,
                Mark::Transient => wanted.transient += 1,
            }
            before.0 == 0 || (mark == Mark::Persistent && before.1 == 0)
        })
    }

    /// The opposite of [`Self::add`], with the same mark. True if a set changed.
    ///
    /// # Panics
    ///
    /// If nothing was added that could be removed: corrupt routing must not continue.
    pub fn remove(&mut self, filter: FilterRef<'_>, shard: ShardId, mark: Mark) -> bool {
        self.change(filter, |owned| {
            let place = owned
                .wanted
                .binary_search_by_key(&shard, |wanted| wanted.shard)
                .expect("a shard removes what it added");
            let wanted = &mut owned.wanted[place];
            match mark {
                Mark::Persistent => wanted.persistent -= 1,
                Mark::Transient => wanted.transient -= 1,
            }
            let gone = wanted.transient + wanted.persistent == 0;
            let changed = gone || (mark == Mark::Persistent && wanted.persistent == 0);
            if gone {
                owned.wanted.remove(place);
            }
            changed
        })
    }

    /// The mark of one session's subscription changes. True if a set changed.
    pub fn remark(&mut self, filter: FilterRef<'_>, shard: ShardId, from: Mark, to: Mark) -> bool {
        let added = self.add(filter, shard, to);
        self.remove(filter, shard, from) || added
    }

    /// A session of `shard` joins the shared subscription `group` on `filter`.
    pub fn join(
        &mut self,
        group: ShareGroup<'_>,
        filter: FilterRef<'_>,
        shard: ShardId,
        presence: Presence,
    ) {
        let seed = self.seed;
        self.change(filter, |owned| {
            let known = owned
                .groups
                .iter()
                .position(|old| &*old.name == group.as_str());
            let place = known.unwrap_or_else(|| {
                let text = [group.as_str(), "/", filter.as_str()].concat();
                owned.groups.push(OwnedGroup {
                    name: group.as_str().into(),
                    hash: seed.hash(text.as_bytes()),
                    shards: Vec::new(),
                });
                owned.groups.len() - 1
            });
            let shards = &mut owned.groups[place].shards;
            let place = shards.binary_search_by_key(&shard, |old| old.shard);
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
            match presence {
                Presence::Offline => shards[place].offline += 1,
                Presence::Online => shards[place].online += 1,
            }
            true
        });
    }

    /// The opposite of [`Self::join`], with the member's present state.
    ///
    /// # Panics
    ///
    /// If there is no such member.
    pub fn leave(
        &mut self,
        group: ShareGroup<'_>,
        filter: FilterRef<'_>,
        shard: ShardId,
        presence: Presence,
    ) {
        self.change(filter, |owned| {
            let place = owned
                .groups
                .iter()
                .position(|old| &*old.name == group.as_str())
                .expect("a member leaves the group it joined");
            let shards = &mut owned.groups[place].shards;
            let at = shards
                .binary_search_by_key(&shard, |old| old.shard)
                .expect("a member leaves from the shard it joined from");
            match presence {
                Presence::Offline => shards[at].offline -= 1,
                Presence::Online => shards[at].online -= 1,
            }
            if shards[at].online + shards[at].offline == 0 {
                shards.remove(at);
            }
            if shards.is_empty() {
                owned.groups.swap_remove(place);
            }
            true
        });
    }

    /// A member of a shared subscription connects or loses its connection.
    pub fn present(
        &mut self,
        group: ShareGroup<'_>,
        filter: FilterRef<'_>,
        shard: ShardId,
        now: Presence,
    ) {
        let before = match now {
            Presence::Offline => Presence::Online,
            Presence::Online => Presence::Offline,
        };
        self.join(group, filter, shard, now);
        self.leave(group, filter, shard, before);
    }

    /// Claims `topic`, which this shard owns, for one session.
    ///
    /// # Errors
    ///
    /// The session that holds the claim; nothing changes then.
    pub fn claim(&mut self, topic: &str, holder: Holder) -> Result<(), Holder> {
        match self.claims.get(topic) {
            Some(other) if *other != holder => Err(*other),
            _ => {
                self.claims.insert(topic.into(), holder);
                Ok(())
            }
        }
    }

    /// Gives a claim back; a claim of somebody else stays.
    pub fn release(&mut self, topic: &str, holder: Holder) {
        if self.claims.get(topic) == Some(&holder) {
            self.claims.remove(topic);
        }
    }

    /// What this shard knows about the topic as an owner.
    #[must_use]
    pub fn answer(&self, key: TopicKey<'_>) -> Route {
        let mut route = Route::default();
        collect(&self.owned, key, &mut route);
        route
    }

    /// Adds the filters that every shard holds.
    pub fn everywhere(&self, key: TopicKey<'_>, route: &mut Route) {
        collect(&self.everywhere, key, route);
    }

    /// Counts the changes of the filters that every shard holds.
    #[must_use]
    pub const fn everywhere_version(&self) -> u32 {
        self.everywhere_version
    }

    fn change(&mut self, filter: FilterRef<'_>, act: impl FnOnce(&mut Owned) -> bool) -> bool {
        let key = filter_key(filter, self.seed);
        let filters = if key == FilterKey::Everywhere {
            &mut self.everywhere
        } else {
            &mut self.owned
        };
        let found = filters.find(filter);
        let id = found.unwrap_or_else(|| filters.insert(filter, Owned::default()));
        let changed = act(filters.get_mut(id));
        let owned = filters.get(id);
        let gone = owned.wanted.is_empty() && owned.groups.is_empty();
        if gone {
            filters.remove(id);
        }
        if changed {
            match key {
                FilterKey::Everywhere => {
                    self.everywhere_version = self.everywhere_version.wrapping_add(1);
                }
                FilterKey::Exact(bucket) => self.epochs.bump(bucket),
                FilterKey::Prefix(bucket, depth) => {
                    self.count_depth(depth, found.is_none(), gone);
                    self.epochs.bump(bucket);
                }
            }
        }
        changed
    }

    fn count_depth(&mut self, depth: usize, came: bool, gone: bool) {
        let count = &mut self.depth_counts[depth];
        let before = *count;
        *count = before + u32::from(came) - u32::from(gone);
        if (before == 0) != (*count == 0) {
            let mut depths = crate::DepthSet::default();
            for (depth, count) in self.depth_counts.iter().enumerate() {
                if *count > 0 {
                    depths.insert(depth);
                }
            }
            self.epochs.set_depths(self.shard, depths);
        }
    }
}

fn collect(filters: &Filters<Owned>, key: TopicKey<'_>, route: &mut Route) {
    let mut matches = Vec::new();
    filters.lookup(key, &mut matches);
    for id in matches {
        let owned = filters.get(id);
        for wanted in &owned.wanted {
            route.shards.insert(wanted.shard);
            if wanted.persistent > 0 {
                route.persistent.insert(wanted.shard);
            }
        }
        route
            .groups
            .extend(owned.groups.iter().map(|group| GroupRoute {
                group: group.name.clone(),
                filter: filters.text(id).into(),
                hash: group.hash,
                shards: group.shards.clone().into_boxed_slice(),
            }));
    }
}
