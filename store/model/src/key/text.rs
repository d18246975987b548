//! Keys that end in text, or are text.

use super::{KeyError, number, take};
use crate::record::write_number;
use crate::{Family, Number};

/// A key of [`Family::Sessions`]: all of a session stands together, its head first.
///
/// ```text
/// session 8 | 0                 its head
/// session 8 | 1                 its will
/// session 8 | 2 | filter        a subscription
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey<'a> {
    /// Whose.
    pub session: Number,
    /// Which part.
    pub part: SessionPart<'a>,
}

/// A part of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionPart<'a> {
    /// [`crate::Session`].
    Head,
    /// [`crate::Will`].
    Will,
    /// [`crate::Subscription`] to this filter, as subscribed to: with `$share/<group>/`.
    Subscription(&'a str),
}

impl<'a> SessionKey<'a> {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.session.0.to_be_bytes());
        match self.part {
            SessionPart::Head => out.push(0),
            SessionPart::Will => out.push(1),
            SessionPart::Subscription(filter) => {
                out.push(2);
                out.extend_from_slice(filter.as_bytes());
            }
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, KeyError> {
        let length = KeyError::Length {
            length: bytes.len(),
        };
        let (session, rest) = take(bytes).ok_or(length)?;
        let (tag, text) = rest.split_first().ok_or(length)?;
        let part = match (tag, text) {
            (0, []) => SessionPart::Head,
            (1, []) => SessionPart::Will,
            (0 | 1, _) | (2, []) => return Err(length),
            (2, text) => {
                SessionPart::Subscription(core::str::from_utf8(text).map_err(|_| KeyError::Text)?)
            }
            _ => return Err(KeyError::Unknown { what: "part" }),
        };
        Ok(Self {
            session: number(session),
            part,
        })
    }
}

/// A key of [`Family::Retained`]: the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetainedKey<'a>(pub &'a str);

impl<'a> RetainedKey<'a> {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, KeyError> {
        if bytes.is_empty() || bytes.len() > usize::from(u16::MAX) {
            return Err(KeyError::Length {
                length: bytes.len(),
            });
        }
        core::str::from_utf8(bytes)
            .map(Self)
            .map_err(|_| KeyError::Text)
    }
}

/// A key of [`Family::Meta`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetaKey {
    /// Four bytes, see [`crate::check_format`].
    Format,
    /// The number that all stored ones are below.
    Next,
    /// The secret that keys the process's hashes, so that homes last as long as the store.
    Seed,
}

impl MetaKey {
    /// The key.
    #[must_use]
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Format => b"format",
            Self::Next => b"next",
            Self::Seed => b"seed",
        }
    }

    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    /// The record that holds `number` under this key; that of the format is
    /// [`crate::format_bytes`].
    #[must_use]
    pub fn value(self, number: u64) -> Vec<u8> {
        let mut value = Vec::new();
        write_number(self.as_bytes(), number, &mut value);
        value
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unknown`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        [Self::Format, Self::Next, Self::Seed]
            .into_iter()
            .find(|key| key.as_bytes() == bytes)
            .ok_or(KeyError::Unknown { what: "name" })
    }
}

/// A key of [`Family::Quarantine`]: where the damaged record was found.
///
/// ```text
/// family 1 | key
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineKey<'a> {
    /// The family it was in.
    pub family: Family,
    /// Its key there.
    pub key: &'a [u8],
}

impl<'a> QuarantineKey<'a> {
    /// Appends the key.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.push(self.family.tag());
        out.extend_from_slice(self.key);
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, KeyError> {
        let (tag, key) = bytes.split_first().ok_or(KeyError::Length { length: 0 })?;
        let family = Family::from_tag(*tag).ok_or(KeyError::Unknown { what: "family" })?;
        Ok(Self { family, key })
    }
}
