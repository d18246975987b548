//! Walking a section of properties, and writing one.

use super::id::{Carrier, Kind, PropertyId};
use crate::DecodeError;
use crate::reader::Reader;

/// A property's value, by its type on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Binary(&'a [u8]),
    Bool(bool),
    Pair(&'a str, &'a str),
    Text(&'a str),
    Number(u32),
}

impl<'a> Value<'a> {
    pub(crate) const fn bool(self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(value)
        } else {
            None
        }
    }

    pub(crate) const fn number(self) -> Option<u32> {
        if let Self::Number(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The number, if its type is a two-byte one.
    pub(crate) fn short(self) -> Option<u16> {
        self.number().and_then(|value| u16::try_from(value).ok())
    }

    pub(crate) const fn text(self) -> Option<&'a str> {
        if let Self::Text(value) = self {
            Some(value)
        } else {
            None
        }
    }

    pub(crate) const fn binary(self) -> Option<&'a [u8]> {
        if let Self::Binary(value) = self {
            Some(value)
        } else {
            None
        }
    }
}

/// The properties of a section, one by one; checks types and values, not who carries them.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    reader: Reader<'a>,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(section: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(section),
        }
    }

    /// Passes one property of a section that was checked: which it is, and all its bytes.
    ///
    /// `None` at the end. Text is not looked at, so this is much cheaper than the iterator.
    pub(crate) fn pass(&mut self) -> Option<(PropertyId, &'a [u8])> {
        let start = self.reader.rest();
        let property = PropertyId::from_byte(self.reader.u8().ok()?)?;
        let reader = &mut self.reader;
        match property.kind() {
            Kind::Bool => reader.bytes(1).ok()?,
            Kind::TwoBytes | Kind::TwoBytesNonZero => reader.bytes(2).ok()?,
            Kind::FourBytes | Kind::FourBytesNonZero => reader.bytes(4).ok()?,
            Kind::Binary | Kind::Text => reader.binary().ok()?,
            Kind::Pair => {
                reader.binary().ok()?;
                reader.binary().ok()?
            }
            Kind::VarIntNonZero => {
                reader.varint().ok()?;
                &[]
            }
        };
        let encoded = start.get(..start.len() - reader.rest().len())?;
        Some((property, encoded))
    }

    /// The value of the next property `wanted` in a section that was checked.
    pub(crate) fn next_of(&mut self, wanted: PropertyId) -> Option<Value<'a>> {
        loop {
            let (property, encoded) = self.pass()?;
            if property == wanted {
                let (_, value) = Self::new(encoded).step().ok()?;
                return Some(value);
            }
        }
    }

    fn step(&mut self) -> Result<(PropertyId, Value<'a>), DecodeError> {
        let reader = &mut self.reader;
        // An identifier is a variable byte integer, and all there are fit in one byte.
        let byte = reader.u8()?;
        let property =
            PropertyId::from_byte(byte).ok_or(DecodeError::PropertyUnknown { property: byte })?;
        let value = match property.kind() {
            Kind::Binary => Value::Binary(reader.binary()?),
            Kind::Bool => match reader.u8()? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                _ => return Err(DecodeError::PropertyValue { property: byte }),
            },
            Kind::Pair => Value::Pair(reader.text()?, reader.text()?),
            Kind::Text => Value::Text(reader.text()?),
            Kind::TwoBytes => Value::Number(reader.u16()?.into()),
            Kind::TwoBytesNonZero => nonzero(property, reader.u16()?.into())?,
            Kind::FourBytes => Value::Number(reader.u32()?),
            Kind::FourBytesNonZero => nonzero(property, reader.u32()?)?,
            Kind::VarIntNonZero => nonzero(property, reader.varint()?)?,
        };
        Ok((property, value))
    }
}

fn nonzero<'a>(property: PropertyId, value: u32) -> Result<Value<'a>, DecodeError> {
    match (value, property) {
        (0, PropertyId::TopicAlias) => Err(DecodeError::TopicAliasZero),
        (0, _) => Err(DecodeError::PropertyValue {
            property: property.byte(),
        }),
        _ => Ok(Value::Number(value)),
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<(PropertyId, Value<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.reader.is_empty()).then(|| self.step())
    }
}

/// Checks a section that `carrier` carries, and gives each property to `take`.
///
/// # Specification
///
/// MQTT 5.0 section 2.2.2.2: a property that does not belong in the packet makes it malformed, one
/// that stands twice where it may stand once is a protocol error.
pub(crate) fn decode<'a>(
    section: &'a [u8],
    carrier: Carrier,
    mut take: impl FnMut(PropertyId, Value<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut seen = 0_u64;
    for item in Walk::new(section) {
        let (property, value) = item?;
        if !property.fits(carrier) {
            return Err(DecodeError::PropertyMisplaced {
                property: property.byte(),
            });
        }
        let bit = 1 << property.byte();
        if seen & bit != 0 && !property.repeats(carrier) {
            return Err(DecodeError::PropertyTwice {
                property: property.byte(),
            });
        }
        seen |= bit;
        take(property, value)?;
    }
    Ok(())
}
