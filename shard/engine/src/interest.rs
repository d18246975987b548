//! Interest in filters: telling owners what this shard's sessions want, and owning a slice.

use shard_topics::{FilterKey, Holder, Mark, Presence, SessionIndex, filter_key};
use wire_message::{FilterTarget, ShardId, ShareGroup, TopicFilter};

use crate::engine::Engine;
use crate::entry::{Entry, InterestWish, Interested, RequestId};
use crate::output::Outputs;

/// The owners of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owners {
    /// This shard.
    Here,
    /// Another shard.
    One(ShardId),
    /// Every shard holds it.
    Everywhere,
}

impl Interested {
    /// What a session's subscription means for the owners of its filter.
    pub(crate) fn new(target: FilterTarget<'_>, mark: Mark, presence: Presence) -> Self {
        let wish = match target {
            FilterTarget::Shared(group, _) => InterestWish::Member(group.as_str().into(), presence),
            FilterTarget::Exclusive(_) | FilterTarget::Plain(_) => InterestWish::Plain(mark),
        };
        Self {
            filter: target.filter().to_owned(),
            wish,
        }
    }
}

impl Engine {
    /// Who owns a filter.
    pub(crate) fn owners(&self, filter: &TopicFilter) -> Owners {
        match filter_key(filter.as_ref(), self.place.seed).owner(self.place.shards) {
            None if self.place.shards == 1 => Owners::Here,
            None => Owners::Everywhere,
            Some(owner) if owner == self.place.shard => Owners::Here,
            Some(owner) => Owners::One(owner),
        }
    }

    /// Tells the owners of a filter of a new session; `request` notes that their answers are
    /// awaited and gives the id. The number of answers to come.
    pub(crate) fn announce(
        &mut self,
        interested: &Interested,
        mut request: impl FnMut(&mut Self) -> RequestId,
        out: &mut Outputs,
    ) -> usize {
        let mut awaited = 0;
        for owner in self.owners_of(interested) {
            if owner == self.place.shard {
                self.add_interest(interested, owner);
                continue;
            }
            let id = request(self);
            self.links.push(
                owner,
                Entry::InterestAdd(id, Box::new(interested.clone())),
                out,
            );
            awaited += 1;
        }
        awaited
    }

    /// Tells the owners of a filter that a session is gone.
    pub(crate) fn withdraw(&mut self, interested: &Interested, out: &mut Outputs) {
        for owner in self.owners_of(interested) {
            if owner == self.place.shard {
                self.remove_interest(interested, owner);
            } else {
                let entry = Entry::InterestRemove(Box::new(interested.clone()));
                self.links.push(owner, entry, out);
            }
        }
    }

    /// Tells the owners of a filter that a member of a shared subscription came or went.
    pub(crate) fn tell_presence(&mut self, interested: &Interested, out: &mut Outputs) {
        for owner in self.owners_of(interested) {
            if owner == self.place.shard {
                self.change_presence(interested, owner);
            } else {
                let entry = Entry::Presence(Box::new(interested.clone()));
                self.links.push(owner, entry, out);
            }
        }
    }

    pub(crate) fn owners_of(&self, interested: &Interested) -> Vec<ShardId> {
        match self.owners(&interested.filter) {
            Owners::Here => vec![self.place.shard],
            Owners::One(owner) => vec![owner],
            Owners::Everywhere => {
                let shards = 0..self.place.shards;
                shards
                    .filter_map(|shard| u8::try_from(shard).ok().map(ShardId))
                    .collect()
            }
        }
    }

    /// A session of `shard` wants a filter that this shard owns or holds. When this returns, every
    /// route that did not know it is out of date.
    pub(crate) fn add_interest(&mut self, interested: &Interested, shard: ShardId) {
        let filter = interested.filter.as_ref();
        match &interested.wish {
            InterestWish::Member(group, presence) => {
                self.interest
                    .join(share_group(group), filter, shard, *presence);
            }
            InterestWish::Plain(mark) => {
                self.interest.add(filter, shard, *mark);
            }
        }
    }

    /// The opposite of [`Self::add_interest`].
    pub(crate) fn remove_interest(&mut self, interested: &Interested, shard: ShardId) {
        let filter = interested.filter.as_ref();
        match &interested.wish {
            InterestWish::Member(group, presence) => {
                self.interest
                    .leave(share_group(group), filter, shard, *presence);
            }
            InterestWish::Plain(mark) => {
                self.interest.remove(filter, shard, *mark);
            }
        }
    }

    /// A member of a shared subscription, on `shard`, came or went.
    pub(crate) fn change_presence(&mut self, interested: &Interested, shard: ShardId) {
        if let InterestWish::Member(group, presence) = &interested.wish {
            let filter = interested.filter.as_ref();
            self.interest
                .present(share_group(group), filter, shard, *presence);
        }
    }

    /// Gives a session of `shard` the exclusive right to a topic, if nobody has it.
    pub(crate) fn claim(
        &mut self,
        filter: &TopicFilter,
        shard: ShardId,
        session: SessionIndex,
    ) -> bool {
        self.interest
            .claim(filter.as_str(), Holder { shard, session })
            .is_ok()
    }

    /// Takes the exclusive right to a topic back.
    pub(crate) fn release(&mut self, filter: &TopicFilter, shard: ShardId, session: SessionIndex) {
        self.interest
            .release(filter.as_str(), Holder { shard, session });
    }

    /// Gives an exclusive right of one of this shard's sessions back to the topic's owner.
    pub(crate) fn give_back(
        &mut self,
        filter: TopicFilter,
        session: SessionIndex,
        out: &mut Outputs,
    ) {
        let here = self.place.shard;
        match self.exclusive_owner(&filter) {
            owner if owner == here => self.release(&filter, here, session),
            owner => {
                let entry = Entry::ExclusiveRelease(Box::new(filter), session);
                self.links.push(owner, entry, out);
            }
        }
    }

    /// The shard that owns an exact filter.
    pub(crate) fn exclusive_owner(&self, filter: &TopicFilter) -> ShardId {
        match filter_key(filter.as_ref(), self.place.seed) {
            FilterKey::Everywhere => unreachable!("an exclusive filter has no wildcard"),
            FilterKey::Exact(bucket) | FilterKey::Prefix(bucket, _) => {
                bucket.owner(self.place.shards)
            }
        }
    }
}

fn share_group(name: &str) -> ShareGroup<'_> {
    ShareGroup::new(name).expect("the name was checked when the client subscribed")
}
