//! Topic names: what a message is published to.

use core::fmt;

use thiserror::Error;

/// Why text is not a topic name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// A topic has at least one character.
    #[error("topic name is empty")]
    Empty,
    /// `+` and `#` belong in filters only.
    #[error("topic name contains a wildcard character")]
    Wildcard,
}

/// A valid topic name, borrowed.
///
/// Invariant: not empty, at most 65,535 bytes, no `+`, no `#`. Holding one is the proof.
///
/// # Specification
///
/// MQTT 5.0 section 4.7.1 and 4.7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicRef<'a>(&'a str);

impl<'a> TopicRef<'a> {
    /// Checks text that is already an MQTT string.
    ///
    /// # Errors
    ///
    /// [`TopicError`], which says which rule was broken.
    pub fn new(text: &'a str) -> Result<Self, TopicError> {
        if text.is_empty() {
            return Err(TopicError::Empty);
        }
        if text.bytes().any(|byte| byte == b'+' || byte == b'#') {
            return Err(TopicError::Wildcard);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The levels, one at least; a level may be empty.
    #[must_use]
    pub fn levels(self) -> core::str::Split<'a, char> {
        self.0.split('/')
    }

    /// Whether wildcards in a filter's first level pass this topic by.
    ///
    /// # Specification
    ///
    /// \[v5 4.7.2-1\].
    #[must_use]
    pub fn is_dollar(self) -> bool {
        self.0.as_bytes().first() == Some(&b'$')
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(self) -> TopicName {
        TopicName(self.0.into())
    }
}

impl fmt::Display for TopicRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A valid topic name, owned; see [`TopicRef`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicName(Box<str>);

impl TopicName {
    /// The name, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> TopicRef<'_> {
        TopicRef(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for TopicName {
    type Error = TopicError;

    fn try_from(text: &str) -> Result<Self, TopicError> {
        TopicRef::new(text).map(TopicRef::to_owned)
    }
}

/// The topic of a message that was checked when the message was made.
pub(crate) fn trusted(text: &str) -> TopicRef<'_> {
    debug_assert!(
        TopicRef::new(text).is_ok(),
        "a message is made from a checked topic"
    );
    TopicRef(text)
}
