//! What a check finds, and that it writes nothing.

use std::fs;
use std::path::Path;

use store_model::{
    Check, Family, Flight, FlightStage, MetaKey, Number, Operation, PutSubscription, Subscription,
    Wrong,
};
use store_rocks::{OpenError, Settings, check};
use wire_message::Qos;
use wire_mqtt::PacketId;

use crate::damage::change_in_table;
use crate::refusals::{files, rocks};
use crate::rig::{OPTIONS, enqueue, open, put_session, start, write};

/// Two sessions that share a message, one with a subscription and a flight.
fn store(folder: &Path) {
    let (_store, mut ports) = start(folder, 1, Settings::default());
    let subscription = Subscription {
        qos: Qos::AtLeastOnce,
        no_local: false,
        retain_as_published: false,
        retain_handling: 0,
        exclusive: false,
        identifier: None,
    };
    let operations = vec![
        put_session(1),
        put_session(2),
        Operation::PutSubscription(Box::new(PutSubscription {
            session: Number(1),
            filter: "a/#".into(),
            subscription,
        })),
        enqueue(11, &[1], 0),
        enqueue(12, &[1, 2], 0),
        Operation::PutFlight {
            session: Number(1),
            packet_id: PacketId::new(1).expect("not zero"),
            flight: Flight {
                stage: FlightStage::Sent {
                    priority: 0,
                    number: Number(11),
                },
                rank: Number(13),
            },
        },
    ];
    write(&mut ports[0], 1, operations);
}

/// What is found after something was done to the records behind the store's back.
fn found_after(change: impl FnOnce(&rocksdb::DB)) -> Vec<(Family, Wrong)> {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path());
    change(&rocks(folder.path()));
    let found = check(folder.path(), OPTIONS)
        .expect("it can be opened")
        .check;
    assert_eq!(found.wrong, found.findings.len() as u64);
    let findings = found.findings.into_iter();
    findings.map(|one| (one.family, one.wrong)).collect()
}

fn delete(rocks: &rocksdb::DB, family: Family, key: &[u8]) {
    let handle = rocks.cf_handle(family.name()).expect("it is there");
    rocks.delete_cf(handle, key).expect("there is room");
}

fn put(rocks: &rocksdb::DB, family: Family, key: &[u8], value: &[u8]) {
    let handle = rocks.cf_handle(family.name()).expect("it is there");
    rocks.put_cf(handle, key, value).expect("there is room");
}

fn key(number: u64, rest: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), rest].concat()
}

#[test]
fn a_sound_store_is_found_sound_and_counted() {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path());
    let found = check(folder.path(), OPTIONS).expect("it can be opened");
    assert!(found.is_sound(), "{found:?}");
    let Check { sessions, .. } = found.check;
    assert_eq!(sessions, 2);
    for (family, records) in [
        (Family::Meta, 3),
        (Family::Sessions, 3),
        (Family::Queue, 3),
        (Family::Bodies, 1),
        (Family::Holders, 1),
        (Family::Flight, 1),
        (Family::Quarantine, 0),
    ] {
        assert_eq!(found.check.records_of(family), records, "{family:?}");
    }
}

#[test]
fn records_that_miss_others_are_found() {
    let missing = found_after(|rocks| delete(rocks, Family::Bodies, &key(12, &[])));
    let wanted = vec![(Family::Queue, Wrong::BodyMissing); 2];
    assert_eq!(missing, wanted);
    let mut entry = key(1, &[255]);
    entry.extend(key(11, &[]));
    let missing = found_after(|rocks| delete(rocks, Family::Queue, &entry));
    assert_eq!(missing, [(Family::Flight, Wrong::EntryMissing)]);
    // One finding for each family, not for each record.
    let missing = found_after(|rocks| delete(rocks, Family::Sessions, &key(1, &[0])));
    let head = |family| (family, Wrong::HeadMissing);
    let families = [Family::Sessions, Family::Queue, Family::Flight];
    assert_eq!(missing, families.map(head));
    let missing = found_after(|rocks| delete(rocks, Family::Meta, MetaKey::Seed.as_bytes()));
    let wrong = Wrong::MetaMissing(MetaKey::Seed);
    assert_eq!(missing, [(Family::Meta, wrong)]);
}

