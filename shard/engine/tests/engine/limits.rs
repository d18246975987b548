//! Limits, each with its reason code, each advertised where 5.0 has a field for it.

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use shard_engine::{ListenerSettings, Refused, Settings};
use shard_session::Overflow;
use wire_message::Qos;
use wire_mqtt::{Connect, Packet, Publish, ReasonCode, Version};

use crate::clients::{id, topic};
use crate::harness::Broker;

fn with(change: impl FnOnce(&mut Settings)) -> Broker {
    let mut settings = Settings::default();
    change(&mut settings);
    Broker::with(settings, 1)
}

fn qos2(number: u16) -> Packet<'static> {
    let publish = Publish::new(topic("t"), b"x");
    Packet::Publish(Publish {
        qos: Qos::ExactlyOnce,
        packet_id: Some(id(number)),
        ..publish
    })
}

#[test]
fn connack_tells_what_is_not_as_the_standard_presumes() {
    let mut broker = with(|settings| {
        let connect = &mut settings.mqtt.connect;
        connect.qos_max = Qos::AtLeastOnce;
        connect.retain_available = false;
        connect.wildcard_available = false;
        connect.shared_available = false;
        connect.topic_alias_max = 7;
        connect.receive_max = 5;
        connect.packet_bytes_max = 1000;
        connect.server_keep_alive_s = Some(33);
        connect.session_expiry_max_s = 60;
    });
    let mut connect = Connect::new(Version::V5, "c");
    connect.properties.session_expiry_interval_s = Some(100);
    let client = broker.connect(&connect);
    let mut seen = false;
    broker.take_with(client, |packet| {
        let Packet::Connack(connack) = packet else {
            return;
        };
        let properties = &connack.properties;
        assert_eq!(properties.maximum_qos, Some(Qos::AtLeastOnce));
        assert_eq!(properties.retain_available, Some(false));
        assert_eq!(properties.wildcard_subscription_available, Some(false));
        assert_eq!(properties.shared_subscription_available, Some(false));
        assert_eq!(properties.topic_alias_maximum, Some(7));
        assert_eq!(properties.receive_maximum, NonZeroU16::new(5));
        assert_eq!(properties.maximum_packet_size, NonZeroU32::new(1000));
        assert_eq!(properties.server_keep_alive_s, Some(33));
        assert_eq!(properties.session_expiry_interval_s, Some(60));
        seen = true;
    });
    assert!(seen);
}

#[test]
fn a_client_above_the_receive_maximum_is_disconnected_with_0x93() {
    let mut broker = with(|settings| {
        settings.mqtt.connect.receive_max = 3;
        settings.mqtt.inbound.receive_max = 3;
    });
    let client = broker.client(Version::V5, "c");
    for number in 1..=3 {
        broker.send(client, &qos2(number));
    }
    assert_eq!(broker.take(client).len(), 3);
    broker.send(client, &qos2(4));
    assert!(broker.take(client)[0].contains("ReceiveMaximumExceeded"));
    assert!(broker.is_closed(client));
}

#[test]
fn a_packet_above_the_limit_gets_0x95_and_hurts_nobody_else() {
    let mut broker = with(|settings| settings.mqtt.connect.packet_bytes_max = 100);
    let (bad, good) = (
        broker.client(Version::V5, "bad"),
        broker.client(Version::V5, "good"),
    );
    broker.publish(bad, "t", &"x".repeat(200), Qos::AtMostOnce);
    let farewell = broker.take(bad).remove(0);
    assert!(farewell.contains("PacketTooLarge"));
    // For people too, in words.
    assert!(
        farewell.contains("exceeds the limit of 100 bytes"),
        "{farewell}"
    );
    assert!(broker.is_closed(bad));
    broker.send(good, &Packet::Pingreq);
    assert_eq!(broker.take(good), ["Pingresp"]);
}

#[test]
fn v5_3_1_2_24_a_client_gets_no_packet_larger_than_it_accepts() {
    let mut broker = Broker::new();
    let mut connect = Connect::new(Version::V5, "s");
    connect.properties.maximum_packet_size = NonZeroU32::new(64);
    let subscriber = broker.connect(&connect);
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    for (payload, qos) in [
        ("x".repeat(100), Qos::AtLeastOnce),
        ("y".repeat(100), Qos::AtMostOnce),
    ] {
        broker.publish(publisher, "t", &payload, qos);
    }
    broker.publish(publisher, "t", "small", Qos::AtLeastOnce);
    let payloads: Vec<_> = broker
        .messages(subscriber)
        .into_iter()
        .map(|(_, p)| p)
        .collect();
    assert_eq!(payloads, ["small"]);
    assert_eq!(broker.engines[0].counters().delivery_dropped_too_large, 2);
}

#[test]
fn v5_3_3_4_9_a_client_gets_no_more_than_its_receive_maximum_at_once() {
    let mut broker = Broker::new();
    let mut connect = Connect::new(Version::V5, "s");
    connect.properties.receive_maximum = NonZeroU16::new(1);
    let subscriber = broker.connect(&connect);
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..100 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
    }
    for number in 0..100 {
        let mut got = Vec::new();
        broker.take_with(subscriber, |packet| {
            if let Packet::Publish(publish) = packet {
                got.push((
                    publish.packet_id.expect("QoS 1").value(),
                    publish.payload.to_vec(),
                ));
            }
        });
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].1, number.to_string().as_bytes());
        broker.puback(subscriber, got[0].0);
    }
}

