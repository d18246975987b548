//! Topic names: what a message is published to.

use core::fmt;

use thiserror::Error;

use crate::text::{TextError, check_text, is_plain_topic, is_without_wildcards};

/// Why text is not a topic name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// A topic has at least one character.
    #[error("topic name is empty")]
    Empty,
    /// The bytes are not an MQTT string.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A string on the wire has at most 65,535 bytes.
    #[error("topic name is longer than 65535 bytes")]
    TooLong,
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
    #[inline]
    pub fn new(text: &'a str) -> Result<Self, TopicError> {
        if text.is_empty() {
            return Err(TopicError::Empty);
        }
        if !is_without_wildcards(text.as_bytes()) {
            return Err(TopicError::Wildcard);
        }
        if text.len() > usize::from(u16::MAX) {
            return Err(TopicError::TooLong);
        }
        Ok(Self(text))
    }

    /// Checks bytes from the wire: the rules of MQTT strings and those of topics at once.
    ///
    /// # Errors
    ///
    /// [`TopicError`], which says which rule was broken.
    #[inline]
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, TopicError> {
        if !is_plain_topic(bytes) || bytes.is_empty() || bytes.len() > usize::from(u16::MAX) {
            return Self::new(check_text(bytes)?);
        }
        core::str::from_utf8(bytes)
            .map(Self)
            .map_err(|_| TextError::NotUtf8.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v5_3_3_2_2_a_wildcard_is_found_wherever_it_stands() {
        for size in 1..40 {
            for at in 0..size {
                let mut bytes = vec![b'x'; size];
                for wildcard in [b'+', b'#'] {
                    bytes[at] = wildcard;
                    assert_eq!(TopicRef::from_bytes(&bytes), Err(TopicError::Wildcard));
                    let text = core::str::from_utf8(&bytes).expect("ASCII");
                    assert_eq!(TopicRef::new(text), Err(TopicError::Wildcard));
                }
                for other in [b'"', b'$', b'*', b',', b'3', b';'] {
                    bytes[at] = other;
                    assert!(TopicRef::from_bytes(&bytes).is_ok(), "{at} of {size}");
                }
            }
        }
    }

    #[test]
    fn bytes_from_the_wire_obey_the_rules_of_strings_too() {
        let null = TopicError::Text(TextError::Null);
        assert_eq!(TopicRef::from_bytes(b"a\0"), Err(null));
        let not_utf8 = TopicError::Text(TextError::NotUtf8);
        assert_eq!(TopicRef::from_bytes(&[0xc3]), Err(not_utf8));
        assert_eq!(TopicRef::from_bytes(b""), Err(TopicError::Empty));
        let topic = TopicRef::from_bytes("gr\u{fc}n/+x".as_bytes());
        assert_eq!(topic, Err(TopicError::Wildcard));
        assert!(TopicRef::from_bytes("gr\u{fc}n".as_bytes()).is_ok());
    }

    #[test]
    fn a_topic_fits_the_two_bytes_of_its_length() {
        let mut text = "x".repeat(65_535);
        assert!(TopicRef::new(&text).is_ok());
        text.push('x');
        assert_eq!(TopicRef::new(&text), Err(TopicError::TooLong));
        assert_eq!(
            TopicRef::from_bytes(text.as_bytes()),
            Err(TopicError::TooLong)
        );
    }
}