#[test]
fn the_rest_of_a_session_that_ended_is_no_finding() {
    let found = found_after(|rocks| {
        delete(rocks, Family::Sessions, &key(1, &[0]));
        let mut record = vec![1, 0, 0, 0, 0];
        record.extend(1_u64.to_be_bytes());
        let sum = crc32c(&key(1, &[]), &record[..1], &record[5..]);
        record[1..5].copy_from_slice(&sum.to_le_bytes());
        put(rocks, Family::Dropped, &key(1, &[]), &record);
    });
    assert_eq!(found, []);
}

fn crc32c(key: &[u8], version: &[u8], archive: &[u8]) -> u32 {
    let mut sum = !0_u32;
    for byte in [key, version, archive].concat() {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    !sum
}

#[test]
fn another_number_of_holders_is_found() {
    for (noted, stored) in [(1_i64, 1), (3, 3), (-2, 0)] {
        let value = noted.to_be_bytes();
        let found = found_after(|rocks| put(rocks, Family::Holders, &key(12, &[]), &value));
        let wrong = Wrong::HoldersDiffer { stored, found: 2 };
        assert_eq!(found, [(Family::Holders, wrong)]);
    }
    let found = found_after(|rocks| delete(rocks, Family::Holders, &key(12, &[])));
    assert_eq!(found, [(Family::Bodies, Wrong::HoldersMissing)]);
    let value = 1_i64.to_be_bytes();
    let found = found_after(|rocks| put(rocks, Family::Holders, &key(9, &[]), &value));
    let (stored, found_none) = (1, 0);
    let wrong = Wrong::HoldersDiffer {
        stored,
        found: found_none,
    };
    assert_eq!(found, [(Family::Holders, wrong)]);
}

#[test]
fn numbers_that_would_be_given_again_are_found() {
    let next = MetaKey::Next;
    let low = next.value(12);
    let found = found_after(|rocks| put(rocks, Family::Meta, next.as_bytes(), &low));
    let high = |family| (family, Wrong::NumberTooHigh);
    let families = [Family::Queue, Family::Queue, Family::Bodies, Family::Flight];
    assert_eq!(found, families.map(high));
}

#[test]
fn damaged_records_are_named_and_the_rest_is_looked_at() {
    let found = found_after(|rocks| put(rocks, Family::Sessions, &key(2, &[0]), b"nonsense"));
    assert!(
        matches!(found[..], [(Family::Sessions, Wrong::Damaged(_))]),
        "{found:?}"
    );
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let entries = (1_000..1_400).map(|number| enqueue(number, &[7], 0));
    let operations = std::iter::once(put_session(7)).chain(entries);
    write(&mut ports[0], 1, operations.collect());
    drop((store, ports));
    drop(open(folder.path()));
    change_in_table(folder.path(), 1_234);
    let found = check(folder.path(), OPTIONS).expect("it can be opened");
    assert!(found.damaged_blocks > 0 && !found.is_sound());
    assert_eq!((found.check.wrong, found.check.sessions), (1, 1));
    let first = &found.check.findings[0];
    assert_eq!(first.key[9..], 1_234_u64.to_be_bytes());
}

#[test]
fn a_check_writes_nothing_and_needs_the_folder_for_itself() {
    let folder = tempfile::tempdir().expect("there is room");
    store(folder.path());
    let records = folder.path().join("records");
    let before = (
        files(&records),
        fs::read_dir(folder.path()).unwrap().count(),
    );
    assert!(check(folder.path(), OPTIONS).is_ok());
    let after = (
        files(&records),
        fs::read_dir(folder.path()).unwrap().count(),
    );
    assert!(before == after, "a file changed");
    let held = open(folder.path());
    let refused = check(folder.path(), OPTIONS);
    assert!(matches!(refused, Err(OpenError::InUse { .. })));
    drop(held);
    // A copy without a lock is a store as well; an empty folder is none, and gets none.
    fs::remove_file(folder.path().join("lock")).expect("it is there");
    assert!(check(folder.path(), OPTIONS).is_ok());
    let empty = tempfile::tempdir().expect("there is room");
    for path in [empty.path(), &empty.path().join("none")] {
        let refused = check(path, OPTIONS);
        assert!(matches!(refused, Err(OpenError::Missing { .. })));
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}
