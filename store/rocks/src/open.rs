//! Opening a folder: whose it is, what format it has, what a start must know.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rocksdb::{DB, Options as DbOptions};
use store_model::{
    Family, FormatError, MetaKey, Number, Sink, Source, Stored, check_format, format_bytes,
};
use thiserror::Error;
use wire_message::Seed;

use crate::families::{database_options, descriptors};
use crate::format::bring_up;
use crate::mend::mend;
use crate::view::View;
use crate::{Database, DiskError, Options, ReadError};

/// The lock, beside the records.
const LOCK: &str = "lock";

/// The folder of the records.
pub(crate) const RECORDS: &str = "records";

/// The file without which the database has no content.
const CURRENT: &str = "CURRENT";

/// Why a folder is not opened. No record has changed; the database may have brought its own files
/// into order only before [`OpenError::Database`] and [`OpenError::Meta`].
#[derive(Debug, Error)]
pub enum OpenError {
    /// The database says no.
    #[error("open store in {}: {reason}", folder.display())]
    Database {
        /// Which.
        folder: PathBuf,
        /// In its words.
        reason: String,
    },
    /// The folder can't be made, read or locked.
    #[error("use {} as data folder", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Its format is not one of this program's.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Files of records are there, and what says which of them count is not.
    #[error("store in {} has lost its file {CURRENT}", folder.display())]
    Incomplete {
        /// Which.
        folder: PathBuf,
    },
    /// Another process has it open.
    #[error("store in {} is in use by another process", folder.display())]
    InUse {
        /// Which.
        folder: PathBuf,
    },
    /// A record without which nothing can be read is damaged or missing.
    #[error("record {key:?} of the store itself is damaged or missing")]
    Meta {
        /// Which.
        key: MetaKey,
    },
    /// There is no store in the folder.
    #[error("there is no store in {}", folder.display())]
    Missing {
        /// Which.
        folder: PathBuf,
    },
    /// There is a column family that this format does not have.
    #[error("store has a column family {name}, which is none of this program's")]
    UnknownFamily {
        /// Which.
        name: String,
    },
}

/// What shards must know of the store before they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// For [`store_model::Numbers::new`].
    pub first: Number,
    /// The secret that keys the process's hashes: that of the first start.
    pub seed: Seed,
}

impl Database {
    /// Opens the store in `folder`, for this process alone. A folder that is empty or missing gets
    /// a store, keyed by `seed`.
    ///
    /// The format is read before anything is written. After a crash, what was logged and not yet in
    /// tables is read again, up to the first group that is not whole: at most
    /// [`LOG_BYTES_MAX`](crate::limits::LOG_BYTES_MAX) and a group.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(folder: &Path, options: Options, seed: Seed) -> Result<(Self, Opened), OpenError> {
        let lock = lock(folder)?;
        mend(folder, options)?;
        Self::open_records(folder, folder.join(RECORDS), options, seed, Some(lock))
    }

    /// Opens the records at `path`, in a folder that is this process's.
    pub(crate) fn open_records(
        folder: &Path,
        path: PathBuf,
        options: Options,
        seed: Seed,
        lock: Option<File>,
    ) -> Result<(Self, Opened), OpenError> {
        let found = stored_format(folder, &path)?;
        let database = Self::open_tables(folder, path, options, lock)?;
        if let Some(format) = found {
            bring_up(&database, format).map_err(|error| failed(folder, error))?;
        } else {
            create(&database, folder, seed)?;
            sync_names(folder)?;
        }
        let view = View::of(&database);
        let opened = Opened {
            first: meta(&view, folder, MetaKey::Next).map(Number)?,
            seed: meta(&view, folder, MetaKey::Seed).map(Seed)?,
        };
        drop(view);
        Ok((database, opened))
    }

    /// Opens the database at `path`, whatever is in it.
    pub(crate) fn open_tables(
        folder: &Path,
        path: PathBuf,
        options: Options,
        lock: Option<File>,
    ) -> Result<Self, OpenError> {
        let rocks = DB::open_cf_descriptors(&database_options(), &path, descriptors(&options));
        let rocks = rocks.map_err(|error| database_error(folder, &error))?;
        Ok(Self::new(rocks, path, options, lock))
    }
}

impl Database {
    /// Opens the store in `folder` to be read, and writes nothing: what a crash left in the log is
    /// read from there. Damage to the store's own records, but for the format, is no error.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Missing`] if there is no store.
    pub fn open_to_read(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let path = folder.join(RECORDS);
        let lock = lock_to_read(folder)?;
        if stored_format(folder, &path)?.is_none() {
            return Err(if path.join(CURRENT).exists() {
                let key = MetaKey::Format;
                OpenError::Meta { key }
            } else {
                let folder = folder.into();
                OpenError::Missing { folder }
            });
        }
        Self::open_records_to_read(folder, &path, options, lock)
    }

    pub(crate) fn open_records_to_read(
        folder: &Path,
        path: &Path,
        options: Options,
        lock: Option<File>,
    ) -> Result<Self, OpenError> {
        let (all, families) = (database_options(), descriptors(&options));
        let rocks = DB::open_cf_descriptors_read_only(&all, path, families, false);
        let rocks = rocks.map_err(|error| database_error(folder, &error))?;
        Ok(Self::new(rocks, path.into(), options, lock))
    }
}

