//! For each file of a folder: how much of it is durable, and whether its name is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::recording::{Call, Line};

/// A file or folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) is_folder: bool,
    /// Bytes written.
    pub(crate) written: u64,
    /// Bytes of these, from the begin, that a sync has covered.
    pub(crate) synced: u64,
    /// Whether its name is there after a power loss.
    pub(crate) is_named: bool,
    /// The durable name that it had before.
    pub(crate) former: Option<PathBuf>,
    /// A write had begun and not ended, so that there may be more bytes than were counted.
    pub(crate) is_torn: bool,
}

/// The folder as a recording changes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    folder: PathBuf,
    pub(crate) items: BTreeMap<PathBuf, Item>,
    /// Syncs under way, by thread: what each will have made durable when it ends.
    syncs: BTreeMap<u32, Covered>,
}

/// What a sync covers: what was there when it began.
#[derive(Clone, Debug)]
enum Covered {
    /// A file, so many bytes of it.
    Bytes(PathBuf, u64),
    /// Names in a folder.
    Names(Vec<PathBuf>),
}

impl Ledger {
    /// The folder as it is, all of it durable.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let mut ledger = Self {
            folder: folder.to_owned(),
            ..Self::default()
        };
        ledger.add(folder)?;
        Ok(ledger)
    }

    fn add(&mut self, folder: &Path) -> io::Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        let known = |is_folder, bytes| Item {
            is_folder,
            written: bytes,
            synced: bytes,
            is_named: true,
            ..Item::default()
        };
        self.items.insert(folder.to_owned(), known(true, 0));
        for entry in fs::read_dir(folder)? {
            let (path, metadata) = {
                let entry = entry?;
                (entry.path(), entry.metadata()?)
            };
            if metadata.is_dir() {
                self.add(&path)?;
            } else {
                self.items.insert(path, known(false, metadata.len()));
            }
        }
        Ok(())
    }

    /// Follows a recording.
    ///
    /// # Errors
    ///
    /// A call that can't be followed, so that nothing could be said of the folder.
    pub(crate) fn follow(&mut self, lines: &[Line]) -> Result<(), String> {
        for line in lines {
            match line {
                Line::Begun(call) => self.begin(call),
                Line::Ended(call, result) => self.end(call, *result)?,
                Line::Whole(call, result) => {
                    self.begin(call);
                    self.end(call, *result)?;
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, call: &Call) {
        match call.name.as_str() {
            "fsync" | "fdatasync" => {
                let Some(path) = call.file() else { return };
                let covered = match self.items.get(&path) {
                    Some(item) if item.is_folder => Covered::Names(self.names_in(&path)),
                    Some(item) => Covered::Bytes(path, item.written),
                    // The parent of the folder: the folder's own name.
                    None if self.folder.parent() == Some(&path) => {
                        Covered::Names(vec![self.folder.clone()])
                    }
                    None => return,
                };
                self.syncs.insert(call.thread, covered);
            }
            "write" | "pwrite64" | "writev" => {
                let item = call.file().and_then(|path| self.items.get_mut(&path));
                if let Some(item) = item {
                    item.is_torn = true;
                }
            }
            _ => {}
        }
    }

    fn names_in(&self, folder: &Path) -> Vec<PathBuf> {
        let names = self
            .items
            .keys()
            .filter(|path| path.parent() == Some(folder));
        names.cloned().collect()
    }

    fn end(&mut self, call: &Call, result: Option<u64>) -> Result<(), String> {
        let sync = self.syncs.remove(&call.thread);
        let Some(result) = result else { return Ok(()) };
        match call.name.as_str() {
            "fsync" | "fdatasync" => {
                if let Some(covered) = sync {
                    self.settle(covered);
                }
            }
            "write" | "writev" => self.write(call, result, None),
            "pwrite64" => self.write(call, result, call.last_number()),
            "open" | "openat" | "creat" => self.open(call),
            "mkdir" | "mkdirat" => self.make(call.path(0), true),
            "rename" | "renameat" | "renameat2" => self.rename(call),
            "unlink" | "unlinkat" | "rmdir" => {
                call.path(0).map(|path| self.items.remove(&path));
            }
            "ftruncate" => {
                if let (Some(path), Some(length)) = (call.file(), call.last_number()) {
                    self.resize(&path, length);
                }
            }
            // Space without bytes is no content.
            "fallocate" if call.arguments.contains("KEEP_SIZE") => {}
            _ if self.concerns(call) => return Err(format!("can't follow {call:?}")),
            _ => {}
        }
        Ok(())
    }

    fn concerns(&self, call: &Call) -> bool {
        let inside =
            |path: Option<PathBuf>| path.is_some_and(|path| path.starts_with(&self.folder));
        inside(call.file()) || inside(call.path(0)) || inside(call.path(1))
    }

    fn settle(&mut self, covered: Covered) {
        match covered {
            Covered::Bytes(path, bytes) => {
                if let Some(item) = self.items.get_mut(&path) {
                    item.synced = item.synced.max(bytes.min(item.written));
                }
            }
            Covered::Names(paths) => {
                for path in paths {
                    if let Some(item) = self.items.get_mut(&path) {
                        item.is_named = true;
                        item.former = None;
                    }
                }
            }
        }
    }

    fn write(&mut self, call: &Call, bytes: u64, at: Option<u64>) {
        let item = call.file().and_then(|path| self.items.get_mut(&path));
        if let Some(item) = item {
            let end = at.unwrap_or(item.written) + bytes;
            item.written = item.written.max(end);
            // Bytes that are written again are not durable until the next sync.
            item.synced = item.synced.min(at.unwrap_or(item.synced));
            item.is_torn = false;
        }
    }

    fn open(&mut self, call: &Call) {
        let Some(path) = call.path(0) else { return };
        if call.name == "creat" || call.arguments.contains("O_CREAT") {
            self.make(Some(path.clone()), false);
        }
        if call.name == "creat" || call.arguments.contains("O_TRUNC") {
            self.resize(&path, 0);
        }
    }

    fn make(&mut self, path: Option<PathBuf>, is_folder: bool) {
        let Some(path) = path.filter(|path| path.starts_with(&self.folder)) else {
            return;
        };
        self.items.entry(path).or_insert_with(|| Item {
            is_folder,
            ..Item::default()
        });
    }

    fn rename(&mut self, call: &Call) {
        let (Some(from), Some(to)) = (call.path(0), call.path(1)) else {
            return;
        };
        let Some(mut item) = self.items.remove(&from) else {
            return;
        };
        let replaced = self.items.remove(&to);
        // What is replaced is not kept: then the new file has the name in every case.
        if replaced.is_none_or(|old| !old.is_named) {
            item.former = if item.is_named {
                Some(from)
            } else {
                item.former
            };
            item.is_named = false;
        } else {
            // A journal keeps the order of names: all that were made there before stay as well.
            item.is_named = true;
            if let Some(folder) = to.parent() {
                self.settle(Covered::Names(self.names_in(folder)));
            }
        }
        self.items.insert(to, item);
    }

    fn resize(&mut self, path: &Path, length: u64) {
        if let Some(item) = self.items.get_mut(path) {
            item.written = length;
            item.synced = item.synced.min(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::lines;

    fn after(recording: &str) -> Ledger {
        let mut ledger = Ledger {
            folder: "/d".into(),
            ..Ledger::default()
        };
        let folder = Item {
            is_folder: true,
            is_named: true,
            ..Item::default()
        };
        ledger.items.insert("/d".into(), folder);
        ledger
            .follow(&lines(recording))
            .expect("it can be followed");
        ledger
    }

    fn item<'a>(ledger: &'a Ledger, path: &str) -> &'a Item {
        ledger.items.get(Path::new(path)).expect("it is there")
    }

    const CREATE: &str = "1 openat(AT_FDCWD</>, \"/d/a\", O_WRONLY|O_CREAT, 0644) = 3</d/a>\n\
                          1 write(3</d/a>, \"\"..., 10) = 10\n";

    #[test]
    fn bytes_are_durable_up_to_the_begin_of_a_sync_that_ended() {
        let sync = "1 fdatasync(3</d/a> <unfinished ...>\n\
                    2 write(3</d/a>, \"\"..., 5) = 5\n";
        let begun = after(&format!("{CREATE}{sync}"));
        assert_eq!(
            (item(&begun, "/d/a").written, item(&begun, "/d/a").synced),
            (15, 0)
        );
        let ended = after(&format!("{CREATE}{sync}1 <... fdatasync resumed>) = 0\n"));
        assert_eq!(
            (item(&ended, "/d/a").written, item(&ended, "/d/a").synced),
            (15, 10)
        );
        let failed = after(&format!(
            "{CREATE}{sync}1 <... fdatasync resumed>) = -1 EIO (x)\n"
        ));
        assert_eq!(item(&failed, "/d/a").synced, 0);
    }

    #[test]
    fn names_are_durable_when_their_folder_was_synced() {
        let created = after(CREATE);
        assert!(!item(&created, "/d/a").is_named);
        let synced = after(&format!("{CREATE}1 fsync(4</d>) = 0\n"));
        assert!(item(&synced, "/d/a").is_named);
        let renamed = "1 rename(\"/d/a\", \"/d/b\") = 0\n";
        let renamed = after(&format!("{CREATE}1 fsync(4</d>) = 0\n{renamed}"));
        assert_eq!(item(&renamed, "/d/b").former, Some("/d/a".into()));
        assert!(!item(&renamed, "/d/b").is_named && renamed.items.len() == 2);
    }

    #[test]
    fn a_name_that_replaces_another_stays_with_those_that_were_made_before() {
        let create =
            |name| format!("1 openat(AT_FDCWD</>, \"/d/{name}\", O_CREAT, 0644) = 3</d/{name}>\n");
        let (manifest, next, later) = (create("manifest"), create("next"), create("later"));
        let rename = "1 rename(\"/d/next\", \"/d/a\") = 0\n";
        let ledger = after(&format!(
            "{CREATE}1 fsync(4</d>) = 0\n{manifest}{next}{rename}{later}"
        ));
        assert!(item(&ledger, "/d/a").is_named && item(&ledger, "/d/manifest").is_named);
        assert!(!item(&ledger, "/d/later").is_named);
    }

    #[test]
    fn a_write_that_did_not_end_is_torn_and_a_call_that_is_unknown_is_an_error() {
        let torn = after(&format!(
            "{CREATE}1 write(3</d/a>, \"\"..., 5 <unfinished ...>\n"
        ));
        assert!(item(&torn, "/d/a").is_torn && item(&torn, "/d/a").written == 10);
        let mut ledger = after(CREATE);
        let unknown = lines("1 sendfile(3</d/a>, 4</x>, NULL, 9) = 9\n");
        assert!(ledger.follow(&unknown).is_err());
    }
}
