//! Subscriptions of all kinds.

use std::collections::BTreeMap;
use std::time::Duration;

use shard_engine::Settings;
use wire_message::Qos;
use wire_mqtt::{FilterRequest, Packet, ReasonCode, Unsubscribe, Version};

use crate::clients::id;
use crate::harness::Broker;

#[test]
fn v5_3_8_4_6_every_filter_gets_its_own_code() {
    let mut broker = Broker::new();
    let client = broker.client(Version::V5, "c");
    let requests = [
        FilterRequest::new("a", Qos::AtMostOnce),
        FilterRequest::new("a/#/b", Qos::AtLeastOnce),
        FilterRequest::new("$share/g/a", Qos::ExactlyOnce),
        FilterRequest::new("$exclusive/a", Qos::AtLeastOnce),
    ];
    let codes = broker.subscribe_with(client, &requests, None);
    let invalid = ReasonCode::TopicFilterInvalid;
    assert_eq!(
        codes,
        [
            ReasonCode::Success,
            invalid,
            ReasonCode::GrantedQos2,
            invalid
        ]
    );
}

#[test]
fn shared_messages_go_round_the_members_of_all_shards() {
    for shards in [1, 3] {
        let mut broker = Broker::with(Settings::default(), shards);
        let members: Vec<_> = (0..6)
            .map(|number| {
                let member = broker.client(Version::V5, &format!("m{number}"));
                broker.subscribe(member, "$share/g/t/#", Qos::AtLeastOnce);
                member
            })
            .collect();
        let publisher = broker.client(Version::V5, "p");
        for number in 0..60 {
            broker.publish(publisher, "t/x", &number.to_string(), Qos::AtMostOnce);
        }
        let counts: Vec<_> = members
            .iter()
            .map(|member| broker.messages(*member).len())
            .collect();
        assert_eq!(counts, [10; 6], "{shards} shards");
    }
}

#[test]
fn what_a_member_did_not_acknowledge_goes_to_another_when_it_leaves() {
    for shards in [1, 3] {
        let mut broker = Broker::with(Settings::default(), shards);
        let stays = broker.client(Version::V5, "stays");
        let leaves = broker.client(Version::V5, "leaves");
        for member in [stays, leaves] {
            broker.subscribe(member, "$share/g/t", Qos::AtLeastOnce);
        }
        let publisher = broker.client(Version::V5, "p");
        for number in 0..10 {
            broker.publish(publisher, "t", &number.to_string(), Qos::AtLeastOnce);
        }
        broker.lose(leaves);
        broker.pass(Duration::from_secs(1));
        let mut seen = BTreeMap::new();
        for (_, payload) in broker.messages(stays) {
            *seen.entry(payload).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 10, "{shards} shards: {seen:?}");
    }
}

#[test]
fn an_exclusive_topic_has_one_subscriber_at_a_time() {
    let mut settings = Settings::default();
    settings.mqtt.exclusive_available = true;
    let mut broker = Broker::with(settings, 3);
    let first = broker.client(Version::V5, "first");
    let second = broker.client(Version::V5, "second");
    let granted = [ReasonCode::GrantedQos1];
    assert_eq!(
        broker.subscribe(first, "$exclusive/t", Qos::AtLeastOnce),
        granted
    );
    assert_eq!(
        broker.subscribe(first, "$exclusive/t", Qos::AtLeastOnce),
        granted
    );
    let refused = broker.subscribe(second, "$exclusive/t", Qos::AtLeastOnce);
    assert_eq!(refused, [ReasonCode::QuotaExceeded]);
    broker.lose(first);
    assert_eq!(
        broker.subscribe(second, "$exclusive/t", Qos::AtLeastOnce),
        granted
    );
}

#[test]
fn v5_3_10_4_1_an_ended_subscription_delivers_no_more() {
    for shards in [1, 2] {
        let mut broker = Broker::with(Settings::default(), shards);
        let client = broker.client(Version::V5, "c");
        for filter in ["a/b", "a/+"] {
            broker.subscribe(client, filter, Qos::AtLeastOnce);
            let filters = wire_mqtt::Filters::new(&["a/b", "a/+"]);
            let user_properties = wire_mqtt::UserProperties::NONE;
            let packet_id = id(5);
            broker.send(
                client,
                &Packet::Unsubscribe(Unsubscribe {
                    packet_id,
                    user_properties,
                    filters,
                }),
            );
            let publisher = broker.client(Version::V5, "p");
            broker.publish(publisher, "a/b", "x", Qos::AtLeastOnce);
            assert!(broker.messages(client).is_empty());
        }
    }
}
