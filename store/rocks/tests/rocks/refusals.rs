//! Folders that are not opened, and stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use store_model::{Family, FormatError, MetaKey};
use store_rocks::{Database, OpenError, Settings};
use wire_message::Seed;

use crate::rig::{OPTIONS, enqueue, open, start, write};

/// The folder that a process started by the test tries to open.
const FOLDER: &str = "SKEIN_STORE_FOLDER";

/// Every file with its content.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("it is a folder");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("it can be listed").path();
        let content = fs::read(&path).expect("it can be read");
        (path.display().to_string(), content)
    };
    entries.map(file).collect()
}

fn some_records(folder: &Path) {
    let (_store, mut ports) = start(folder, 1, Settings::default());
    write(&mut ports[0], 1, vec![enqueue(1, &[7, 8], 0)]);
}

/// The database itself, for what no store would do.
pub(crate) fn rocks(folder: &Path) -> rocksdb::DB {
    let names = Family::ALL.map(Family::name);
    let path = folder.join("records");
    let rocks = rocksdb::DB::open_cf(&rocksdb::Options::default(), path, names);
    rocks.expect("a database")
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().expect("there is room");
    some_records(folder.path());
    let rocks = rocks(folder.path());
    let meta = rocks.cf_handle(Family::Meta.name()).expect("it is there");
    let put = rocks.put_cf(meta, MetaKey::Format.as_bytes(), 9_u32.to_be_bytes());
    put.expect("there is room");
    drop(rocks);
    let before = files(&folder.path().join("records"));
    let refused = Database::open(folder.path(), OPTIONS, Seed(5)).map(|_| ());
    assert!(
        matches!(
            refused,
            Err(OpenError::Format(FormatError::Newer { found: 9 }))
        ),
        "{refused:?}"
    );
    assert!(
        before == files(&folder.path().join("records")),
        "a file changed"
    );
}

#[test]
fn a_family_that_nobody_knows_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    some_records(folder.path());
    let mut rocks = rocks(folder.path());
    rocks
        .create_cf("of another program", &rocksdb::Options::default())
        .expect("there is room");
    drop(rocks);
    let refused = Database::open(folder.path(), OPTIONS, Seed(5)).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::UnknownFamily { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_store_without_its_format_or_its_numbers_is_refused() {
    for key in [MetaKey::Format, MetaKey::Next, MetaKey::Seed] {
        let folder = tempfile::tempdir().expect("there is room");
        some_records(folder.path());
        let rocks = rocks(folder.path());
        let meta = rocks.cf_handle(Family::Meta.name()).expect("it is there");
        rocks
            .delete_cf(meta, key.as_bytes())
            .expect("there is room");
        drop(rocks);
        let refused = Database::open(folder.path(), OPTIONS, Seed(5)).map(|_| ());
        assert!(
            matches!(refused, Err(OpenError::Meta { .. })),
            "{key:?}: {refused:?}"
        );
    }
}

#[test]
fn a_store_that_lost_its_current_file_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().expect("there is room");
    some_records(folder.path());
    fs::remove_file(folder.path().join("records/CURRENT")).expect("it is there");
    let refused = Database::open(folder.path(), OPTIONS, Seed(5)).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::Incomplete { .. })),
        "{refused:?}"
    );
}

#[test]
fn the_seed_of_the_first_start_stays() {
    let folder = tempfile::tempdir().expect("there is room");
    drop(open(folder.path()));
    let opened = Database::open(folder.path(), OPTIONS, Seed(77));
    assert_eq!(opened.expect("sound").1.seed, Seed(5));
}

#[test]
fn a_second_process_is_refused_until_the_first_has_closed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let refused = Database::open(Path::new(&folder), OPTIONS, Seed(5)).map(|_| ());
        let code = match refused {
            Ok(()) => 10,
            Err(OpenError::InUse { .. }) => 11,
            Err(_) => 12,
        };
        std::process::exit(code);
    }
    let folder = tempfile::tempdir().expect("there is room");
    let other = || {
        let name = "refusals::a_second_process_is_refused_until_the_first_has_closed";
        let mut command = Command::new(std::env::current_exe().expect("this runs"));
        command.args(["--exact", name, "--test-threads=1"]);
        let status = command.env(FOLDER, folder.path()).status();
        status.expect("it can be started").code()
    };
    let held = open(folder.path());
    assert_eq!(other(), Some(11));
    drop(held);
    assert_eq!(other(), Some(10));
}
