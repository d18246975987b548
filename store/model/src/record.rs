//! Values of all families: a version, a checksum over key and value, and an rkyv archive.

mod archive;
mod body;
mod entry;
mod exchange;
mod session;

use thiserror::Error;

pub use self::body::Body;
pub use self::entry::Entry;
pub use self::exchange::{Flight, FlightStage, Receipt};
pub use self::session::{Session, Subscription, Will};

/// Why a value can't be read. It stays as it is; the caller sets the record aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The checksum is not that of this key and value: bits changed, or it stands in a wrong place.
    #[error("checksum does not match")]
    Checksum,
    /// The value has a length that no record of its kind has.
    #[error("record of {length} bytes is cut short or too long")]
    Length {
        /// Bytes found.
        length: usize,
    },
    /// The archive is not valid although its checksum is.
    #[error("archive is not valid")]
    Malformed,
    /// A part is valid as bytes and not as what it stands for.
    #[error("record has an invalid {what}")]
    Meaning {
        /// Which part.
        what: &'static str,
    },
    /// A newer program wrote it.
    #[error("record has version {version}, which this program does not know")]
    Version {
        /// The version found.
        version: u8,
    },
}

/// Bytes before the archive: version and checksum.
const HEADER: usize = 5;

/// Begins a record; [`finish`] must follow once the archive is appended.
fn begin(version: u8, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&[version, 0, 0, 0, 0]);
}

/// Fills in the checksum.
fn finish(key: &[u8], record: &mut [u8]) {
    if let Some(([version, checksum @ ..], archive)) = record.split_first_chunk_mut::<HEADER>() {
        *checksum = sum(key, *version, archive).to_le_bytes();
    }
}

/// The version and archive of a record whose checksum is right.
fn open<'a>(key: &[u8], value: &'a [u8]) -> Result<(u8, &'a [u8]), RecordError> {
    let length = RecordError::Length {
        length: value.len(),
    };
    let ([version, checksum @ ..], archive) = value.split_first_chunk::<HEADER>().ok_or(length)?;
    if u32::from_le_bytes(*checksum) != sum(key, *version, archive) {
        return Err(RecordError::Checksum);
    }
    Ok((*version, archive))
}

fn sum(key: &[u8], version: u8, archive: &[u8]) -> u32 {
    let sum = crc32c::crc32c(key);
    let sum = crc32c::crc32c_append(sum, &[version]);
    crc32c::crc32c_append(sum, archive)
}

/// Writes a record that is one number.
pub(crate) fn write_number(key: &[u8], number: u64, out: &mut Vec<u8>) {
    begin(1, out);
    out.extend_from_slice(&number.to_be_bytes());
    finish(key, out);
}

/// Reads a record that is one number.
pub(crate) fn read_number(key: &[u8], value: &[u8]) -> Result<u64, RecordError> {
    let (version, archive) = open(key, value)?;
    if version != 1 {
        return Err(RecordError::Version { version });
    }
    let bytes = archive.try_into().map_err(|_| RecordError::Length {
        length: value.len(),
    })?;
    Ok(u64::from_be_bytes(bytes))
}

/// How many entries share a body: a plain big-endian number, because the database adds to it
/// without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holders(pub i64);

impl Holders {
    /// The value, and also the operand that adds as many.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Reads a value or operand.
    ///
    /// # Errors
    ///
    /// [`RecordError::Length`].
    pub fn decode(value: &[u8]) -> Result<Self, RecordError> {
        let bytes = value.try_into().map_err(|_| RecordError::Length {
            length: value.len(),
        })?;
        Ok(Self(i64::from_be_bytes(bytes)))
    }

    /// The sum of two: what the database makes of a value and an operand, or of two operands.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_bound_to_its_key() {
        let mut value = Vec::new();
        write_number(b"next", 7, &mut value);
        assert_eq!(read_number(b"next", &value), Ok(7));
        assert_eq!(read_number(b"seed", &value), Err(RecordError::Checksum));
        assert_eq!(
            read_number(b"next", &[1, 2]),
            Err(RecordError::Length { length: 2 })
        );
    }

    #[test]
    fn holders_of_a_body_add_up() {
        let left = Holders(3).plus(Holders(-1)).plus(Holders(-2));
        assert_eq!(Holders::decode(&left.to_bytes()), Ok(Holders(0)));
        assert_eq!(
            Holders::decode(&[0; 7]),
            Err(RecordError::Length { length: 7 })
        );
    }
}
