//! `sys_topics`: what the broker publishes about itself.

use crate::field::section;
use crate::value::{Interval, Limit};

section! {
    /// What the broker publishes below `$SYS/brokers`.
    pub struct SysTopicsConfig {
        /// Time between two publications of version, description, statistics and metrics.
        sys_msg_interval: Limit<Interval> = "1m"; in "1s..infinity",
        /// Time between two publications of uptime and date.
        sys_heartbeat_interval: Limit<Interval> = "30s"; in "1s..infinity",
        /// Which events of clients are published.
        sys_event_messages: SysEventsConfig,
    }
}

section! {
    /// Which events of clients are published below `$SYS/brokers/<node>/clients/<clientid>/`.
    pub struct SysEventsConfig {
        /// `connected`.
        client_connected: bool = "true",
        /// `disconnected`.
        client_disconnected: bool = "true",
        /// `subscribed`.
        client_subscribed: bool = "false",
        /// `unsubscribed`.
        client_unsubscribed: bool = "false",
    }
}
