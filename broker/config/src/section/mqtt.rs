//! `mqtt`: the protocol's limits and defaults.

use crate::field::section;
use crate::value::{
    ByteCount, DefaultPriority, Interval, Limit, Overlapping, Priorities, QueueOverflow,
    ServerKeepAlive,
};

section! {
    /// Protocol limits and defaults, for all listeners.
    pub struct MqttConfig {
        /// Largest packet from a client. Larger: 0x95, Packet too large.
        max_packet_size: ByteCount = "1MB"; in "1KB..268435455B",
        /// Longest client id, in bytes. Longer: 0x85, Client Identifier not valid.
        max_clientid_len: u16 = "65535"; in "23..65535",
        /// Most levels of a topic or filter.
        max_topic_levels: u16 = "128"; in "1..128",
        /// Longest topic or filter, in bytes.
        max_topic_length: u16 = "65535"; in "1..65535",
        /// Highest quality of service. Above: 0x9B, QoS not supported.
        max_qos_allowed: u8 = "2"; in "0..2",
        /// Highest topic alias that a client may use; 0: none. Above: 0x94, Topic Alias invalid.
        max_topic_alias: u16 = "65535"; in "0..65535",
        /// Highest topic alias that the broker uses towards a client that allows it. Each takes
        /// memory of the connection; the least recently used is reused.
        max_topic_alias_out: u16 = "64"; in "0..65535",
        /// Whether retained messages are accepted. If not: 0x9A, Retain not supported.
        retain_available: bool = "true",
        /// Whether wildcard subscriptions are accepted. If not: 0xA2.
        wildcard_subscription: bool = "true",
        /// Whether `$share/` subscriptions are accepted. If not: 0x9E.
        shared_subscription: bool = "true",
        /// Whether `$exclusive/` subscriptions are accepted. If not: 0x8F, Topic Filter invalid.
        exclusive_subscription: bool = "false",
        /// Subscriptions of one client. More: 0x97, Quota exceeded.
        max_subscriptions: Limit<u32> = "infinity"; in "1..infinity",
        /// Unacknowledged QoS 1 and 2 messages towards one client, whatever larger window it allows.
        max_inflight: u16 = "1024"; in "1..65535",
        /// Unacknowledged QoS 1 and 2 messages from one client, told it as Receive Maximum. More:
        /// 0x93, Receive Maximum exceeded.
        max_receive: u16 = "1024"; in "1..65535",
        /// QoS 2 messages from one client whose PUBREL is awaited. More: 0x97, Quota exceeded.
        max_awaiting_rel: Limit<u32> = "1024"; in "1..infinity",
        /// Time after which an awaited PUBREL is given up.
        await_rel_timeout: Interval = "300s"; in "1s..30d",
        /// Messages that wait in one session. More: see `mqueue_overflow`.
        max_mqueue_len: Limit<u32> = "1000"; in "1..infinity",
        /// Bytes that wait in one session. More: see `mqueue_overflow`.
        max_mqueue_bytes: Limit<ByteCount> = "16MB"; in "1KB..infinity",
        /// What happens to a message for a session whose queue is full.
        mqueue_overflow: QueueOverflow = "drop_oldest",
        /// Whether QoS 0 messages too wait while the client is away.
        mqueue_store_qos0: bool = "true",
        /// Topics whose messages leave the queue before others, higher numbers first.
        mqueue_priorities: Priorities = "disabled",
        /// Where topics without a priority stand.
        mqueue_default_priority: DefaultPriority = "lowest",
        /// Silence allowed to a client, as a multiple of its keep alive; the standard says 1.5.
        keepalive_multiplier: f64 = "1.5"; in "1.0..10.0",
        /// Replaces the keep alive that 5.0 clients ask for; older clients can't be told.
        server_keepalive: ServerKeepAlive = "disabled",
        /// Time from accept to a whole CONNECT.
        idle_timeout: Interval = "15s"; in "1s..1h",
        /// How long the session of a 3.x client without clean session outlives its connection.
        session_expiry_interval: Limit<Interval> = "2h"; in "0s..infinity",
        /// Cap on the session expiry that a 5.0 client asks for.
        max_session_expiry_interval: Limit<Interval> = "infinity"; in "0s..infinity",
        /// Cap on the life of every message.
        message_expiry_interval: Limit<Interval> = "infinity"; in "1s..infinity",
        /// Time after which an unacknowledged message is sent again to a connected 3.x client; 5.0
        /// forbids that, so `infinity` is best.
        retry_interval: Limit<Interval> = "infinity"; in "1s..infinity",
        /// Whether messages are delivered at the subscription's quality of service even if they were
        /// published with a lower one.
        upgrade_qos: bool = "false",
        /// Told to 5.0 clients that ask for Response Information; empty: nothing.
        response_information: String = "",
        /// Whether a payload that claims to be UTF-8 is checked. If it is not: 0x99, Payload format
        /// invalid.
        validate_payload_format: bool = "false",
        /// What a client gets if several of its subscriptions match a message.
        overlapping_subscriptions: Overlapping = "one",
        /// Whether 3.x clients never get their own messages back.
        ignore_loop_deliver: bool = "false",
    }
}
