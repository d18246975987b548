//! The slice of all filters that one shard owns: which shards want them.

mod exact;
mod shared;
mod slice;
mod wanted;

use std::sync::Arc;

use wire_message::{FilterRef, Map, Seed, ShardId, ShareGroup};

use self::shared::SharedSet;
use self::slice::Slice;
use self::wanted::WantedSet;
use crate::index::group_hash;
use crate::versions::DepthCounts;
use crate::{Epochs, FilterKey, Holder, Route, TopicKey, filter_key};

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

/// The filters that a shard owns, and those with an empty prefix, which every shard holds.
///
/// Every change bumps the filter's epoch at once, so that the caller only has to tell the
/// subscriber *after* the call. In a process of one shard nothing is kept but claims: the index of
/// that shard's own sessions knows all ([`crate::RouteCache`] asks it instead).
#[derive(Debug)]
pub struct Interest {
    shard: ShardId,
    seed: Seed,
    epochs: Arc<Epochs>,
    owned: Slice,
    everywhere: Slice,
    everywhere_version: u32,
    depths: DepthCounts,
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
            owned: Slice::new(seed),
            everywhere: Slice::new(seed),
            everywhere_version: 0,
            depths: DepthCounts::new(),
            claims: Map::with_hasher(seed),
        }
    }

    /// The shard whose slice this is.
    #[must_use]
    pub const fn shard(&self) -> ShardId {
        self.shard
    }

    /// A session of `shard` subscribes to `filter`. True if the set of shards or of marks changed.
    ///
    /// Once for each session, or once for each shard and mark that has any: what is added is counted.
    pub fn add(&mut self, filter: FilterRef<'_>, shard: ShardId, mark: Mark) -> bool {
        self.change_plain(
            filter,
            |exact, hash| exact.add(hash, shard, mark),
            |set| set.add(shard, mark),
        )
    }

    /// The opposite of [`Self::add`], with the same mark. True if a set changed.
    ///
    /// # Panics
    ///
    /// If nothing was added that could be removed: corrupt routing must not continue.
    pub fn remove(&mut self, filter: FilterRef<'_>, shard: ShardId, mark: Mark) -> bool {
        self.change_plain(
            filter,
            |exact, hash| exact.remove(hash, shard, mark),
            |set| set.remove(shard, mark),
        )
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
        let (name, seed) = (group.as_str(), self.seed);
        self.change_shared(filter, |set| {
            set.join(
                name,
                group_hash(name, filter.as_str(), seed),
                shard,
                presence,
            );
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
        self.change_shared(filter, |set| set.leave(group.as_str(), shard, presence));
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
            Some(_) => Ok(()),
            None => {
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
        self.owned.route(key, &mut route);
        route
    }

    /// Adds the filters that every shard holds.
    pub fn everywhere(&self, key: TopicKey<'_>, route: &mut Route) {
        self.everywhere.route(key, route);
    }

    /// Counts the changes of the filters that every shard holds.
    #[must_use]
    pub const fn everywhere_version(&self) -> u32 {
        self.everywhere_version
    }

    fn change_plain(
        &mut self,
        filter: FilterRef<'_>,
        exact: impl FnOnce(&mut exact::ExactInterest, u64) -> bool,
        wildcard: impl FnOnce(&mut WantedSet) -> bool,
    ) -> bool {
        if self.epochs.shards() == 1 {
            return false;
        }
        let key = filter_key(filter, self.seed);
        if let FilterKey::Exact(_) = key {
            let hash = self.seed.hash(filter.as_str().as_bytes());
            let changed = exact(&mut self.owned.exact, hash);
            self.changed(key, changed);
            return changed;
        }
        let empty = |set: &WantedSet| set.as_slice().is_empty();
        let filters = &mut self.slice(key).wildcards;
        let (changed, came, went) = slice::change(filters, filter, wildcard, empty);
        self.count(key, came, went);
        self.changed(key, changed);
        changed
    }

    fn change_shared(&mut self, filter: FilterRef<'_>, act: impl FnOnce(&mut SharedSet)) {
        if self.epochs.shards() == 1 {
            return;
        }
        let key = filter_key(filter, self.seed);
        let filters = &mut self.slice(key).shared;
        let ((), came, went) = slice::change(filters, filter, act, SharedSet::is_empty);
        self.count(key, came, went);
        self.changed(key, true);
    }

    fn slice(&mut self, key: FilterKey) -> &mut Slice {
        match key {
            FilterKey::Everywhere => &mut self.everywhere,
            FilterKey::Exact(_) | FilterKey::Prefix(..) => &mut self.owned,
        }
    }

    /// Keeps the set of depths in use, when a filter came or went.
    fn count(&mut self, key: FilterKey, came: bool, went: bool) {
        let FilterKey::Prefix(_, depth) = key else {
            return;
        };
        let first = came && self.depths.add(depth);
        let last = went && self.depths.remove(depth);
        if first != last {
            self.epochs.set_depths(self.shard, self.depths.set());
        }
    }

    fn changed(&mut self, key: FilterKey, changed: bool) {
        match key {
            _ if !changed => {}
            FilterKey::Everywhere => {
                self.everywhere_version = self.everywhere_version.wrapping_add(1);
            }
            FilterKey::Exact(bucket) | FilterKey::Prefix(bucket, _) => self.epochs.bump(bucket),
        }
    }
}
