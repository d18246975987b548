//! SUBACK and UNSUBACK.

use core::fmt;

use crate::encode::Body;
use crate::reader::Reader;
use crate::sink::Sink;
use crate::{
    DecodeError, EncodeError, PacketId, PacketType, ReasonCode, ReasonProperties, Side, Version,
};

/// The answer to SUBSCRIBE.
///
/// # Specification
///
/// MQTT 5.0 section 3.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suback<'a> {
    /// The SUBSCRIBE that is answered.
    pub packet_id: PacketId,
    /// None before 5.0.
    pub properties: ReasonProperties<'a>,
    /// One for each entry, in order, \[v5 3.9.3-1\]; before 5.0 every failure is 0x80.
    pub codes: ReasonCodes<'a>,
}

/// The answer to UNSUBSCRIBE.
///
/// # Specification
///
/// MQTT 5.0 section 3.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsuback<'a> {
    /// The UNSUBSCRIBE that is answered.
    pub packet_id: PacketId,
    /// None before 5.0.
    pub properties: ReasonProperties<'a>,
    /// One for each filter, in order, \[v5 3.11.3-1\]; none before 5.0.
    pub codes: ReasonCodes<'a>,
}

impl<'a> Suback<'a> {
    pub(crate) fn decode(body: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = properties(&mut reader, version)?;
        let codes = ReasonCodes::decode(reader.rest(), |reason| {
            // [v311 3.9.3-2]
            reason.fits(PacketType::Suback, Side::Client)
                && (version == Version::V5 || reason.v3_suback() == reason.byte())
        })?;
        Ok(Self {
            packet_id,
            properties,
            codes,
        })
    }

    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        self.codes.check()
    }
}

impl<'a> Unsuback<'a> {
    pub(crate) fn decode(body: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = properties(&mut reader, version)?;
        let codes = if version == Version::V5 {
            ReasonCodes::decode(reader.rest(), |reason| {
                reason.fits(PacketType::Unsuback, Side::Client)
            })?
        } else {
            reader.finish()?;
            ReasonCodes::new(&[])
        };
        Ok(Self {
            packet_id,
            properties,
            codes,
        })
    }

    pub(crate) fn check(&self, version: Version) -> Result<(), EncodeError> {
        match version {
            Version::V31 | Version::V311 => Ok(()),
            Version::V5 => self.codes.check(),
        }
    }
}

fn properties<'a>(
    reader: &mut Reader<'a>,
    version: Version,
) -> Result<ReasonProperties<'a>, DecodeError> {
    match version {
        Version::V31 | Version::V311 => Ok(ReasonProperties::default()),
        Version::V5 => ReasonProperties::decode(reader.section()?),
    }
}

impl Body for Suback<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.u16(self.packet_id.value());
        if version == Version::V5 {
            out.section(&self.properties);
        }
        for reason in self.codes {
            out.u8(match version {
                Version::V31 | Version::V311 => reason.v3_suback(),
                Version::V5 => reason.byte(),
            });
        }
    }
}

impl Body for Unsuback<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.u16(self.packet_id.value());
        if version == Version::V5 {
            out.section(&self.properties);
            for reason in self.codes {
                out.u8(reason.byte());
            }
        }
    }
}

/// Reason codes, borrowed: from the packet they came in, or from a slice.
#[derive(Clone, Copy)]
pub struct ReasonCodes<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Bytes that were checked.
    Encoded(&'a [u8]),
    Values(&'a [ReasonCode]),
}

impl<'a> ReasonCodes<'a> {
    /// These codes.
    #[must_use]
    pub const fn new(codes: &'a [ReasonCode]) -> Self {
        Self(Source::Values(codes))
    }

    fn decode(bytes: &'a [u8], fits: impl Fn(ReasonCode) -> bool) -> Result<Self, DecodeError> {
        if bytes.is_empty() {
            return Err(DecodeError::ListEmpty);
        }
        for &code in bytes {
            if !ReasonCode::from_byte(code).is_some_and(&fits) {
                return Err(DecodeError::ReasonCode { code });
            }
        }
        Ok(Self(Source::Encoded(bytes)))
    }

    /// The codes, in order.
    #[must_use]
    pub const fn iter(self) -> ReasonCodesIter<'a> {
        ReasonCodesIter(self.0)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        match self.0 {
            Source::Encoded(bytes) => bytes.len(),
            Source::Values(codes) => codes.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    fn check(self) -> Result<(), EncodeError> {
        if self.is_empty() {
            return Err(EncodeError::ListEmpty);
        }
        Ok(())
    }
}

impl PartialEq for ReasonCodes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for ReasonCodes<'_> {}

impl fmt::Debug for ReasonCodes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> IntoIterator for ReasonCodes<'a> {
    type Item = ReasonCode;
    type IntoIter = ReasonCodesIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterates over [`ReasonCodes`].
#[derive(Clone)]
pub struct ReasonCodesIter<'a>(Source<'a>);

impl fmt::Debug for ReasonCodesIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl Iterator for ReasonCodesIter<'_> {
    type Item = ReasonCode;

    fn next(&mut self) -> Option<ReasonCode> {
        match &mut self.0 {
            Source::Encoded(bytes) => {
                let (&first, rest) = bytes.split_first()?;
                *bytes = rest;
                ReasonCode::from_byte(first)
            }
            Source::Values(codes) => {
                let (&first, rest) = codes.split_first()?;
                *codes = rest;
                Some(first)
            }
        }
    }
}
