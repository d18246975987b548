//! New records in the place of old ones, in one step.

use std::fs;
use std::io;
use std::path::Path;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// Has the folder `new` take the place of `old`, whose content it then has, unless that is not there.
pub(crate) fn take_place(new: &Path, old: &Path, is_new: bool) -> io::Result<()> {
    if is_new {
        // A folder with nothing in it may be there.
        return fs::rename(new, old);
    }
    // At no time is there no store: a start would make an empty one.
    let swapped = renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE);
    Ok(swapped?)
}

/// Removes a folder with what is in it, if it is there.
pub(crate) fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
