//! Subscription identifiers of a delivery.

use core::fmt;

use super::{PropertyId, Walk};
use crate::sink::{Section, Sink};

/// The identifiers of the subscriptions that a delivered message matched, 1 to 268,435,455 each.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.8.
#[derive(Clone, Copy)]
pub struct SubscriptionIds<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// A section that was checked, with other properties between.
    Section(&'a [u8]),
    Values(&'a [u32]),
}

impl<'a> SubscriptionIds<'a> {
    /// None at all.
    pub const NONE: Self = Self(Source::Values(&[]));

    /// These identifiers.
    #[must_use]
    pub const fn new(values: &'a [u32]) -> Self {
        Self(Source::Values(values))
    }

    /// Those in `section`, which has been checked.
    pub(crate) const fn in_section(section: &'a [u8]) -> Self {
        Self(Source::Section(section))
    }

    /// The identifiers, in order.
    #[must_use]
    pub const fn iter(self) -> SubscriptionIdsIter<'a> {
        SubscriptionIdsIter(match self.0 {
            Source::Section(section) => SourceIter::Section(Walk::new(section)),
            Source::Values(values) => SourceIter::Values(values),
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

impl Default for SubscriptionIds<'_> {
    fn default() -> Self {
        Self::NONE
    }
}

impl PartialEq for SubscriptionIds<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for SubscriptionIds<'_> {}

impl fmt::Debug for SubscriptionIds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> IntoIterator for SubscriptionIds<'a> {
    type Item = u32;
    type IntoIter = SubscriptionIdsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Section for SubscriptionIds<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        for id in *self {
            out.u8(PropertyId::SubscriptionId.byte());
            out.varint(id);
        }
    }
}

/// Iterates over [`SubscriptionIds`].
#[derive(Clone, Debug)]
pub struct SubscriptionIdsIter<'a>(SourceIter<'a>);

#[derive(Clone, Debug)]
enum SourceIter<'a> {
    Section(Walk<'a>),
    Values(&'a [u32]),
}

impl Iterator for SubscriptionIdsIter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            SourceIter::Section(walk) => walk.next_of(PropertyId::SubscriptionId)?.number(),
            SourceIter::Values(values) => {
                let (&first, rest) = values.split_first()?;
                *values = rest;
                Some(first)
            }
        }
    }
}
