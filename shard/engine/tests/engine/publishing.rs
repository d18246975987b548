//! Messages from publishers to subscribers.

use wire_message::Qos;
use wire_mqtt::{Ack, FilterRequest, Packet, Publish, ReasonCode, Version};

use crate::clients::{id, topic};
use crate::harness::Broker;

fn pairs(messages: &[(&str, &str)]) -> Vec<(String, String)> {
    messages
        .iter()
        .map(|(topic, payload)| ((*topic).into(), (*payload).into()))
        .collect()
}

#[test]
fn a_message_reaches_subscribers_of_every_version_on_every_shard() {
    for shards in [1, 2, 4] {
        let mut broker = Broker::with(shard_engine::Settings::default(), shards);
        let mut subscribers = Vec::new();
        for (number, version) in [Version::V31, Version::V311, Version::V5]
            .into_iter()
            .cycle()
            .take(12)
            .enumerate()
        {
            let subscriber = broker.client(version, &format!("s{number}"));
            let filter = ["a/b", "a/+", "#", "a/#"][number % 4];
            broker.subscribe(subscriber, filter, Qos::ExactlyOnce);
            subscribers.push(subscriber);
        }
        let publisher = broker.client(Version::V311, "p");
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
            broker.publish(publisher, "a/b", "hello", qos);
            for subscriber in &subscribers {
                assert_eq!(broker.messages(*subscriber), pairs(&[("a/b", "hello")]));
            }
            broker.send(
                publisher,
                &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
            );
        }
    }
}

#[test]
fn v5_4_3_3_10_a_repeated_qos_2_publish_is_delivered_once() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 2);
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "t", "1", Qos::ExactlyOnce);
    broker.publish(publisher, "t", "1", Qos::ExactlyOnce);
    assert_eq!(broker.messages(subscriber), pairs(&[("t", "1")]));
    broker.send(
        publisher,
        &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
    );
    broker.publish(publisher, "t", "2", Qos::ExactlyOnce);
    assert_eq!(broker.messages(subscriber), pairs(&[("t", "2")]));
}

#[test]
fn a_publisher_learns_that_nobody_listens() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 2);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "t", "x", Qos::AtLeastOnce);
    assert!(broker.take(publisher)[0].contains("NoMatchingSubscribers"));
}

#[test]
fn v5_3_3_4_2_overlapping_subscriptions_give_one_copy_with_all_identifiers() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 2);
    let subscriber = broker.client(Version::V5, "s");
    for (filter, qos, number) in [("a/b", Qos::AtMostOnce, 1), ("a/+", Qos::ExactlyOnce, 2)] {
        let request = FilterRequest::new(filter, qos);
        broker.subscribe_with(subscriber, &[request], Some(number));
    }
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "a/b", "x", Qos::AtLeastOnce);
    let mut seen = Vec::new();
    broker.take_with(subscriber, |packet| {
        if let Packet::Publish(publish) = packet {
            let mut ids: Vec<u32> = publish.properties.subscription_ids.iter().collect();
            ids.sort_unstable();
            seen.push((publish.qos, ids));
        }
    });
    assert_eq!(seen, [(Qos::AtLeastOnce, vec![1, 2])]);
}

#[test]
fn retained_messages_reach_later_subscribers_by_exact_and_wildcard_filters() {
    for shards in [1, 3] {
        let mut broker = Broker::with(shard_engine::Settings::default(), shards);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..300 {
            broker.retain(publisher, &format!("r/{number}"), &number.to_string());
        }
        let exact = broker.client(Version::V5, "e");
        broker.send(exact, &Packet::Pingreq);
        broker.take(exact);
        let wildcard = broker.client(Version::V311, "w");
        for (client, filter, expected) in [(exact, "r/7", 1), (wildcard, "r/+", 300)] {
            let requests = [FilterRequest::new(filter, Qos::AtMostOnce)];
            let properties = wire_mqtt::SubscribeProperties::default();
            let requests = wire_mqtt::FilterRequests::new(&requests);
            let packet_id = id(1);
            broker.send(
                client,
                &Packet::Subscribe(wire_mqtt::Subscribe {
                    packet_id,
                    properties,
                    requests,
                }),
            );
            broker.pass(std::time::Duration::from_secs(1));
            assert_eq!(
                broker.messages(client).len(),
                expected,
                "{filter} of {shards} shards"
            );
        }
    }
}

#[test]
fn an_empty_retained_message_clears_the_topic() {
    let mut broker = Broker::with(shard_engine::Settings::default(), 2);
    let publisher = broker.client(Version::V5, "p");
    broker.retain(publisher, "r", "x");
    broker.retain(publisher, "r", "");
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "r", Qos::AtMostOnce);
    assert!(broker.messages(subscriber).is_empty());
    assert_eq!(
        broker
            .engines
            .iter()
            .map(|engine| engine.gauges().retained)
            .sum::<u64>(),
        0
    );
}

#[test]
fn topic_aliases_stand_for_topics() {
    let mut broker = Broker::new();
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "long/topic", Qos::AtMostOnce);
    let publisher = broker.client(Version::V5, "p");
    let mut publish = Publish::new(topic("long/topic"), b"1");
    publish.properties.topic_alias = std::num::NonZeroU16::new(3);
    broker.send(publisher, &Packet::Publish(publish));
    broker.send(
        publisher,
        &Packet::Publish(Publish {
            topic: None,
            payload: b"2",
            ..publish
        }),
    );
    let expected = pairs(&[("long/topic", "1"), ("long/topic", "2")]);
    assert_eq!(broker.messages(subscriber), expected);
}
