//! What waits for stored sessions: on the disk, in memory, in flight.

use shard_engine::Settings;
use store_memory::Disk;
use wire_message::Qos;
use wire_mqtt::{Ack, Packet, Publish, ReasonCode, Version};

use crate::clients::{id, topic};
use crate::harness::{Broker, Client};
use crate::stored::{payloads, persistent, restarted, resume, stored};

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
fn a_stored_message_of_qos_0_leaves_when_it_can_not_come_again() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "t", "1", Qos::AtMostOnce);
    let (subscriber, _) = resume(&mut broker, "s");
    assert_eq!(payloads(&mut broker, subscriber), ["1"]);
    let mut broker = restarted(broker, 1);
    let (subscriber, _) = resume(&mut broker, "s");
    assert_eq!(payloads(&mut broker, subscriber), Vec::<String>::new());
}

#[test]
fn a_dormant_queue_keeps_its_bound_in_bytes() {
    let mut settings = Settings::default();
    settings.mqtt.queue.bytes_max = 20_000;
    let mut broker = Broker::stored(settings, 1, Disk::new());
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    broker.store_rests = true;
    for number in 0..8_u8 {
        let payload = char::from(b'0' + number).to_string().repeat(4_000);
        broker.publish(publisher, "t", &payload, Qos::AtLeastOnce);
    }
    broker.store_rests = false;
    broker.settle();
    let (subscriber, _) = resume(&mut broker, "s");
    let first: Vec<String> = drain(&mut broker, subscriber)
        .iter()
        .map(|payload| payload[..1].to_owned())
        .collect();
    assert_eq!(first, ["4", "5", "6", "7"]);
}
