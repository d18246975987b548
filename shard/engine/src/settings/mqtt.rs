//! Protocol limits and defaults.

use core::time::Duration;

use shard_session::{ConnectLimits, InboundLimits, QueueLimits};

/// What a client gets whose subscriptions overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// One copy for each matching subscription.
    Each,
    /// One copy at the highest granted quality of service, with all matching identifiers.
    #[default]
    One,
}

/// Protocol limits and defaults.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the operator"
)]
pub struct MqttSettings {
    /// What CONNECT is judged by and CONNACK tells.
    pub connect: ConnectLimits,
    /// Messages from a client that await an acknowledgement; `receive_max` is that of `connect`.
    pub inbound: InboundLimits,
    /// The queue of every session.
    pub queue: QueueLimits,
    /// Silence allowed, in hundredths of the keep alive: 150 by the standard.
    pub keep_alive_percent: u32,
    /// Time from accept to a whole CONNECT. Over: closed.
    pub connect_timeout: Duration,
    /// Levels of a topic or filter. More: 0x90 or 0x8F.
    pub topic_levels_max: u16,
    /// Bytes of a topic or filter. More: 0x90 or 0x8F.
    pub topic_bytes_max: u16,
    /// Subscriptions of one client. More: 0x97.
    pub subscriptions_max: u32,
    /// Whether `$exclusive` subscriptions exist. If not: 0x8F.
    pub exclusive_available: bool,
    /// Cap on every message's life, seconds.
    pub message_expiry_max_s: Option<u32>,
    /// Resend of unacknowledged messages to a connected 3.x client; `None`: on reconnect only.
    pub retry_interval: Option<Duration>,
    /// Deliver at the subscription's quality of service even if the publish had a lower one.
    pub upgrade_qos: bool,
    /// Whether a payload that claims to be UTF-8 is checked. If it is not: 0x99.
    pub payload_format_validated: bool,
    /// What a client gets whose subscriptions overlap.
    pub overlap: Overlap,
    /// Whether 3.x clients never get their own messages.
    pub ignore_loop_deliver: bool,
}

impl Default for MqttSettings {
    fn default() -> Self {
        let connect = ConnectLimits::default();
        Self {
            inbound: InboundLimits {
                receive_max: connect.receive_max,
                awaited_max: 1_024,
                await_timeout: Duration::from_mins(5),
            },
            connect,
            queue: QueueLimits::default(),
            keep_alive_percent: 150,
            connect_timeout: Duration::from_secs(15),
            topic_levels_max: 128,
            topic_bytes_max: u16::MAX,
            subscriptions_max: u32::MAX,
            exclusive_available: false,
            message_expiry_max_s: None,
            retry_interval: None,
            upgrade_qos: false,
            payload_format_validated: false,
            overlap: Overlap::default(),
            ignore_loop_deliver: false,
        }
    }
}
