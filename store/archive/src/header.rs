//! How an archive begins.

use store_model::{FORMAT, Family, Number};
use wire_message::Seed;

use crate::ArchiveError;

/// The version of archives that this program writes; it reads no others.
pub const ARCHIVE: u32 = 1;

/// The first bytes of every archive.
const MAGIC: [u8; 8] = *b"SKEINARC";

/// Bytes of a header, sum included.
pub const HEADER_BYTES: usize = 36;

/// The families that are in an archive, in their order: all but those by which a store keeps house.
pub const FAMILIES: [Family; 7] = [
    Family::Sessions,
    Family::Queue,
    Family::Bodies,
    Family::Flight,
    Family::Receipts,
    Family::Retained,
    Family::Delayed,
];

/// What an archive says of the store that it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// All numbers in the archive are below.
    pub next: Number,
    /// What keyed its hashes.
    pub seed: Seed,
}

impl Header {
    /// The bytes.
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let parts = MAGIC
            .into_iter()
            .chain(ARCHIVE.to_be_bytes())
            .chain(FORMAT.to_be_bytes())
            .chain(self.seed.0.to_be_bytes())
            .chain(self.next.0.to_be_bytes());
        bytes
            .iter_mut()
            .zip(parts)
            .for_each(|(to, byte)| *to = byte);
        let sum = sum(0, &bytes);
        if let Some(end) = bytes.last_chunk_mut::<4>() {
            *end = sum.to_be_bytes();
        }
        bytes
    }

    /// Reads a header and its sum.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<(Self, u32), ArchiveError> {
        let (magic, rest) = take::<8>(bytes)?;
        if magic != MAGIC {
            return Err(ArchiveError::Magic);
        }
        let (version, rest) = take::<4>(rest)?;
        let version = u32::from_be_bytes(version);
        if version != ARCHIVE {
            return Err(ArchiveError::Version { version });
        }
        let (format, rest) = take::<4>(rest)?;
        let (seed, rest) = take::<8>(rest)?;
        let (next, rest) = take::<8>(rest)?;
        let (stored, _) = take::<4>(rest)?;
        let sum = sum(0, bytes);
        if stored != sum.to_be_bytes() {
            return Err(ArchiveError::Checksum { frame: 0 });
        }
        store_model::check_format(&format)?;
        let header = Self {
            next: Number(u64::from_be_bytes(next)),
            seed: Seed(u64::from_be_bytes(seed)),
        };
        Ok((header, sum))
    }
}

/// The sum of what came before and of `bytes` without their last four, which hold it.
pub(crate) fn sum(before: u32, bytes: &[u8]) -> u32 {
    let (content, _) = bytes.split_at(bytes.len().saturating_sub(4));
    crc32c::crc32c_append(before, content)
}

/// Takes `N` bytes off the front.
pub(crate) fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), ArchiveError> {
    let (first, rest) = bytes
        .split_first_chunk::<N>()
        .ok_or(ArchiveError::Truncated)?;
    Ok((*first, rest))
}
