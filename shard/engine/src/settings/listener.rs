//! What holds for the connections of one listener.

use core::time::Duration;

use shard_session::Rate;

/// The number of a listener: its place in [`super::Settings::listeners`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u16);

/// What is promised to clients about the disk, if there is a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Sessions are not stored.
    Memory,
    /// Sessions are stored, and nothing waits for that.
    Relaxed,
    /// Sessions are stored, and what promises something leaves when it is on the disk.
    #[default]
    Strict,
}

/// Limits and conventions of one listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Name, for events and logs: `tcp:default`.
    pub name: Box<str>,
    /// Connections on one shard at the most. More: closed right after accept, counted.
    pub connections_max: u32,
    /// New connections per second on one shard. More: closed right after accept, counted.
    pub connect_rate: Option<Rate>,
    /// Messages that one client may publish. More: the connection is not read for a while.
    pub messages_rate: Option<Rate>,
    /// Bytes that one client may send. More: the connection is not read for a while.
    pub bytes_rate: Option<Rate>,
    /// Put before every topic of the listener's clients and taken off deliveries; `${clientid}`,
    /// `${username}` and `${host}` are replaced. Empty: none.
    pub mountpoint: Box<str>,
    /// Bytes handed to the driver and not yet sent, above which a client counts as slow and its
    /// messages wait in the session's queue.
    pub unsent_bytes_max: u32,
    /// What is promised to the listener's clients about the disk.
    pub durability: Durability,
    /// Time a client may stay slow without taking a byte before it is cut off.
    pub send_timeout: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            name: "tcp:default".into(),
            connections_max: u32::MAX,
            connect_rate: None,
            messages_rate: None,
            bytes_rate: None,
            mountpoint: "".into(),
            unsent_bytes_max: 1 << 20,
            durability: Durability::Strict,
            send_timeout: Duration::from_secs(15),
        }
    }
}
