//! What outlasts the process, and what waits for the disk.

use shard_engine::{Durability, Input, Settings};
use store_memory::Disk;
use store_model::{Event, StoreState};
use wire_message::Qos;
use wire_mqtt::{
    Ack, Connect, FilterRequest, FilterRequests, Packet, Publish, ReasonCode, Subscribe,
    SubscribeProperties, Version,
};

use crate::clients::{id, topic};
use crate::harness::{Broker, Client};

impl Broker {
    /// A client's connection whose CONNECT waits for the disk while `meanwhile` happens.
    fn connect_while(
        &mut self,
        connect: &Connect<'_>,
        meanwhile: impl FnOnce(&mut Self),
    ) -> Client {
        self.store_rests = true;
        let client = self.connect(connect);
        meanwhile(self);
        self.store_rests = false;
        self.settle();
        client
    }

    /// The power goes; what is left of the disk.
    fn crash(&mut self) -> Disk {
        self.store.take().expect("there is a store").crash()
    }

    /// Messages in all queues.
    fn queued(&self) -> u64 {
        let gauges = self.engines.iter().map(shard_engine::Engine::gauges);
        gauges.map(|gauges| gauges.queued_messages).sum()
    }
}

fn stored(shards: usize) -> Broker {
    Broker::stored(Settings::default(), shards, Disk::new())
}

/// The same disk under a new process.
fn restarted(mut broker: Broker, shards: usize) -> Broker {
    Broker::stored(Settings::default(), shards, broker.crash())
}

fn persistent(version: Version, id: &str) -> Connect<'_> {
    let mut connect = Connect {
        clean_start: false,
        ..Connect::new(version, id)
    };
    if version == Version::V5 {
        connect.properties.session_expiry_interval_s = Some(3_600);
    }
    connect
}

/// Connects and gives whether a session was there.
fn resume(broker: &mut Broker, id: &str) -> (Client, bool) {
    let client = broker.connect(&persistent(Version::V5, id));
    let mut present = None;
    broker.peek(client, |packet| {
        if let Packet::Connack(connack) = packet {
            present = Some(connack.session_present);
        }
    });
    (client, present.expect("a CONNECT is answered"))
}

fn payloads(broker: &mut Broker, client: Client) -> Vec<String> {
    let messages = broker.messages(client);
    messages.into_iter().map(|(_, payload)| payload).collect()
}

