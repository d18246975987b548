//! Seeds from the kernel.

use std::fs::File;
use std::io::{self, Read};

/// A number that nobody can guess.
///
/// # Errors
///
/// Those of reading `/dev/urandom`.
pub(crate) fn seed() -> io::Result<u64> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}
