//! Damaged records are set aside, counted, and cost nothing but themselves.

use std::fs;
use std::path::Path;

use store_model::{Answer, EntryPlace, Family, Number, Operation, Read, StoreState};
use store_rocks::{Port, Settings, Store};

use crate::rig::{
    CLOCK, ask, batch, enqueue, image, numbers, open, put_session, queue, start, start_shared,
    stored, until, write,
};

/// Two sessions, of which the second shares one message with the first.
fn store(folder: &Path) {
    let (_store, mut ports) = start(folder, 1, Settings::default());
    let operations = vec![
        put_session(1),
        put_session(2),
        enqueue(11, &[1], 0),
        enqueue(12, &[1, 2], 0),
        enqueue(13, &[1], 0),
    ];
    write(&mut ports[0], 1, operations);
}

/// Changes a bit in the first record of a family whose key begins so.
fn damage(folder: &Path, family: Family, prefix: &[u8]) {
    let image = stored(folder);
    let (key, value) = image.prefixed(family, prefix).next().expect("it is there");
    let mut value = value.to_vec();
    *value.last_mut().expect("not empty") ^= 1;
    let names = Family::ALL.map(Family::name);
    let path = folder.join("records");
    let rocks = rocksdb::DB::open_cf(&rocksdb::Options::default(), path, names);
    let rocks = rocks.expect("a database");
    let handle = rocks.cf_handle(family.name()).expect("it is there");
    rocks.put_cf(handle, key, value).expect("there is room");
}

fn damaged(family: Family, prefix: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path());
    damage(folder.path(), family, prefix);
    folder
}

#[test]
fn a_damaged_entry_is_passed_over_and_kept() {
    let folder = damaged(Family::Queue, &1_u64.to_be_bytes());
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let answer = ask(&mut ports[0], queue(1));
    assert_eq!(numbers(answer), (vec![12, 13], 1));
    until("it is set aside", || store.stats().damaged == 1);
    assert_eq!(numbers(ask(&mut ports[0], queue(1))), (vec![12, 13], 0));
    drop((store, ports));
    let image = stored(folder.path());
    assert_eq!(image.prefixed(Family::Quarantine, &[]).count(), 1);
}

#[test]
fn a_damaged_message_costs_those_who_share_it_and_nobody_else() {
    let folder = damaged(Family::Bodies, &[]);
    let opened = open(folder.path());
    let (_store, mut ports, database) = start_shared(opened, 1, Settings::default());
    for (session, left) in [(1, vec![11, 13]), (2, vec![])] {
        let answer = ask(&mut ports[0], queue(session));
        assert_eq!(numbers(answer), (left, 1));
    }
    let quarantined = || image(&database).prefixed(Family::Quarantine, &[]).count();
    until("the message and two entries are set aside", || {
        quarantined() == 3
    });
}

#[test]
fn a_damaged_entry_gives_up_its_share_of_its_message() {
    let folder = damaged(Family::Queue, &2_u64.to_be_bytes());
    let opened = open(folder.path());
    let (store, mut ports, database) = start_shared(opened, 1, Settings::default());
    assert_eq!(numbers(ask(&mut ports[0], queue(2))), (vec![], 1));
    until("it is set aside", || store.stats().damaged == 1);
    let place = EntryPlace {
        session: Number(1),
        priority: 0,
        number: Number(12),
        is_shared: true,
    };
    write(&mut ports[0], 1, vec![Operation::Remove(place)]);
    let bodies = || image(&database).prefixed(Family::Bodies, &[]).count();
    until("nobody needs the message", || bodies() == 0);
}

#[test]
fn a_session_without_its_head_is_lost_at_the_start_and_others_are_not() {
    let folder = damaged(Family::Sessions, &1_u64.to_be_bytes());
    let (database, opened) = open(folder.path());
    let Answer::Sessions(chunk) = database.read(&Read::Sessions { after: None }, CLOCK) else {
        panic!("sessions were asked for");
    };
    let clients = chunk.sessions.iter().map(|one| one.client.as_str());
    assert!(clients.eq(["c2"]) && chunk.damaged > 0);
    let (store, _ports, database) = start_shared((database, opened), 1, Settings::default());
    until("it is set aside", || store.stats().damaged == 1);
    let quarantined = image(&database).prefixed(Family::Quarantine, &[]).count();
    assert_eq!(quarantined, 1);
}