#[test]
fn a_session_its_subscriptions_and_its_queue_outlast_a_crash() {
    for (before, after) in [(1, 1), (1, 3), (3, 2)] {
        let mut broker = stored(before);
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(!present);
        broker.subscribe(subscriber, "t/+", Qos::AtLeastOnce);
        broker.lose(subscriber);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..5 {
            broker.publish(publisher, "t/1", &number.to_string(), Qos::AtLeastOnce);
        }
        let mut broker = restarted(broker, after);
        let publisher = broker.client(Version::V5, "p");
        broker.publish(publisher, "t/2", "after", Qos::AtLeastOnce);
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(present);
        let received = payloads(&mut broker, subscriber);
        assert_eq!(
            received,
            ["0", "1", "2", "3", "4", "after"],
            "{before} {after}"
        );
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
fn a_qos_2_message_is_delivered_once_over_a_crash() {
    for shards in [1, 2, 3] {
        let mut broker = stored(shards);
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
        let (publisher, _) = resume(&mut broker, "p");
        broker.take(publisher);
        broker.take(subscriber);
        broker.publish(publisher, "t", "1", Qos::ExactlyOnce);
        let received = broker.take(publisher);
        assert!(received[0].starts_with("Pubrec"), "{received:?}");
        assert_eq!(payloads(&mut broker, subscriber), ["1"]);
        broker.send(
            subscriber,
            &Packet::Pubrec(Ack::new(id(1), ReasonCode::Success)),
        );
        let releases = broker.take(subscriber);
        assert!(releases[0].starts_with("Pubrel"), "{releases:?}");

        let mut broker = restarted(broker, shards);
        // The publisher did not get PUBREC, the subscriber not PUBREL.
        let (publisher, present) = resume(&mut broker, "p");
        assert!(present);
        broker.take(publisher);
        let again = Publish {
            qos: Qos::ExactlyOnce,
            dup: true,
            packet_id: Some(id(9)),
            ..Publish::new(topic("t"), b"1")
        };
        broker.send(publisher, &Packet::Publish(again));
        let received = broker.take(publisher);
        assert!(received[0].starts_with("Pubrec"), "{received:?}");
        broker.send(
            publisher,
            &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
        );
        let completed = broker.take(publisher);
        assert!(completed[0].starts_with("Pubcomp"), "{completed:?}");
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(present);
        let packets = broker.take(subscriber);
        assert_eq!(packets.len(), 2, "{packets:?}");
        assert!(packets[1].starts_with("Pubrel"), "{packets:?}");
    }
}

/// Takes QoS 1 deliveries and acknowledges them until none comes.
fn drain(broker: &mut Broker, client: Client) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let mut ids = Vec::new();
        broker.take_with(client, |packet| {
            if let Packet::Publish(publish) = packet {
                all.push(String::from_utf8_lossy(publish.payload).into_owned());
                ids.push(publish.packet_id.expect("QoS 1 has one").value());
            }
        });
        if ids.is_empty() {
            return all;
        }
        for id in ids {
            broker.puback(client, id);
        }
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn large_queues() -> Settings {
    let mut settings = Settings::default();
    settings.mqtt.queue.messages_max = 5_000;
    settings
}

#[test]
fn a_long_queue_is_read_page_by_page_and_in_order_while_more_comes() {
    let mut broker = Broker::stored(large_queues(), 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..1_000 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    assert_eq!(broker.queued(), 1_000);
    let (subscriber, _) = resume(&mut broker, "s");
    for number in 1_000..1_100 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    assert_eq!(drain(&mut broker, subscriber), numbers(0..1_100));
    broker.publish(publisher, "t", "1100", Qos::AtLeastOnce);
    assert_eq!(drain(&mut broker, subscriber), ["1100"]);
    assert_eq!(broker.queued(), 0);
    // Nothing is left on the disk either.
    let mut broker = Broker::stored(large_queues(), 1, broker.crash());
    let (subscriber, _) = resume(&mut broker, "s");
    assert_eq!(drain(&mut broker, subscriber), Vec::<String>::new());
}

#[test]
fn what_is_in_flight_is_sent_again_under_its_packet_ids_before_the_rest() {
    for crash in [false, true] {
        let mut broker = stored(1);
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..4 {
            broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
        }
        broker.puback(subscriber, 2);
        broker.lose(subscriber);
        broker.publish(publisher, "t", "4", Qos::AtLeastOnce);
        if crash {
            broker = restarted(broker, 1);
        }
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(present);
        let mut received = Vec::new();
        broker.take_with(subscriber, |packet| {
            if let Packet::Publish(publish) = packet {
                let id = publish.packet_id.expect("QoS 1 has one").value();
                let payload = String::from_utf8_lossy(publish.payload).into_owned();
                received.push((payload, publish.dup, (!crash || publish.dup).then_some(id)));
            }
        });
        let one = |payload: &str, dup, id| (payload.to_owned(), dup, id);
        let last = if crash { None } else { Some(5) };
        let expected = [
            one("0", true, Some(1)),
            one("2", true, Some(3)),
            one("3", true, Some(4)),
            one("4", false, last),
        ];
        assert_eq!(received, expected, "{crash}");
    }
}

#[test]
fn the_oldest_of_a_dormant_queue_that_is_full_are_dropped() {
    let mut settings = Settings::default();
    settings.mqtt.queue.messages_max = 10;
    let mut broker = Broker::stored(settings, 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..50 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    assert_eq!(broker.queued(), 10);
    let (subscriber, _) = resume(&mut broker, "s");
    assert_eq!(drain(&mut broker, subscriber), numbers(40..50));
}

#[test]
fn a_session_that_was_thrown_away_does_not_come_back() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let again = broker.client(Version::V5, "s");
    broker.lose(again);
    let mut broker = restarted(broker, 1);
    let (_, present) = resume(&mut broker, "s");
    assert!(!present);
}

#[test]
fn a_subscription_that_was_ended_does_not_come_back() {
    let mut broker = stored(2);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "gone", Qos::AtLeastOnce);
    broker.subscribe(subscriber, "$share/g/kept", Qos::AtLeastOnce);
    let filters = wire_mqtt::Filters::new(&["gone"]);
    broker.send(
        subscriber,
        &Packet::Unsubscribe(wire_mqtt::Unsubscribe {
            packet_id: id(8),
            user_properties: wire_mqtt::UserProperties::NONE,
            filters,
        }),
    );
    let mut broker = restarted(broker, 3);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "gone", "1", Qos::AtLeastOnce);
    broker.publish(publisher, "kept", "2", Qos::AtLeastOnce);
    let (subscriber, present) = resume(&mut broker, "s");
    assert!(present);
    assert_eq!(payloads(&mut broker, subscriber), ["2"]);
}

#[test]
fn retained_and_delayed_messages_and_wills_outlast_a_crash() {
    let mut broker = stored(2);
    let publisher = broker.client(Version::V5, "p");
    broker.retain(publisher, "r/1", "kept");
    broker.retain(publisher, "r/2", "cleared");
    broker.retain(publisher, "r/2", "");
    broker.publish(publisher, "$delayed/60/d", "late", Qos::AtLeastOnce);
    let mut connect = persistent(Version::V5, "w");
    connect.will = Some(wire_mqtt::Will {
        topic: topic("w"),
        payload: b"gone",
        qos: Qos::AtLeastOnce,
        retain: false,
        properties: wire_mqtt::WillProperties {
            delay_interval_s: Some(30),
            ..wire_mqtt::WillProperties::default()
        },
    });
    broker.connect(&connect);
    let mut broker = restarted(broker, 3);
    let client = broker.client(Version::V5, "c");
    broker.subscribe(client, "r/#", Qos::AtLeastOnce);
    broker.subscribe(client, "d", Qos::AtLeastOnce);
    broker.subscribe(client, "w", Qos::AtLeastOnce);
    let now = payloads(&mut broker, client);
    assert_eq!(now, Vec::<String>::new(), "taken with SUBACK");
    broker.subscribe(client, "r/#", Qos::AtLeastOnce);
    broker.pass(std::time::Duration::from_secs(31));
    assert_eq!(payloads(&mut broker, client), ["gone"]);
    broker.pass(std::time::Duration::from_secs(31));
    assert_eq!(payloads(&mut broker, client), ["late"]);
}

fn waiting() -> Settings {
    Settings {
        store_wait_max: std::time::Duration::from_secs(5),
        ..Settings::default()
    }
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
fn qualities_of_service_keep_their_order_among_each_other() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
    let publisher = broker.client(Version::V5, "p");
    broker.lose(subscriber);
    broker.publish(publisher, "t", "0", Qos::ExactlyOnce);
    broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.store_rests = true;
    broker.send(
        publisher,
        &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
    );
    broker.publish(publisher, "t", "2", Qos::ExactlyOnce);
    broker.publish(publisher, "t", "3", Qos::AtLeastOnce);
    broker.store_rests = false;
    broker.settle();
    assert_eq!(payloads(&mut broker, subscriber), ["0", "1", "2", "3"]);
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
fn the_oldest_are_dropped_though_many_come_while_they_are_looked_for() {
    let mut settings = Settings::default();
    settings.mqtt.queue.messages_max = 10;
    let mut broker = Broker::stored(settings, 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    broker.store_rests = true;
    for number in 0..30 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    broker.store_rests = false;
    broker.settle();
    let (subscriber, _) = resume(&mut broker, "s");
    assert_eq!(drain(&mut broker, subscriber), numbers(20..30));
}

#[test]
fn members_of_shared_subscriptions_come_and_go_after_a_crash() {
    for (before, after) in [(1, 1), (3, 2)] {
        let mut broker = stored(before);
        let (member, _) = resume(&mut broker, "m");
        broker.subscribe(member, "$share/g/t", Qos::AtLeastOnce);
        broker.lose(member);
        let mut broker = restarted(broker, after);
        let publisher = broker.client(Version::V5, "p");
        let (member, present) = resume(&mut broker, "m");
        assert!(present);
        broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
        assert_eq!(payloads(&mut broker, member), ["1"]);
        let again = broker.client(Version::V5, "m");
        assert!(!broker.is_closed(again));
    }
}

#[test]
fn retained_messages_in_flight_are_not_lost_with_the_connection() {
    for crash in [false, true] {
        let mut broker = stored(1);
        let publisher = broker.client(Version::V5, "p");
        let kept = Publish {
            retain: true,
            qos: Qos::ExactlyOnce,
            packet_id: Some(id(9)),
            ..Publish::new(topic("r"), b"kept")
        };
        broker.send(publisher, &Packet::Publish(kept));
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "r", Qos::ExactlyOnce);
        broker.settle();
        broker.lose(subscriber);
        if crash {
            broker = restarted(broker, 2);
        }
        let (subscriber, _) = resume(&mut broker, "s");
        let again = broker.take(subscriber);
        assert_eq!(again.len(), 2, "{again:?}");
        assert!(again[1].contains("dup: true"), "{again:?}");
    }
}

#[test]
fn a_session_whose_time_was_over_does_not_come_back() {
    let mut broker = stored(1);
    // [v5 3.1.2-23]: it was to end with this connection.
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let mut connect = persistent(Version::V5, "s");
    connect.properties.session_expiry_interval_s = Some(0);
    broker.connect(&connect);
    let mut broker = restarted(broker, 1);
    let (_, present) = resume(&mut broker, "s");
    assert!(!present);
}

#[test]
fn what_is_in_flight_is_not_read_again_with_what_comes_later() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..3 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    broker.lose(subscriber);
    // Loaded, with all in flight, while more comes before the client is there.
    let late = broker.connect_while(&persistent(Version::V5, "s"), |broker| {
        broker.publish(publisher, "t", "3", Qos::AtLeastOnce);
    });
    assert_eq!(drain(&mut broker, late), numbers(0..4));
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
fn a_qos_2_message_for_later_is_kept_once_over_a_crash() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "d", Qos::ExactlyOnce);
    let (publisher, _) = resume(&mut broker, "p");
    broker.publish(publisher, "$delayed/5/d", "late", Qos::ExactlyOnce);
    let mut broker = restarted(broker, 1);
    let (publisher, _) = resume(&mut broker, "p");
    let again = Publish {
        qos: Qos::ExactlyOnce,
        dup: true,
        packet_id: Some(id(9)),
        ..Publish::new(topic("$delayed/5/d"), b"late")
    };
    broker.send(publisher, &Packet::Publish(again));
    broker.send(
        publisher,
        &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
    );
    let (subscriber, _) = resume(&mut broker, "s");
    broker.pass(std::time::Duration::from_secs(20));
    assert_eq!(payloads(&mut broker, subscriber), ["late"]);
}
