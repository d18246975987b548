//! The checked form: what the engine of each shard is told.

use core::time::Duration;

use regex::Regex;
use shard_engine::{
    AutoSubscription, DelayedSettings, EventSettings, ListenerSettings, MqttSettings, Overlap,
    RetainedSettings, RewriteRule, Settings, SharedSettings,
};
use shard_session::{ConnectLimits, InboundLimits, Overflow, Priorities, QueueLimits};
use shard_topics::{RetainHandling, Strategy};
use wire_message::{Qos, TopicFilter, TopicName};

use crate::value::{
    ByteRate, DefaultPriority, Durability, Interval, Limit, Overlapping, QueueOverflow, Rate,
    RewriteAction, ServerKeepAlive, SharedStrategy,
};
use crate::{Config, ListenerConfig, MqttConfig, RetainerConfig, RewriteConfig};

/// Why a text from an accepted configuration is what it should be.
const CHECKED: &str = "checked on loading";

impl Config {
    /// The settings of each engine of a process with `shards` shards.
    ///
    /// Limits that hold for the whole process (connections of a listener, retained and delayed
    /// messages) are shared out evenly, because shards don't count together. Only enabled listeners
    /// are among the settings, in the order of their names: the same as [`Self::listening`].
    ///
    /// # Panics
    ///
    /// Never, for a configuration that [`crate::load`] accepted.
    #[must_use]
    pub fn settings(&self, shards: u16) -> Settings {
        let listener = |(name, listener): (&String, &ListenerConfig)| {
            let durability = listener.durability.chosen();
            let durability = durability.unwrap_or(self.store.durability);
            engine_listener(name, listener, durability, shards)
        };
        Settings {
            node: self.node.name.as_str().into(),
            listeners: self.listening().map(listener).collect(),
            mqtt: mqtt(&self.mqtt, self.retainer.enable),
            retained: retained(&self.retainer, shards),
            delayed: DelayedSettings {
                enabled: self.delayed.enable,
                messages_max: count(self.delayed.max_delayed_messages)
                    .map_or(u32::MAX, |count| count.div_ceil(shards.into())),
            },
            shared: self.shared(),
            events: EventSettings {
                connected: self.sys_topics.sys_event_messages.client_connected,
                disconnected: self.sys_topics.sys_event_messages.client_disconnected,
                subscribed: self.sys_topics.sys_event_messages.client_subscribed,
                unsubscribed: self.sys_topics.sys_event_messages.client_unsubscribed,
            },
            auto_subscribe: self.auto_subscriptions(),
            rewrite: self.rewrite.iter().map(rewrite).collect(),
            route_cache_topics: self.broker.route_cache_size as usize,
            store_wait_max: self.store.wait_max.0,
            authenticate: false,
            authorize: false,
        }
    }

    /// The enabled listeners in the order of their names.
    pub fn listening(&self) -> impl Iterator<Item = (&String, &ListenerConfig)> {
        self.listeners
            .tcp
            .iter()
            .filter(|(_, listener)| listener.enable)
    }

    fn shared(&self) -> SharedSettings {
        let groups = &self.broker.shared_subscription_group;
        SharedSettings {
            strategy: strategy(self.broker.shared_subscription_strategy),
            groups: groups
                .iter()
                .map(|(name, group)| (name.as_str().into(), strategy(group.strategy)))
                .collect(),
        }
    }

    fn auto_subscriptions(&self) -> Vec<AutoSubscription> {
        let topics = self.auto_subscribe.topics.iter();
        topics
            .map(|topic| AutoSubscription {
                filter: topic.topic.as_str().into(),
                qos: qos(topic.qos),
                retain_handling: match topic.rh {
                    0 => RetainHandling::Always,
                    1 => RetainHandling::IfNew,
                    _ => RetainHandling::Never,
                },
                retain_as_published: topic.rap == 1,
                no_local: topic.nl == 1,
            })
            .collect()
    }
}

