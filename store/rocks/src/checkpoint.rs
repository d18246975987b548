//! Copies of a store that runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rocksdb::checkpoint::Checkpoint;
use thiserror::Error;

use crate::Database;
use crate::open::RECORDS;

/// Why there is no copy. The store goes on; what was begun of the copy is removed.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The folder can't be made or synced, or is there already.
    #[error("make the folder {} for a copy", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The database says no, in its words.
    #[error("copy the store: {0}")]
    Store(String),
}

impl Database {
    /// Makes a copy of everything written so far in the new folder `to`, whose parent is there: a
    /// data folder as good as this one. The copy is on the disk when this returns.
    ///
    /// Callable while the store runs, on any thread that may wait. Files are linked if `to` is on
    /// the same file system and copied if not; what is in memory tables is written out first. A
    /// linked copy takes room only as far as the store has gone on since.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`].
    pub fn checkpoint(&self, to: &Path) -> Result<(), CheckpointError> {
        let failed = |error| CheckpointError::Folder {
            folder: to.into(),
            error,
        };
        fs::create_dir(to).map_err(failed)?;
        let made = self.copy_records(&to.join(RECORDS));
        let made = made.map_err(CheckpointError::Store).and_then(|()| {
            // The names of the folder in its parent and of the records in it.
            sync_folder(to).map_err(failed)?;
            to.parent().map_or(Ok(()), sync_folder).map_err(failed)
        });
        if made.is_err() {
            // Whoever reads the first error learns more than from a second one.
            _ = fs::remove_dir_all(to);
        }
        made
    }

    pub(crate) fn copy_records(&self, to: &Path) -> Result<(), String> {
        let checkpoint = Checkpoint::new(self.rocks());
        let copied = checkpoint.and_then(|checkpoint| checkpoint.create_checkpoint(to));
        copied.map_err(|error| {
            let text = error.into_string();
            self.note_damage(&text);
            text
        })
    }
}

/// Has the names in a folder survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // The parent of a plain name is the current folder.
    let is_here = folder.as_os_str().is_empty();
    File::open(if is_here { Path::new(".") } else { folder })?.sync_all()
}
