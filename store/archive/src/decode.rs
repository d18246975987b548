//! Archives, read and checked frame by frame.

use store_model::{Damage, Family, FormatError, Stored};
use thiserror::Error;

use crate::encode::END;
use crate::header::{FAMILIES, sum, take};
use crate::limits::FRAME_BYTES_MAX;
use crate::{ARCHIVE, HEADER_BYTES, Header};

/// Why an archive is not read on. What was read before it is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ArchiveError {
    /// Bytes changed, or a frame was left out, repeated or moved.
    #[error("checksum of frame {frame} does not match")]
    Checksum {
        /// Which, the header being 0.
        frame: u64,
    },
    /// The records are not as many as the end says.
    #[error("archive says that it has {wanted} records in {}, and has {found}", family.name())]
    Count {
        /// Of which family.
        family: Family,
        /// As read.
        found: u64,
        /// As the end says.
        wanted: u64,
    },
    /// A record can't be read although its sums are right.
    #[error("frame {frame}: {damage}")]
    Damaged {
        /// Which.
        frame: u64,
        /// What is wrong.
        #[source]
        damage: Damage,
    },
    /// A frame has a length that no record has.
    #[error("frame {frame} has {length} bytes, which none has")]
    Length {
        /// Which.
        frame: u64,
        /// As it says.
        length: u32,
    },
    /// It is no archive.
    #[error("this is no archive")]
    Magic,
    /// The records do not stand in their order.
    #[error("frame {frame} is out of order")]
    Order {
        /// Which.
        frame: u64,
    },
    /// It is of a store whose format is not one of this program's.
    #[error(transparent)]
    Store(#[from] FormatError),
    /// There is something behind its end.
    #[error("archive goes on behind its end")]
    Trailing,
    /// It ends before its end.
    #[error("archive is cut short")]
    Truncated,
    /// A record is of a family that is in no archive.
    #[error("frame {frame} has the unknown tag {tag}")]
    Unknown {
        /// Which.
        frame: u64,
        /// The tag.
        tag: u8,
    },
    /// A program of another version wrote it.
    #[error("archive has version {version}, this program reads {ARCHIVE}")]
    Version {
        /// The version found.
        version: u32,
    },
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The end: all is there.
    End,
    /// A record.
    Record {
        /// Its family.
        family: Family,
        /// Its key as it stands.
        key: &'a [u8],
        /// What it is.
        stored: Stored<'a>,
        /// Its value as it stands.
        value: &'a [u8],
    },
}

/// Takes an archive apart. First the header, then for each frame its length and its rest, until the
/// end has come.
#[derive(Debug)]
pub struct Decoder {
    sum: u32,
    frame: u64,
    records: [u64; Family::ALL.len()],
    /// The place among [`FAMILIES`] and the key of the record before.
    last: Option<(usize, Vec<u8>)>,
    prefix: [u8; 4],
}

impl Decoder {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// [`ArchiveError`].
    pub fn new(header: &[u8; HEADER_BYTES]) -> Result<(Self, Header), ArchiveError> {
        let (header, sum) = Header::decode(header)?;
        let decoder = Self {
            sum,
            frame: 0,
            records: [0; Family::ALL.len()],
            last: None,
            prefix: [0; 4],
        };
        Ok((decoder, header))
    }

    /// How many bytes of the frame follow the four that it begins with. Not believed: read only what
    /// is there.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Length`].
    pub fn length(&mut self, prefix: [u8; 4]) -> Result<usize, ArchiveError> {
        self.frame += 1;
        self.prefix = prefix;
        let length = u32::from_be_bytes(prefix);
        let wrong = ArchiveError::Length {
            frame: self.frame,
            length,
        };
        // At least the tag; at most what a record has. The length counts itself and not the sum.
        let bytes = usize::try_from(length).map_err(|_| wrong)?;
        if (5..=FRAME_BYTES_MAX).contains(&bytes) {
            Ok(bytes)
        } else {
            Err(wrong)
        }
    }

    /// Reads the rest of a frame, as many bytes as [`Self::length`] said.
    ///
    /// # Errors
    ///
    /// [`ArchiveError`].
    pub fn frame<'a>(&mut self, bytes: &'a [u8]) -> Result<Item<'a>, ArchiveError> {
        let frame = self.frame;
        let (content, stored) = bytes
            .split_last_chunk::<4>()
            .ok_or(ArchiveError::Truncated)?;
        let found = sum(crc32c::crc32c_append(self.sum, &self.prefix), bytes);
        if *stored != found.to_be_bytes() {
            return Err(ArchiveError::Checksum { frame });
        }
        self.sum = found;
        let ([tag], rest) = take::<1>(content)?;
        if tag == END {
            return self.end(rest).map(|()| Item::End);
        }
        let unknown = ArchiveError::Unknown { frame, tag };
        let place = FAMILIES.iter().position(|family| family.tag() == tag);
        let place = place.ok_or(unknown)?;
        let family = Family::from_tag(tag).ok_or(unknown)?;
        let (length, rest) = take::<4>(rest)?;
        let length = u32::from_be_bytes(length);
        let key = rest.split_at_checked(length as usize);
        let (key, value) = key.ok_or(ArchiveError::Length { frame, length })?;
        self.follows(place, key)?;
        if let Some(records) = self.records.get_mut(usize::from(tag)) {
            *records += 1;
        }
        let stored = Stored::decode(family, key, value);
        let stored = stored.map_err(|damage| ArchiveError::Damaged { frame, damage })?;
        Ok(Item::Record {
            family,
            key,
            stored,
            value,
        })
    }

    fn follows(&mut self, place: usize, key: &[u8]) -> Result<(), ArchiveError> {
        let (last_place, last) = self.last.get_or_insert_with(|| (0, Vec::new()));
        if (*last_place, last.as_slice()) >= (place, key) {
            return Err(ArchiveError::Order { frame: self.frame });
        }
        *last_place = place;
        last.clear();
        last.extend_from_slice(key);
        Ok(())
    }

    fn end(&self, mut counts: &[u8]) -> Result<(), ArchiveError> {
        for family in FAMILIES {
            let (count, rest) = take::<8>(counts)?;
            let wanted = u64::from_be_bytes(count);
            let found = self.records.get(usize::from(family.tag())).copied();
            let found = found.unwrap_or(0);
            if found != wanted {
                return Err(ArchiveError::Count {
                    family,
                    found,
                    wanted,
                });
            }
            counts = rest;
        }
        match counts {
            [] => Ok(()),
            _ => Err(ArchiveError::Trailing),
        }
    }
}
