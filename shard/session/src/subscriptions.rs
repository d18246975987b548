//! What a session has subscribed to.

/// Numbers that need no memory of their own.
const INLINE: usize = 3;

/// The list of a session's subscriptions, 16 bytes; up to three need no memory of their own.
///
/// A subscription is the number that the shard's topic index gave it. Options and identifiers live
/// in the index; this list is only for going from a session to its filters: when it ends, when its
/// client comes or goes, and for counting.
#[derive(Debug)]
pub struct Subscriptions(List);

/// Sorted.
#[derive(Debug)]
enum List {
    Few {
        len: u8,
        ids: [u32; INLINE],
    },
    /// The box keeps the common case small.
    Many(Box<Many>),
}

#[derive(Debug)]
struct Many(Vec<u32>);

impl Subscriptions {
    /// No subscription.
    #[must_use]
    pub const fn new() -> Self {
        Self(List::Few {
            len: 0,
            ids: [0; INLINE],
        })
    }

    /// The numbers, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        match &self.0 {
            List::Few { len, ids } => &ids[..usize::from(*len)],
            List::Many(many) => &many.0,
        }
    }

    /// Number of subscriptions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `id` is among them.
    #[must_use]
    pub fn contains(&self, id: u32) -> bool {
        self.as_slice().binary_search(&id).is_ok()
    }

    /// Adds a subscription; false if it was there already.
    pub fn add(&mut self, id: u32) -> bool {
        let Err(position) = self.as_slice().binary_search(&id) else {
            return false;
        };
        match &mut self.0 {
            List::Few { len, ids } if usize::from(*len) < INLINE => {
                ids.copy_within(position..usize::from(*len), position + 1);
                ids[position] = id;
                *len += 1;
            }
            List::Few { ids, .. } => {
                let mut many = Vec::with_capacity(2 * INLINE);
                many.extend_from_slice(ids);
                many.insert(position, id);
                self.0 = List::Many(Box::new(Many(many)));
            }
            List::Many(many) => many.0.insert(position, id),
        }
        true
    }

    /// Takes a subscription out; false if it was not there.
    pub fn remove(&mut self, id: u32) -> bool {
        let Ok(position) = self.as_slice().binary_search(&id) else {
            return false;
        };
        match &mut self.0 {
            List::Few { len, ids } => {
                ids.copy_within(position + 1..usize::from(*len), position);
                *len -= 1;
            }
            List::Many(many) => {
                many.0.remove(position);
                if many.0.len() * 4 < many.0.capacity() {
                    many.0.shrink_to(many.0.len() * 2);
                }
                if let [a, b, c] = many.0[..] {
                    self.0 = List::Few {
                        len: 3,
                        ids: [a, b, c],
                    };
                }
            }
        }
        true
    }
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sixteen_bytes() {
        assert_eq!(size_of::<Subscriptions>(), 16);
    }

    proptest! {
        /// The list is a sorted set, with and without memory of its own.
        #[test]
        fn behaves_like_a_sorted_set(
            steps in prop::collection::vec((any::<bool>(), 0..12_u32), 0..80),
        ) {
            let mut list = Subscriptions::new();
            let mut model = BTreeSet::new();
            for (add, id) in steps {
                let id = id * 0x1400_0000;
                if add {
                    prop_assert_eq!(list.add(id), model.insert(id));
                } else {
                    prop_assert_eq!(list.remove(id), model.remove(&id));
                }
                prop_assert!(list.as_slice().iter().eq(&model));
                prop_assert_eq!(list.len(), model.len());
                prop_assert_eq!(list.contains(id), model.contains(&id));
                prop_assert_eq!(matches!(list.0, List::Few { .. }), model.len() <= INLINE);
            }
        }
    }
}
