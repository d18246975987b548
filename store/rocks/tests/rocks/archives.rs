//! From a store to an archive and back.

use std::path::Path;

use store_archive::ArchiveError;
use store_memory::Image;
use store_model::{
    Family, Flight, FlightStage, Home, MetaKey, Number, Operation, Origin, Receipt, Stored,
    UnixMillis,
};
use store_rocks::{Database, Existing, ImportError, Imported, OpenError, Settings, check, import};
use wire_message::{Seed, ShardId};
use wire_mqtt::PacketId;

use crate::refusals::files;
use crate::rig::{
    OPTIONS, ask, batch, enqueue, image, numbers, open, put_session, queue, start, start_shared,
    stored, until, wait_durable, write,
};
use crate::script::{Actor, Dice, message};

/// A store with some of everything, of which nothing is left to be kept up.
fn full(folder: &Path, seed: u64) -> Image {
    let (database, opened) = open(folder);
    let (store, mut ports, database) = start_shared((database, opened), 3, Settings::default());
    let mut dice = Dice(seed);
    for (shard, port) in (0..).zip(&mut ports) {
        let mut actor = Actor::new(ShardId(shard), opened.first);
        for _ in 0..100 {
            let next = actor.batch(&mut dice);
            port.submit(batch(next.sequence.0, next.operations))
                .expect("the ring has room");
        }
        wait_durable(port, 100);
    }
    let number = 1 << 20;
    let sent = Operation::PutFlight {
        session: Number(number),
        packet_id: PacketId::new(7).expect("not zero"),
        flight: Flight {
            stage: FlightStage::Sent {
                priority: 2,
                number: Number(number + 1),
            },
            rank: Number(number + 2),
        },
    };
    let more = vec![
        put_session(number),
        put_session(number + 3),
        enqueue(number + 1, &[number, number + 3], 2),
        sent,
    ];
    write(&mut ports[0], 101, more);
    until("nothing is left of what ended", || {
        let image = image(&database);
        image.prefixed(Family::Dropped, &[]).next().is_none()
    });
    drop((store, ports));
    image(&database)
}

fn archive(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let database = Database::open_to_read(folder, OPTIONS).expect("it can be opened");
    let exported = database.export(&mut bytes).expect("it can be read");
    assert_eq!((exported.damaged, exported.ended), (0, 0));
    assert_eq!(exported.bytes, bytes.len() as u64);
    bytes
}

fn import_to(folder: &Path, bytes: &[u8], existing: Existing) -> Result<Imported, ImportError> {
    import(folder, OPTIONS, &mut &bytes[..], existing)
}

#[test]
fn what_was_exported_comes_back_equal_to_the_byte() {
    for seed in 0..4 {
        let folder = tempfile::tempdir().expect("there is room");
        let wanted = full(folder.path(), seed);
        for family in [
            Family::Sessions,
            Family::Queue,
            Family::Bodies,
            Family::Flight,
            Family::Receipts,
            Family::Retained,
            Family::Delayed,
        ] {
            let count = wanted.prefixed(family, &[]).count();
            assert!(count > 0, "there is nothing in {family:?}");
        }
        let bytes = archive(folder.path());
        let copy = tempfile::tempdir().expect("there is room");
        // A folder without a store, and one whose store is empty.
        if seed % 2 == 0 {
            let other = Database::open(copy.path(), OPTIONS, Seed(99));
            drop(other.expect("a new store"));
        }
        let imported = import_to(copy.path(), &bytes, Existing::Keep).expect("it is whole");
        assert_eq!((imported.added, imported.replaced), (0, 0));
        assert_eq!(stored(copy.path()), wanted, "seed {seed}");
        let found = check(copy.path(), OPTIONS).expect("it can be opened");
        assert!(found.is_sound(), "{found:?}");
        assert_eq!(archive(copy.path()), bytes);
    }
}

