//! Opening and closing connections.

use wire_client::{Client, ClientError, Settings, State, VerbError};
use wire_message::Qos;
use wire_mqtt::{
    Auth, AuthProperties, Connack, ConnackProperties, Connect, Disconnect, Packet, PacketType,
    ReasonCode, Version,
};

use crate::world::World;

#[test]
fn a_connection_opens_with_connect_and_connack() {
    let mut world = World::new(Settings::default());
    let connect = Connect::new(Version::V311, "c");
    world
        .client
        .connect(&connect, world.now, &mut world.out)
        .unwrap();
    assert_eq!(world.sent(), b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
    assert_eq!(world.client.state(), State::Connecting);
    world.feed_bytes(&[0x20, 2, 0, 0]).unwrap();
    assert_eq!(world.told(), ["connected false"]);
    assert_eq!(world.client.state(), State::Connected);
}

#[test]
fn a_refusal_closes() {
    let mut world = World::new(Settings::default());
    world.open(&Connect::new(Version::V311, "c"));
    world.feed_bytes(&[0x20, 2, 0, 5]).unwrap();
    assert_eq!(world.told(), ["refused NotAuthorized"]);
    assert_eq!(world.client.state(), State::Closed);
    world.feed_bytes(&[0xff]).unwrap();
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn v5_3_2_0_1_nothing_comes_before_connack_but_auth() {
    let mut world = World::new(Settings::default());
    world.open(&Connect::new(Version::V5, "c"));
    let properties = AuthProperties {
        authentication_method: Some("SCRAM"),
        ..AuthProperties::default()
    };
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties,
    };
    world.feed(&Packet::Auth(auth)).unwrap();
    assert_eq!(world.told(), ["auth ContinueAuthentication"]);
    world
        .client
        .authenticate(&auth, world.now, &mut world.out)
        .unwrap();
    assert_eq!(world.sent()[0], 0xf0);
    assert_eq!(
        world.feed(&Packet::Pingresp),
        Err(ClientError::OutOfTurn(PacketType::Pingresp))
    );
    assert_eq!(world.client.state(), State::Closed);
}

#[test]
fn v5_3_2_0_2_a_second_connack_is_out_of_turn() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    let connack = Packet::Connack(Connack::default());
    assert_eq!(
        world.feed(&connack),
        Err(ClientError::OutOfTurn(PacketType::Connack))
    );
}

#[test]
fn v5_3_14_0_1_the_broker_disconnects_only_after_connack() {
    let disconnect = Packet::Disconnect(Disconnect::new(ReasonCode::ServerShuttingDown));
    let mut world = World::new(Settings::default());
    world.open(&Connect::new(Version::V5, "c"));
    assert_eq!(
        world.feed(&disconnect),
        Err(ClientError::OutOfTurn(PacketType::Disconnect))
    );
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.feed(&disconnect).unwrap();
    assert_eq!(
        world.told(),
        ["connected false", "disconnected ServerShuttingDown"]
    );
    assert_eq!(world.client.state(), State::Closed);
}

#[test]
fn v5_3_2_2_4_a_session_after_a_clean_start_closes() {
    for version in [Version::V311, Version::V5] {
        let mut world = World::new(Settings::default());
        world.open(&Connect::new(version, "c"));
        let connack = Connack {
            session_present: true,
            ..Connack::default()
        };
        assert_eq!(
            world.feed(&Packet::Connack(connack)),
            Err(ClientError::SessionPresent)
        );
        assert_eq!(world.client.state(), State::Closed);
    }
}

#[test]
fn v5_3_2_2_5_what_the_broker_forgot_is_thrown_away() {
    for version in [Version::V311, Version::V5] {
        let mut world = World::connected(version, ConnackProperties::default());
        world.publish("a", b"1", Qos::AtLeastOnce);
        world.publish("a", b"2", Qos::ExactlyOnce);
        let connect = Connect {
            clean_start: false,
            ..Connect::new(version, "c")
        };
        world.connect(&connect, false, ConnackProperties::default());
        assert_eq!(
            world.told(),
            ["abandoned 1", "abandoned 2", "connected false"]
        );
        assert_eq!(world.sent(), [0_u8; 0]);
        assert_eq!(world.client.unfinished(), 0);
    }
}

#[test]
fn v5_3_14_4_1_nothing_follows_a_disconnect() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world
        .client
        .disconnect(&Disconnect::default(), &mut world.out)
        .unwrap();
    assert_eq!(world.sent(), [0xe0, 0]);
    assert_eq!(world.client.state(), State::Closed);
    let again = world
        .client
        .disconnect(&Disconnect::default(), &mut world.out);
    assert_eq!(again, Err(VerbError::NotConnected));
    assert_eq!(
        world.client.ping(world.now, &mut world.out),
        Err(VerbError::NotConnected)
    );
    assert_eq!(world.client.next_timeout(), None);
}

#[test]
fn v5_3_1_2_24_a_packet_above_the_own_limit_is_refused() {
    let mut world = World::new(Settings::default());
    let mut connect = Connect::new(Version::V5, "c");
    connect.properties.maximum_packet_size = core::num::NonZeroU32::new(20);
    world.connect(&connect, false, ConnackProperties::default());
    let error = world.feed_bytes(&[0x30, 19]).unwrap_err();
    assert_eq!(error.reason_code(), ReasonCode::PacketTooLarge);
}

#[test]
fn a_client_is_small() {
    assert!(size_of::<Client>() <= 128);
    let client = Client::new(Settings::default());
    assert_eq!((client.unfinished(), client.next_timeout()), (0, None));
    assert_eq!(client.state(), State::Closed);
}
