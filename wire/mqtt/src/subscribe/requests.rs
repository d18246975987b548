//! The list in a SUBSCRIBE.

use core::fmt;

use wire_message::{Qos, check_text};

use crate::reader::Reader;
use crate::sink::Sink;
use crate::{DecodeError, Version};

/// When a new subscription gets retained messages.
///
/// # Specification
///
/// MQTT 5.0 section 3.8.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RetainHandling {
    /// At every SUBSCRIBE; the only way before 5.0.
    #[default]
    Always = 0,
    /// If the subscription did not exist.
    IfNew = 1,
    /// Never.
    Never = 2,
}

/// One entry of a SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterRequest<'a> {
    /// A valid string; whether it is a valid filter, `wire_message::FilterTarget` tells.
    pub filter: &'a str,
    /// The highest quality of service to deliver with.
    pub qos: Qos,
    /// Not what the client itself publishes; false before 5.0.
    pub no_local: bool,
    /// Deliver with the RETAIN flag as published; false before 5.0.
    pub retain_as_published: bool,
    /// When to deliver retained messages.
    pub retain_handling: RetainHandling,
}

impl<'a> FilterRequest<'a> {
    /// A request with nothing optional in it.
    #[must_use]
    pub const fn new(filter: &'a str, qos: Qos) -> Self {
        Self {
            filter,
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Always,
        }
    }

    fn options(&self, version: Version) -> u8 {
        let mut options = self.qos.bits();
        if version == Version::V5 {
            options |= u8::from(self.no_local) << 2
                | u8::from(self.retain_as_published) << 3
                | (self.retain_handling as u8) << 4;
        }
        options
    }
}

/// The entries of a SUBSCRIBE, borrowed: from the packet they came in, or from a slice.
#[derive(Clone, Copy)]
pub struct FilterRequests<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Entries that were checked.
    Encoded(&'a [u8], Version),
    Values(&'a [FilterRequest<'a>]),
}

impl<'a> FilterRequests<'a> {
    /// These entries.
    #[must_use]
    pub const fn new(requests: &'a [FilterRequest<'a>]) -> Self {
        Self(Source::Values(requests))
    }

    pub(super) fn decode(entries: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(entries);
        if reader.is_empty() {
            return Err(DecodeError::ListEmpty);
        }
        while !reader.is_empty() {
            check_text(reader.binary()?)?;
            options(reader.u8()?, version)?;
        }
        Ok(Self(Source::Encoded(entries, version)))
    }

    /// The entries, in order.
    #[must_use]
    pub const fn iter(self) -> FilterRequestsIter<'a> {
        FilterRequestsIter(self.0)
    }

    pub(super) fn write(self, version: Version, out: &mut impl Sink) {
        for request in self {
            out.text(request.filter);
            out.u8(request.options(version));
        }
    }
}

/// Reads subscription options: quality of service, no local, retain as published, and handling.
fn options(byte: u8, version: Version) -> Result<(Qos, bool, bool, RetainHandling), DecodeError> {
    // 3.1 calls the upper bits unused, and 3.1.1 reserves them: [v311 3.8.3-4].
    let byte = if version == Version::V31 {
        byte & 0b11
    } else {
        byte
    };
    let qos = Qos::from_bits(byte & 0b11).ok_or(DecodeError::SubscribeQos)?;
    let reserved = if version == Version::V5 { 0xc0 } else { 0xfc };
    if byte & reserved != 0 {
        return Err(DecodeError::SubscribeReserved);
    }
    let retain_handling = match byte >> 4 {
        0 => RetainHandling::Always,
        1 => RetainHandling::IfNew,
        2 => RetainHandling::Never,
        _ => return Err(DecodeError::SubscribeRetainHandling),
    };
    Ok((qos, byte & 0x04 != 0, byte & 0x08 != 0, retain_handling))
}

impl PartialEq for FilterRequests<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for FilterRequests<'_> {}

impl fmt::Debug for FilterRequests<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> IntoIterator for FilterRequests<'a> {
    type Item = FilterRequest<'a>;
    type IntoIter = FilterRequestsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterates over [`FilterRequests`].
#[derive(Clone)]
pub struct FilterRequestsIter<'a>(Source<'a>);

impl fmt::Debug for FilterRequestsIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> Iterator for FilterRequestsIter<'a> {
    type Item = FilterRequest<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Encoded(entries, version) => {
                let mut reader = Reader::new(entries);
                let filter = reader.text().ok()?;
                let (qos, no_local, retain_as_published, retain_handling) =
                    options(reader.u8().ok()?, *version).ok()?;
                *entries = reader.rest();
                Some(FilterRequest {
                    filter,
                    qos,
                    no_local,
                    retain_as_published,
                    retain_handling,
                })
            }
            Source::Values(requests) => {
                let (&first, rest) = requests.split_first()?;
                *requests = rest;
                Some(first)
            }
        }
    }
}
