//! The engine's settings that a configuration stands for.
#![allow(clippy::unwrap_used, reason = "a test that can't set up fails")]

use std::time::Duration;

use broker_config::{Config, load};
use shard_engine::{Durability, Overlap, Settings};
use shard_session::{Overflow, Rate};
use shard_topics::{RetainHandling, Strategy};
use wire_message::Qos;

fn config(pairs: &[(&str, &str)]) -> Config {
    let variables = pairs.iter().map(|(key, value)| {
        (
            format!("SKEIN__{}", key.replace('.', "__").to_uppercase()),
            (*value).to_owned(),
        )
    });
    load(None, variables).unwrap().config
}

#[test]
fn defaults_are_those_of_the_engine() {
    let (ours, engine) = (config(&[]).settings(1), Settings::default());
    let engine = Settings {
        node: "skein@127.0.0.1".into(),
        ..engine
    };
    assert_eq!(format!("{ours:?}"), format!("{engine:?}"));
}

#[test]
fn limits_of_the_process_are_shared_out_over_the_shards() {
    let settings = config(&[
        ("listeners.tcp.default.max_connections", "1000"),
        ("listeners.tcp.default.max_conn_rate", "10/s"),
        ("listeners.tcp.default.messages_rate", "300/5m"),
        ("listeners.tcp.default.bytes_rate", "10MB/10s"),
        ("listeners.tcp.default.bytes_burst", "1KB"),
        ("retainer.max_retained_messages", "7"),
        ("delayed.max_delayed_messages", "0"),
    ])
    .settings(3);
    let listener = &settings.listeners[0];
    assert_eq!(listener.connections_max, 334);
    assert_eq!(
        listener.connect_rate,
        Some(Rate {
            per_second: 4,
            burst: 4
        })
    );
    assert_eq!(
        listener.messages_rate,
        Some(Rate {
            per_second: 1,
            burst: 300
        })
    );
    assert_eq!(
        listener.bytes_rate,
        Some(Rate {
            per_second: 1 << 20,
            burst: 1024
        })
    );
    assert_eq!(settings.retained.messages_max, 3);
    assert_eq!(settings.delayed.messages_max, u32::MAX);
}

#[test]
fn disabled_listeners_are_left_out() {
    let config = config(&[
        ("listeners.tcp.default.enable", "false"),
        ("listeners.tcp.b.bind", "127.0.0.1:2"),
        ("listeners.tcp.a.bind", "127.0.0.1:3"),
    ]);
    let names: Vec<String> = config
        .settings(1)
        .listeners
        .iter()
        .map(|listener| listener.name.to_string())
        .collect();
    assert_eq!(names, ["tcp:a", "tcp:b"]);
    assert_eq!(
        config
            .listening()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn a_listener_has_a_durability_of_its_own_or_that_of_the_store() {
    let settings = config(&[
        ("store.durability", "relaxed"),
        ("store.wait_max", "3s"),
        ("listeners.tcp.a.bind", "127.0.0.1:2"),
        ("listeners.tcp.a.durability", "strict"),
        ("listeners.tcp.b.bind", "127.0.0.1:3"),
        ("listeners.tcp.b.durability", "memory"),
    ])
    .settings(1);
    let durability: Vec<_> = settings
        .listeners
        .iter()
        .map(|listener| listener.durability)
        .collect();
    let wanted = [Durability::Strict, Durability::Memory, Durability::Relaxed];
    assert_eq!(durability, wanted);
    assert_eq!(settings.store_wait_max, Duration::from_secs(3));
}

#[test]
fn protocol_keys_reach_the_engine() {
    let mqtt = config(&[
        ("mqtt.max_packet_size", "16MB"),
        ("mqtt.max_qos_allowed", "1"),
        ("mqtt.keepalive_multiplier", "2.25"),
        ("mqtt.server_keepalive", "60s"),
        ("mqtt.session_expiry_interval", "0s"),
        ("mqtt.max_session_expiry_interval", "1500ms"),
        ("mqtt.message_expiry_interval", "1h"),
        ("mqtt.retry_interval", "20s"),
        ("mqtt.max_mqueue_len", "infinity"),
        ("mqtt.mqueue_overflow", "refuse"),
        ("mqtt.mqueue_priorities", "{\"a/b\" = 9}"),
        ("mqtt.mqueue_default_priority", "highest"),
        ("mqtt.overlapping_subscriptions", "each"),
        ("mqtt.response_information", "\"reply/\""),
        ("retainer.enable", "false"),
    ])
    .settings(1)
    .mqtt;
    let connect = &mqtt.connect;
    assert_eq!(
        (connect.packet_bytes_max, connect.qos_max),
        (16 << 20, Qos::AtLeastOnce)
    );
    assert_eq!(
        (mqtt.keep_alive_percent, connect.server_keep_alive_s),
        (225, Some(60))
    );
    assert_eq!(
        (
            connect.session_expiry_default_s,
            connect.session_expiry_max_s
        ),
        (0, 2)
    );
    assert_eq!(mqtt.message_expiry_max_s, Some(3600));
    assert_eq!(mqtt.retry_interval, Some(Duration::from_secs(20)));
    assert_eq!(
        (mqtt.queue.messages_max, mqtt.queue.overflow),
        (u32::MAX, Overflow::Refuse)
    );
    let priorities = format!("{:?}", mqtt.queue.priorities);
    assert!(
        priorities.contains("a/b") && priorities.contains('9') && priorities.contains("255"),
        "{priorities}"
    );
    assert_eq!(mqtt.overlap, Overlap::Each);
    assert_eq!(connect.response_information.as_deref(), Some("reply/"));
    assert!(!connect.retain_available);
}

#[test]
fn rules_and_groups_reach_the_engine() {
    let settings = config(&[
        ("broker.shared_subscription_strategy", "least_inflight"),
        ("broker.shared_subscription_group.g.strategy", "hash_topic"),
        ("auto_subscribe.topics", "[{topic = \"a/#\", qos = 2, rh = 1, rap = 1, nl = 1}]"),
        ("rewrite", "[{action = publish, source_topic = \"x/#\", re = \"^x/(.+)$\", dest_topic = \"y/$1\"}]"),
        ("sys_topics.sys_event_messages.client_subscribed", "true"),
    ])
    .settings(1);
    assert_eq!(settings.shared.strategy, Strategy::LeastInflight);
    assert_eq!(settings.shared.groups, [("g".into(), Strategy::HashTopic)]);
    let auto = &settings.auto_subscribe[0];
    assert_eq!(
        (&*auto.filter, auto.qos, auto.retain_handling),
        ("a/#", Qos::ExactlyOnce, RetainHandling::IfNew)
    );
    assert!(auto.retain_as_published && auto.no_local);
    let rule = &settings.rewrite[0];
    assert!(
        rule.pattern.is_match("x/1")
            && rule.source.as_str() == "x/#"
            && &*rule.destination == "y/$1"
    );
    assert!(
        settings.events.subscribed && settings.events.connected && !settings.events.unsubscribed
    );
}
