//! Protocol limits and defaults.

use core::time::Duration;

use wire_message::{Qos, TopicName};

/// What happens to a message for a session whose queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The new message is dropped.
    DropNewest,
    /// The oldest queued message of the same or a lower priority is dropped.
    #[default]
    DropOldest,
    /// The new message is dropped and the client, if connected, is disconnected with 0x97.
    Refuse,
}

/// What a client gets whose subscriptions overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// One copy for each matching subscription.
    Each,
    /// One copy at the highest granted quality of service, with all matching identifiers.
    #[default]
    One,
}

/// How silence is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAliveSettings {
    /// Replaces the client's wish, seconds; 5.0 clients are told.
    pub server_keep_alive_s: Option<u16>,
    /// Silence allowed, in hundredths of the keep alive: 150 by the standard.
    pub multiplier_percent: u32,
}

/// The queue of a session.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// Messages at the most.
    pub messages_max: u32,
    /// Bytes at the most, counted as [`wire_message::Message::cost_bytes`].
    pub bytes_max: u64,
    /// What happens when either is reached.
    pub overflow: Overflow,
    /// Whether quality of service 0 waits too while the client is away.
    pub store_qos0: bool,
    /// Topics with a priority of their own, 1 to 255, higher first; empty: one queue for all.
    pub priorities: Vec<(TopicName, u8)>,
    /// The priority of all other topics: 0 (lowest) or 255 (highest).
    pub default_priority: u8,
}

/// Protocol limits and defaults, each advertised where 5.0 has a field for it.
#[derive(Clone, Debug)]
pub struct MqttSettings {
    /// Bytes of a packet from a client, fixed header included. More: 0x95.
    pub packet_bytes_max: u32,
    /// Bytes of a client id. More: 0x85.
    pub client_id_bytes_max: u16,
    /// Levels of a topic or filter, at most 128. More: 0x90 or 0x8F.
    pub topic_levels_max: u16,
    /// Bytes of a topic or filter. More: 0x90 or 0x8F.
    pub topic_bytes_max: u16,
    /// Highest quality of service. Above: 0x9B; subscriptions are granted it at most.
    pub qos_max: Qos,
    /// Highest topic alias a client may use; 0: none. Above: 0x94.
    pub topic_alias_max: u16,
    /// Highest topic alias the broker uses towards a client that allows it.
    pub topic_alias_out_max: u16,
    /// Whether retained messages exist. If not: 0x9A.
    pub retain_available: bool,
    /// Whether wildcard subscriptions exist. If not: 0xA2.
    pub wildcard_available: bool,
    /// Whether `$share` subscriptions exist. If not: 0x9E.
    pub shared_available: bool,
    /// Whether `$exclusive` subscriptions exist. If not: 0x8F.
    pub exclusive_available: bool,
    /// Subscriptions of one client. More: 0x97.
    pub subscriptions_max: u32,
    /// Unacknowledged messages towards a client, whatever larger window it allows.
    pub inflight_max: u16,
    /// Unacknowledged QoS 1 and 2 messages from a client, told as Receive Maximum. More: 0x93.
    pub receive_max: u16,
    /// QoS 2 messages whose PUBREL is awaited. More: 0x97.
    pub awaiting_release_max: u32,
    /// Time after which an awaited PUBREL is given up.
    pub awaiting_release_timeout: Duration,
    /// The session's queue.
    pub queue: QueueSettings,
    /// How silence is judged.
    pub keep_alive: KeepAliveSettings,
    /// Time from accept to a whole CONNECT.
    pub connect_timeout: Duration,
    /// Session expiry for 3.x clients without clean session, seconds.
    pub session_expiry_default_s: u32,
    /// Cap on the session expiry a 5.0 client asks for, seconds; [`u32::MAX`]: none.
    pub session_expiry_max_s: u32,
    /// Cap on every message's life, seconds.
    pub message_expiry_max_s: Option<u32>,
    /// Resend of unacknowledged messages to a connected 3.x client; `None`: on reconnect only.
    pub retry_interval: Option<Duration>,
    /// Deliver at the subscription's quality of service even if the publish had a lower one.
    pub upgrade_qos: bool,
    /// Prefix told to clients that ask for Response Information.
    pub response_information: Option<Box<str>>,
    /// Whether a payload that claims to be UTF-8 is checked. If it is not: 0x99.
    pub payload_format_validated: bool,
    /// What a client gets whose subscriptions overlap.
    pub overlap: Overlap,
    /// Whether 3.x clients never get their own messages.
    pub ignore_loop_deliver: bool,
}

impl Default for MqttSettings {
    fn default() -> Self {
        Self {
            packet_bytes_max: 1 << 20,
            client_id_bytes_max: u16::MAX,
            topic_levels_max: 128,
            topic_bytes_max: u16::MAX,
            qos_max: Qos::ExactlyOnce,
            topic_alias_max: u16::MAX,
            topic_alias_out_max: 64,
            retain_available: true,
            wildcard_available: true,
            shared_available: true,
            exclusive_available: false,
            subscriptions_max: u32::MAX,
            inflight_max: 32,
            receive_max: 32,
            awaiting_release_max: 100,
            awaiting_release_timeout: Duration::from_secs(300),
            queue: QueueSettings::default(),
            keep_alive: KeepAliveSettings::default(),
            connect_timeout: Duration::from_secs(15),
            session_expiry_default_s: 7_200,
            session_expiry_max_s: u32::MAX,
            message_expiry_max_s: None,
            retry_interval: None,
            upgrade_qos: false,
            response_information: None,
            payload_format_validated: false,
            overlap: Overlap::default(),
            ignore_loop_deliver: false,
        }
    }
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            messages_max: 1_000,
            bytes_max: 16 << 20,
            overflow: Overflow::default(),
            store_qos0: true,
            priorities: Vec::new(),
            default_priority: 0,
        }
    }
}

impl Default for KeepAliveSettings {
    fn default() -> Self {
        Self { server_keep_alive_s: None, multiplier_percent: 150 }
    }
}
