//! User properties.

use core::fmt;

use super::{PropertyId, Value, Walk, put};
use crate::sink::{Section, Sink};

/// Pairs of strings that travel with a packet, in order, duplicates kept.
///
/// Borrowed: from the packet they came in, or from a slice of pairs to be sent.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.7, \[v5 3.3.2-18\].
#[derive(Clone, Copy)]
pub struct UserProperties<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// A section that was checked, with other properties between.
    Section(&'a [u8]),
    Pairs(&'a [(&'a str, &'a str)]),
}

impl<'a> UserProperties<'a> {
    /// None at all.
    pub const NONE: Self = Self(Source::Pairs(&[]));

    /// These pairs.
    #[must_use]
    pub const fn new(pairs: &'a [(&'a str, &'a str)]) -> Self {
        Self(Source::Pairs(pairs))
    }

    /// Those in `section`, which has been checked.
    pub(crate) const fn in_section(section: &'a [u8]) -> Self {
        Self(Source::Section(section))
    }

    /// The whole section they came in, if they came in one.
    pub(crate) const fn section(self) -> Option<&'a [u8]> {
        match self.0 {
            Source::Section(section) => Some(section),
            Source::Pairs(_) => None,
        }
    }

    /// The pairs, in order.
    #[must_use]
    pub const fn iter(self) -> UserPropertiesIter<'a> {
        UserPropertiesIter(match self.0 {
            Source::Section(section) => SourceIter::Section(Walk::new(section)),
            Source::Pairs(pairs) => SourceIter::Pairs(pairs),
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

impl Default for UserProperties<'_> {
    fn default() -> Self {
        Self::NONE
    }
}

impl PartialEq for UserProperties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for UserProperties<'_> {}

impl fmt::Debug for UserProperties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> IntoIterator for UserProperties<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = UserPropertiesIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Section for UserProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        for (name, value) in *self {
            put::pair(out, PropertyId::UserProperty, name, value);
        }
    }
}

/// Iterates over [`UserProperties`]: name, then value.
#[derive(Clone, Debug)]
pub struct UserPropertiesIter<'a>(SourceIter<'a>);

#[derive(Clone, Debug)]
enum SourceIter<'a> {
    Section(Walk<'a>),
    Pairs(&'a [(&'a str, &'a str)]),
}

impl<'a> Iterator for UserPropertiesIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            SourceIter::Section(walk) => match walk.next_of(PropertyId::UserProperty)? {
                Value::Pair(name, value) => Some((name, value)),
                Value::Binary(_) | Value::Bool(_) | Value::Text(_) | Value::Number(_) => None,
            },
            SourceIter::Pairs(pairs) => {
                let (&first, rest) = pairs.split_first()?;
                *pairs = rest;
                Some(first)
            }
        }
    }
}
