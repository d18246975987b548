//! Keeping the connection alive.

use core::time::Duration;

use wire_client::{ClientError, Settings, State};
use wire_message::Qos;
use wire_mqtt::{ConnackProperties, Connect, Version};

use crate::world::World;

fn connected(keep_alive_s: u16, server_keep_alive_s: Option<u16>) -> World {
    let mut world = World::new(Settings::default());
    let connect = Connect {
        keep_alive_s,
        ..Connect::new(Version::V5, "c")
    };
    let properties = ConnackProperties {
        server_keep_alive_s,
        ..ConnackProperties::default()
    };
    world.connect(&connect, false, properties);
    world
}

fn due_in_s(world: &World) -> Option<u64> {
    world
        .client
        .next_timeout()
        .map(|due| due.since(world.now).as_secs())
}

fn pass(world: &mut World, seconds: u64) -> Result<(), ClientError> {
    world.now = world.now + Duration::from_secs(seconds);
    world.client.handle_timeout(world.now, &mut world.out)
}

#[test]
fn v5_3_1_2_20_a_client_with_nothing_to_say_pings_in_time() {
    let mut world = connected(10, None);
    assert_eq!(due_in_s(&world), Some(10));
    pass(&mut world, 9).unwrap();
    assert_eq!(world.sent(), [0_u8; 0]);
    pass(&mut world, 1).unwrap();
    assert_eq!(world.sent(), [0xc0, 0]);
    pass(&mut world, 0).unwrap();
    assert_eq!(world.sent(), [0_u8; 0]);
    world.feed_bytes(&[0xd0, 0]).unwrap();
    assert_eq!(world.told()[1..], ["pong"]);
    assert_eq!(due_in_s(&world), Some(10));
}

#[test]
fn what_is_sent_counts() {
    let mut world = connected(10, None);
    pass(&mut world, 6).unwrap();
    world.publish("t", b"m", Qos::AtMostOnce);
    assert_eq!(due_in_s(&world), Some(10));
    pass(&mut world, 6).unwrap();
    // An acknowledgement is something sent, too.
    world
        .feed_bytes(&[0x32, 7, 0, 1, b't', 0, 7, 0, b'm'])
        .unwrap();
    assert_eq!(due_in_s(&world), Some(10));
    pass(&mut world, 6).unwrap();
    // A delivery of QoS 0 alone is not.
    world.feed_bytes(&[0x30, 5, 0, 1, b't', 0, b'm']).unwrap();
    assert_eq!(due_in_s(&world), Some(4));
}

#[test]
fn v5_3_2_2_21_the_brokers_keep_alive_counts() {
    assert_eq!(due_in_s(&connected(10, Some(3))), Some(3));
    assert_eq!(due_in_s(&connected(10, Some(0))), None);
    assert_eq!(due_in_s(&connected(0, None)), None);
}

#[test]
fn a_ping_without_an_answer_ends_the_connection() {
    let mut world = connected(10, None);
    pass(&mut world, 10).unwrap();
    // More packets to the broker do not move the end.
    pass(&mut world, 5).unwrap();
    world.publish("t", b"m", Qos::AtMostOnce);
    assert_eq!(pass(&mut world, 5), Err(ClientError::Silent));
    assert_eq!(world.client.state(), State::Closed);
    assert_eq!(pass(&mut world, 100), Ok(()));
}
