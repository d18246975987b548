//! The sessions that subscribe to one filter.

use std::collections::BTreeMap;

use crate::{SessionIndex, Subscriber, Subscription};

/// Members of a chunk: changing the set moves no more than this many.
const CHUNK: usize = 256;

/// Identifiers from here on are kept apart.
const WIDE: u32 = 0xff_ffff;

/// A set of subscribers, one for each session, 8 bytes each, in ascending order of sessions.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    chunks: Vec<Vec<Stored>>,
    count: usize,
    /// Members whose sessions are stored.
    persistent: usize,
    /// The identifiers that are too large for [`Stored`].
    wide: BTreeMap<u32, u32>,
}

/// A session, and in one word options (8 bits) and subscription identifier (24 bits).
#[derive(Clone, Copy, Debug)]
struct Stored {
    session: u32,
    subscription: u32,
}

impl Subscribers {
    /// Number of members.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Whether a member's session is stored.
    pub(crate) const fn has_persistent(&self) -> bool {
        self.persistent > 0
    }

    /// The subscription of `session`.
    pub(crate) fn find(&self, session: SessionIndex) -> Option<Subscription> {
        let (chunk, place) = self.search(session);
        let stored = self.chunks.get(chunk)?.get(place)?;
        (stored.session == session.0).then(|| self.unpack(*stored).subscription)
    }

    /// Adds a member, or replaces what it asked for; returns what it had.
    pub(crate) fn insert(&mut self, member: Subscriber) -> Option<Subscription> {
        let old = self.find(member.session);
        let stored = self.pack(member);
        let (chunk, place) = self.search(member.session);
        self.persistent += usize::from(member.subscription.persistent);
        self.persistent -= usize::from(old.is_some_and(|old| old.persistent));
        if old.is_some() {
            self.chunks[chunk][place] = stored;
            return old;
        }
        self.count += 1;
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        self.chunks[chunk].insert(place, stored);
        if self.chunks[chunk].len() > CHUNK {
            let upper = self.chunks[chunk].split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, upper);
        }
        None
    }

    /// Takes `session` out; returns what it had.
    pub(crate) fn remove(&mut self, session: SessionIndex) -> Option<Subscription> {
        let old = self.find(session)?;
        let (chunk, place) = self.search(session);
        let members = &mut self.chunks[chunk];
        members.remove(place);
        if members.is_empty() {
            self.chunks.remove(chunk);
        } else if members.len() * 4 < members.capacity() {
            members.shrink_to(members.len() * 2);
        }
        self.count -= 1;
        self.persistent -= usize::from(old.persistent);
        self.forget_wide(session.0);
        Some(old)
    }

    /// The members, in ascending order of sessions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Subscriber> + '_ {
        self.chunks
            .iter()
            .flatten()
            .map(|stored| self.unpack(*stored))
    }

    /// The chunk and the place in it where `session` is or belongs.
    fn search(&self, session: SessionIndex) -> (usize, usize) {
        let behind = |chunk: &Vec<Stored>| chunk[0].session <= session.0;
        let chunk = self.chunks.partition_point(behind).saturating_sub(1);
        let members = self.chunks.get(chunk).map_or(&[][..], Vec::as_slice);
        (
            chunk,
            members.partition_point(|member| member.session < session.0),
        )
    }

    fn pack(&mut self, member: Subscriber) -> Stored {
        let identifier = member.subscription.identifier.map_or(0, Into::into);
        self.forget_wide(member.session.0);
        if identifier >= WIDE {
            self.wide.insert(member.session.0, identifier);
        }
        let options = u32::from(member.subscription.pack());
        let subscription = options << 24 | identifier.min(WIDE);
        Stored {
            session: member.session.0,
            subscription,
        }
    }

    #[inline]
    fn unpack(&self, stored: Stored) -> Subscriber {
        let mut identifier = stored.subscription & WIDE;
        if identifier == WIDE {
            identifier = self.wide[&stored.session];
        }
        let [options, ..] = stored.subscription.to_be_bytes();
        Subscriber {
            session: SessionIndex(stored.session),
            subscription: Subscription::unpack(options, identifier),
        }
    }

    fn forget_wide(&mut self, session: u32) {
        if !self.wide.is_empty() {
            self.wide.remove(&session);
        }
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The set holds what an ordered map holds, and in its order.
        #[test]
        fn the_set_agrees_with_a_map(
            steps in prop::collection::vec(
                (0..600_u32, 0..3_u8, prop::sample::select(vec![0, 1, WIDE - 1, WIDE, 268_435_455])),
                0..1_500,
            ),
        ) {
            let (mut set, mut model) = (Subscribers::default(), BTreeMap::new());
            for (session, action, identifier) in steps {
                let session = SessionIndex(session);
                if action == 0 {
                    prop_assert_eq!(set.remove(session), model.remove(&session));
                } else {
                    let subscription = Subscription {
                        no_local: action == 1,
                        persistent: session.0.is_multiple_of(3),
                        identifier: NonZeroU32::new(identifier),
                        ..Subscription::default()
                    };
                    let old = set.insert(Subscriber { session, subscription });
                    prop_assert_eq!(old, model.insert(session, subscription));
                }
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(set.has_persistent(), model.values().any(|one| one.persistent));
            let members: Vec<_> = set.iter().map(|m| (m.session, m.subscription)).collect();
            prop_assert_eq!(members, model.into_iter().collect::<Vec<_>>());
        }
    }
}
