//! Where encoded bytes go: into a buffer, or only into a sum.

use crate::{varint, varint_size};

/// Takes encoded bytes.
pub(crate) trait Sink {
    fn bytes(&mut self, bytes: &[u8]);

    /// Notes that a field was too long for its two-byte length.
    fn field_too_long(&mut self);

    fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    fn varint(&mut self, value: u32) {
        let encoded = varint::encode(value);
        let size = varint_size(value) as usize;
        self.bytes(encoded.get(..size).unwrap_or(&encoded));
    }

    fn binary(&mut self, bytes: &[u8]) {
        match u16::try_from(bytes.len()) {
            Ok(size) => {
                self.u16(size);
                self.bytes(bytes);
            }
            Err(_) => self.field_too_long(),
        }
    }

    fn text(&mut self, text: &str) {
        self.binary(text.as_bytes());
    }

    /// A set of properties behind its length.
    fn section(&mut self, set: &impl Section)
    where
        Self: Sized,
    {
        let mut counter = Counter::default();
        set.write(&mut counter);
        self.varint(counter.size());
        set.write(self);
    }
}

/// A set of properties that can be written.
pub(crate) trait Section {
    fn write<S: Sink>(&self, out: &mut S);
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn field_too_long(&mut self) {}
}

/// Counts bytes instead of keeping them.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    size: usize,
    pub(crate) field_too_long: bool,
}

impl Counter {
    /// Bytes so far; [`u32::MAX`] for what no packet holds.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.size).unwrap_or(u32::MAX)
    }
}

impl Sink for Counter {
    fn bytes(&mut self, bytes: &[u8]) {
        self.size += bytes.len();
    }

    fn field_too_long(&mut self) {
        self.field_too_long = true;
    }
}
