//! Archives, byte by byte.

use store_model::Family;

use crate::Header;
use crate::header::FAMILIES;

/// The tag of the frame that ends an archive; no family's.
pub(crate) const END: u8 = 0xff;

/// Writes an archive piece by piece: the header, then records in the order of [`FAMILIES`] and of
/// their keys, then the end.
#[derive(Debug)]
pub struct Encoder {
    sum: u32,
    records: [u64; Family::ALL.len()],
}

impl Encoder {
    /// Begins an archive: appends the header.
    #[must_use]
    pub fn new(header: Header, out: &mut Vec<u8>) -> Self {
        let bytes = header.to_bytes();
        out.extend_from_slice(&bytes);
        Self {
            sum: crate::header::sum(0, &bytes),
            records: [0; Family::ALL.len()],
        }
    }

    /// Appends a record as it is stored.
    ///
    /// # Panics
    ///
    /// If it is larger than [`FRAME_BYTES_MAX`](crate::limits::FRAME_BYTES_MAX).
    pub fn record(&mut self, family: Family, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if let Some(records) = self.records.get_mut(usize::from(family.tag())) {
            *records += 1;
        }
        let key_length = u32::try_from(key.len()).expect("a key is a topic at the longest");
        self.frame(family.tag(), out, |out| {
            out.extend_from_slice(&key_length.to_be_bytes());
            out.extend_from_slice(key);
            out.extend_from_slice(value);
        });
    }

    /// Ends the archive: appends how many records of each family there are.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        let records = self.records;
        self.frame(END, out, |out| {
            for family in FAMILIES {
                let count = records.get(usize::from(family.tag())).copied();
                out.extend_from_slice(&count.unwrap_or(0).to_be_bytes());
            }
        });
    }

    fn frame(&mut self, tag: u8, out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.push(tag);
        content(out);
        // The sum counts: it is what is to be read behind the length.
        let length = out.len() - start;
        assert!(
            length <= crate::limits::FRAME_BYTES_MAX,
            "a record of {length} bytes"
        );
        let length = u32::try_from(length).expect("the bound is below");
        let (_, frame) = out.split_at_mut(start);
        if let Some(first) = frame.first_chunk_mut::<4>() {
            *first = length.to_be_bytes();
        }
        self.sum = crc32c::crc32c_append(self.sum, frame);
        out.extend_from_slice(&self.sum.to_be_bytes());
    }
}
