//! The two calls that can fail while the store runs.

use std::sync::Arc;

use rocksdb::WriteOptions;
use thiserror::Error;

use crate::{Database, Group};

/// Why a group or a sync did not succeed, in the words of the database.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DiskError {
    /// What of it is on the disk is not known. Final until the store is opened again.
    #[error("write or sync failed: {0}")]
    Failed(String),
    /// There is no room. Nothing of the group was written; it may be tried again as it is.
    #[error("no room: {0}")]
    Full(String),
}

/// Whether a write is on the disk when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteSync {
    /// With the next sync.
    Later,
    /// With everything written before.
    Now,
}

/// What the store writes to: the database, or in tests the database behind something that fails.
pub trait Disk: Send + 'static {
    /// Writes a group, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`DiskError`].
    fn write(&mut self, group: &Group<'_>, sync: WriteSync) -> Result<(), DiskError>;

    /// Syncs everything that was written.
    ///
    /// # Errors
    ///
    /// [`DiskError::Failed`].
    fn sync(&mut self) -> Result<(), DiskError>;
}

impl Disk for Arc<Database> {
    fn write(&mut self, group: &Group<'_>, sync: WriteSync) -> Result<(), DiskError> {
        self.check_room()?;
        self.write_group(group, sync)
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        let synced = self.rocks().flush_wal(true);
        synced.map_err(|error| {
            let text = error.into_string();
            self.note_damage(&text);
            // What is on the disk is unknown then, for whatever reason.
            DiskError::Failed(text)
        })
    }
}

impl Database {
    /// Writes and syncs a group and all before it, whatever room there is.
    pub(crate) fn write_now(&self, group: &Group<'_>) -> Result<(), DiskError> {
        self.write_group(group, WriteSync::Now)
    }

    /// Writes a group, to be synced with the next that is, whatever room there is.
    pub(crate) fn write_later(&self, group: &Group<'_>) -> Result<(), DiskError> {
        self.write_group(group, WriteSync::Later)
    }

    fn write_group(&self, group: &Group<'_>, sync: WriteSync) -> Result<(), DiskError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync == WriteSync::Now);
        let written = self.rocks().write_opt(group.to_batch(), &options);
        written.map_err(|error| {
            let text = error.into_string();
            self.note_damage(&text);
            disk_error(text)
        })
    }

    /// Refuses before the disk is full: a database that has run into its end can't always go on
    /// without being opened again, and needs room to compact.
    fn check_room(&self) -> Result<(), DiskError> {
        // Who can't say how much room there is must try.
        let Some(free) = self.free_bytes() else {
            return Ok(());
        };
        let reserve = self.reserve_bytes();
        if free < reserve {
            let what = format!("{free} bytes are free, {reserve} are kept in reserve");
            return Err(DiskError::Full(what));
        }
        Ok(())
    }
}

/// What a failed write means, by the text: the database's interface for C tells nothing else.
fn disk_error(text: String) -> DiskError {
    if text.contains("No space left on device") {
        return DiskError::Full(text);
    }
    DiskError::Failed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_device_is_no_failure() {
        let full = "IO error: No space left on device: While appending to file: /x/000004.log";
        assert!(matches!(disk_error(full.into()), DiskError::Full(_)));
        for text in [
            "IO error: Input/output error: While fdatasync: /x/000004.log",
            "IO error: Disk quota exceeded: While appending to file: /x/000004.log",
            "IO error: Writer has previous error.",
            "Corruption: block checksum mismatch",
        ] {
            assert!(matches!(disk_error(text.into()), DiskError::Failed(_)));
        }
    }
}
