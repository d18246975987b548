//! UNSUBSCRIBE.

use core::fmt;

use wire_message::check_text;

use crate::encode::Body;
use crate::property::{Carrier, decode};
use crate::reader::Reader;
use crate::sink::Sink;
use crate::{DecodeError, EncodeError, PacketId, UserProperties, Version};

/// A request to end subscriptions.
///
/// # Specification
///
/// MQTT 5.0 section 3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// By what to know the answer.
    pub packet_id: PacketId,
    /// The only properties of UNSUBSCRIBE; none before 5.0.
    pub user_properties: UserProperties<'a>,
    /// What is unsubscribed from; one at least, \[v5 3.10.3-2\].
    pub filters: Filters<'a>,
}

impl<'a> Unsubscribe<'a> {
    pub(crate) fn decode(body: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let user_properties = if version == Version::V5 {
            let section = reader.section()?;
            decode(section, Carrier::UNSUBSCRIBE, |_, _| Ok(()))?;
            UserProperties::in_section(section)
        } else {
            UserProperties::NONE
        };
        Ok(Self {
            packet_id,
            user_properties,
            filters: Filters::decode(reader.rest())?,
        })
    }

    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        if self.filters.iter().next().is_none() {
            return Err(EncodeError::ListEmpty);
        }
        Ok(())
    }
}

impl Body for Unsubscribe<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.u16(self.packet_id.value());
        if version == Version::V5 {
            out.section(&self.user_properties);
        }
        for filter in self.filters {
            out.text(filter);
        }
    }
}

/// The filters of an UNSUBSCRIBE, borrowed: from the packet they came in, or from a slice.
#[derive(Clone, Copy)]
pub struct Filters<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Entries that were checked.
    Encoded(&'a [u8]),
    Values(&'a [&'a str]),
}

impl<'a> Filters<'a> {
    /// These filters.
    #[must_use]
    pub const fn new(filters: &'a [&'a str]) -> Self {
        Self(Source::Values(filters))
    }

    fn decode(entries: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(entries);
        if reader.is_empty() {
            return Err(DecodeError::ListEmpty);
        }
        while !reader.is_empty() {
            check_text(reader.binary()?)?;
        }
        Ok(Self(Source::Encoded(entries)))
    }

    /// The filters, in order.
    #[must_use]
    pub const fn iter(self) -> FiltersIter<'a> {
        FiltersIter(self.0)
    }
}

impl PartialEq for Filters<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Filters<'_> {}

impl fmt::Debug for Filters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> IntoIterator for Filters<'a> {
    type Item = &'a str;
    type IntoIter = FiltersIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterates over [`Filters`].
#[derive(Clone)]
pub struct FiltersIter<'a>(Source<'a>);

impl fmt::Debug for FiltersIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> Iterator for FiltersIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        match &mut self.0 {
            Source::Encoded(entries) => {
                let mut reader = Reader::new(entries);
                let filter = reader.text().ok()?;
                *entries = reader.rest();
                Some(filter)
            }
            Source::Values(filters) => {
                let (&first, rest) = filters.split_first()?;
                *filters = rest;
                Some(first)
            }
        }
    }
}