fn engine_listener(
    name: &str,
    config: &ListenerConfig,
    durability: Durability,
    shards: u16,
) -> ListenerSettings {
    let shards = u64::from(shards);
    let connect_rate = config.max_conn_rate.finite().map(|Rate { amount, per }| {
        // Each shard accepts its part, and at least one connection.
        let burst = config.max_conn_burst.chosen().map(u64::from);
        rate(
            amount.div_ceil(shards),
            per,
            burst.map(|burst| burst.div_ceil(shards)),
        )
    });
    let messages_rate = config.messages_rate.finite();
    let messages_burst = config.messages_burst.chosen().map(u64::from);
    let bytes_rate = config.bytes_rate.finite();
    let bytes_burst = config.bytes_burst.chosen().map(|bytes| bytes.0);
    let connections = config.max_connections.finite().map(u64::from);
    ListenerSettings {
        name: format!("tcp:{name}").into(),
        connections_max: connections.map_or(u32::MAX, |count| u32_or_max(count.div_ceil(shards))),
        connect_rate,
        messages_rate: messages_rate.map(|Rate { amount, per }| rate(amount, per, messages_burst)),
        bytes_rate: bytes_rate.map(|ByteRate { amount, per }| rate(amount, per, bytes_burst)),
        mountpoint: config.mountpoint.as_str().into(),
        durability: match durability {
            Durability::Memory => shard_engine::Durability::Memory,
            Durability::Relaxed => shard_engine::Durability::Relaxed,
            Durability::Strict => shard_engine::Durability::Strict,
        },
        unsent_bytes_max: u32_or_max(config.tcp_options.high_watermark.0),
        send_timeout: config.tcp_options.send_timeout.0,
    }
}

/// `amount` in `per` as a rate for each second; what may come at once is `amount` unless chosen.
fn rate(amount: u64, per: Duration, burst: Option<u64>) -> shard_session::Rate {
    let millis = u64::try_from(per.as_millis()).unwrap_or(u64::MAX).max(1);
    shard_session::Rate {
        per_second: (amount.saturating_mul(1000) / millis).max(1),
        burst: burst.unwrap_or(amount).max(1),
    }
}

fn mqtt(config: &MqttConfig, retain: bool) -> MqttSettings {
    MqttSettings {
        connect: connect(config, retain),
        inbound: InboundLimits {
            receive_max: config.max_receive,
            awaited_max: config.max_awaiting_rel.finite().unwrap_or(u32::MAX),
            await_timeout: config.await_rel_timeout.0,
        },
        queue: queue(config),
        keep_alive_percent: percent(config.keepalive_multiplier),
        connect_timeout: config.idle_timeout.0,
        topic_levels_max: config.max_topic_levels,
        topic_bytes_max: config.max_topic_length,
        subscriptions_max: config.max_subscriptions.finite().unwrap_or(u32::MAX),
        exclusive_available: config.exclusive_subscription,
        message_expiry_max_s: seconds(config.message_expiry_interval),
        retry_interval: config.retry_interval.finite().map(|interval| interval.0),
        upgrade_qos: config.upgrade_qos,
        payload_format_validated: config.validate_payload_format,
        overlap: match config.overlapping_subscriptions {
            Overlapping::Each => Overlap::Each,
            Overlapping::One => Overlap::One,
        },
        ignore_loop_deliver: config.ignore_loop_deliver,
    }
}

fn connect(config: &MqttConfig, retain: bool) -> ConnectLimits {
    let response = &config.response_information;
    ConnectLimits {
        client_id_bytes_max: config.max_clientid_len,
        server_keep_alive_s: match config.server_keepalive {
            ServerKeepAlive::Disabled => None,
            ServerKeepAlive::Seconds(seconds) => Some(seconds),
        },
        session_expiry_default_s: seconds(config.session_expiry_interval).unwrap_or(u32::MAX),
        session_expiry_max_s: seconds(config.max_session_expiry_interval).unwrap_or(u32::MAX),
        inflight_max: config.max_inflight,
        receive_max: config.max_receive,
        packet_bytes_max: u32_or_max(config.max_packet_size.0),
        topic_alias_max: config.max_topic_alias,
        topic_alias_out_max: config.max_topic_alias_out,
        qos_max: qos(config.max_qos_allowed),
        retain_available: config.retain_available && retain,
        wildcard_available: config.wildcard_subscription,
        shared_available: config.shared_subscription,
        response_information: (!response.is_empty()).then(|| response.as_str().into()),
        // A 3.1 client with an id longer than that version's 23 characters is taken as it is.
        ..ConnectLimits::default()
    }
}

