//! The version of the whole store, which any version of the program can read.

use thiserror::Error;

/// The format that this program writes.
///
/// Raised when keys or families change their form. Records carry versions of their own, so that a
/// new field in one kind of record does not raise it.
pub const FORMAT: u32 = 1;

/// The oldest format that this program can bring up to [`FORMAT`].
const OLDEST: u32 = 1;

/// Why a store is not opened. Nothing has been touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// The value is not four bytes.
    #[error("format version has {length} bytes instead of 4")]
    Malformed {
        /// Bytes found.
        length: usize,
    },
    /// A newer program wrote it.
    #[error("store has format {found}, this program reads up to {FORMAT}")]
    Newer {
        /// The format found.
        found: u32,
    },
    /// An older program than the one before this wrote it.
    #[error("store has format {found}, this program reads from {OLDEST} on")]
    Older {
        /// The format found.
        found: u32,
    },
}

/// The value under [`crate::MetaKey::Format`]: four bytes, big-endian, for ever.
#[must_use]
pub const fn format_bytes() -> [u8; 4] {
    FORMAT.to_be_bytes()
}

/// The format of a store that this program can use.
///
/// # Errors
///
/// [`FormatError`], before anything is written.
pub fn check_format(value: &[u8]) -> Result<u32, FormatError> {
    let bytes = value.try_into().map_err(|_| FormatError::Malformed {
        length: value.len(),
    })?;
    match u32::from_be_bytes(bytes) {
        found if found > FORMAT => Err(FormatError::Newer { found }),
        found if found < OLDEST => Err(FormatError::Older { found }),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_formats_are_opened() {
        assert_eq!(check_format(&format_bytes()), Ok(FORMAT));
        let newer = (FORMAT + 1).to_be_bytes();
        assert_eq!(
            check_format(&newer),
            Err(FormatError::Newer { found: FORMAT + 1 })
        );
        assert_eq!(check_format(&[0; 4]), Err(FormatError::Older { found: 0 }));
        assert_eq!(
            check_format(&[1]),
            Err(FormatError::Malformed { length: 1 })
        );
    }
}
