//! What outlasts the shards.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of the harness"
)]

#[path = "harness/lib.rs"]
mod harness;

use std::fs;
use std::io::Read;

use harness::{Client, Running, publish_at_1, stored};
use shard_runtime::{Shards, StartError};
use store_model::StoreState;

/// Clients, more than there are shards anywhere here.
const CLIENTS: usize = 12;

fn name(number: usize) -> String {
    format!("keeper-{number}")
}

/// Sessions with a subscription each, and a message for each of them while they are away.
fn leave_messages(running: &Running) {
    for number in 0..CLIENTS {
        let mut client = running.client();
        client.resume(&name(number), false);
        client.subscribe_at(&format!("to/{number}"), 1);
    }
    let mut publisher = running.client();
    publisher.connect(4, "publisher");
    for number in 0..CLIENTS {
        publisher.publish_surely(&format!("to/{number}"), b"while away", false);
    }
}

fn find_messages(running: &Running) {
    for number in 0..CLIENTS {
        let mut client = running.client();
        client.resume(&name(number), true);
        let (head, topic) = (client.read_head(), format!("to/{number}"));
        assert_eq!(
            head & !0x08,
            0x32,
            "a PUBLISH with QoS 1, sent again or not"
        );
        let packet = publish_at_1(&topic, b"while away", 0, false);
        let mut rest = vec![0; packet.len() - 1];
        client.stream.read_exact(&mut rest).unwrap();
        let id = 3 + topic.len();
        assert_eq!(rest[..id], packet[1..=id]);
        assert_eq!(rest[id + 2..], packet[id + 3..]);
        client.send(&[0x40, 2, rest[id], rest[id + 1]]);
    }
}

#[test]
fn sessions_and_their_messages_outlast_the_shards_however_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&stored(3, folder.path())).unwrap();
    leave_messages(&running);
    running.finish();
    let running = Running::start(&stored(2, folder.path())).unwrap();
    find_messages(&running);
    // What was acknowledged does not come again.
    running.finish();
    let running = Running::start(&stored(4, folder.path())).unwrap();
    let mut publisher = running.client();
    publisher.connect(4, "publisher");
    for number in 0..CLIENTS {
        let topic = format!("to/{number}");
        let mut client = running.client();
        client.resume(&name(number), true);
        publisher.publish_surely(&topic, b"now", false);
        client.expect(&[0x32]);
        let mut rest = vec![0; publish_at_1(&topic, b"now", 0, false).len() - 1];
        client.stream.read_exact(&mut rest).unwrap();
        assert_eq!(&rest[rest.len() - 3..], b"now");
    }
    running.finish();
}

#[test]
fn retained_messages_outlast_the_shards() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&stored(2, folder.path())).unwrap();
    let mut publisher = running.client();
    publisher.connect(4, "publisher");
    for topic in ["a", "b", "c"] {
        publisher.publish_surely(topic, topic.as_bytes(), true);
    }
    publisher.publish_surely("b", b"", true);
    running.finish();
    let running = Running::start(&stored(3, folder.path())).unwrap();
    for (topic, there) in [("a", true), ("b", false), ("c", true)] {
        let mut client: Client = running.client();
        client.connect(4, "reader");
        client.subscribe(topic);
        if there {
            client.expect(&[0x31, 4, 0, 1, topic.as_bytes()[0], topic.as_bytes()[0]]);
        }
        // Nothing else came before this.
        client.send(&[0xc0, 0]);
        client.expect(&[0xd0, 0]);
    }
    running.finish();
}

#[test]
fn a_folder_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = stored(2, folder.path());
    let running = Running::start(&settings).unwrap();
    let Err(StartError::Store(reason)) = Running::start(&settings) else {
        panic!("the folder is taken");
    };
    assert!(reason.contains("in use by another process"), "{reason}");
    assert!(
        reason.contains(&*folder.path().to_string_lossy()),
        "{reason}"
    );
    running.finish();
    Running::start(&settings).unwrap().finish();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let Err(StartError::Store(reason)) = Running::start(&stored(1, &file.join("store"))) else {
        panic!("a file is no folder");
    };
    assert!(reason.contains(&*file.to_string_lossy()), "{reason}");
    assert!(reason.contains("Not a directory"), "{reason}");
}

#[test]
fn the_store_tells_what_it_does_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let shards = Shards::start(&stored(1, folder.path())).unwrap();
    let watch = shards.store_watch().unwrap();
    let before = watch.figures().unwrap();
    let mut client = Client::new(shards.addresses()[0]);
    client.resume("keeper", false);
    let after = watch.figures().unwrap();
    assert_eq!(after.state, StoreState::Healthy);
    assert!(after.groups > before.groups && after.syncs > before.syncs);
    assert_eq!(after.latency.count, after.groups);
    let slowest = after.latency.up_to.last().unwrap();
    assert_eq!(slowest.1, after.latency.count, "none takes half a minute");
    let sessions = |found: &shard_runtime::StoreFigures| {
        let space = found.space.clone().unwrap();
        let of = |family: &(&str, u64)| (family.0 == "sessions").then_some(family.1);
        space.records.iter().find_map(of).unwrap()
    };
    assert!(sessions(&after) > sessions(&before));
    shards.stop_signal().stop();
    assert_eq!(shards.join(), Ok(()));
    assert_eq!(watch.figures(), None);
}
