//! Between archives and bytes.

use rkyv::api::high::{HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Failure;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::{Portable, Serialize};

use super::{RecordError, begin, finish, open};

/// What is archived: serialised into a vector, with allocations of the serialiser's own.
pub(super) trait Archived:
    for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, Failure>>
{
}

impl<T> Archived for T where T: for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, Failure>> {}

/// Writes a record: `value` under `key`, in this version.
pub(super) fn write(version: u8, key: &[u8], value: &impl Archived, out: &mut Vec<u8>) {
    begin(version, out);
    let buffer = core::mem::take(out);
    *out = rkyv::api::high::to_bytes_in::<_, Failure>(value, buffer)
        .expect("a vector takes all bytes and lengths are below 4 GiB");
    finish(key, out);
}

/// Reads the archive of a record of the one version there is.
pub(super) fn read<'a, T>(key: &[u8], value: &'a [u8]) -> Result<&'a T, RecordError>
where
    T: Portable + for<'b> CheckBytes<HighValidator<'b, Failure>>,
{
    match open(key, value)? {
        (1, archive) => access(archive),
        (version, _) => Err(RecordError::Version { version }),
    }
}

/// Checks an archive.
pub(super) fn access<T>(archive: &[u8]) -> Result<&T, RecordError>
where
    T: Portable + for<'b> CheckBytes<HighValidator<'b, Failure>>,
{
    rkyv::api::high::access::<T, Failure>(archive).map_err(|_| RecordError::Malformed)
}
