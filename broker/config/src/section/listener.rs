//! `listeners`: where clients connect.

use std::collections::BTreeMap;

use super::TcpOptionsConfig;
use crate::field::section;
use crate::value::{Auto, Bind, ByteCount, ByteRate, Durability, Limit, Rate};

section! {
    /// Where clients connect.
    pub struct ListenersConfig {
        /// MQTT over TCP, by name. There is one called `default` unless it is disabled.
        tcp: BTreeMap<String, ListenerConfig>,
    }
}

section! {
    /// One listener.
    pub struct ListenerConfig {
        /// Whether the listener is opened.
        enable: bool = "true",
        /// Where it listens; port 0 lets the kernel choose. Loopback by default, because there is
        /// no access control: `"0.0.0.0:1883"` opens it to the network.
        bind: Bind = "127.0.0.1:1883",
        /// Connections at the most. More are closed right after accept. Shared out evenly over the
        /// shards, so a small limit can be reached on one of them first.
        max_connections: Limit<u32> = "infinity"; in "1..infinity",
        /// New connections. More are closed right after accept. Shared out evenly over the shards.
        max_conn_rate: Limit<Rate> = "infinity",
        /// Connections that may come at once after a pause; `auto`: what `max_conn_rate` allows in
        /// its time, one at the least.
        max_conn_burst: Auto<u32> = "auto"; in "1..4294967295",
        /// Messages that each client may publish. More: the client is not read for a while.
        messages_rate: Limit<Rate> = "infinity",
        /// Messages that may come at once after a pause; `auto`: what `messages_rate` allows in its
        /// time.
        messages_burst: Auto<u32> = "auto"; in "1..4294967295",
        /// Bytes that each client may send. More: the client is not read for a while.
        bytes_rate: Limit<ByteRate> = "infinity",
        /// Bytes that may come at once after a pause; `auto`: what `bytes_rate` allows in its time.
        bytes_burst: Auto<ByteCount> = "auto"; in "1B..1024GB",
        /// Put before every topic of the listener's clients and taken off what they receive;
        /// `${clientid}`, `${username}` and `${host}` are replaced. Empty: none.
        mountpoint: String = "",
        /// What the listener's clients may rely on; `auto`: what `store.durability` says.
        durability: Auto<Durability> = "auto",
        /// The sockets.
        tcp_options: TcpOptionsConfig,
    }
}
