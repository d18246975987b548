//! Topic aliases.

use core::num::NonZeroU16;

use wire_client::{ClientError, Settings};
use wire_message::Qos;
use wire_mqtt::{ConnackProperties, Connect, Version};

use crate::world::{World, message};

fn connect() -> Connect<'static> {
    let mut connect = Connect::new(Version::V5, "c");
    connect.properties.topic_alias_maximum = Some(2);
    connect
}

/// A delivery with topic alias `alias`.
fn delivery(topic: &str, alias: u8) -> Vec<u8> {
    let size = u8::try_from(topic.len()).unwrap();
    let mut packet = vec![0x30, 7 + size, 0, size];
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(&[3, 0x23, 0, alias, b'm']);
    packet
}

fn allowing(topic_alias_maximum: u16) -> ConnackProperties<'static> {
    ConnackProperties {
        topic_alias_maximum: Some(topic_alias_maximum),
        ..ConnackProperties::default()
    }
}

#[test]
fn v5_3_3_2_10_the_brokers_aliases_are_resolved() {
    let mut world = World::new(Settings::default());
    world.connect(&connect(), false, ConnackProperties::default());
    for (topic, alias) in [
        ("a/b", 2),
        ("", 2),
        ("c", 1),
        ("", 1),
        ("", 2),
        ("d", 2),
        ("", 2),
    ] {
        world.feed_bytes(&delivery(topic, alias)).unwrap();
    }
    let topics = ["a/b", "a/b", "c", "c", "a/b", "d", "d"];
    let expected = topics.map(|topic| format!("delivered {topic} m"));
    assert_eq!(world.told()[1..], expected);
}

#[test]
fn v5_3_3_2_11_the_broker_keeps_to_the_clients_maximum() {
    for packet in [delivery("a", 3), delivery("", 1)] {
        let mut world = World::new(Settings::default());
        world.connect(&connect(), false, ConnackProperties::default());
        let error = world.feed_bytes(&packet).unwrap_err();
        assert!(matches!(error, ClientError::TopicAlias(1 | 3)), "{error}");
    }
}

#[test]
fn v5_3_3_2_7_aliases_end_with_the_connection() {
    let mut world = World::new(Settings::default());
    world.connect(&connect(), false, ConnackProperties::default());
    world.feed_bytes(&delivery("a", 1)).unwrap();
    let resume = Connect {
        clean_start: false,
        ..connect()
    };
    world.connect(&resume, true, ConnackProperties::default());
    assert_eq!(
        world.feed_bytes(&delivery("", 1)),
        Err(ClientError::TopicAlias(1))
    );
}

#[test]
fn v5_3_2_2_17_the_client_keeps_to_the_brokers_maximum() {
    let mut world = World::new(Settings {
        aliases_max: 10,
        ..Settings::default()
    });
    world.connect(&connect(), false, allowing(1));
    world.publish("a", b"m", Qos::AtMostOnce);
    assert_eq!(world.sent(), [0x30, 8, 0, 1, b'a', 3, 0x23, 0, 1, b'm']);
    world.publish("a", b"m", Qos::AtMostOnce);
    assert_eq!(world.sent(), [0x30, 7, 0, 0, 3, 0x23, 0, 1, b'm']);
    world.publish("b", b"m", Qos::AtMostOnce);
    assert_eq!(world.sent(), [0x30, 5, 0, 1, b'b', 0, b'm']);
    // [v5 3.2.2-18]
    world.connect(&connect(), false, ConnackProperties::default());
    world.publish("a", b"m", Qos::AtMostOnce);
    assert_eq!(world.sent(), [0x30, 5, 0, 1, b'a', 0, b'm']);
}

#[test]
fn a_message_sent_again_names_its_topic() {
    let mut world = World::new(Settings {
        aliases_max: 10,
        ..Settings::default()
    });
    world.connect(&connect(), false, allowing(5));
    world.publish("a", b"m", Qos::AtMostOnce);
    world.publish("a", b"m", Qos::AtLeastOnce);
    let resume = Connect {
        clean_start: false,
        ..connect()
    };
    world.connect(&resume, true, allowing(5));
    assert_eq!(world.sent(), [0x3a, 7, 0, 1, b'a', 0, 1, 0, b'm']);
}

#[test]
fn the_caller_may_set_aliases_of_its_own() {
    let mut world = World::connected(Version::V5, allowing(0));
    let mut publish = message("a", b"m", Qos::AtLeastOnce);
    publish.properties.topic_alias = NonZeroU16::new(9);
    world
        .client
        .publish(&publish, world.now, &mut world.out)
        .unwrap();
    assert_eq!(
        world.sent(),
        [0x32, 10, 0, 1, b'a', 0, 1, 3, 0x23, 0, 9, b'm']
    );
}
