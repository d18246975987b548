//! The records at one point in time.

use std::ops::Bound;
use std::sync::atomic::Ordering;

use rocksdb::{DB, ErrorKind, ReadOptions, Snapshot};
use store_model::{Family, Source, Visit, prefix_end};
use thiserror::Error;
use tracing::warn;

use crate::Database;

/// The disk can't be read, in the words of the database.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("read failed: {0}")]
pub struct ReadError(String);

/// What the database held when this was made, whatever is written meanwhile.
pub(crate) struct View<'a> {
    database: &'a Database,
    snapshot: Snapshot<'a>,
}

/// Whether a block's own checksum must be right.
///
/// Where it is not, records are read as they stand: each has a checksum, so that those that are
/// whole are told from those that are not, and one bad bit does not cost its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocks {
    AsTheyAre,
    Checked,
}

impl<'a> View<'a> {
    pub(crate) fn of(database: &'a Database) -> Self {
        let rocks: &DB = database.rocks();
        Self {
            database,
            snapshot: rocks.snapshot(),
        }
    }

    /// Whether a second look at blocks as they are may help.
    fn is_damage(&self, error: &Failed, family: Family) -> bool {
        let is_damage = error.kind() == ErrorKind::Corruption;
        if is_damage {
            self.database.damaged_blocks.fetch_add(1, Ordering::Relaxed);
            let family = family.name();
            warn!(family, %error, "Damaged block; its records are read one by one");
        }
        is_damage
    }

    fn get(&self, family: Family, key: &[u8], blocks: Blocks) -> Result<Option<Vec<u8>>, Failed> {
        let handle = self.database.family(family);
        self.snapshot.get_cf_opt(handle, key, read_options(blocks))
    }

    fn last(
        &self,
        family: Family,
        prefix: &[u8],
        blocks: Blocks,
    ) -> Result<Option<Vec<u8>>, Failed> {
        let mut options = read_options(blocks);
        options.set_iterate_lower_bound(prefix);
        if let Some(end) = prefix_end(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let handle = self.database.family(family);
        let mut records = self.snapshot.raw_iterator_cf_opt(handle, options);
        records.seek_to_last();
        records.status()?;
        Ok(records.key().map(<[u8]>::to_vec))
    }

    /// Walks until `visit` breaks; leaves the last key that was shown in `last`.
    fn pass(
        &self,
        (family, prefix): (Family, &[u8]),
        from: Bound<&[u8]>,
        blocks: Blocks,
        last: &mut Option<Vec<u8>>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Failed> {
        let mut options = read_options(blocks);
        if let Some(end) = prefix_end(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let handle = self.database.family(family);
        let mut records = self.snapshot.raw_iterator_cf_opt(handle, options);
        match from {
            Bound::Unbounded => records.seek(prefix),
            Bound::Included(key) | Bound::Excluded(key) => records.seek(key),
        }
        if let Bound::Excluded(known) = from
            && records.key() == Some(known)
        {
            records.next();
        }
        while let Some((key, value)) = records.item() {
            if !key.starts_with(prefix) {
                break;
            }
            let shown = last.get_or_insert_default();
            shown.clear();
            shown.extend_from_slice(key);
            if visit(key, value).is_break() {
                return Ok(());
            }
            records.next();
        }
        records.status()
    }
}

type Failed = rocksdb::Error;

fn read_options(blocks: Blocks) -> ReadOptions {
    let mut options = ReadOptions::default();
    if blocks == Blocks::AsTheyAre {
        options.set_verify_checksums(false);
        // Nobody else is to find such a block in the cache.
        options.fill_cache(false);
    }
    options
}

impl Source for View<'_> {
    type Error = ReadError;

    fn last_key(&self, family: Family, prefix: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let mut found = self.last(family, prefix, Blocks::Checked);
        if let Err(error) = &found
            && self.is_damage(error, family)
        {
            found = self.last(family, prefix, Blocks::AsTheyAre);
        }
        found.map_err(|error| ReadError(error.into_string()))
    }

    fn value(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let mut found = self.get(family, key, Blocks::Checked);
        if let Err(error) = &found
            && self.is_damage(error, family)
        {
            found = self.get(family, key, Blocks::AsTheyAre);
        }
        found.map_err(|error| ReadError(error.into_string()))
    }

    fn walk(
        &self,
        family: Family,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError> {
        let (range, mut last) = ((family, prefix), None);
        let mut walked = self.pass(range, from, Blocks::Checked, &mut last, visit);
        if let Err(error) = &walked
            && self.is_damage(error, family)
        {
            let shown = last.clone();
            let from = shown.as_deref().map_or(from, Bound::Excluded);
            walked = self.pass(range, from, Blocks::AsTheyAre, &mut last, visit);
        }
        walked.map_err(|error| ReadError(error.into_string()))
    }
}