/// Takes the folder for this process without writing to it. A folder without a lock, as of a copy, is
/// nobody's.
fn lock_to_read(folder: &Path) -> Result<Option<File>, OpenError> {
    match File::open(folder.join(LOCK)) {
        Ok(file) => try_lock(folder, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::Folder {
            folder: folder.into(),
            error,
        }),
    }
}

/// Takes the folder for this process. The system gives it back when the process ends in any way.
pub(crate) fn lock(folder: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::Folder {
        folder: folder.into(),
        error,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(folder.join(LOCK)).map_err(failed)?;
    try_lock(folder, file)
}

/// Has the names of new folders outlast a loss of power: that of the records in `folder`, and those
/// of all folders above, any of which may be new. The database syncs the names of its own files.
fn sync_names(folder: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::Folder {
        folder: folder.into(),
        error,
    };
    let whole = folder.canonicalize().map_err(failed)?;
    for one in whole.ancestors() {
        match File::open(one).and_then(|file| file.sync_all()) {
            Ok(()) => {}
            // What this process may not read, it has not made.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

fn try_lock(folder: &Path, file: File) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            folder: folder.into(),
        }),
        Err(TryLockError::Error(error)) => Err(OpenError::Folder {
            folder: folder.into(),
            error,
        }),
    }
}

/// The format of what is there, which this program can use; `None` if nothing was stored yet.
/// Writes nothing.
pub(crate) fn stored_format(folder: &Path, path: &Path) -> Result<Option<u32>, OpenError> {
    if !path.join(CURRENT).exists() {
        return match has_records(path) {
            Ok(false) => Ok(None),
            Ok(true) => Err(OpenError::Incomplete {
                folder: folder.into(),
            }),
            Err(error) => Err(OpenError::Folder {
                folder: folder.into(),
                error,
            }),
        };
    }
    let error = |error| database_error(folder, &error);
    let options = DbOptions::default();
    let names = DB::list_cf(&options, path).map_err(error)?;
    let meta = Family::Meta.name();
    let mut format = None;
    if names.iter().any(|name| name == meta) {
        let wanted = ["default", meta];
        let rocks = DB::open_cf_for_read_only(&options, path, wanted, false).map_err(error)?;
        let handle = rocks.cf_handle(meta).expect("it was opened by this name");
        let value = rocks.get_cf(handle, MetaKey::Format.as_bytes());
        format = value.map_err(error)?;
    }
    let format = format.map(|value| check_format(&value)).transpose()?;
    let is_known =
        |name: &String| name == "default" || Family::ALL.iter().any(|family| family.name() == name);
    match names.into_iter().find(|name| !is_known(name)) {
        Some(name) => Err(OpenError::UnknownFamily { name }),
        None => Ok(format),
    }
}

/// Whether there are files of tables or logs, without which there is nothing to lose.
fn has_records(path: &Path) -> io::Result<bool> {
    let files = match fs::read_dir(path) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for file in files {
        let name = PathBuf::from(file?.file_name());
        if name
            .extension()
            .is_some_and(|end| end == "sst" || end == "log")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes what a new store begins with.
fn create(database: &Database, folder: &Path, seed: Seed) -> Result<(), OpenError> {
    for family in Family::ALL {
        let mut is_empty = true;
        let walked = database.walk(family, &mut |_, _| {
            is_empty = false;
            ControlFlow::Break(())
        });
        walked.map_err(|error| unreadable(folder, &error))?;
        if !is_empty {
            let key = MetaKey::Format;
            return Err(OpenError::Meta { key });
        }
    }
    let mut group = database.group();
    let meta = Family::Meta;
    group.put(meta, MetaKey::Format.as_bytes(), &format_bytes());
    for (key, number) in [(MetaKey::Next, 1), (MetaKey::Seed, seed.0)] {
        group.put(meta, key.as_bytes(), &key.value(number));
    }
    let written = database.write_now(&group);
    written.map_err(|error| failed(folder, error))
}

/// A number of the store's own.
fn meta(view: &View<'_>, folder: &Path, key: MetaKey) -> Result<u64, OpenError> {
    let value = view.value(Family::Meta, key.as_bytes());
    let value = value.map_err(|error| unreadable(folder, &error))?;
    let value = value.ok_or(OpenError::Meta { key })?;
    match Stored::decode(Family::Meta, key.as_bytes(), &value) {
        Ok(Stored::Next(number)) => Ok(number.0),
        Ok(Stored::Seed(seed)) => Ok(seed),
        _ => Err(OpenError::Meta { key }),
    }
}

fn database_error(folder: &Path, error: &rocksdb::Error) -> OpenError {
    OpenError::Database {
        folder: folder.into(),
        reason: error.to_string(),
    }
}

fn unreadable(folder: &Path, error: &ReadError) -> OpenError {
    OpenError::Database {
        folder: folder.into(),
        reason: error.to_string(),
    }
}

pub(crate) fn failed(folder: &Path, error: DiskError) -> OpenError {
    let (DiskError::Failed(reason) | DiskError::Full(reason)) = error;
    OpenError::Database {
        folder: folder.into(),
        reason,
    }
}
