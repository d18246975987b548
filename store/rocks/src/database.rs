//! The open database, before and while a store runs on it.

use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use rocksdb::{ColumnFamily, DB};
use store_model::{Answer, Family, Read, Reader, Source, Visit, WallClock};
use tracing::error;

use crate::view::View;
use crate::{Group, ReadError};

/// What an operator may choose about the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of memory for what is read, indexes and filters included. Memory tables come on top:
    /// at most [`TABLES_BYTES_MAX`](crate::limits::TABLES_BYTES_MAX).
    pub cache_bytes: usize,
    /// Bytes that must be free on the disk for a group to be written. With less the store is
    /// [`Full`](store_model::StoreState::Full): what is left is for the database's own work.
    pub reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            reserve_bytes: 1 << 30,
        }
    }
}

/// A folder of records, open for this process alone.
pub struct Database {
    // Closed before the lock is let go.
    rocks: DB,
    path: PathBuf,
    options: Options,
    /// Records found damaged that no upkeep has been told of.
    damaged: Mutex<Vec<(Family, Vec<u8>)>>,
    /// Blocks found damaged and read as they are.
    pub(crate) damaged_blocks: AtomicU64,
    _lock: Option<File>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut database = f.debug_struct("Database");
        database.field("path", &self.path).finish_non_exhaustive()
    }
}

impl Database {
    pub(crate) fn new(rocks: DB, path: PathBuf, options: Options, lock: Option<File>) -> Self {
        Self {
            rocks,
            path,
            options,
            damaged: Mutex::default(),
            damaged_blocks: AtomicU64::new(0),
            _lock: lock,
        }
    }

    /// Answers a question at once, on the calling thread: for a start, which reads everything
    /// before shards run. Any number of threads may ask at the same time. Damaged records are set
    /// aside when a [`Store`](crate::Store) starts.
    #[must_use]
    pub fn read(&self, read: &Read, clock: WallClock) -> Answer {
        let view = View::of(self);
        let mut reader = Reader::new(&view, clock);
        let answer = reader.answer(read);
        let damaged = reader.take_damaged();
        if !damaged.is_empty() {
            self.damaged_places().extend(damaged);
        }
        answer.unwrap_or_else(|error| {
            error!(%error, "The store can't be read");
            Answer::Unreadable
        })
    }

    /// Shows `visit` every record of a family as it is stored, in the order of the keys: for checks
    /// and copies. What is read is one state, whatever is written meanwhile.
    ///
    /// # Errors
    ///
    /// [`ReadError`]; some records may have been shown.
    pub fn walk(&self, family: Family, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        View::of(self).walk(family, &[], Bound::Unbounded, visit)
    }

    /// A group with nothing in it.
    pub(crate) fn group(&self) -> Group<'_> {
        Group::new(Family::ALL.map(|family| self.family(family)))
    }

    pub(crate) fn take_damaged(&self) -> Vec<(Family, Vec<u8>)> {
        std::mem::take(&mut self.damaged_places())
    }

    pub(crate) fn family(&self, family: Family) -> &ColumnFamily {
        let handle = self.rocks.cf_handle(family.name());
        handle.expect("every family was opened")
    }

    pub(crate) const fn rocks(&self) -> &DB {
        &self.rocks
    }

    /// Where the records are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn reserve_bytes(&self) -> u64 {
        self.options.reserve_bytes
    }

    fn damaged_places(&self) -> std::sync::MutexGuard<'_, Vec<(Family, Vec<u8>)>> {
        // Whoever panicked left a list of places behind, each of which is whole.
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
