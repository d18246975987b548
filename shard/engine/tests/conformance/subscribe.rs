//! Answers to SUBSCRIBE and UNSUBSCRIBE.

use shard_engine::Settings;
use wire_message::Qos;
use wire_mqtt::{Connect, FilterRequest, Packet, ReasonCode, Version};

use crate::shard::{Shard, decode, subscribe, unsubscribe};

fn without_wildcards_and_groups() -> Settings {
    let mut settings = Settings::default();
    settings.mqtt.connect.wildcard_available = false;
    settings.mqtt.connect.shared_available = false;
    settings
}

/// Subscribes to filters that are refused for all sorts of reasons, and to two that are not.
fn codes(version: Version) -> Vec<ReasonCode> {
    let mut shard = Shard::new(without_wildcards_and_groups());
    let peer = shard.connect(&Connect::new(version, "c"));
    let filters = ["a", "a/+", "$share/g/a", "a#", "$share/g", "b"];
    let requests = filters.map(|filter| FilterRequest::new(filter, Qos::AtLeastOnce));
    shard.send(peer, &subscribe(1, &requests));
    let answer = shard.packet(peer);
    let Packet::Suback(suback) = decode(&answer, version) else {
        unreachable!("a SUBSCRIBE is answered with SUBACK: {answer:?}");
    };
    suback.codes.iter().collect()
}

#[test]
fn v311_3_8_3_2_a_server_without_wildcards_refuses_filters_with_them() {
    assert_eq!(codes(Version::V311)[1], ReasonCode::UnspecifiedError);
}

#[test]
fn v311_3_9_3_2_every_failure_is_0x80() {
    let failed = ReasonCode::UnspecifiedError;
    let granted = ReasonCode::GrantedQos1;
    assert_eq!(
        codes(Version::V311),
        [granted, failed, failed, failed, failed, granted]
    );
}

#[test]
fn v5_3_9_3_2_every_failure_has_a_code_of_its_own() {
    assert_eq!(
        codes(Version::V5),
        [
            ReasonCode::GrantedQos1,
            ReasonCode::WildcardSubscriptionsNotSupported,
            ReasonCode::SharedSubscriptionsNotSupported,
            ReasonCode::TopicFilterInvalid,
            ReasonCode::TopicFilterInvalid,
            ReasonCode::GrantedQos1,
        ]
    );
}

#[test]
fn v5_3_11_3_2_unsubscribing_has_its_own_codes() {
    let mut shard = Shard::new(Settings::default());
    let peer = shard.connect(&Connect::new(Version::V5, "c"));
    shard.subscribe(peer, "a", Qos::AtLeastOnce);
    shard.send(peer, &unsubscribe(2, &["a", "a", "a#"]));
    let answer = shard.packet(peer);
    let Packet::Unsuback(unsuback) = decode(&answer, Version::V5) else {
        unreachable!("an UNSUBSCRIBE is answered with UNSUBACK: {answer:?}");
    };
    assert_eq!(
        unsuback.codes.iter().collect::<Vec<_>>(),
        [
            ReasonCode::Success,
            ReasonCode::NoSubscriptionExisted,
            ReasonCode::TopicFilterInvalid
        ]
    );
}

#[test]
fn v311_3_10_4_5_unsuback_comes_even_if_nothing_was_removed() {
    let mut shard = Shard::new(Settings::default());
    let peer = shard.connect(&Connect::new(Version::V311, "c"));
    shard.send(peer, &unsubscribe(5, &["never/subscribed"]));
    assert_eq!(shard.packet(peer), [0xb0, 2, 0, 5]);
}
