//! The shards that want one filter.

use wire_message::ShardId;

use super::Mark;
use crate::Route;

/// One shard's sessions that want a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) shard: ShardId,
    pub(super) transient: u32,
    pub(super) persistent: u32,
}

/// A set of shards with counts: 16 bytes if one shard wants the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum WantedSet {
    /// In ascending order of shards.
    #[expect(
        clippy::box_collection,
        reason = "a fat pointer would make the common case larger"
    )]
    Many(Box<Vec<Wanted>>),
    #[default]
    None,
    One(Wanted),
}

const _: () = assert!(
    size_of::<WantedSet>() == 16,
    "a filter with its set is a cache line"
);

impl WantedSet {
    pub(super) fn as_slice(&self) -> &[Wanted] {
        match self {
            Self::Many(many) => many,
            Self::None => &[],
            Self::One(one) => core::slice::from_ref(one),
        }
    }

    /// Adds one session; true if the set of shards or of marks changed.
    pub(super) fn add(&mut self, shard: ShardId, mark: Mark) -> bool {
        let wanted = self.entry(shard);
        let fresh = wanted.transient == 0 && wanted.persistent == 0;
        match mark {
            Mark::Persistent => {
                wanted.persistent += 1;
                wanted.persistent == 1
            }
            Mark::Transient => {
                wanted.transient += 1;
                fresh
            }
        }
    }

    /// Takes one session out; true if the set of shards or of marks changed.
    pub(super) fn remove(&mut self, shard: ShardId, mark: Mark) -> bool {
        let wanted = self.entry(shard);
        let count = match mark {
            Mark::Persistent => &mut wanted.persistent,
            Mark::Transient => &mut wanted.transient,
        };
        *count = count.checked_sub(1).expect("a shard removes what it added");
        let gone = wanted.transient == 0 && wanted.persistent == 0;
        let changed = gone || (mark == Mark::Persistent && wanted.persistent == 0);
        if gone {
            self.remove_shard(shard);
        }
        changed
    }

    /// Adds the shards to a route.
    pub(super) fn route(&self, route: &mut Route) {
        for wanted in self.as_slice() {
            route.shards.insert(wanted.shard);
            if wanted.persistent > 0 {
                route.persistent.insert(wanted.shard);
            }
        }
    }

    /// The counts of `shard`, zero at first.
    fn entry(&mut self, shard: ShardId) -> &mut Wanted {
        let new = Wanted {
            shard,
            transient: 0,
            persistent: 0,
        };
        match self {
            Self::One(one) if one.shard != shard => *self = Self::Many(Box::new(vec![*one])),
            Self::None => *self = Self::One(new),
            Self::Many(_) | Self::One(_) => {}
        }
        match self {
            Self::Many(many) => {
                let place = many.binary_search_by_key(&shard, |wanted| wanted.shard);
                let place = place.unwrap_or_else(|place| {
                    many.insert(place, new);
                    place
                });
                &mut many[place]
            }
            Self::One(one) => one,
            Self::None => unreachable!("just made"),
        }
    }

    fn remove_shard(&mut self, shard: ShardId) {
        match self {
            Self::Many(many) => {
                many.retain(|wanted| wanted.shard != shard);
                if let [one] = many[..] {
                    *self = Self::One(one);
                }
            }
            Self::None | Self::One(_) => *self = Self::None,
        }
    }
}
