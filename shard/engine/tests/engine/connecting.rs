//! CONNECT and what precedes it.

use std::time::Duration;

use wire_mqtt::{Connect, Packet, Version};

use crate::harness::Broker;

#[test]
fn clients_of_every_version_connect() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let mut broker = Broker::new();
        let client = broker.connect(&Connect::new(version, "c"));
        let packets = broker.take(client);
        assert!(packets[0].contains("reason: Success"), "{packets:?}");
        broker.send(client, &Packet::Pingreq);
        assert_eq!(broker.take(client), ["Pingresp"]);
    }
}

#[test]
fn v5_3_1_0_1_the_first_packet_is_connect() {
    let mut broker = Broker::new();
    let client = broker.open(0);
    broker.send(client, &Packet::Pingreq);
    assert!(broker.is_closed(client));
}

/// Its first byte is that of a PUBACK, and its second a length that never comes.
#[test]
fn v5_3_1_0_1_another_protocol_is_not_waited_for() {
    let mut broker = Broker::new();
    let client = broker.open(0);
    broker.send_bytes(client, b"GET / HTTP/1.1\r\n\r\n");
    assert!(broker.is_closed(client));
}

#[test]
fn v5_3_1_0_2_a_second_connect_is_a_protocol_error() {
    let mut broker = Broker::new();
    let client = broker.client(Version::V5, "c");
    broker.send(client, &Packet::Connect(Connect::new(Version::V5, "c")));
    assert!(broker.take(client)[0].contains("ProtocolError"));
    assert!(broker.is_closed(client));
}

#[test]
fn a_connection_without_connect_is_closed_in_time() {
    let mut broker = Broker::new();
    let client = broker.open(0);
    broker.pass(Duration::from_secs(14));
    assert!(!broker.is_closed(client));
    broker.pass(Duration::from_secs(2));
    assert!(broker.is_closed(client));
}

#[test]
fn v5_3_1_2_22_silence_for_one_and_a_half_keep_alives_disconnects() {
    let mut broker = Broker::new();
    let client = broker.connect(&Connect {
        keep_alive_s: 10,
        ..Connect::new(Version::V5, "c")
    });
    broker.take(client);
    for _ in 0..3 {
        broker.pass(Duration::from_secs(14));
        broker.send(client, &Packet::Pingreq);
        assert_eq!(broker.take(client), ["Pingresp"]);
    }
    broker.pass(Duration::from_secs(16));
    assert!(broker.take(client)[0].contains("KeepAliveTimeout"));
    assert!(broker.is_closed(client));
}

#[test]
fn v5_3_1_4_3_the_older_connection_of_a_client_is_told_and_closed() {
    for shards in [1, 3] {
        let mut broker = Broker::with(shard_engine::Settings::default(), shards);
        let old = broker.client(Version::V5, "same");
        let new = broker.client(Version::V5, "same");
        assert!(broker.take(old)[0].contains("SessionTakenOver"));
        assert!(broker.is_closed(old) && !broker.is_closed(new));
    }
}

#[test]
fn v5_3_1_3_6_a_client_without_an_id_is_given_one_that_lives_where_it_connected() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 4);
    for _ in 0..8 {
        let client = broker.connect(&Connect::new(Version::V5, ""));
        let mut assigned = None;
        broker.take_with(client, |packet| {
            if let Packet::Connack(connack) = packet {
                assigned = connack.properties.assigned_client_id.map(str::to_owned);
            }
        });
        assert_eq!(broker.home(&assigned.expect("an id is assigned")), 0);
    }
}
