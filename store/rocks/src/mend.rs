//! What a start does about a damaged table.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use store_model::{Family, Sink};
use tracing::{error, warn};

use crate::checkpoint::sync_folder;
use crate::limits::IMPORT_GROUP_BYTES;
use crate::open::{RECORDS, failed, stored_format};
use crate::swap::{clear, take_place};
use crate::{Database, DiskError, OpenError, Options};

/// The file that tells of it, beside the records.
const MARK: &str = "damaged";

/// Where the new records are made.
const WORK: &str = "records.mended";

impl Database {
    /// Notes, if that is what an error says, that a table is damaged: the next start is to write all
    /// tables anew. Until then the database takes no more writes.
    pub(crate) fn note_damage(&self, text: &str) {
        if !text.contains("Corruption") {
            return;
        }
        let Some(folder) = self.path().parent() else {
            return;
        };
        let noted = File::create(folder.join(MARK)).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            sync_folder(folder)
        });
        if let Err(error) = noted {
            error!(%error, "Can't note that a table is damaged");
        }
    }
}

/// Writes all tables anew if one is noted to be damaged.
///
/// Every record is read, where a block is damaged as it stands, and put into new tables beside the old
/// ones, which take their place in one step. A record that is damaged is then one like any other that
/// is: it is set aside when it is read.
pub(crate) fn mend(folder: &Path, options: Options) -> Result<(), OpenError> {
    let (mark, records, work) = (folder.join(MARK), folder.join(RECORDS), folder.join(WORK));
    // The format comes first: what is of another program is not touched.
    if !mark.exists() || stored_format(folder, &records)?.is_none() {
        return Ok(());
    }
    warn!("A table of the store is damaged: all are written anew");
    let in_folder = |error: io::Error| OpenError::Folder {
        folder: folder.into(),
        error,
    };
    clear(&work).map_err(in_folder)?;
    let copied = copy(folder, &records, &work, options);
    let taken = copied.and_then(|()| {
        take_place(&work, &records, false).map_err(in_folder)?;
        sync_folder(folder).map_err(in_folder)
    });
    // The old records, or what there is of the new ones.
    let cleared = clear(&work).map_err(in_folder);
    taken?;
    fs::remove_file(&mark).map_err(in_folder)?;
    cleared
}

fn copy(folder: &Path, from: &Path, to: &Path, options: Options) -> Result<(), OpenError> {
    let old = Database::open_records_to_read(folder, from, options, None)?;
    let new = Database::open_tables(folder, to.into(), options, None)?;
    let mut group = new.group();
    for family in Family::ALL {
        let mut unwritten = None;
        let walked = old.walk(family, &mut |key, value| {
            group.put(family, key, value);
            if group.size_bytes() < IMPORT_GROUP_BYTES {
                return ControlFlow::Continue(());
            }
            unwritten = new.write_later(&group).err();
            group = new.group();
            match unwritten {
                None => ControlFlow::Continue(()),
                Some(_) => ControlFlow::Break(()),
            }
        });
        let unread = walked.map_err(|error| DiskError::Failed(error.to_string()));
        unread.map_err(|error| failed(folder, error))?;
        unwritten.map_or(Ok(()), |error| Err(failed(folder, error)))?;
    }
    let written = new.write_now(&group);
    written.map_err(|error| failed(folder, error))
}
