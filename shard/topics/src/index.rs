//! The subscriptions of this shard's own sessions.

use wire_message::{FilterRef, FilterTarget, Seed};

use crate::filters::Filters;
use crate::pool::Pool;
use crate::subscribers::Subscribers;
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
}

/// The value of a filter.
#[derive(Debug, Default)]
struct Local {
    plain: Subscribers,
    groups: Vec<GroupId>,
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
        let id = match self.filters.find(filter) {
            Some(id) => id,
            None => self.filters.insert(filter, Local::default()),
        };
        if let FilterTarget::Shared(group, _) = target {
            return self.join(
                id,
                group.as_str(),
                Member {
                    session,
                    subscription,
                    online: true,
                },
            );
        }
        let replaced = self.filters.get_mut(id).plain.insert(Subscriber {
            session,
            subscription,
        });
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
        let subscription = local.plain.remove(session)?;
        let last = local.plain.len() == 0;
        self.remove_if_empty(id);
        Some(Unsubscribed { subscription, last })
    }

    /// The number under which sessions keep a subscription to `target`, if anybody has one.
    #[must_use]
    pub fn find(&self, target: FilterTarget<'_>) -> Option<SubscriptionId> {
        let filter = self.filters.find(target.filter())?;
        let local = self.filters.get(filter);
        if let FilterTarget::Shared(group, _) = target {
            let same = |id: &&GroupId| &*self.groups.get(id.0).name == group.as_str();
            return local.groups.iter().find(same).map(|id| (*id).into());
        }
        (local.plain.len() > 0).then(|| filter.into())
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
        self.filters.get(FilterId(id.0)).plain.find(session)
    }

    /// The subscription's group and filter.
    ///
    /// Exclusive subscriptions come back as plain ones: [`Subscription::exclusive`] tells them.
    #[must_use]
    pub fn target(&self, id: SubscriptionId) -> FilterTarget<'_> {
        let valid = "a filter and a group were checked when they came in";
        let Some(group) = id.group() else {
            let filter = FilterRef::new(self.filters.text(FilterId(id.0))).expect(valid);
            return FilterTarget::Plain(filter);
        };
        let group = self.groups.get(group.0);
        let filter = FilterRef::new(self.filters.text(group.filter)).expect(valid);
        FilterTarget::Shared(
            wire_message::ShareGroup::new(&group.name).expect(valid),
            filter,
        )
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

    fn join(&mut self, filter: FilterId, name: &str, member: Member) -> Subscribed {
        let groups = &self.filters.get(filter).groups;
        let known = groups
            .iter()
            .copied()
            .find(|id| &*self.groups.get(id.0).name == name);
        let id = known.unwrap_or_else(|| {
            let text = [name, "/", self.filters.text(filter)].concat();
            let group = Group {
                name: name.into(),
                hash: self.seed.hash(text.as_bytes()),
                filter,
                members: Vec::new(),
                online: 0,
                turn: 0,
                sticky: None,
            };
            let id = GroupId(self.groups.insert(group));
            self.filters.get_mut(filter).groups.push(id);
            id
        });
        let group = self.groups.get_mut(id.0);
        let old = group
            .members
            .iter_mut()
            .find(|old| old.session == member.session);
        let replaced = if let Some(old) = old {
            Some(core::mem::replace(
                &mut old.subscription,
                member.subscription,
            ))
        } else {
            group.members.push(member);
            group.online += 1;
            None
        };
        Subscribed {
            id: id.into(),
            replaced,
        }
    }

    fn leave(&mut self, id: GroupId, session: SessionIndex) -> Option<Unsubscribed> {
        let group = self.groups.get_mut(id.0);
        let place = group
            .members
            .iter()
            .position(|member| member.session == session)?;
        let member = group.members.remove(place);
        group.online -= u32::from(member.online);
        let last = group.members.is_empty();
        if last {
            let filter = group.filter;
            self.groups.remove(id.0);
            self.filters
                .get_mut(filter)
                .groups
                .retain(|other| *other != id);
            self.remove_if_empty(filter);
        }
        Some(Unsubscribed {
            subscription: member.subscription,
            last,
        })
    }

    fn remove_if_empty(&mut self, id: FilterId) {
        let local = self.filters.get(id);
        if local.plain.len() == 0 && local.groups.is_empty() {
            self.filters.remove(id);
        }
    }
}

impl<'a> Entry<'a> {
    /// The filter's text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.index.filters.text(self.id)
    }

    /// The plain subscribers, in ascending order of sessions.
    pub fn subscribers(self) -> impl Iterator<Item = Subscriber> + 'a {
        self.index.filters.get(self.id).plain.iter()
    }

    /// Number of plain subscribers.
    #[must_use]
    pub fn subscribers_count(self) -> usize {
        self.index.filters.get(self.id).plain.len()
    }

    /// The shared subscriptions with this filter.
    #[must_use]
    pub fn groups(self) -> &'a [GroupId] {
        &self.index.filters.get(self.id).groups
    }
}
