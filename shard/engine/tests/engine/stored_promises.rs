//! What waits for the disk, and what does not.

use shard_engine::{Durability, Input, Settings};
use store_memory::Disk;
use store_model::{Event, StoreState};
use wire_message::Qos;
use wire_mqtt::{
    Connect, FilterRequest, FilterRequests, Packet, Publish, ReasonCode, Subscribe,
    SubscribeProperties, Version,
};

use crate::clients::{id, topic};
use crate::harness::Broker;
use crate::stored::{payloads, persistent, restarted, resume, stored};

fn waiting() -> Settings {
    Settings {
        store_wait_max: std::time::Duration::from_secs(5),
        ..Settings::default()
    }
}

#[test]
fn a_puback_waits_for_the_disk_if_a_stored_session_gets_the_message() {
    for shards in [1, 3] {
        let mut broker = stored(shards);
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
        let publisher = broker.client(Version::V5, "p");
        broker.take(publisher);
        broker.store_rests = true;
        broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
        broker.publish(publisher, "nobody", "2", Qos::AtLeastOnce);
        assert_eq!(broker.take(publisher), Vec::<String>::new());
        broker.store_rests = false;
        broker.settle();
        let acks = broker.take(publisher);
        assert_eq!(acks.len(), 2, "{acks:?}");
        assert!(acks.iter().all(|ack| ack.starts_with("Puback")), "{acks:?}");
    }
}

#[test]
fn what_concerns_no_stored_session_does_not_wait() {
    let mut broker = stored(2);
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
    let publisher = broker.client(Version::V5, "p");
    broker.take(publisher);
    broker.store_rests = true;
    broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
    assert_eq!(broker.take(publisher).len(), 1);
    assert_eq!(payloads(&mut broker, subscriber), ["1"]);
}

#[test]
fn connack_and_suback_of_a_stored_session_wait_for_the_disk() {
    let mut broker = stored(1);
    broker.store_rests = true;
    let client = broker.connect(&persistent(Version::V5, "s"));
    let requests = [FilterRequest::new("t", Qos::AtLeastOnce)];
    broker.send(
        client,
        &Packet::Subscribe(Subscribe {
            packet_id: id(7),
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        }),
    );
    broker.send(client, &Packet::Pingreq);
    assert_eq!(broker.take(client), Vec::<String>::new());
    broker.store_rests = false;
    broker.settle();
    let packets = broker.take(client);
    let names: Vec<&str> = packets.iter().map(|packet| &packet[..4]).collect();
    assert_eq!(names, ["Conn", "Suba", "Ping"], "{packets:?}");
}

