//! From an archive to a store.

mod merge;
mod read;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use store_archive::{ArchiveError, Header, Item};
use store_model::{Family, Finding, MetaKey, Number, Sink, Source};
use thiserror::Error;
use wire_message::ShardId;

use self::merge::Merge;
use self::read::Archive;
use crate::checkpoint::sync_folder;
use crate::limits::IMPORT_GROUP_BYTES;
use crate::open::{RECORDS, lock, stored_format};
use crate::view::View;
use crate::{Database, DiskError, Group, OpenError, Opened, Options, ReadError, swap};

/// Where the new records are made, beside the old ones.
const WORK: &str = "records.import";

/// Why nothing was imported. The folder's records are what they were.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The archive is not whole, or none.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A client of the archive has a session already.
    #[error("client {client:?} has a session already")]
    Client {
        /// Which.
        client: Box<str>,
    },
    /// A file or folder can't be made, or the archive can't be read.
    #[error("{verb}")]
    File {
        /// What was to be done.
        verb: &'static str,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// There are more numbers in both stores together than there can be.
    #[error("the numbers of both stores together are too many")]
    Numbers,
    /// The store can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A topic of the archive has a retained message already.
    #[error("topic {topic:?} has a retained message already")]
    Topic {
        /// Which.
        topic: Box<str>,
    },
    /// What came of it does not fit together.
    #[error("the store would not be sound: {} findings, the first in {}", count, first.family.name())]
    Unsound {
        /// How many.
        count: u64,
        /// The first.
        #[source]
        first: Box<Finding>,
    },
    /// The store can't be written.
    #[error(transparent)]
    Write(#[from] DiskError),
}

/// What to do with what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// A session of the same client, or a retained message on the same topic, is an error.
    Keep,
    /// It makes place for that of the archive.
    Replace,
}

/// What was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records of each family, in the order of [`Family::ALL`].
    pub records: [u64; Family::ALL.len()],
    /// Sessions and retained messages that made place.
    pub replaced: u64,
    /// What was added to every number: 0 if the store was empty.
    pub added: u64,
    /// Receipts left out: of QoS 2 messages that were not taken over whole when the archive was made,
    /// which a store with another seed can't tell from new ones.
    pub receipts_left_out: u64,
}

/// Reads an archive into the store in `folder`, whose broker does not run; a folder without a store
/// gets one. All of it or nothing: the new records are made in a folder beside the old ones, with all
/// that these hold, checked, and take their place in one step.
///
/// An empty store gets the archive's numbers and seed. In another one every number of the archive is
/// raised above all that are there.
///
/// # Errors
///
/// [`ImportError`].
pub fn import(
    folder: &Path,
    options: Options,
    archive: &mut dyn Read,
    existing: Existing,
) -> Result<Imported, ImportError> {
    // First of all: what is no archive leaves no trace.
    let (mut archive, header) = Archive::open(archive)?;
    let lock = lock(folder)?;
    let (records, work) = (folder.join(RECORDS), folder.join(WORK));
    clear(&work)?;
    let is_new = stored_format(folder, &records)?.is_none();
    if !is_new {
        let (old, _) = Database::open_records(folder, records.clone(), options, header.seed, None)?;
        old.copy_records(&work).map_err(DiskError::Failed)?;
    }
    let made = fill(
        folder,
        work.clone(),
        options,
        (&mut archive, header),
        existing,
    );
    let made = made.and_then(|imported| {
        let taken = swap::take_place(&work, &records, is_new).and_then(|()| sync_folder(folder));
        let verb = "put the new records in place";
        taken.map_err(|error| ImportError::File { verb, error })?;
        Ok(imported)
    });
    // What failed, or the old records.
    let cleared = clear(&work);
    drop(lock);
    let imported = made?;
    cleared?;
    Ok(imported)
}

fn clear(work: &Path) -> Result<(), ImportError> {
    let verb = "remove the folder of an import";
    swap::clear(work).map_err(|error| ImportError::File { verb, error })
}

/// Adds the archive to the records at `work` and checks what came of it.
fn fill(
    folder: &Path,
    work: PathBuf,
    options: Options,
    (archive, header): (&mut Archive<'_>, Header),
    existing: Existing,
) -> Result<Imported, ImportError> {
    let opened = Database::open_records(folder, work, options, header.seed, None)?;
    let (database, opened) = opened;
    let mut group = database.group();
    let mut merge = begin(&database, opened, header, existing, &mut group)?;
    while let Item::Record {
        family,
        key,
        stored,
        value,
    } = archive.frame()?
    {
        merge.record((family, key, value), &stored, &mut group)?;
        if group.size_bytes() >= IMPORT_GROUP_BYTES {
            database.write_later(&group)?;
            group = database.group();
        }
    }
    archive.finish()?;
    let imported = merge.finish(&mut group);
    database.write_now(&group)?;
    let check = database.check().check;
    if let Some(first) = check.findings.first() {
        let (count, first) = (check.wrong, Box::new(first.clone()));
        return Err(ImportError::Unsound { count, first });
    }
    Ok(imported)
}

/// Decides on the numbers, and writes what a start after the import goes by.
fn begin<'a>(
    database: &'a Database,
    opened: Opened,
    header: Header,
    existing: Existing,
    group: &mut Group<'_>,
) -> Result<Merge<'a>, ImportError> {
    let view = View::of(database);
    let is_empty = is_empty(&view)?;
    let (added, next) = if is_empty {
        let seed = MetaKey::Seed;
        group.put(Family::Meta, seed.as_bytes(), &seed.value(header.seed.0));
        (0, header.next.max(opened.first))
    } else {
        // Raised by a whole round of all shards' numbers, so that each shard's stay its own.
        let first = store_model::Numbers::new(opened.first, ShardId(0)).take();
        let next = first.0.checked_add(header.next.0);
        (first.0, next.map(Number).ok_or(ImportError::Numbers)?)
    };
    let key = MetaKey::Next;
    group.put(Family::Meta, key.as_bytes(), &key.value(next.0));
    let is_foreign = !is_empty && opened.seed != header.seed;
    Merge::new(view, added, existing, is_foreign)
}

fn is_empty(view: &View<'_>) -> Result<bool, ReadError> {
    // What is left of sessions that ended must not meet new ones of the same number.
    let others = [Family::Holders, Family::Dropped];
    for family in store_archive::FAMILIES.into_iter().chain(others) {
        if view.last_key(family, &[])?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
