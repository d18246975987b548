//! What follows a CONNECT, accepted or refused.

use std::time::Duration;

use shard_engine::Settings;
use wire_message::{Qos, TopicRef};
use wire_mqtt::{Connect, Packet, PacketType, ReasonCode, Version, Will, WillProperties};

use crate::shard::{Peer, Shard, decode, kind, kinds, publish, publish_in};

/// Sends a CONNECT that is refused with a PUBLISH right behind it, as a client may.
fn refused_with_more_behind(connect: &Connect<'_>) -> (Shard, Peer, Peer) {
    let mut shard = Shard::new(Settings::default());
    let watcher = shard.connect(&Connect::new(Version::V5, "watcher"));
    shard.subscribe(watcher, "#", Qos::AtMostOnce);
    let mut bytes = Vec::new();
    let version = connect.version;
    let connect = Packet::Connect(*connect);
    let behind = Packet::Publish(publish("a", b"behind", Qos::AtMostOnce, 0));
    for packet in [connect, behind, Packet::Pingreq] {
        packet
            .encode(version, &mut bytes)
            .expect("packets of tests are valid");
    }
    let peer = shard.dial(version);
    shard.send_bytes(peer, &bytes);
    (shard, peer, watcher)
}

#[test]
fn v5_3_1_4_6_nothing_behind_a_refused_connect_is_processed() {
    let mut connect = Connect::new(Version::V5, "refused");
    connect.properties.authentication_method = Some("unheard of");
    let (mut shard, peer, watcher) = refused_with_more_behind(&connect);
    let answer = shard.packet(peer);
    assert!(matches!(
        decode(&answer, Version::V5),
        Packet::Connack(connack) if connack.reason == ReasonCode::BadAuthenticationMethod
    ));
    assert!(shard.is_closed(peer));
    assert!(shard.packets(watcher).is_empty());
}

#[test]
fn v311_3_1_4_5_nothing_behind_a_refused_connect_is_processed() {
    let mut connect = Connect::new(Version::V311, "");
    connect.clean_start = false;
    let (mut shard, peer, watcher) = refused_with_more_behind(&connect);
    assert_eq!(shard.packet(peer), [0x20, 2, 0, 2]);
    assert!(shard.is_closed(peer));
    assert!(shard.packets(watcher).is_empty());
}

#[test]
fn v5_3_2_0_2_a_connection_gets_one_connack() {
    let mut shard = Shard::new(Settings::default());
    let connect = Connect::new(Version::V5, "once");
    let peer = shard.dial(Version::V5);
    shard.send(peer, &Packet::Connect(connect));
    shard.send(peer, &Packet::Pingreq);
    shard.send(peer, &Packet::Connect(connect));
    let packets = shard.packets(peer);
    let expected = [
        PacketType::Connack,
        PacketType::Pingresp,
        PacketType::Disconnect,
    ];
    assert_eq!(kinds(&packets), expected);
    assert!(shard.is_closed(peer));
}

#[test]
fn v5_4_12_0_6_no_authentication_without_a_method() {
    let mut shard = Shard::new(Settings::default());
    let mut connect = Connect::new(Version::V5, "plain");
    connect.username = Some("somebody");
    connect.password = Some(b"secret");
    let peer = shard.dial(Version::V5);
    shard.send(peer, &Packet::Connect(connect));
    let answer = shard.packet(peer);
    assert!(matches!(
        decode(&answer, Version::V5),
        Packet::Connack(connack) if connack.reason == ReasonCode::Success
            && connack.properties.authentication_method.is_none()
            && connack.properties.authentication_data.is_none()
    ));
}

/// The last packet of a connection that the shard ends, which must be a DISCONNECT.
fn farewell(shard: &mut Shard, peer: Peer) -> Vec<u8> {
    assert!(shard.is_closed(peer));
    let last = shard.packets(peer).pop();
    let last = last.expect("5.0 clients are told why");
    assert_eq!(kind(&last), PacketType::Disconnect);
    last
}

#[test]
fn v5_3_14_2_2_the_servers_disconnect_changes_no_session_expiry() {
    let mut shard = Shard::new(Settings::default());
    let mut connect = Connect::new(Version::V5, "client");
    connect.properties.session_expiry_interval_s = Some(60);
    connect.keep_alive_s = 10;
    let mut farewells = Vec::new();
    let taken_over = shard.connect(&connect);
    let second = shard.connect(&connect);
    farewells.push(farewell(&mut shard, taken_over));
    shard.advance(Duration::from_secs(16));
    farewells.push(farewell(&mut shard, second));
    let faulty = shard.connect(&connect);
    shard.send_bytes(faulty, &[0, 0]);
    farewells.push(farewell(&mut shard, faulty));
    let expected = [
        ReasonCode::SessionTakenOver,
        ReasonCode::KeepAliveTimeout,
        ReasonCode::MalformedPacket,
    ];
    for (packet, expected) in farewells.iter().zip(expected) {
        assert!(matches!(
            decode(packet, Version::V5),
            Packet::Disconnect(disconnect) if disconnect.reason == expected
                && disconnect.properties.session_expiry_interval_s.is_none()
        ));
    }
}

#[test]
fn v311_3_1_2_12_without_a_will_none_is_published() {
    let mut shard = Shard::new(Settings::default());
    let watcher = shard.connect(&Connect::new(Version::V311, "watcher"));
    shard.subscribe(watcher, "#", Qos::AtMostOnce);
    let plain = shard.connect(&Connect::new(Version::V311, "plain"));
    shard.lose(plain);
    assert!(shard.packets(watcher).is_empty());

    let mut connect = Connect::new(Version::V311, "with will");
    connect.will = Some(Will {
        topic: TopicRef::new("will").unwrap(),
        payload: b"gone",
        qos: Qos::AtMostOnce,
        retain: false,
        properties: WillProperties::default(),
    });
    let willing = shard.connect(&connect);
    shard.lose(willing);
    let packet = shard.packet(watcher);
    assert_eq!(publish_in(&packet, Version::V311).payload, b"gone");
}
