//! Exchanges of QoS 1 and 2 as they look from outside.

use std::time::Duration;

use shard_engine::Settings;
use wire_message::Qos;
use wire_mqtt::{Connect, Packet, PacketType, Version};

use crate::shard::{
    Peer, Shard, ack, decode, kind, kinds, lasting, publish, publish_in, unsubscribe,
};

fn pair(version: Version) -> (Shard, Peer, Peer) {
    let mut shard = Shard::new(Settings::default());
    let subscriber = shard.connect(&lasting(version, "subscriber"));
    let publisher = shard.connect(&Connect::new(version, "publisher"));
    shard.subscribe(subscriber, "a", Qos::ExactlyOnce);
    (shard, subscriber, publisher)
}

fn dup_of_a_delivery_is_its_own(version: Version) {
    let (mut shard, subscriber, publisher) = pair(version);
    let mut repeated = publish("a", b"repeated", Qos::AtLeastOnce, 1);
    repeated.dup = true;
    shard.send(publisher, &Packet::Publish(repeated));
    shard.send(
        publisher,
        &Packet::Publish(publish("a", b"first", Qos::AtLeastOnce, 2)),
    );
    for packet in shard.packets(subscriber) {
        assert!(
            !publish_in(&packet, version).dup,
            "it is sent for the first time"
        );
    }
    shard.lose(subscriber);
    let subscriber = shard.dial(version);
    shard.send(subscriber, &Packet::Connect(lasting(version, "subscriber")));
    let packets = shard.packets(subscriber);
    assert_eq!(
        kinds(&packets),
        [
            PacketType::Connack,
            PacketType::Publish,
            PacketType::Publish
        ]
    );
    for packet in &packets[1..] {
        assert!(
            publish_in(packet, version).dup,
            "it is sent for the second time"
        );
    }
}

#[test]
fn v5_3_3_1_3_dup_of_a_delivery_is_its_own() {
    dup_of_a_delivery_is_its_own(Version::V5);
}

#[test]
fn v311_3_3_1_3_dup_of_a_delivery_is_its_own() {
    dup_of_a_delivery_is_its_own(Version::V311);
}

#[test]
fn v311_4_3_2_2_after_puback_the_packet_id_means_a_new_message() {
    let (mut shard, subscriber, publisher) = pair(Version::V311);
    for dup in [false, true] {
        let mut message = publish("a", b"x", Qos::AtLeastOnce, 7);
        message.dup = dup;
        shard.send(publisher, &Packet::Publish(message));
        assert_eq!(shard.packet(publisher), [0x40, 2, 0, 7]);
    }
    assert_eq!(kinds(&shard.packets(subscriber)), [PacketType::Publish; 2]);
}

#[test]
fn v5_4_3_3_13_the_exchange_of_an_expired_message_is_completed() {
    let (mut shard, _, publisher) = pair(Version::V5);
    let mut message = publish("a", b"x", Qos::ExactlyOnce, 7);
    message.properties.expiry_interval_s = Some(1);
    shard.send(publisher, &Packet::Publish(message));
    assert_eq!(kind(&shard.packet(publisher)), PacketType::Pubrec);
    shard.advance(Duration::from_secs(5));
    shard.send(publisher, &Packet::Pubrel(ack(7)));
    let answer = shard.packet(publisher);
    assert_eq!(decode(&answer, Version::V5), Packet::Pubcomp(ack(7)));
}

/// A QoS 1 and a QoS 2 message are under way when the client unsubscribes.
fn deliveries_begun_before_unsubscribe_are_completed(version: Version) {
    let (mut shard, subscriber, publisher) = pair(version);
    shard.send(
        publisher,
        &Packet::Publish(publish("a", b"1", Qos::AtLeastOnce, 1)),
    );
    shard.send(
        publisher,
        &Packet::Publish(publish("a", b"2", Qos::ExactlyOnce, 2)),
    );
    let packets = shard.packets(subscriber);
    let ids = packets
        .iter()
        .map(|packet| publish_in(packet, version).packet_id);
    let ids = ids
        .map(|id| id.map_or(0, wire_mqtt::PacketId::value))
        .collect::<Vec<_>>();

    shard.send(subscriber, &unsubscribe(9, &["a"]));
    assert_eq!(kind(&shard.packet(subscriber)), PacketType::Unsuback);
    shard.send(
        publisher,
        &Packet::Publish(publish("a", b"3", Qos::AtLeastOnce, 3)),
    );
    assert!(shard.packets(subscriber).is_empty(), "nothing new is added");

    shard.send(subscriber, &Packet::Pubrec(ack(ids[1])));
    assert_eq!(
        decode(&shard.packet(subscriber), version),
        Packet::Pubrel(ack(ids[1]))
    );
    shard.lose(subscriber);
    let subscriber = shard.dial(version);
    shard.send(subscriber, &Packet::Connect(lasting(version, "subscriber")));
    let packets = shard.packets(subscriber);
    assert_eq!(
        kinds(&packets),
        [PacketType::Connack, PacketType::Publish, PacketType::Pubrel]
    );
    let again = publish_in(&packets[1], version);
    assert_eq!(
        (
            again.payload,
            again.packet_id.map(wire_mqtt::PacketId::value)
        ),
        (&b"1"[..], Some(ids[0]))
    );
}

#[test]
fn v5_3_10_4_3_deliveries_begun_before_unsubscribe_are_completed() {
    deliveries_begun_before_unsubscribe_are_completed(Version::V5);
}

#[test]
fn v311_3_10_4_3_deliveries_begun_before_unsubscribe_are_completed() {
    deliveries_begun_before_unsubscribe_are_completed(Version::V311);
}
