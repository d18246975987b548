//! Writing one property, if it has a value.

use super::PropertyId;
use crate::sink::Sink;

pub(crate) fn bool(out: &mut impl Sink, property: PropertyId, value: Option<bool>) {
    if let Some(value) = value {
        out.u8(property.byte());
        out.u8(value.into());
    }
}

pub(crate) fn u16(out: &mut impl Sink, property: PropertyId, value: Option<u16>) {
    if let Some(value) = value {
        out.u8(property.byte());
        out.u16(value);
    }
}

pub(crate) fn u32(out: &mut impl Sink, property: PropertyId, value: Option<u32>) {
    if let Some(value) = value {
        out.u8(property.byte());
        out.u32(value);
    }
}

pub(crate) fn varint(out: &mut impl Sink, property: PropertyId, value: Option<u32>) {
    if let Some(value) = value {
        out.u8(property.byte());
        out.varint(value);
    }
}

pub(crate) fn text(out: &mut impl Sink, property: PropertyId, value: Option<&str>) {
    binary(out, property, value.map(str::as_bytes));
}

pub(crate) fn binary(out: &mut impl Sink, property: PropertyId, value: Option<&[u8]>) {
    match value {
        // Left out whole, for whoever does not ask for the fault.
        Some(value) if !fits(value) => out.field_too_long(),
        Some(value) => {
            out.u8(property.byte());
            out.binary(value);
        }
        None => {}
    }
}

pub(crate) fn pair(out: &mut impl Sink, property: PropertyId, name: &str, value: &str) {
    if fits(name.as_bytes()) && fits(value.as_bytes()) {
        out.u8(property.byte());
        out.text(name);
        out.text(value);
    } else {
        out.field_too_long();
    }
}

/// Whether two bytes hold the length.
fn fits(bytes: &[u8]) -> bool {
    u16::try_from(bytes.len()).is_ok()
}