#[test]
fn an_archive_that_is_not_whole_changes_nothing() {
    let folder = tempfile::tempdir().expect("there is room");
    full(folder.path(), 1);
    let bytes = archive(folder.path());
    let target = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(target.path(), 1, Settings::default());
    write(&mut ports[0], 1, vec![enqueue(1, &[7], 0)]);
    drop((store, ports));
    let before = stored(target.path());
    let whole = bytes.len();
    for length in [0, 7, 35, 36, 40, whole / 2, whole - 1] {
        let refused = import_to(target.path(), &bytes[..length], Existing::Keep);
        assert!(
            matches!(refused, Err(ImportError::Archive(ArchiveError::Truncated))),
            "{length} bytes: {refused:?}"
        );
    }
    for place in [0, 8, 20, 36, 41, whole / 3, whole - 1] {
        let mut bytes = bytes.clone();
        bytes[place] ^= 4;
        let refused = import_to(target.path(), &bytes, Existing::Keep);
        assert!(
            matches!(refused, Err(ImportError::Archive(_))),
            "byte {place}: {refused:?}"
        );
    }
    let mut longer = bytes;
    longer.push(0);
    let refused = import_to(target.path(), &longer, Existing::Keep);
    assert!(
        matches!(refused, Err(ImportError::Archive(ArchiveError::Trailing))),
        "{refused:?}"
    );
    assert_eq!(stored(target.path()), before);
    let left = files(&target.path().join("records")).len();
    let names = std::fs::read_dir(target.path()).expect("it is a folder");
    assert!(left > 0 && names.count() == 2, "the lock and the records");
}

#[test]
fn a_store_that_has_something_gets_the_rest_under_new_numbers() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let retained = |topic: &str| Operation::PutRetained(message(topic, b"archive"));
    let more = vec![
        put_session(1),
        put_session(2),
        enqueue(3, &[1, 2], 4),
        enqueue(4, &[1], 4),
        retained("t/1"),
    ];
    write(&mut ports[0], 1, more);
    drop((store, ports));
    let bytes = archive(folder.path());
    let target = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(target.path(), 1, Settings::default());
    write(
        &mut ports[0],
        1,
        vec![put_session(9), enqueue(600, &[9], 0)],
    );
    drop((store, ports));
    let imported = import_to(target.path(), &bytes, Existing::Keep).expect("it is whole");
    // A whole round above all that was there.
    assert_eq!((imported.added, imported.replaced), (768, 0));
    let found = check(target.path(), OPTIONS).expect("it can be opened");
    assert!(found.is_sound(), "{found:?}");
    assert_eq!(found.check.sessions, 3);
    let (_store, mut ports) = start(target.path(), 1, Settings::default());
    assert_eq!(numbers(ask(&mut ports[0], queue(9))).0, [600]);
    assert_eq!(numbers(ask(&mut ports[0], queue(769))).0, [771, 772]);
    assert_eq!(numbers(ask(&mut ports[0], queue(770))).0, [771]);
}

#[test]
fn what_is_there_stays_unless_it_is_to_make_place() {
    let folder = tempfile::tempdir().expect("there is room");
    let put = |folder: &Path, operations| {
        let (store, mut ports) = start(folder, 1, Settings::default());
        write(&mut ports[0], 1, operations);
        drop((store, ports));
    };
    let retained = |text: &[u8]| Operation::PutRetained(message("t", text));
    put(
        folder.path(),
        vec![put_session(1), enqueue(3, &[1], 0), retained(b"new")],
    );
    let bytes = archive(folder.path());
    let target = tempfile::tempdir().expect("there is room");
    put(target.path(), vec![retained(b"old")]);
    let refused = import_to(target.path(), &bytes, Existing::Keep);
    assert!(
        matches!(&refused, Err(ImportError::Topic { topic }) if &**topic == "t"),
        "{refused:?}"
    );
    put(target.path(), vec![put_session(1), enqueue(8, &[1], 0)]);
    let before = stored(target.path());
    let refused = import_to(target.path(), &bytes, Existing::Keep);
    assert!(
        matches!(&refused, Err(ImportError::Client { client }) if &**client == "c1"),
        "{refused:?}"
    );
    assert_eq!(stored(target.path()), before);
    let imported = import_to(target.path(), &bytes, Existing::Replace).expect("it is whole");
    assert_eq!(imported.replaced, 2);
    let image = stored(target.path());
    let values = image.prefixed(Family::Retained, &[]).next();
    let (key, value) = values.expect("it is there");
    let Ok(Stored::Retained(body)) = Stored::decode(Family::Retained, key, value) else {
        panic!("a retained message is whole");
    };
    assert_eq!(body.payload, b"new");
    let found = check(target.path(), OPTIONS).expect("it can be opened");
    assert!(found.is_sound() && found.check.sessions == 1, "{found:?}");
    let (_store, mut ports) = start(target.path(), 1, Settings::default());
    let number = imported.added + 3;
    let session = imported.added + 1;
    assert_eq!(numbers(ask(&mut ports[0], queue(session))).0, [number]);
    until("the old session goes", || {
        numbers(ask(&mut ports[0], queue(1))).0.is_empty()
    });
}

