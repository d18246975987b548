//! Shared subscriptions: quality of service and deliveries cut off.

use shard_engine::Settings;
use wire_message::Qos;
use wire_mqtt::{Connect, Packet, PacketType, Version};

use crate::shard::{Shard, ack, decode, kinds, lasting, publish, publish_in};

#[test]
fn v5_4_8_2_3_a_member_gets_messages_at_its_own_granted_qos() {
    let mut shard = Shard::new(Settings::default());
    let low = shard.connect(&Connect::new(Version::V5, "low"));
    let high = shard.connect(&Connect::new(Version::V5, "high"));
    let publisher = shard.connect(&Connect::new(Version::V5, "publisher"));
    shard.subscribe(low, "$share/g/a", Qos::AtMostOnce);
    shard.subscribe(high, "$share/g/a", Qos::AtLeastOnce);
    for number in 1..=4 {
        shard.send(
            publisher,
            &Packet::Publish(publish("a", b"x", Qos::ExactlyOnce, number)),
        );
    }
    for (member, qos) in [(low, Qos::AtMostOnce), (high, Qos::AtLeastOnce)] {
        let packets = shard.packets(member);
        assert_eq!(packets.len(), 2, "the members take turns");
        for packet in packets {
            assert_eq!(publish_in(&packet, Version::V5).qos, qos);
        }
    }
}

#[test]
fn v5_4_8_2_4_a_qos_2_delivery_goes_on_when_its_member_returns() {
    let mut shard = Shard::new(Settings::default());
    let leaves = shard.connect(&lasting(Version::V5, "leaves"));
    let publisher = shard.connect(&Connect::new(Version::V5, "publisher"));
    shard.subscribe(leaves, "$share/g/a", Qos::ExactlyOnce);
    shard.send(
        publisher,
        &Packet::Publish(publish("a", b"x", Qos::ExactlyOnce, 1)),
    );
    let packet = shard.packet(leaves);
    let packet_id = publish_in(&packet, Version::V5)
        .packet_id
        .map_or(0, wire_mqtt::PacketId::value);
    let stays = shard.connect(&Connect::new(Version::V5, "stays"));
    shard.subscribe(stays, "$share/g/a", Qos::ExactlyOnce);

    shard.send(leaves, &Packet::Pubrec(ack(packet_id)));
    assert_eq!(
        decode(&shard.packet(leaves), Version::V5),
        Packet::Pubrel(ack(packet_id))
    );
    shard.lose(leaves);
    assert!(shard.packets(stays).is_empty(), "no other member gets it");
    let returned = shard.dial(Version::V5);
    shard.send(returned, &Packet::Connect(lasting(Version::V5, "leaves")));
    let packets = shard.packets(returned);
    assert_eq!(kinds(&packets), [PacketType::Connack, PacketType::Pubrel]);
    assert_eq!(
        decode(&packets[1], Version::V5),
        Packet::Pubrel(ack(packet_id))
    );
    shard.send(returned, &Packet::Pubcomp(ack(packet_id)));
    assert!(shard.packets(returned).is_empty());
    assert!(shard.packets(stays).is_empty());
}