#[test]
fn a_client_whose_promise_does_not_get_to_the_disk_is_told_0x97() {
    let mut broker = Broker::stored(waiting(), 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    broker.take(publisher);
    broker.store_rests = true;
    broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
    broker.pass(std::time::Duration::from_secs(4));
    assert_eq!(broker.take(publisher), Vec::<String>::new());
    broker.pass(std::time::Duration::from_secs(2));
    assert!(!broker.is_closed(publisher));
    let packets = broker.take(publisher);
    assert!(packets[0].starts_with("Puback"), "{packets:?}");
    assert!(packets[0].contains("QuotaExceeded"), "{packets:?}");
    // Who can't be told would take PUBACK for a promise.
    let old = broker.client(Version::V311, "old");
    broker.publish(old, "t", "2", Qos::AtLeastOnce);
    broker.pass(std::time::Duration::from_secs(6));
    assert!(broker.is_closed(old));
    let late = broker.connect(&persistent(Version::V5, "late"));
    broker.pass(std::time::Duration::from_secs(6));
    let packets = broker.take(late);
    assert!(
        broker.is_closed(late) && packets[0].starts_with("Connack"),
        "{packets:?}"
    );
    assert!(packets[0].contains("QuotaExceeded"), "{packets:?}");
}

#[test]
fn a_publish_while_the_store_can_not_write_is_held_then_refused_and_others_go_on() {
    let mut broker = Broker::stored(waiting(), 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    let old = broker.client(Version::V311, "old");
    let other = broker.client(Version::V5, "o");
    broker.take(publisher);
    broker.input(0, Input::Store(Event::State(StoreState::Full)));
    broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
    broker.publish(old, "t", "2", Qos::AtLeastOnce);
    broker.publish(other, "free", "3", Qos::AtLeastOnce);
    assert!(broker.is_paused(publisher) && !broker.is_paused(other));
    assert_eq!(broker.take(other).len(), 1);
    broker.pass(std::time::Duration::from_secs(6));
    let packets = broker.take(publisher);
    assert!(packets[0].starts_with("Puback"), "{packets:?}");
    assert!(packets[0].contains("QuotaExceeded"), "{packets:?}");
    assert!(broker.is_closed(old), "it would take PUBACK for a promise");
    assert_eq!(payloads(&mut broker, subscriber), Vec::<String>::new());
    broker.publish(publisher, "t", "4", Qos::AtLeastOnce);
    assert!(broker.is_paused(publisher));
    broker.input(0, Input::Store(Event::State(StoreState::Healthy)));
    broker.settle();
    assert_eq!(broker.take(publisher).len(), 1);
    assert_eq!(payloads(&mut broker, subscriber), ["4"]);
}

#[test]
fn a_failed_store_makes_nothing_durable_and_takes_no_memory() {
    let mut broker = Broker::stored(waiting(), 1, Disk::new());
    broker.input(0, Input::Store(Event::State(StoreState::Failed)));
    for round in 0..3 {
        let client = broker.connect(&persistent(Version::V5, "s"));
        broker.pass(std::time::Duration::from_secs(6));
        assert!(broker.is_closed(client), "{round}");
    }
    let clean = broker.client(Version::V5, "clean");
    assert!(!broker.is_closed(clean));
    assert_eq!(broker.engines[0].counters().store_batches, 0);
}

#[test]
fn listeners_may_promise_less() {
    for durability in [Durability::Relaxed, Durability::Memory] {
        let mut settings = Settings::default();
        settings.listeners[0].durability = durability;
        let mut broker = Broker::stored(settings, 1, Disk::new());
        broker.store_rests = true;
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
        let (publisher, _) = resume(&mut broker, "p");
        broker.take(publisher);
        broker.publish(publisher, "t", "1", Qos::ExactlyOnce);
        assert_eq!(broker.take(publisher).len(), 1, "{durability:?}");
        assert_eq!(payloads(&mut broker, subscriber), ["1"]);
        broker.store_rests = false;
        broker.settle();
        let written = broker.engines[0].counters().store_operations > 0;
        assert_eq!(written, durability == Durability::Relaxed);
    }
}

#[test]
fn a_client_without_a_stored_session_connects_without_the_disk() {
    let mut broker = stored(1);
    broker.store_rests = true;
    let stored = broker.connect(&persistent(Version::V5, "s"));
    assert_eq!(broker.take(stored), Vec::<String>::new());
    let clean = broker.client(Version::V5, "c");
    assert!(!broker.is_closed(clean));
}

#[test]
fn retained_messages_come_after_the_suback_that_promises_them() {
    let mut broker = stored(1);
    let publisher = broker.client(Version::V5, "p");
    broker.retain(publisher, "r", "kept");
    let (subscriber, _) = resume(&mut broker, "s");
    broker.take(subscriber);
    let requests = [FilterRequest::new("r", Qos::AtLeastOnce)];
    broker.send(
        subscriber,
        &Packet::Subscribe(Subscribe {
            packet_id: id(7),
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        }),
    );
    let packets = broker.take(subscriber);
    let names: Vec<&str> = packets.iter().map(|packet| &packet[..4]).collect();
    assert_eq!(names, ["Suba", "Publ"], "{packets:?}");
}

#[test]
fn a_publish_waits_from_the_first_stored_subscriber_to_the_last() {
    for shards in [1, 2] {
        let mut broker = stored(shards);
        let clean = broker.client(Version::V5, "c");
        broker.subscribe(clean, "t", Qos::AtLeastOnce);
        let publisher = broker.client(Version::V5, "p");
        broker.take(publisher);
        let waits = |broker: &mut Broker| {
            broker.store_rests = true;
            broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
            let waits = broker.take(publisher).is_empty();
            broker.store_rests = false;
            broker.settle();
            broker.take(publisher);
            waits
        };
        assert!(!waits(&mut broker));
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
        assert!(waits(&mut broker));
        let again = broker.client(Version::V5, "s");
        assert!(!broker.is_closed(again));
        assert!(!waits(&mut broker), "{shards}");
    }
}

#[test]
fn no_client_is_told_that_its_session_is_gone_before_that_is_durable() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.store_rests = true;
    let mut disconnect = wire_mqtt::Disconnect::new(ReasonCode::Success);
    disconnect.properties.session_expiry_interval_s = Some(0);
    broker.send(subscriber, &Packet::Disconnect(disconnect));
    let again = broker.connect(&Connect::new(Version::V5, "s"));
    assert_eq!(broker.take(again), Vec::<String>::new());
    let (mut broker, crashed) = (restarted(broker, 1), again);
    let (_, present) = resume(&mut broker, "s");
    assert!(present, "{crashed:?} was not told otherwise");
}

#[test]
fn a_publish_that_ends_its_connection_has_not_come() {
    let mut broker = stored(1);
    let connect = persistent(Version::V311, "p");
    let publisher = broker.connect(&connect);
    let publish = Publish {
        qos: Qos::ExactlyOnce,
        packet_id: Some(id(9)),
        retain: false,
        ..Publish::new(topic("t"), b"1")
    };
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
    broker.input(0, Input::Store(Event::State(StoreState::Full)));
    broker.send(publisher, &Packet::Publish(publish));
    broker.pass(std::time::Duration::from_secs(20));
    assert!(broker.is_closed(publisher));
    broker.input(0, Input::Store(Event::State(StoreState::Healthy)));
    let publisher = broker.connect(&connect);
    broker.send(
        publisher,
        &Packet::Publish(Publish {
            dup: true,
            ..publish
        }),
    );
    broker.settle();
    assert_eq!(payloads(&mut broker, subscriber), ["1"]);
}
