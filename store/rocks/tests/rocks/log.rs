//! Logs that a loss of power has cut or changed.

use std::fs;
use std::path::{Path, PathBuf};

use store_model::Family;
use store_rocks::Settings;

use crate::oracle::Oracle;
use crate::rig::{batch, enqueue, image, open, start, write};

const GROUPS: u64 = 20;

/// A store whose groups are one entry each, all of them in the log only.
fn store(folder: &Path, groups: u64) {
    let (_store, mut ports) = start(folder, 1, Settings::default());
    for number in 1..=groups {
        write(&mut ports[0], number, vec![enqueue(number, &[7], 0)]);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("records")).expect("there is room");
    for file in fs::read_dir(from.join("records")).expect("it is a folder") {
        let path = file.expect("it can be listed").path();
        let name = path.file_name().expect("a file has a name");
        fs::copy(&path, to.join("records").join(name)).expect("there is room");
    }
}

/// The log with the most in it.
fn log(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder.join("records")).expect("it is a folder");
    let paths = files.map(|file| file.expect("it can be listed").path());
    let logs = paths.filter(|path| path.extension().is_some_and(|end| end == "log"));
    let size = |path: &PathBuf| fs::metadata(path).expect("it is there").len();
    logs.max_by_key(size).expect("there is a log")
}

/// How many groups a start finds: always the first ones. What is written then stays.
fn found(folder: &Path) -> u64 {
    let (database, _) = open(folder);
    let before = image(&database);
    drop(database);
    let count = before.prefixed(Family::Queue, &[]).count() as u64;
    let mut oracle = Oracle::default();
    for number in 1..=count {
        oracle.apply(&enqueue(number, &[7], 0));
    }
    assert_eq!(Oracle::of(&before), oracle);
    let (store, mut ports) = start(folder, 1, Settings::default());
    let after = enqueue(1_000, &[7], 0);
    oracle.apply(&after);
    ports[0]
        .submit(batch(1, vec![after]))
        .expect("the ring has room");
    drop((store, ports));
    let (database, _) = open(folder);
    assert_eq!(Oracle::of(&image(&database)), oracle);
    count
}

#[test]
fn a_cut_log_ends_with_the_last_whole_group() {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path(), GROUPS);
    let length = fs::metadata(log(folder.path())).expect("it is there").len();
    let mut last = GROUPS + 1;
    for cut in [0, 1, 10, 1_000, length - 600, length - 3] {
        let copied = tempfile::tempdir().expect("there is room");
        copy(folder.path(), copied.path());
        let file = fs::OpenOptions::new().write(true).open(log(copied.path()));
        file.expect("it is there")
            .set_len(length - cut)
            .expect("it can be cut");
        // At last not even the group that makes a store is whole.
        let count = found(copied.path());
        assert!(count <= last, "{cut} bytes less: {count} after {last}");
        match cut {
            0 => assert_eq!(count, GROUPS),
            1 | 10 => assert_eq!(count, GROUPS - 1),
            _ => assert!(count < GROUPS - 1),
        }
        last = count;
    }
    assert_eq!(last, 0);
}

#[test]
fn a_changed_byte_ends_the_log() {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path(), GROUPS);
    let length = fs::metadata(log(folder.path())).expect("it is there").len();
    for back in [3, 700] {
        let copied = tempfile::tempdir().expect("there is room");
        copy(folder.path(), copied.path());
        let path = log(copied.path());
        let mut bytes = fs::read(&path).expect("it can be read");
        let at = usize::try_from(length - back).expect("a short log");
        bytes[at] ^= 0x10;
        fs::write(&path, bytes).expect("there is room");
        let count = found(copied.path());
        assert!(
            count < GROUPS && (back > 3 || count == GROUPS - 1),
            "{count}"
        );
    }
}

/// The database reads its log in pieces of 32 KiB, of which a change costs the rest.
#[test]
fn what_is_behind_a_changed_byte_does_not_count_however_much_it_is() {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path(), 800);
    let path = log(folder.path());
    let mut bytes = fs::read(&path).expect("it can be read");
    assert!(bytes.len() > 3 << 15, "{} bytes", bytes.len());
    bytes[20_000] ^= 0x10;
    fs::write(&path, bytes).expect("there is room");
    let count = found(folder.path());
    assert!((1..200).contains(&count), "{count}");
}
