//! Sessions that outlive connections, and wills.

use std::time::Duration;

use wire_message::Qos;
use wire_mqtt::{Connect, Disconnect, Packet, ReasonCode, Version, Will, WillProperties};

use crate::clients::topic;
use crate::harness::{Broker, Client};

fn resuming(broker: &mut Broker, id: &str, expiry_s: u32) -> (Client, bool) {
    let mut connect = Connect {
        clean_start: false,
        ..Connect::new(Version::V5, id)
    };
    connect.properties.session_expiry_interval_s = Some(expiry_s);
    let client = broker.connect(&connect);
    let mut present = None;
    // Only CONNACK is looked at; what follows stays for the test.
    broker.peek(client, |packet| {
        if let Packet::Connack(connack) = packet {
            present = Some(connack.session_present);
        }
    });
    (client, present.expect("a CONNECT is answered"))
}

#[test]
fn a_dormant_session_collects_messages_until_it_is_resumed() {
    for shards in [1, 2] {
        let mut broker = Broker::with(shard_engine::Settings::default(), shards);
        let (subscriber, present) = resuming(&mut broker, "s", 60);
        assert!(!present);
        broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
        broker.lose(subscriber);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..100 {
            broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
        }
        let (subscriber, present) = resuming(&mut broker, "s", 60);
        assert!(present);
        let mut received = Vec::new();
        loop {
            let mut ids = Vec::new();
            broker.take_with(subscriber, |packet| {
                if let Packet::Publish(publish) = packet {
                    received.push(String::from_utf8_lossy(publish.payload).into_owned());
                    ids.push(publish.packet_id.expect("QoS 1 has one").value());
                }
            });
            if ids.is_empty() {
                break;
            }
            for id in ids {
                broker.puback(subscriber, id);
            }
        }
        let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(received, expected);
    }
}

#[test]
fn a_long_queue_of_unacknowledgeable_messages_goes_out_whole() {
    let mut broker = Broker::new();
    let (subscriber, _) = resuming(&mut broker, "s", 60);
    broker.subscribe(subscriber, "t", Qos::AtMostOnce);
    broker.lose(subscriber);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..900 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtMostOnce);
    }
    let (subscriber, _) = resuming(&mut broker, "s", 60);
    broker.pass(Duration::from_secs(1));
    assert_eq!(broker.messages(subscriber).len(), 900);
}

#[test]
fn v5_3_1_2_23_a_session_ends_when_its_expiry_has_passed() {
    let mut broker = Broker::new();
    let (client, _) = resuming(&mut broker, "s", 10);
    broker.lose(client);
    broker.pass(Duration::from_secs(9));
    let (client, present) = resuming(&mut broker, "s", 10);
    assert!(present);
    broker.lose(client);
    broker.pass(Duration::from_secs(12));
    assert_eq!(broker.engines[0].gauges().sessions, 0);
    assert!(!resuming(&mut broker, "s", 10).1);
}

#[test]
fn v5_4_4_0_1_unacknowledged_messages_are_sent_again_in_order_with_dup() {
    let mut broker = Broker::new();
    let (subscriber, _) = resuming(&mut broker, "s", 60);
    broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
    let publisher = broker.client(Version::V5, "p");
    for payload in ["1", "2", "3"] {
        broker.publish(publisher, "t", payload, Qos::AtLeastOnce);
    }
    broker.take(subscriber);
    broker.lose(subscriber);
    let (subscriber, _) = resuming(&mut broker, "s", 60);
    let mut again = Vec::new();
    broker.take_with(subscriber, |packet| {
        if let Packet::Publish(publish) = packet {
            again.push((publish.dup, publish.payload.to_vec()));
        }
    });
    let expected: Vec<_> = [b"1", b"2", b"3"]
        .map(|payload| (true, payload.to_vec()))
        .into();
    assert_eq!(again, expected);
}

fn with_will(id: &str, delay_s: u32, expiry_s: u32) -> Connect<'_> {
    let mut connect = Connect::new(Version::V5, id);
    connect.clean_start = false;
    connect.properties.session_expiry_interval_s = Some(expiry_s);
    connect.will = Some(Will {
        topic: topic("will"),
        payload: b"gone",
        qos: Qos::AtLeastOnce,
        retain: false,
        properties: WillProperties {
            delay_interval_s: Some(delay_s),
            ..WillProperties::default()
        },
    });
    connect
}

#[test]
fn a_will_is_published_when_its_delay_or_the_session_is_over() {
    for (delay_s, expiry_s, due_s) in [(0, 60, 0), (10, 60, 10), (60, 10, 10), (10, 0, 0)] {
        let mut broker = Broker::with(shard_engine::Settings::default(), 2);
        let watcher = broker.client(Version::V5, "w");
        broker.subscribe(watcher, "will", Qos::AtMostOnce);
        let client = broker.connect(&with_will("c", delay_s, expiry_s));
        broker.lose(client);
        if due_s > 0 {
            broker.pass(Duration::from_millis(due_s * 1_000 - 100));
            assert!(broker.messages(watcher).is_empty(), "{delay_s} {expiry_s}");
        }
        broker.pass(Duration::from_secs(1));
        assert_eq!(broker.messages(watcher).len(), 1, "{delay_s} {expiry_s}");
    }
}

#[test]
fn v5_3_1_3_9_a_client_that_comes_back_in_time_takes_its_will_back() {
    let mut broker = Broker::new();
    let watcher = broker.client(Version::V5, "w");
    broker.subscribe(watcher, "will", Qos::AtMostOnce);
    let client = broker.connect(&with_will("c", 10, 60));
    broker.lose(client);
    broker.pass(Duration::from_secs(5));
    resuming(&mut broker, "c", 60);
    broker.pass(Duration::from_secs(20));
    assert!(broker.messages(watcher).is_empty());
}

#[test]
fn v5_3_1_2_10_a_client_that_says_goodbye_takes_its_will_back() {
    for (reason, wills) in [
        (ReasonCode::Success, 0),
        (ReasonCode::DisconnectWithWill, 1),
    ] {
        let mut broker = Broker::new();
        let watcher = broker.client(Version::V5, "w");
        broker.subscribe(watcher, "will", Qos::AtMostOnce);
        let client = broker.connect(&with_will("c", 0, 60));
        broker.send(client, &Packet::Disconnect(Disconnect::new(reason)));
        broker.pass(Duration::from_secs(1));
        assert_eq!(broker.messages(watcher).len(), wills);
    }
}

#[test]
fn everything_is_given_back_when_all_sessions_have_ended() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 3);
    let mut clients = Vec::new();
    for number in 0..20 {
        let client = broker.client(Version::V5, &format!("c{number}"));
        for filter in ["a/b", "+/x", "#", "a/+/c", "$share/g/a/#"] {
            broker.subscribe(client, filter, Qos::AtLeastOnce);
        }
        clients.push(client);
    }
    for client in clients {
        broker.lose(client);
    }
    for engine in &broker.engines {
        let gauges = engine.gauges();
        assert_eq!(
            (gauges.sessions, gauges.connections, gauges.topics),
            (0, 0, 0)
        );
        assert_eq!((gauges.subscriptions, gauges.subscriptions_shared), (0, 0));
    }
}
