//! Copies of a store that runs, and what it takes.

use std::fs;

use store_model::{EntryPlace, Family, Number, Operation};
use store_rocks::{CheckpointError, Settings};

use crate::rig::{
    ask, enqueue, image, numbers, open, put_session, queue, start, start_shared, stored, write,
};

#[test]
fn a_copy_holds_what_was_written_before_and_nothing_after() {
    let folder = tempfile::tempdir().expect("there is room");
    let (database, opened) = open(&folder.path().join("data"));
    let (store, mut ports, database) = start_shared((database, opened), 1, Settings::default());
    let before = (1_000..1_400).map(|number| enqueue(number, &[7, 8], 0));
    let operations = std::iter::once(put_session(7)).chain(before);
    write(&mut ports[0], 1, operations.collect());
    let wanted = image(&database);
    let copy = folder.path().join("copy");
    store.checkpoint(&copy).expect("there is room");
    let place = EntryPlace {
        session: Number(7),
        priority: 0,
        number: Number(1_000),
        is_shared: true,
    };
    write(
        &mut ports[0],
        2,
        vec![Operation::Remove(place), enqueue(2_000, &[7], 0)],
    );
    assert_eq!(stored(&copy), wanted);
    // It is a store like any other.
    let (_copied, mut others) = start(&copy, 1, Settings::default());
    write(&mut others[0], 1, vec![enqueue(9_000, &[9], 0)]);
    assert_eq!(numbers(ask(&mut others[0], queue(9))).0, [9_000]);
    assert!(numbers(ask(&mut ports[0], queue(9))).0.is_empty());
}

#[test]
fn a_folder_that_is_there_is_not_touched() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(&folder.path().join("data"), 1, Settings::default());
    write(&mut ports[0], 1, vec![enqueue(1, &[7], 0)]);
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).expect("there is room");
    fs::write(copy.join("mine"), b"x").expect("there is room");
    let refused = store.checkpoint(&copy);
    assert!(
        matches!(refused, Err(CheckpointError::Folder { .. })),
        "{refused:?}"
    );
    let files = fs::read_dir(&copy).expect("it is there");
    assert_eq!(files.count(), 1);
    let missing = folder.path().join("no/such");
    let refused = store.checkpoint(&missing);
    assert!(
        matches!(refused, Err(CheckpointError::Folder { .. })),
        "{refused:?}"
    );
}

#[test]
fn space_tells_logs_tables_and_records() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let empty = store.space().expect("it can be read");
    let entries = (1_000..2_000).map(|number| enqueue(number, &[7], 0));
    write(&mut ports[0], 1, entries.collect());
    let logged = store.space().expect("it can be read");
    // An entry takes more than a hundred bytes.
    assert!(logged.log_bytes > empty.log_bytes + 100_000, "{logged:?}");
    assert!(logged.memory_bytes > empty.memory_bytes, "{logged:?}");
    assert_eq!(logged.records_of(Family::Queue), 1_000);
    assert_eq!((logged.quarantined, logged.background_errors), (0, 0));
    assert!(logged.free_bytes > 0 && !logged.is_write_stopped);
    // A copy has the tables written out.
    let copy = folder.path().join("copy");
    store.checkpoint(&copy).expect("there is room");
    let written = store.space().expect("it can be read");
    assert!(
        written.tables_bytes > logged.tables_bytes + 50_000,
        "{written:?}"
    );
}