#[test]
fn a_message_that_was_not_taken_over_whole_is_not_known_in_a_store_with_another_seed() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let receipt = |id, shard| Operation::PutReceipt {
        origin: Origin {
            number: Number(1),
            packet_id: PacketId::new(id),
        },
        part: Home::new(ShardId(shard), 4).expect("one of four"),
        receipt: Receipt {
            parts: 2,
            taken_at: UnixMillis(5),
        },
    };
    let more = vec![
        put_session(1),
        receipt(1, 0),
        receipt(1, 3),
        receipt(2, 0),
        receipt(3, 1),
        receipt(3, 2),
    ];
    write(&mut ports[0], 1, more);
    drop((store, ports));
    let bytes = archive(folder.path());
    for (seed, left_out) in [(5, 0), (6, 1)] {
        let target = tempfile::tempdir().expect("there is room");
        let opened = Database::open(target.path(), OPTIONS, Seed(seed));
        drop(opened.expect("a new store"));
        let (store, mut ports) = start(target.path(), 1, Settings::default());
        write(&mut ports[0], 1, vec![put_session(2)]);
        drop((store, ports));
        let imported = import_to(target.path(), &bytes, Existing::Keep).expect("it is whole");
        assert_eq!(imported.receipts_left_out, left_out);
        let image = stored(target.path());
        let count = image.prefixed(Family::Receipts, &[]).count() as u64;
        assert_eq!(count, 5 - left_out);
        let key = MetaKey::Seed.as_bytes();
        let value = image.value(Family::Meta, key).expect("it is there");
        assert_eq!(
            Stored::decode(Family::Meta, key, value),
            Ok(Stored::Seed(seed))
        );
    }
}

#[test]
fn neither_way_is_open_while_another_has_the_folder() {
    let folder = tempfile::tempdir().expect("there is room");
    full(folder.path(), 2);
    let bytes = archive(folder.path());
    let _held = open(folder.path());
    let refused = import_to(folder.path(), &bytes, Existing::Replace);
    assert!(
        matches!(refused, Err(ImportError::Open(OpenError::InUse { .. }))),
        "{refused:?}"
    );
    let refused = Database::open_to_read(folder.path(), OPTIONS).map(|_| ());
    assert!(matches!(refused, Err(OpenError::InUse { .. })));
}

#[test]
fn damage_is_left_behind_and_the_rest_is_exported() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut image = full(folder.path(), 3);
    let entries = image
        .prefixed(Family::Queue, &[])
        .map(|(key, _)| key.to_vec());
    let entries: Vec<_> = entries.collect();
    let value = image
        .value_mut(Family::Queue, &entries[0])
        .expect("it is there");
    value[6] ^= 1;
    let mut bytes = Vec::new();
    let exported = store_archive::export(&image, &mut |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok::<(), std::convert::Infallible>(())
    });
    assert_eq!(exported.expect("it can be read").damaged, 1);
    let target = tempfile::tempdir().expect("there is room");
    import_to(target.path(), &bytes, Existing::Keep).expect("what is left fits together");
    let queued = stored(target.path());
    let queued = queued.prefixed(Family::Queue, &[]).count();
    assert_eq!(queued, entries.len() - 1);
}
