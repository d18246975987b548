//! The sessions that subscribe to one filter.

use crate::{SessionIndex, Subscriber, Subscription};

/// A set of subscribers, one for each session: 16 bytes when it has one member.
#[derive(Debug, Default)]
pub(crate) enum Subscribers {
    #[default]
    None,
    One {
        options: u8,
        session: u32,
        identifier: u32,
    },
    Many(Box<Vec<Subscriber>>),
}

impl Subscribers {
    /// Number of members.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One { .. } => 1,
            Self::Many(many) => many.len(),
        }
    }

    /// The subscription of `session`.
    pub(crate) fn find(&self, session: SessionIndex) -> Option<Subscription> {
        self.iter()
            .find(|member| member.session == session)
            .map(|member| member.subscription)
    }

    /// Adds a member, or replaces what it asked for; returns what it had.
    pub(crate) fn insert(&mut self, member: Subscriber) -> Option<Subscription> {
        let old = self.remove(member.session);
        match core::mem::take(self) {
            Self::None => {
                *self = Self::One {
                    options: member.subscription.pack(),
                    session: member.session.0,
                    identifier: member.subscription.identifier.map_or(0, Into::into),
                };
            }
            one @ Self::One { .. } => {
                let mut many: Vec<Subscriber> = one.iter().collect();
                many.push(member);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(mut many) => {
                many.push(member);
                *self = Self::Many(many);
            }
        }
        old
    }

    /// Takes `session` out; returns what it had.
    pub(crate) fn remove(&mut self, session: SessionIndex) -> Option<Subscription> {
        let old = self.find(session)?;
        if let Self::Many(many) = self {
            many.retain(|member| member.session != session);
            if many.is_empty() {
                *self = Self::None;
            }
        } else {
            *self = Self::None;
        }
        Some(old)
    }

    /// The members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Subscriber> + '_ {
        let one = match self {
            Self::One {
                options,
                session,
                identifier,
            } => Some(Subscriber {
                session: SessionIndex(*session),
                subscription: Subscription::unpack(*options, *identifier),
            }),
            Self::None | Self::Many(_) => None,
        };
        let many = match self {
            Self::Many(many) => many.as_slice(),
            Self::None | Self::One { .. } => &[],
        };
        one.into_iter().chain(many.iter().copied())
    }
}