#[test]
fn a_full_queue_drops_by_its_policy_and_counts() {
    for (overflow, kept) in [(Overflow::DropOldest, "7"), (Overflow::DropNewest, "2")] {
        let mut broker = with(|settings| {
            settings.mqtt.queue.messages_max = 3;
            settings.mqtt.queue.overflow = overflow;
        });
        let mut connect = Connect::new(Version::V5, "s");
        connect.clean_start = false;
        connect.properties.session_expiry_interval_s = Some(60);
        let subscriber = broker.connect(&connect);
        broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
        broker.lose(subscriber);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..8 {
            broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
        }
        assert_eq!(broker.engines[0].counters().delivery_dropped_queue_full, 5);
        let subscriber = broker.connect(&connect);
        let messages = broker.messages(subscriber);
        assert_eq!((messages.len(), messages[2].1.as_str()), (3, kept));
        assert_eq!(broker.engines[0].gauges().queued_messages, 0);
    }
}

#[test]
fn an_unknown_or_too_high_topic_alias_is_an_error() {
    for (alias, reason) in [(8, "TopicAliasInvalid"), (3, "ProtocolError")] {
        let mut broker = with(|settings| settings.mqtt.connect.topic_alias_max = 7);
        let client = broker.client(Version::V5, "c");
        let mut publish = Publish::new(topic("t"), b"x");
        publish.topic = None;
        publish.properties.topic_alias = NonZeroU16::new(alias);
        broker.send(client, &Packet::Publish(publish));
        assert!(broker.take(client)[0].contains(reason), "{alias}");
        assert!(broker.is_closed(client));
    }
}

#[test]
fn what_connack_said_does_not_exist_is_refused() {
    let mut broker = with(|settings| {
        settings.mqtt.connect.retain_available = false;
        settings.mqtt.connect.qos_max = Qos::AtLeastOnce;
        settings.mqtt.connect.wildcard_available = false;
        settings.mqtt.connect.shared_available = false;
    });
    let client = broker.client(Version::V5, "c");
    let wildcard = ReasonCode::WildcardSubscriptionsNotSupported;
    assert_eq!(broker.subscribe(client, "a/#", Qos::AtMostOnce), [wildcard]);
    let shared = ReasonCode::SharedSubscriptionsNotSupported;
    assert_eq!(
        broker.subscribe(client, "$share/g/a", Qos::AtMostOnce),
        [shared]
    );
    let granted = broker.subscribe(client, "a", Qos::ExactlyOnce);
    assert_eq!(granted, [ReasonCode::GrantedQos1]);
    let other = broker.client(Version::V5, "other");
    broker.retain(other, "a", "x");
    assert!(broker.take(other)[0].contains("RetainNotSupported"));
    broker.send(client, &qos2(1));
    assert!(broker.take(client)[0].contains("QosNotSupported"));
}

#[test]
fn topics_and_filters_keep_to_their_limits() {
    let mut broker = with(|settings| {
        settings.mqtt.topic_levels_max = 3;
        settings.mqtt.topic_bytes_max = 10;
        settings.mqtt.subscriptions_max = 2;
    });
    let client = broker.client(Version::V5, "c");
    for filter in ["a/b/c/d", "12345678901"] {
        let invalid = [ReasonCode::TopicFilterInvalid];
        assert_eq!(broker.subscribe(client, filter, Qos::AtMostOnce), invalid);
        broker.publish(client, filter, "x", Qos::AtLeastOnce);
        assert!(
            broker.take(client)[0].contains("TopicNameInvalid"),
            "{filter}"
        );
    }
    for filter in ["a", "b"] {
        assert_eq!(
            broker.subscribe(client, filter, Qos::AtMostOnce),
            [ReasonCode::Success]
        );
    }
    let over = [ReasonCode::QuotaExceeded];
    assert_eq!(broker.subscribe(client, "c", Qos::AtMostOnce), over);
    assert_eq!(
        broker.subscribe(client, "a", Qos::AtLeastOnce),
        [ReasonCode::GrantedQos1]
    );
}

#[test]
fn a_listener_takes_as_many_connections_as_it_may() {
    let listener = ListenerSettings {
        connections_max: 2,
        ..ListenerSettings::default()
    };
    let mut broker = Broker::with(
        Settings {
            listeners: vec![listener],
            ..Settings::default()
        },
        1,
    );
    let first = broker.open(0);
    broker.open(0);
    assert_eq!(broker.try_open(), Err(Refused::Connections));
    broker.lose(first);
    assert_eq!(broker.try_open(), Ok(()));
}

#[test]
fn an_expired_message_is_not_delivered_and_a_live_one_shows_its_age() {
    let mut broker = Broker::new();
    let mut connect = Connect::new(Version::V5, "s");
    connect.clean_start = false;
    connect.properties.session_expiry_interval_s = Some(60);
    let subscriber = broker.connect(&connect);
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    for (payload, expiry) in [(&b"short"[..], 2), (b"long", 10)] {
        let mut publish = Publish::new(topic("t"), payload);
        publish.qos = Qos::AtLeastOnce;
        publish.packet_id = Some(id(1));
        publish.properties.expiry_interval_s = Some(expiry);
        broker.send(publisher, &Packet::Publish(publish));
    }
    broker.pass(Duration::from_secs(3));
    let subscriber = broker.connect(&connect);
    let mut got = Vec::new();
    broker.take_with(subscriber, |packet| {
        if let Packet::Publish(publish) = packet {
            got.push((
                publish.payload.to_vec(),
                publish.properties.expiry_interval_s,
            ));
        }
    });
    assert_eq!(got, [(b"long".to_vec(), Some(7))]);
}