fn queue(config: &MqttConfig) -> QueueLimits {
    let topics = config.mqueue_priorities.0.iter();
    let topics = topics.map(|(text, priority)| {
        (
            TopicName::try_from(text.as_str()).expect(CHECKED),
            *priority,
        )
    });
    let ordinary = match config.mqueue_default_priority {
        DefaultPriority::Highest => u8::MAX,
        DefaultPriority::Lowest => 0,
    };
    QueueLimits {
        messages_max: config.max_mqueue_len.finite().unwrap_or(u32::MAX),
        bytes_max: config
            .max_mqueue_bytes
            .finite()
            .map_or(u64::MAX, |bytes| bytes.0),
        overflow: match config.mqueue_overflow {
            QueueOverflow::DropNewest => Overflow::DropNewest,
            QueueOverflow::DropOldest => Overflow::DropOldest,
            QueueOverflow::Refuse => Overflow::Refuse,
        },
        store_qos0: config.mqueue_store_qos0,
        priorities: Priorities::new(topics.collect(), ordinary),
    }
}

fn retained(config: &RetainerConfig, shards: u16) -> RetainedSettings {
    let shards = u64::from(shards);
    let share = |total: u64| usize::try_from(total.div_ceil(shards)).unwrap_or(usize::MAX);
    let messages = config
        .max_retained_messages
        .finite()
        .filter(|count| *count > 0);
    let bytes = config
        .max_retained_bytes
        .finite()
        .filter(|bytes| bytes.0 > 0);
    let Interval(sweep) = config.msg_clear_interval;
    RetainedSettings {
        messages_max: messages.map_or(usize::MAX, share),
        bytes_max: bytes.map_or(usize::MAX, |bytes| share(bytes.0)),
        payload_bytes_max: u32_or_max(config.max_payload_size.0),
        expiry_default_s: seconds(config.msg_expiry_interval).filter(|seconds| *seconds > 0),
        sweep_interval: if sweep.is_zero() {
            Duration::from_mins(1)
        } else {
            sweep
        },
        clear_is_silent: config.stop_publish_clear_msg,
    }
}

fn rewrite(config: &RewriteConfig) -> RewriteRule {
    RewriteRule {
        action: match config.action {
            RewriteAction::All => shard_engine::RewriteAction::All,
            RewriteAction::Publish => shard_engine::RewriteAction::Publish,
            RewriteAction::Subscribe => shard_engine::RewriteAction::Subscribe,
        },
        source: TopicFilter::try_from(config.source_topic.as_str()).expect(CHECKED),
        pattern: Regex::new(&config.re).expect(CHECKED),
        destination: config.dest_topic.as_str().into(),
    }
}

fn strategy(strategy: SharedStrategy) -> Strategy {
    match strategy {
        SharedStrategy::HashClientId => Strategy::HashClientId,
        SharedStrategy::HashTopic => Strategy::HashTopic,
        SharedStrategy::LeastInflight => Strategy::LeastInflight,
        SharedStrategy::Local => Strategy::Local,
        SharedStrategy::Random => Strategy::Random,
        SharedStrategy::RoundRobin => Strategy::RoundRobin,
        SharedStrategy::Sticky => Strategy::Sticky,
    }
}

/// A level that the range check has let through.
fn qos(level: u8) -> Qos {
    match level {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}

/// A limit where zero means none, as in the field.
fn count(limit: Limit<u32>) -> Option<u32> {
    limit.finite().filter(|count| *count > 0)
}

/// Whole seconds; 136 years and more are no limit.
fn seconds(limit: Limit<Interval>) -> Option<u32> {
    let Interval(interval) = limit.finite()?;
    let rounded = interval.as_secs() + u64::from(interval.subsec_nanos() > 0);
    u32::try_from(rounded)
        .ok()
        .filter(|seconds| *seconds < u32::MAX)
}

fn percent(multiple: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1.0 to 10.0"
    )]
    let percent = (multiple * 100.0).round() as u32;
    percent
}

fn u32_or_max(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