/// Changes a bit in the payload of the entry with this number, in the table that it is in.
pub(crate) fn change_in_table(folder: &Path, number: u64) {
    let payload = number.to_be_bytes();
    let mut changed = 0;
    for file in fs::read_dir(folder.join("records")).expect("it is a folder") {
        let path = file.expect("it can be listed").path();
        if path.extension().is_none_or(|end| end != "sst") {
            continue;
        }
        let mut bytes = fs::read(&path).expect("it can be read");
        // The key ends with the number; the payload, further behind, is the same.
        let places = bytes
            .windows(8)
            .enumerate()
            .filter(|(_, bytes)| *bytes == payload);
        let place = places.map(|(place, _)| place).next_back();
        if let Some(place) = place {
            bytes[place] ^= 1;
            fs::write(&path, bytes).expect("there is room");
            changed += 1;
        }
    }
    assert_eq!(changed, 1, "the entry is in one table");
}

/// A bit of a table changes, behind the back of the database: its block does not match any more.
#[test]
fn a_damaged_block_costs_the_records_that_are_damaged_and_not_their_neighbours() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let entries = (1_000..1_400).map(|number| enqueue(number, &[7], 0));
    write(&mut ports[0], 1, entries.collect());
    drop((store, ports));
    // A start writes what it finds in the log to tables.
    drop(open(folder.path()));
    change_in_table(folder.path(), 1_234);
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let (mut found, mut lost, mut after) = (Vec::new(), 0, None);
    loop {
        let session = Number(7);
        let answer = ask(&mut ports[0], Read::Queue { session, after });
        let Answer::Queue(chunk) = answer else {
            panic!("a queue was asked for, not {answer:?}");
        };
        found.extend(chunk.entries.iter().map(|entry| entry.number.0));
        lost += chunk.damaged;
        after = chunk.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(lost, 1);
    assert!(
        found
            .into_iter()
            .eq((1_000..1_400).filter(|number| *number != 1_234))
    );
    // Unless the database has met the block itself while it compacted: then it writes no more.
    until("it is set aside, or nothing is written", || {
        let stats = store.stats();
        stats.damaged == 1 || stats.state == StoreState::Failed
    });
}

/// Has tables of queues written and merged until the store has met the damaged one and failed.
fn merge(store: &Store, port: &mut Port, copies: &Path) {
    let mut sequence = 0;
    until("the tables are merged", || {
        sequence += 1;
        let next = batch(sequence, vec![enqueue(10_000 + sequence, &[7], 0)]);
        port.submit(next).expect("the ring has room");
        // A copy has what is in memory written out, and four tables are merged.
        _ = store.checkpoint(&copies.join(sequence.to_string()));
        store.stats().state == StoreState::Failed
    });
}

#[test]
fn after_a_damaged_block_was_met_a_start_has_all_but_its_damaged_records_and_writes_again() {
    let (folder, copies) = (tempfile::tempdir(), tempfile::tempdir());
    let (folder, copies) = (
        folder.expect("there is room"),
        copies.expect("there is room"),
    );
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let entries = (1_000..1_400).map(|number| enqueue(number, &[7], 0));
    let operations = std::iter::once(put_session(7)).chain(entries);
    write(&mut ports[0], 1, operations.collect());
    drop((store, ports));
    drop(open(folder.path()));
    change_in_table(folder.path(), 1_234);
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    merge(&store, &mut ports[0], copies.path());
    assert!(folder.path().join("damaged").exists());
    drop((store, ports));
    let (database, opened) = open(folder.path());
    assert!(!folder.path().join("damaged").exists());
    let names = fs::read_dir(folder.path()).expect("it is a folder").count();
    assert_eq!(names, 2, "the lock and the records");
    let (store, mut ports, database) = start_shared((database, opened), 1, Settings::default());
    let mut lost = 0;
    let mut after = None;
    loop {
        let session = Number(7);
        let Answer::Queue(chunk) = ask(&mut ports[0], Read::Queue { session, after }) else {
            panic!("a queue was asked for");
        };
        lost += chunk.damaged;
        after = chunk.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(lost, 1);
    until("it is set aside", || store.stats().damaged == 1);
    write(&mut ports[0], 1, vec![enqueue(20_000, &[7], 0)]);
    let checked = database.check();
    assert_eq!(checked.damaged_blocks, 0);
    assert_eq!(store.stats().state, StoreState::Healthy);
}
