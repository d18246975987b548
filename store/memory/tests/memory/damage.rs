//! Damaged records are set aside, counted, and cost nothing but themselves.

use store_memory::Disk;
use store_model::{Answer, Family, Number, Operation, PutSession, Read, WallClock};
use wire_message::ClientId;

use crate::answers::{ask, enqueue, open, submit};

/// A disk with two sessions, of which the second shares one message with the first.
fn disk() -> Disk {
    let mut store = open(Disk::new(), WallClock::default());
    let put = |session| {
        Operation::PutSession(Box::new(PutSession {
            session: Number(session),
            client: ClientId::new(&format!("c{session}")),
            username: None,
            mount: "".into(),
            expiry_s: 60,
            detached_at: None,
        }))
    };
    let operations = vec![
        put(1),
        put(2),
        enqueue(11, &[1], 0),
        enqueue(12, &[1, 2], 0),
        enqueue(13, &[1], 0),
    ];
    submit(&mut store, 1, operations);
    store.close()
}

/// The disk with a bit changed in the first record of a family whose key begins so.
fn damaged(family: Family, prefix: &[u8]) -> Disk {
    let mut image = disk().recovered();
    let key = image
        .prefixed(family, prefix)
        .next()
        .expect("it is there")
        .0
        .to_vec();
    let value = image.value_mut(family, &key).expect("it is there");
    *value.last_mut().expect("not empty") ^= 1;
    Disk::holding(image)
}

fn numbers(answer: Answer) -> (Vec<u64>, u64) {
    let Answer::Queue(chunk) = answer else {
        unreachable!("a queue was asked for");
    };
    let numbers = chunk.entries.iter().map(|entry| entry.number.0);
    (numbers.collect(), chunk.damaged)
}

fn queue(session: u64) -> Read {
    Read::Queue {
        session: Number(session),
        after: None,
    }
}

#[test]
fn a_damaged_entry_is_passed_over_and_kept() {
    let mut store = open(
        damaged(Family::Queue, &1_u64.to_be_bytes()),
        WallClock::default(),
    );
    let answer = ask(&mut store, queue(1));
    assert_eq!(numbers(answer), (vec![12, 13], 1));
    assert_eq!(store.stats().damaged, 1);
    let image = store.close().recovered();
    assert_eq!(image.prefixed(Family::Quarantine, &[]).count(), 1);
    let mut store = open(Disk::holding(image), WallClock::default());
    let answer = ask(&mut store, queue(1));
    assert_eq!(numbers(answer), (vec![12, 13], 0));
}

#[test]
fn a_damaged_message_costs_those_who_share_it_and_nobody_else() {
    let mut store = open(damaged(Family::Bodies, &[]), WallClock::default());
    for (session, left) in [(1, vec![11, 13]), (2, vec![])] {
        let answer = ask(&mut store, queue(session));
        assert_eq!(numbers(answer), (left, 1));
    }
    while store.step() {}
    let image = store.close().recovered();
    // The message and two entries.
    assert_eq!(image.prefixed(Family::Quarantine, &[]).count(), 3);
}

#[test]
fn a_damaged_entry_gives_up_its_share_of_its_message() {
    let mut store = open(
        damaged(Family::Queue, &2_u64.to_be_bytes()),
        WallClock::default(),
    );
    let answer = ask(&mut store, queue(2));
    assert_eq!(numbers(answer), (vec![], 1));
    let place = store_model::EntryPlace {
        session: Number(1),
        priority: 0,
        number: Number(12),
        is_shared: true,
    };
    submit(&mut store, 1, vec![Operation::Remove(place)]);
    while store.step() {}
    let disk = store.close();
    let mut store = open(disk, WallClock::default());
    while store.step() {}
    assert_eq!(store.image().prefixed(Family::Bodies, &[]).count(), 0);
}

#[test]
fn a_session_without_its_head_is_lost_and_others_are_not() {
    let mut store = open(
        damaged(Family::Sessions, &1_u64.to_be_bytes()),
        WallClock::default(),
    );
    let Answer::Sessions(chunk) = ask(&mut store, Read::Sessions { after: None }) else {
        panic!("sessions were asked for");
    };
    let clients: Vec<_> = chunk
        .sessions
        .iter()
        .map(|one| one.client.as_str())
        .collect();
    assert_eq!((clients, chunk.damaged > 0), (vec!["c2"], true));
}
