//! What an engine is told once, at start: checked values, units applied.

use core::time::Duration;

mod listener;
mod mqtt;
mod topics;

pub use listener::{Durability, ListenerId, ListenerSettings};
pub use mqtt::{MqttSettings, Overlap};
pub use topics::{
    AutoSubscription, DelayedSettings, EventSettings, RetainedSettings, RewriteAction, RewriteRule,
    SharedSettings,
};

/// Everything that shapes an engine's behaviour; the same on every shard of a process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this node, as it stands in `$SYS` topics.
    pub node: Box<str>,
    /// The listeners in the order of their [`ListenerId`].
    pub listeners: Vec<ListenerSettings>,
    /// Protocol limits and defaults.
    pub mqtt: MqttSettings,
    /// Retained messages.
    pub retained: RetainedSettings,
    /// `$delayed/<seconds>/<topic>`.
    pub delayed: DelayedSettings,
    /// `$share` groups and their strategies.
    pub shared: SharedSettings,
    /// `$SYS` events of clients.
    pub events: EventSettings,
    /// Subscriptions that every client gets when it connects; at most [`crate::limits::AUTO_SUBSCRIPTIONS_MAX`].
    pub auto_subscribe: Vec<AutoSubscription>,
    /// Topic rewriting, in order, the last match wins; at most [`crate::limits::REWRITE_RULES_MAX`].
    pub rewrite: Vec<RewriteRule>,
    /// How long a publish that needs the store is held while that is behind or can't write, and how
    /// long a client waits for what was promised; then it is told 0x97.
    pub store_wait_max: Duration,
    /// Topics whose routes a shard remembers.
    pub route_cache_topics: usize,
    /// Whether CONNECT waits for [`crate::ControlInput::Authenticated`], or anybody may connect.
    pub authenticate: bool,
    /// Whether PUBLISH and SUBSCRIBE wait for [`crate::ControlInput::Authorized`], or all is allowed.
    pub authorize: bool,
}

impl Settings {
    /// The settings of a listener.
    ///
    /// # Panics
    ///
    /// If there is no such listener: the driver accepts on listeners of these settings only.
    #[must_use]
    pub fn listener(&self, id: ListenerId) -> &ListenerSettings {
        &self.listeners[usize::from(id.0)]
    }
}

impl Default for Settings {
    /// One listener without limits, the field's defaults, anybody may do anything.
    fn default() -> Self {
        Self {
            node: "skein".into(),
            listeners: vec![ListenerSettings::default()],
            mqtt: MqttSettings::default(),
            retained: RetainedSettings::default(),
            delayed: DelayedSettings::default(),
            shared: SharedSettings::default(),
            events: EventSettings::default(),
            auto_subscribe: Vec::new(),
            rewrite: Vec::new(),
            store_wait_max: Duration::from_secs(10),
            route_cache_topics: 65_536,
            authenticate: false,
            authorize: false,
        }
    }
}
