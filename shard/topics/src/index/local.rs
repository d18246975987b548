//! Who wants a filter on this shard.

use crate::subscribers::Subscribers;
use crate::subscription::is_persistent;
use crate::{GroupId, SessionIndex, Subscriber, Subscription};

/// The value of a filter in the index: 16 bytes if one session wants it.
#[derive(Debug, Default)]
pub(super) enum Local {
    Many(Box<Many>),
    #[default]
    None,
    One {
        options: u8,
        session: u32,
        identifier: u32,
    },
}

#[derive(Debug, Default)]
pub(super) struct Many {
    plain: Subscribers,
    groups: Vec<GroupId>,
}

const _: () = assert!(
    size_of::<Local>() == 16,
    "a filter with one subscriber is a cache line"
);

impl Local {
    /// Nobody wants the filter.
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Number of plain subscribers.
    pub(super) const fn plain(&self) -> usize {
        match self {
            Self::Many(many) => many.plain.len(),
            Self::None => 0,
            Self::One { .. } => 1,
        }
    }

    /// Whether a plain subscriber's session is stored.
    pub(super) const fn has_persistent(&self) -> bool {
        match self {
            Self::Many(many) => many.plain.has_persistent(),
            Self::None => false,
            Self::One { options, .. } => is_persistent(*options),
        }
    }

    pub(super) fn groups(&self) -> &[GroupId] {
        match self {
            Self::Many(many) => &many.groups,
            Self::None | Self::One { .. } => &[],
        }
    }

    /// The subscription of `session`.
    pub(super) fn find(&self, session: SessionIndex) -> Option<Subscription> {
        match self {
            Self::Many(many) => many.plain.find(session),
            Self::None => None,
            Self::One {
                options,
                session: one,
                identifier,
            } => (*one == session.0).then(|| Subscription::unpack(*options, *identifier)),
        }
    }

    /// Adds a plain subscriber, or replaces what it asked for; returns what it had.
    pub(super) fn insert(&mut self, member: Subscriber) -> Option<Subscription> {
        let alone = match self {
            Self::Many(_) => false,
            Self::None => true,
            Self::One { session, .. } => *session == member.session.0,
        };
        if !alone {
            return self.many().plain.insert(member);
        }
        let old = self.find(member.session);
        *self = Self::one(member);
        old
    }

    /// Takes a plain subscriber out; returns what it had.
    pub(super) fn remove(&mut self, session: SessionIndex) -> Option<Subscription> {
        let old = match self {
            Self::Many(many) => many.plain.remove(session),
            Self::None | Self::One { .. } => {
                let old = self.find(session);
                if old.is_some() {
                    *self = Self::None;
                }
                old
            }
        };
        self.shrink();
        old
    }

    pub(super) fn add_group(&mut self, group: GroupId) {
        self.many().groups.push(group);
    }

    pub(super) fn remove_group(&mut self, group: GroupId) {
        self.many().groups.retain(|other| *other != group);
        self.shrink();
    }

    /// The plain subscribers, in ascending order of sessions.
    pub(super) fn iter(&self) -> impl Iterator<Item = Subscriber> + '_ {
        let (one, many) = match self {
            Self::Many(many) => (None, Some(many)),
            Self::None => (None, None),
            Self::One {
                options,
                session,
                identifier,
            } => {
                let subscription = Subscription::unpack(*options, *identifier);
                (
                    Some(Subscriber {
                        session: SessionIndex(*session),
                        subscription,
                    }),
                    None,
                )
            }
        };
        one.into_iter()
            .chain(many.into_iter().flat_map(|many| many.plain.iter()))
    }

    /// Gives the plain subscribers to `each`, in ascending order of sessions.
    #[inline]
    pub(super) fn for_each(&self, mut each: impl FnMut(Subscriber)) {
        match self {
            Self::None => {}
            Self::One {
                options,
                session,
                identifier,
            } => each(Subscriber {
                session: SessionIndex(*session),
                subscription: Subscription::unpack(*options, *identifier),
            }),
            Self::Many(many) => many.plain.iter().for_each(each),
        }
    }

    fn one(member: Subscriber) -> Self {
        Self::One {
            options: member.subscription.pack(),
            session: member.session.0,
            identifier: member.subscription.identifier.map_or(0, Into::into),
        }
    }

    /// Makes room for more than one subscriber and for groups.
    fn many(&mut self) -> &mut Many {
        if !matches!(self, Self::Many(_)) {
            let mut many = Box::<Many>::default();
            self.iter().for_each(|member| {
                many.plain.insert(member);
            });
            *self = Self::Many(many);
        }
        match self {
            Self::Many(many) => many,
            Self::None | Self::One { .. } => unreachable!("just made"),
        }
    }

    /// Gives the room back when one plain subscriber or none is left.
    fn shrink(&mut self) {
        if let Self::Many(many) = self
            && many.groups.is_empty()
            && many.plain.len() <= 1
        {
            let last = many.plain.iter().next();
            *self = last.map_or(Self::None, Self::one);
        }
    }
}
