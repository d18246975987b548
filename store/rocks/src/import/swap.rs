//! New records in the place of old ones, in one step.

use std::fs;
use std::io;
use std::path::Path;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// Has the folder `new` take the place of `old`, whose content it then has, unless that is not there.
pub(super) fn take_place(new: &Path, old: &Path, is_new: bool) -> io::Result<()> {
    if is_new {
        // A folder with nothing in it may be there.
        return fs::rename(new, old);
    }
    // At no time is there no store: a start would make an empty one.
    let swapped = renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE);
    Ok(swapped?)
}
