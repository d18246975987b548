//! Takes from a folder what a power loss may take.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::ledger::{Item, Ledger};
use crate::chance::Chance;

/// What was taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cut {
    /// Bytes of the store's log that were written, and are gone or garbage.
    pub(crate) log_bytes: u64,
    /// The same for all files.
    pub(crate) bytes: u64,
    /// Files and folders whose name is gone, or is what it was before.
    pub(crate) names: u64,
}

/// How hard the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// Nothing that was not synced is there.
    Gone,
    /// A part of it is there.
    Partial,
    /// A part of it is there, and behind it something that nobody wrote.
    Garbage,
}

/// Makes the folder what it would be after a power loss.
///
/// # Errors
///
/// A file holds more than its recording says: it was written in a way that is not recorded.
pub(crate) fn cut(ledger: &Ledger, chance: &mut Chance) -> Result<Cut, String> {
    let tail = *chance.pick(&[Tail::Gone, Tail::Gone, Tail::Partial, Tail::Garbage]);
    // File systems with a journal keep names that were never synced, in most cases.
    let names_go = chance.once_in(2);
    let mut cut = Cut::default();
    for (path, item) in &ledger.items {
        let done = check(path, item).and_then(|()| {
            if names_go && !item.is_named {
                cut.names += 1;
                drop_name(path, item)?;
            }
            shorten(path, item, tail, chance, &mut cut)
        });
        done.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(cut)
}

fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn check(path: &Path, item: &Item) -> io::Result<()> {
    match length(path)? {
        Some(length) if length > item.written && !item.is_torn => {
            let text = format!("has {length} bytes, {} were recorded", item.written);
            Err(io::Error::other(text))
        }
        _ => Ok(()),
    }
}

/// Gives the file its former name, or none.
fn drop_name(path: &Path, item: &Item) -> io::Result<()> {
    match &item.former {
        _ if !path.exists() => Ok(()),
        Some(former) => fs::rename(path, former),
        None if item.is_folder => fs::remove_dir_all(path),
        None => fs::remove_file(path),
    }
}

fn shorten(
    path: &Path,
    item: &Item,
    tail: Tail,
    chance: &mut Chance,
    cut: &mut Cut,
) -> io::Result<()> {
    let path = if path.exists() {
        Some(path)
    } else {
        item.former.as_deref()
    };
    let Some(path) = path else { return Ok(()) };
    let Some(length) = length(path)?.filter(|length| *length > item.synced) else {
        return Ok(());
    };
    let kept = match tail {
        Tail::Gone => item.synced,
        Tail::Partial | Tail::Garbage => chance.within(item.synced, length),
    };
    let file = File::options().write(true).open(path)?;
    file.set_len(kept)?;
    if tail == Tail::Garbage {
        garble(file, kept, length - kept, chance)?;
    }
    cut.bytes += length - kept;
    if path.extension().is_some_and(|extension| extension == "log") {
        cut.log_bytes += length - kept;
    }
    Ok(())
}

fn garble(mut file: File, from: u64, bytes: u64, chance: &mut Chance) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    // Blocks that were allocated and not written read as zeros on many file systems.
    let zeros = chance.once_in(2);
    let mut draw = || {
        if zeros {
            0
        } else {
            chance.draw().to_le_bytes()[0]
        }
    };
    let garbage: Vec<u8> = (0..bytes).map(|_| draw()).collect();
    file.write_all(&garbage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::lines;

    /// A folder with a file of 10 bytes of which `synced` are durable, cut with `seed`.
    fn cut_one(seed: u64, recorded: u64, synced: bool) -> (Result<Cut, String>, Option<Vec<u8>>) {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut ledger = Ledger::of(folder.path()).expect("it can be read");
        let path = folder.path().join("1.log");
        fs::write(&path, b"0123456789").expect("it can be written");
        let (name, parent) = (path.display(), folder.path().display());
        let syncs = format!("1 fsync(3<{name}>) = 0\n1 fsync(4<{parent}>) = 0\n");
        let recording = format!(
            "1 openat(AT_FDCWD</>, \"{name}\", O_CREAT, 0644) = 3<{name}>\n\
             1 write(3<{name}>, \"\"..., 4) = 4\n\
             {}1 write(3<{name}>, \"\"..., {1}) = {1}\n",
            if synced { &syncs } else { "" },
            recorded - 4
        );
        ledger
            .follow(&lines(&recording))
            .expect("it can be followed");
        let cut = cut(&ledger, &mut Chance::new(seed));
        (cut, fs::read(&path).ok())
    }

    #[test]
    fn what_was_synced_stays_and_the_rest_goes_in_many_ways() {
        let (mut lengths, mut garbled) = (Vec::new(), 0);
        for seed in 0..50 {
            let (cut, bytes) = cut_one(seed, 10, true);
            let (cut, bytes) = (
                cut.expect("it can be cut"),
                bytes.expect("its name is durable"),
            );
            assert!(bytes.starts_with(b"0123"), "seed {seed}: {bytes:?}");
            garbled += usize::from(!b"0123456789".starts_with(&bytes));
            assert!(cut.log_bytes <= 6);
            lengths.push(bytes.len());
        }
        assert!(lengths.contains(&4) && garbled > 5, "{lengths:?}");
        assert!(
            lengths.iter().any(|length| (5..10).contains(length)),
            "{lengths:?}"
        );
    }

    #[test]
    fn a_name_that_was_not_synced_goes_sometimes() {
        let there = (0..20)
            .filter(|seed| cut_one(*seed, 10, false).1.is_some())
            .count();
        assert!((1..20).contains(&there), "{there}");
    }

    #[test]
    fn bytes_that_nobody_recorded_are_an_error() {
        let (cut, _) = cut_one(1, 9, true);
        assert!(cut.is_err_and(|error| error.contains("has 10 bytes, 9 were recorded")));
    }
}
