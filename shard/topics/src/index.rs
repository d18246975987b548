//! The subscriptions of this shard's own sessions.

mod local;

use wire_message::{FilterRef, FilterTarget, Seed, ShareGroup};

use self::local::Local;
use crate::filters::Filters;
use crate::pool::Pool;
use crate::versions::Versions;
use crate::{FilterId, Group, GroupId, Member, SessionIndex, Subscriber, Subscription, TopicKey};

/// What a session keeps of each of its subscriptions: 4 bytes, valid until it unsubscribes.
///
/// A plain subscription names its filter, a shared one its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(u32);

/// The bit that tells groups from filters.
const GROUP: u32 = 1 << 31;

impl From<FilterId> for SubscriptionId {
    fn from(id: FilterId) -> Self {
        Self(id.0)
    }
}

impl From<GroupId> for SubscriptionId {
    fn from(id: GroupId) -> Self {
        Self(id.0 | GROUP)
    }
}

impl SubscriptionId {
    /// The number itself, for a session's packed list; `u32::MAX` is never one.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The inverse of [`Self::to_bits`].
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The group, if the subscription is shared.
    #[must_use]
    pub const fn group(self) -> Option<GroupId> {
        if self.0 & GROUP == 0 {
            None
        } else {
            Some(GroupId(self.0 & !GROUP))
        }
    }
}

/// What [`Index::subscribe`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// For the session to keep.
    pub id: SubscriptionId,
    /// What the session had for this filter and group; `None` if the subscription is new.
    pub replaced: Option<Subscription>,
}

/// What [`Index::unsubscribe`] took out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribed {
    /// What the session had.
    pub subscription: Subscription,
    /// Nobody else on this shard had it: the id is no longer valid.
    pub last: bool,
}

/// Filters with their subscribers, groups, and the versions that validate cached match lists.
#[derive(Debug)]
pub struct Index {
    seed: Seed,
    filters: Filters<Local>,
    groups: Pool<Group>,
    versions: Versions,
}

/// A filter and who wants it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    index: &'a Index,
    id: FilterId,
}

