//! What a store takes, and what it has left.

use std::fs;
use std::ops::ControlFlow;

use nix::sys::statvfs::statvfs;
use rocksdb::properties::{
    BACKGROUND_ERRORS, CUR_SIZE_ALL_MEM_TABLES, ESTIMATE_NUM_KEYS,
    ESTIMATE_PENDING_COMPACTION_BYTES, IS_WRITE_STOPPED, LIVE_SST_FILES_SIZE,
    NUM_RUNNING_COMPACTIONS, PropName,
};
use store_model::Family;

use crate::{Database, ReadError};

/// What a store takes on the disk and in memory, and what it has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes of the tables that count.
    pub tables_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Bytes of memory tables: what is in the log and in no table yet.
    pub memory_bytes: u64,
    /// Bytes of tables that are to be merged, estimated. Steadily growing: the disk is too slow.
    pub pending_compaction_bytes: u64,
    /// Merges of tables that run now.
    pub compactions: u64,
    /// Whether the database takes no writes until tables are merged.
    pub is_write_stopped: bool,
    /// Merges of tables and other work beside the writes that failed, since the start.
    pub background_errors: u64,
    /// Records of each family, in the order of [`Family::ALL`]: an estimate, which counts a record
    /// that was replaced or removed and not merged yet more than once.
    pub records: [u64; Family::ALL.len()],
    /// Damaged records set aside, by count.
    pub quarantined: u64,
    /// Bytes that are free on the device.
    pub free_bytes: u64,
    /// Of these, bytes that the store leaves alone.
    pub reserve_bytes: u64,
}

impl Space {
    /// Records of a family, estimated.
    #[must_use]
    pub const fn records_of(&self, family: Family) -> u64 {
        self.records[family.tag() as usize]
    }
}

impl Database {
    /// What the store takes now. For the thread that reports, a few times a minute.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the quarantine can't be read.
    pub fn space(&self) -> Result<Space, ReadError> {
        let total = |name: &PropName| -> u64 {
            let of = |family| self.property(family, name);
            Family::ALL.into_iter().map(of).sum()
        };
        let whole = |name: &PropName| {
            let found = self.rocks().property_int_value(name);
            found.ok().flatten().unwrap_or(0)
        };
        let mut quarantined = 0;
        self.walk(Family::Quarantine, &mut |_, _| {
            quarantined += 1;
            ControlFlow::Continue(())
        })?;
        Ok(Space {
            tables_bytes: total(LIVE_SST_FILES_SIZE),
            log_bytes: self.log_bytes(),
            memory_bytes: total(CUR_SIZE_ALL_MEM_TABLES),
            pending_compaction_bytes: total(ESTIMATE_PENDING_COMPACTION_BYTES),
            compactions: whole(NUM_RUNNING_COMPACTIONS),
            is_write_stopped: whole(IS_WRITE_STOPPED) > 0,
            background_errors: whole(BACKGROUND_ERRORS),
            records: Family::ALL.map(|family| self.property(family, ESTIMATE_NUM_KEYS)),
            quarantined,
            free_bytes: self.free_bytes().unwrap_or(0),
            reserve_bytes: self.reserve_bytes(),
        })
    }

    /// Bytes that are free on the device; `None` if the system does not say.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        let found = statvfs(self.path()).ok()?;
        Some(found.blocks_available() * found.fragment_size())
    }

    fn property(&self, family: Family, name: &PropName) -> u64 {
        let found = self
            .rocks()
            .property_int_value_cf(self.family(family), name);
        found.ok().flatten().unwrap_or(0)
    }

    /// Files that go while this looks at them count nothing.
    fn log_bytes(&self) -> u64 {
        let Ok(files) = fs::read_dir(self.path()) else {
            return 0;
        };
        let logs = files.flatten().filter(|file| {
            let name = file.file_name();
            name.as_encoded_bytes().ends_with(b".log")
        });
        let sizes = logs.filter_map(|file| Some(file.metadata().ok()?.len()));
        sizes.sum()
    }
}
