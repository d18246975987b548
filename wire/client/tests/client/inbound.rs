//! Messages from the broker.

use core::num::NonZeroU16;

use wire_client::{Acknowledge, ClientError, Settings, VerbError};
use wire_mqtt::{ConnackProperties, Connect, PacketId, ReasonCode, Version};

use crate::world::World;

const QOS_1: &[u8] = &[0x32, 7, 0, 1, b't', 0, 7, 0, b'm'];
const QOS_2: &[u8] = &[0x34, 7, 0, 1, b't', 0, 7, 0, b'm'];
const QOS_2_AGAIN: &[u8] = &[0x3c, 7, 0, 1, b't', 0, 7, 0, b'm'];

fn by_caller() -> World {
    let mut world = World::new(Settings {
        acknowledge: Acknowledge::ByCaller,
        ..Settings::default()
    });
    world.connect(
        &Connect::new(Version::V5, "c"),
        false,
        ConnackProperties::default(),
    );
    world.told();
    world
}

fn connected() -> World {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.told();
    world
}

#[test]
fn a_delivery_is_answered_as_its_qos_demands() {
    let mut world = connected();
    world.feed_bytes(&[0x30, 5, 0, 1, b't', 0, b'm']).unwrap();
    assert_eq!(world.sent(), [0_u8; 0]);
    world.feed_bytes(QOS_1).unwrap();
    assert_eq!(world.sent(), [0x40, 2, 0, 7]);
    world.feed_bytes(QOS_2).unwrap();
    assert_eq!(world.sent(), [0x50, 2, 0, 7]);
    world.feed_bytes(&[0x62, 2, 0, 7]).unwrap();
    assert_eq!(world.sent(), [0x70, 2, 0, 7]);
    assert_eq!(
        world.told(),
        [
            "delivered t m",
            "delivered t m",
            "delivered t m",
            "released 7"
        ]
    );
}

#[test]
fn v5_4_3_3_10_a_repeated_message_of_qos_2_is_told_once() {
    let mut world = connected();
    world.feed_bytes(QOS_2).unwrap();
    world.sent();
    let resume = Connect {
        clean_start: false,
        ..Connect::new(Version::V5, "c")
    };
    world.connect(&resume, true, ConnackProperties::default());
    world.feed_bytes(QOS_2_AGAIN).unwrap();
    assert_eq!(world.sent(), [0x50, 2, 0, 7]);
    assert_eq!(world.told(), ["connected true"]);
    // After the release the same id carries a new message.
    world.feed_bytes(&[0x62, 2, 0, 7]).unwrap();
    world.feed_bytes(QOS_2).unwrap();
    assert_eq!(world.told(), ["released 7", "delivered t m"]);
}

#[test]
fn a_session_that_starts_clean_forgets_what_it_had_received() {
    let mut world = connected();
    world.feed_bytes(QOS_2).unwrap();
    world.connect(
        &Connect::new(Version::V5, "c"),
        false,
        ConnackProperties::default(),
    );
    world.feed_bytes(QOS_2_AGAIN).unwrap();
    assert_eq!(world.told(), ["connected false", "delivered t m"]);
}

#[test]
fn a_packet_id_in_use_carries_no_new_message() {
    let reused = Err(ClientError::PacketIdReused(PacketId::new(7).unwrap()));
    let mut world = connected();
    world.feed_bytes(QOS_2).unwrap();
    assert_eq!(world.feed_bytes(QOS_2), reused);
    let mut world = by_caller();
    world.feed_bytes(QOS_1).unwrap();
    assert_eq!(world.feed_bytes(QOS_1), reused);
}

#[test]
fn a_release_of_nothing_is_told_and_answered() {
    let mut world = connected();
    world.feed_bytes(&[0x62, 2, 0, 9]).unwrap();
    assert_eq!(world.sent(), [0x70, 3, 0, 9, 0x92]);
    assert_eq!(world.told(), ["stray Pubrel 9 Success"]);
}

#[test]
fn the_caller_acknowledges_if_it_wants_to() {
    let mut world = by_caller();
    world.feed_bytes(QOS_1).unwrap();
    assert_eq!(world.sent(), [0_u8; 0]);
    let id = PacketId::new(7).unwrap();
    let now = world.now;
    let acknowledge =
        |world: &mut World, reason| world.client.acknowledge(id, reason, now, &mut world.out);
    acknowledge(&mut world, ReasonCode::Success).unwrap();
    assert_eq!(world.sent(), [0x40, 2, 0, 7]);
    assert_eq!(
        acknowledge(&mut world, ReasonCode::Success),
        Err(VerbError::NothingToAcknowledge)
    );
    world.feed_bytes(QOS_2).unwrap();
    acknowledge(&mut world, ReasonCode::Success).unwrap();
    assert_eq!(world.sent(), [0x50, 2, 0, 7]);
    world.feed_bytes(&[0x62, 2, 0, 7]).unwrap();
    assert_eq!(world.sent(), [0x70, 2, 0, 7]);
    // A refused message is over at once.
    world.feed_bytes(QOS_2).unwrap();
    acknowledge(&mut world, ReasonCode::QuotaExceeded).unwrap();
    assert_eq!(world.sent(), [0x50, 3, 0, 7, 0x97]);
    world.feed_bytes(QOS_2).unwrap();
    world.client.connection_lost();
    assert_eq!(
        acknowledge(&mut world, ReasonCode::Success),
        Err(VerbError::NotConnected)
    );
}

#[test]
fn v5_3_3_4_9_the_broker_keeps_to_the_clients_window() {
    let mut world = World::new(Settings {
        acknowledge: Acknowledge::ByCaller,
        ..Settings::default()
    });
    let mut connect = Connect::new(Version::V5, "c");
    connect.properties.receive_maximum = NonZeroU16::new(1);
    world.connect(&connect, false, ConnackProperties::default());
    world.feed_bytes(QOS_2).unwrap();
    let id = PacketId::new(7).unwrap();
    world
        .client
        .acknowledge(id, ReasonCode::Success, world.now, &mut world.out)
        .unwrap();
    // Between PUBREC and PUBCOMP the message still counts; QoS 0 never does.
    world.feed_bytes(&[0x30, 5, 0, 1, b't', 0, b'm']).unwrap();
    let other = &[0x32, 7, 0, 1, b't', 0, 8, 0, b'm'];
    assert_eq!(
        world.feed_bytes(other),
        Err(ClientError::ReceiveMaximumExceeded)
    );

    world.connect(&connect, false, ConnackProperties::default());
    world.feed_bytes(QOS_2).unwrap();
    world
        .client
        .acknowledge(id, ReasonCode::Success, world.now, &mut world.out)
        .unwrap();
    world.feed_bytes(&[0x62, 2, 0, 7]).unwrap();
    world.feed_bytes(other).unwrap();
}