impl Index {
    /// An index without subscriptions.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            filters: Filters::new(seed),
            groups: Pool::new(),
            versions: Versions::new(seed),
        }
    }

    /// Number of distinct filters.
    #[must_use]
    pub fn filters(&self) -> usize {
        self.filters.len()
    }

    /// Adds or replaces the subscription of `session` to `target`.
    ///
    /// A shared subscription's new member is `online`; plain subscriptions don't care.
    pub fn subscribe(
        &mut self,
        target: FilterTarget<'_>,
        session: SessionIndex,
        subscription: Subscription,
    ) -> Subscribed {
        let filter = target.filter();
        let known = self.filters.find(filter);
        let id = known.unwrap_or_else(|| self.filters.insert(filter, Local::default()));
        if known.is_none() {
            self.versions.add(filter);
        }
        if let FilterTarget::Shared(group, _) = target {
            let member = Member {
                session,
                subscription,
                online: true,
            };
            return self.join(id, group.as_str(), member);
        }
        let local = self.filters.get_mut(id);
        let had_persistent = local.has_persistent();
        let replaced = local.insert(Subscriber {
            session,
            subscription,
        });
        let is_other = local.plain() == 1 || local.has_persistent() != had_persistent;
        if known.is_some() && is_other {
            self.versions.change(filter);
        }
        Subscribed {
            id: id.into(),
            replaced,
        }
    }

    /// Takes the subscription `id` of `session` out; `None` if it has none.
    pub fn unsubscribe(
        &mut self,
        id: SubscriptionId,
        session: SessionIndex,
    ) -> Option<Unsubscribed> {
        if let Some(group) = id.group() {
            return self.leave(group, session);
        }
        let id = FilterId(id.0);
        let local = self.filters.get_mut(id);
        let had_persistent = local.has_persistent();
        let subscription = local.remove(session)?;
        let last = local.plain() == 0;
        if last || local.has_persistent() != had_persistent {
            self.changed(id);
        }
        Some(Unsubscribed { subscription, last })
    }

    /// The number under which sessions keep a subscription to `target`, if anybody has one.
    #[must_use]
    pub fn find(&self, target: FilterTarget<'_>) -> Option<SubscriptionId> {
        let filter = self.filters.find(target.filter())?;
        let local = self.filters.get(filter);
        if let FilterTarget::Shared(group, _) = target {
            let same = |id: &&GroupId| &*self.groups.get(id.0).name == group.as_str();
            return local.groups().iter().find(same).map(|id| (*id).into());
        }
        (local.plain() > 0).then(|| filter.into())
    }

    /// What `session` asked for with the subscription `id`.
    #[must_use]
    pub fn subscription(&self, id: SubscriptionId, session: SessionIndex) -> Option<Subscription> {
        if let Some(group) = id.group() {
            let members = &self.groups.get(group.0).members;
            return members
                .iter()
                .find(|m| m.session == session)
                .map(|m| m.subscription);
        }
        self.filters.get(FilterId(id.0)).find(session)
    }

    /// The subscription's group and filter.
    ///
    /// Exclusive subscriptions come back as plain ones: [`Subscription::exclusive`] tells them.
    ///
    /// # Panics
    ///
    /// If nobody has the subscription any more.
    #[must_use]
    pub fn target(&self, id: SubscriptionId) -> FilterTarget<'_> {
        let Some(group) = id.group() else {
            return FilterTarget::Plain(trusted(self.filters.text(FilterId(id.0))));
        };
        let group = self.groups.get(group.0);
        let name = ShareGroup::new(&group.name).expect("a name was checked when it came in");
        FilterTarget::Shared(name, trusted(self.filters.text(group.filter)))
    }

    /// Appends the filters that match the topic, in no order, each once.
    pub fn lookup(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>) {
        self.filters.lookup(key, matches);
    }

    /// A filter that a look-up or a subscription named.
    #[must_use]
    pub const fn filter(&self, id: FilterId) -> Entry<'_> {
        Entry { index: self, id }
    }

    /// A shared subscription.
    #[must_use]
    pub fn group(&self, id: GroupId) -> &Group {
        self.groups.get(id.0)
    }

    /// A shared subscription, to pick a member or to say that one went or came.
    pub fn group_mut(&mut self, id: GroupId) -> &mut Group {
        self.groups.get_mut(id.0)
    }

    /// The versions that validate cached lists of matches.
    pub(crate) const fn versions(&self) -> &Versions {
        &self.versions
    }

    fn join(&mut self, filter: FilterId, name: &str, member: Member) -> Subscribed {
        let mut known = self.filters.get(filter).groups().iter().copied();
        let known = known.find(|id| &*self.groups.get(id.0).name == name);
        let id = known.unwrap_or_else(|| {
            let text = self.filters.text(filter);
            let group = Group::new(name, group_hash(name, text, self.seed), filter);
            let id = GroupId(self.groups.insert(group));
            self.versions.change(trusted(text));
            self.filters.get_mut(filter).add_group(id);
            id
        });
        let replaced = self.groups.get_mut(id.0).insert(member);
        Subscribed {
            id: id.into(),
            replaced,
        }
    }

    fn leave(&mut self, id: GroupId, session: SessionIndex) -> Option<Unsubscribed> {
        let group = self.groups.get_mut(id.0);
        let (filter, member) = (group.filter, group.remove(session)?);
        let last = group.members().is_empty();
        if last {
            self.groups.remove(id.0);
            self.filters.get_mut(filter).remove_group(id);
            self.changed(filter);
        }
        Some(Unsubscribed {
            subscription: member.subscription,
            last,
        })
    }

    /// A filter lost its last plain or stored subscriber or a group, and goes if it has no others.
    fn changed(&mut self, id: FilterId) {
        let filter = trusted(self.filters.text(id));
        if self.filters.get(id).is_empty() {
            self.versions.remove(filter);
            self.filters.remove(id);
        } else {
            self.versions.change(filter);
        }
    }
}

/// The hash that names a shared subscription, the same on every shard.
pub(crate) fn group_hash(name: &str, filter: &str, seed: Seed) -> u64 {
    seed.hash([name, "/", filter].concat().as_bytes())
}

/// A filter that was checked when it came in.
pub(crate) fn trusted(text: &str) -> FilterRef<'_> {
    FilterRef::new(text).expect("a filter was checked when it came in")
}

impl<'a> Entry<'a> {
    /// The filter's text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.index.filters.text(self.id)
    }

    /// The plain subscribers, in ascending order of sessions.
    pub fn subscribers(self) -> impl Iterator<Item = Subscriber> + 'a {
        self.index.filters.get(self.id).iter()
    }

    /// Gives the plain subscribers to `each`, in ascending order of sessions: as a walk over
    /// [`Self::subscribers`], at less cost.
    #[inline]
    pub fn for_each_subscriber(self, each: impl FnMut(Subscriber)) {
        self.index.filters.get(self.id).for_each(each);
    }

    /// Number of plain subscribers.
    #[must_use]
    pub fn subscribers_count(self) -> usize {
        self.index.filters.get(self.id).plain()
    }

    /// Whether a plain subscriber's session is stored.
    #[must_use]
    pub fn has_persistent(self) -> bool {
        self.index.filters.get(self.id).has_persistent()
    }

    /// The shared subscriptions with this filter.
    #[must_use]
    pub fn groups(self) -> &'a [GroupId] {
        self.index.filters.get(self.id).groups()
    }
}

#[cfg(test)]
mod tests;
