//! Subscriptions.

use wire_client::{ClientError, VerbError};
use wire_message::Qos;
use wire_mqtt::{
    ConnackProperties, FilterRequest, PacketId, SubscribeProperties, UserProperties, Version,
};

use crate::world::World;

fn subscribe(world: &mut World, filters: &[&str]) -> Result<u16, VerbError> {
    let requests: Vec<_> = filters
        .iter()
        .map(|filter| FilterRequest::new(filter, Qos::AtLeastOnce))
        .collect();
    let properties = SubscribeProperties::default();
    world
        .client
        .subscribe(&requests, properties, world.now, &mut world.out)
        .map(PacketId::value)
}

fn unsubscribe(world: &mut World, filters: &[&str]) -> Result<u16, VerbError> {
    let none = UserProperties::NONE;
    world
        .client
        .unsubscribe(filters, none, world.now, &mut world.out)
        .map(PacketId::value)
}

#[test]
fn requests_are_answered_by_packet_id() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    assert_eq!(subscribe(&mut world, &["a", "b"]), Ok(1));
    assert_eq!(
        world.sent(),
        [0x82, 11, 0, 1, 0, 0, 1, b'a', 1, 0, 1, b'b', 1]
    );
    assert_eq!(unsubscribe(&mut world, &["a"]), Ok(2));
    assert_eq!(world.sent(), [0xa2, 6, 0, 2, 0, 0, 1, b'a']);
    world.feed_bytes(&[0xb0, 4, 0, 2, 0, 0x11]).unwrap();
    world.feed_bytes(&[0x90, 5, 0, 1, 0, 1, 0x87]).unwrap();
    assert_eq!(
        world.told()[1..],
        [
            "unsubscribed 2 [NoSubscriptionExisted]",
            "subscribed 1 [GrantedQos1, NotAuthorized]"
        ]
    );
    // Both packet ids are free again, and the answers are of no use a second time.
    world.feed_bytes(&[0x90, 5, 0, 1, 0, 1, 0x87]).unwrap();
    assert_eq!(world.told(), ["stray Suback 1 Success"]);
}

#[test]
fn v311_unsuback_has_no_codes() {
    let mut world = World::connected(Version::V311, ConnackProperties::default());
    unsubscribe(&mut world, &["a", "b"]).unwrap();
    world.feed_bytes(&[0xb0, 2, 0, 1]).unwrap();
    assert_eq!(world.told()[1..], ["unsubscribed 1 []"]);
}

#[test]
fn v5_3_8_4_6_an_answer_has_a_code_for_each_filter() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    subscribe(&mut world, &["a", "b"]).unwrap();
    let wrong = ClientError::CodeCount {
        wanted: 2,
        given: 1,
    };
    assert_eq!(world.feed_bytes(&[0x90, 4, 0, 1, 0, 1]), Err(wrong));
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    unsubscribe(&mut world, &["a", "b"]).unwrap();
    assert_eq!(world.feed_bytes(&[0xb0, 4, 0, 1, 0, 0]), Err(wrong));
}

#[test]
fn an_answer_of_the_wrong_type_is_stray() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    subscribe(&mut world, &["a"]).unwrap();
    world.feed_bytes(&[0xb0, 4, 0, 1, 0, 0]).unwrap();
    assert_eq!(world.told()[1..], ["stray Unsuback 1 Success"]);
    world.feed_bytes(&[0x90, 4, 0, 1, 0, 1]).unwrap();
    assert_eq!(world.told(), ["subscribed 1 [GrantedQos1]"]);
}

#[test]
fn packet_ids_of_requests_and_messages_are_apart() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.publish("t", b"m", Qos::AtLeastOnce);
    assert_eq!(subscribe(&mut world, &["a"]), Ok(2));
    world.publish("t", b"m", Qos::ExactlyOnce);
    assert_eq!(unsubscribe(&mut world, &["a"]), Ok(4));
}

#[test]
fn requests_need_a_connection_and_a_filter() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    assert!(matches!(
        subscribe(&mut world, &[]),
        Err(VerbError::Encode(_))
    ));
    world.client.connection_lost();
    assert_eq!(subscribe(&mut world, &["a"]), Err(VerbError::NotConnected));
    assert_eq!(
        unsubscribe(&mut world, &["a"]),
        Err(VerbError::NotConnected)
    );
}
